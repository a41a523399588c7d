"""Who is told of what, how often, and that nothing inside a network can be reached through it."""

from __future__ import annotations

import hmac
import http.server
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from modelwright.errors import UsageError
from modelwright.evaluate.measurements import Measurement
from modelwright.monitor.alerts import sending
from modelwright.monitor.alerts import webhook as hooks
from modelwright.monitor.alerts.deciding import alert_of
from modelwright.monitor.alerts.mail import message_of, send_mail
from modelwright.monitor.alerts.sending import EVENT, queue_alert
from modelwright.monitor.alerts.settings import Mail, Settings, Webhook, read_settings
from modelwright.monitor.documents import Alarm, Judgement, Monitoring
from modelwright.monitor.history import History
from modelwright.project import Project

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def window(judgement: Judgement, *columns: str) -> Monitoring:
    moved = Measurement(name="share missing", value=0.5, low=0.4, high=0.6, n=100, method="Wilson")
    alarms = tuple(
        Alarm(check="missing", column=c, judgement=judgement, moved=moved, evidence=1e6, sentence=f"'{c}' is missing.")
        for c in columns
    )
    return Monitoring(version="1", rows=100, judgement=judgement, alarms=alarms)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project.create(tmp_path / "shop")


def look(
    project: Project, windows: list[Monitoring], settings: Settings, history: History, at: datetime = NOW
) -> tuple[str, ...]:
    """What a look does with its windows; return what did not arrive."""
    queue_alert(project, windows, settings, history, at=at)
    return sending.send_alerts(project, settings, history, at=at)


def told(project: Project) -> list[dict]:
    return [e.body for e in project.ledger.entries() if e.kind == EVENT]


def test_a_look_makes_one_alert_and_the_same_is_not_told_again(project: Project) -> None:
    history, settings = History(), Settings()
    broken = window(Judgement.BROKEN, "age", "income")
    assert look(project, [broken, broken], settings, history, at=NOW) == ()
    assert len(told(project)) == 1
    assert told(project)[0]["windows"] == 2
    assert told(project)[0]["sentences"] == ["'age' is missing.", "'income' is missing."]
    look(project, [broken], settings, history, at=NOW + timedelta(hours=1))
    assert len(told(project)) == 1
    look(project, [window(Judgement.BROKEN, "job")], settings, history, at=NOW + timedelta(hours=1))
    assert len(told(project)) == 2  # something else is told at once
    look(project, [broken], settings, history, at=NOW + timedelta(hours=7))
    assert len(told(project)) == 3
    assert project.ledger.verify() == 3


def test_what_is_not_grave_enough_is_not_told(project: Project) -> None:
    harmless = window(Judgement.HARMLESS, "age")
    assert look(project, [harmless], Settings(), History()) == ()
    assert told(project) == []
    assert alert_of([harmless], Settings(since=Judgement.HARMLESS), project="shop") is not None


def test_a_receiver_that_is_down_is_told_and_tried_again(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = ["it answered 503", ""]
    monkeypatch.setattr("modelwright.monitor.alerts.sending.post", lambda hook, body: answers.pop(0))
    settings, history = Settings(webhook=Webhook(url="https://example.org/x")), History()
    broken = window(Judgement.BROKEN, "age")
    failed = look(project, [broken], settings, history, at=NOW)
    assert failed == ("the alert did not reach the webhook: it answered 503",)
    assert look(project, [broken], settings, history, at=NOW) == ()
    assert answers == []
    assert len(told(project)) == 1


def test_what_was_not_delivered_goes_with_the_next_look_though_nothing_is_wrong_any_more(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers, bodies = ["it answered 503", "it answered 503", "", ""], []
    monkeypatch.setattr(sending, "post", lambda hook, body: bodies.append(json.loads(body)) or answers.pop(0))
    settings, history = Settings(webhook=Webhook(url="https://example.org/x")), History()
    look(project, [window(Judgement.BROKEN, "age")], settings, history)
    assert len(look(project, [window(Judgement.HARMFUL, "job")], settings, history)) == 1
    assert look(project, [], settings, history) == ()
    assert [b["judgement"] for b in bodies] == ["broken", "broken", "broken", "harmful"]  # the oldest first
    assert look(project, [], settings, history) == () and history.undelivered == {}


def test_who_is_no_receiver_any_more_is_not_waited_for(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "post", lambda hook, body: "it answered 503")
    history = History()
    look(project, [window(Judgement.BROKEN, "age")], Settings(webhook=Webhook(url="https://example.org/x")), history)
    assert list(history.undelivered) == ["the webhook"]
    assert look(project, [], Settings(), history) == () and history.undelivered == {}


def test_an_alert_of_the_future_keeps_nobody_quiet(project: Project) -> None:
    history, broken = History(), window(Judgement.BROKEN, "age")
    look(project, [broken], Settings(), history, at=NOW + timedelta(days=700))  # a clock that was set ahead
    look(project, [broken], Settings(), history, at=NOW)
    look(project, [broken], Settings(), history, at=NOW + timedelta(hours=1))
    assert len(told(project)) == 2


def test_a_ledger_that_is_held_does_not_stop_the_watch(project: Project) -> None:
    with Project(project.path).lock():
        (failed,) = look(project, [window(Judgement.BROKEN, "age")], Settings(), History())
    assert "did not reach the ledger" in failed


# --- the webhook ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "192.168.1.1", "169.254.169.254", "::1", "::ffff:10.0.0.1", "fd00::1", "0.0.0.0"],
)
def test_private_addresses_are_refused(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 443)), (0, 0, 0, "", (address, 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(hooks.Forbidden, match=r"private network|nothing is posted to"):
        hooks.allowed_address("example.org", 443)
    waited: list[float] = []
    why = hooks.post(Webhook(url="https://example.org/"), b"{}", sleep=waited.append)
    assert "private network" in why or "nothing is posted to" in why
    assert waited == []  # it would be as private the next time


@pytest.mark.parametrize(
    ("address", "may"),
    [("127.0.0.1", True), ("10.0.0.1", True), ("::1", True), ("fd00::1", True)]
    + [("169.254.169.254", False), ("fe80::1", False), ("0.0.0.0", False), ("224.0.0.1", False)],
)
def test_private_addresses_are_taken_where_that_is_meant(
    address: str, may: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(0, 0, 0, "", (address, 443))])
    if may:
        assert hooks.allowed_address("hooks.example.org", 443, private=True) == address
        with pytest.raises(hooks.Forbidden, match="private = true"):
            hooks.allowed_address("hooks.example.org", 443)
    else:
        with pytest.raises(hooks.Forbidden):
            hooks.allowed_address("hooks.example.org", 443, private=True)


def test_a_public_address_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [(0, 0, 0, "", ("2606:2800:220:1::1", 443)), (0, 0, 0, "", ("93.184.216.34", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    assert hooks.allowed_address("example.org", 443) == "93.184.216.34"


class _Hook(http.server.BaseHTTPRequestHandler):
    answers: list[int]
    seen: list[tuple[dict[str, str], bytes]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.seen.append((dict(self.headers), body))
        self.send_response(self.answers.pop(0))
        self.send_header("Location", "https://127.0.0.1/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *arguments: object) -> None:
        """Say nothing."""


@pytest.fixture
def hook(tmp_path: Path) -> Iterator[tuple[type[_Hook], int, str]]:
    """A server of https for the name hook.test, and the file with the authority that vouches for it."""
    certificate, key = _certificate(tmp_path)
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(certificate, key)
    handler = type("Hook", (_Hook,), {"answers": [], "seen": []})
    server = http.server.HTTPServer(("127.0.0.1", 0), handler)
    server.socket = serving.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield handler, server.server_port, str(certificate)
    server.shutdown()
    server.server_close()


def _certificate(folder: Path) -> tuple[Path, Path]:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hook.test")])
    begin = datetime.now(UTC) - timedelta(days=1)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(begin)
        .not_valid_after(begin + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hook.test")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder / "cert.pem", folder / "key.pem"


def test_a_post_is_signed_and_tried_again(hook: tuple[type[_Hook], int, str]) -> None:
    handler, port, authority = hook
    handler.answers += [503, 204]
    waited: list[float] = []
    to = Webhook(url=f"https://hook.test:{port}/in?x=1", secret=b"s" * 32, authority=authority)
    why = hooks.post(to, b'{"a": 1}', resolve=lambda h, p: "127.0.0.1", sleep=waited.append)
    assert why == "" and waited == [2.0]
    headers, body = handler.seen[-1]
    sent = dict(part.split("=") for part in headers[hooks.SIGNATURE].split(","))
    assert sent["v1"] == hmac.digest(b"s" * 32, f"{sent['t']}.".encode() + body, "sha256").hex()
    assert json.loads(body) == {"a": 1}


def test_redirects_are_not_followed_and_refusals_not_repeated(hook: tuple[type[_Hook], int, str]) -> None:
    handler, port, authority = hook
    handler.answers += [302, 401]
    to = Webhook(url=f"https://hook.test:{port}/", authority=authority)
    for status in (302, 401):
        assert hooks.post(to, b"{}", resolve=lambda h, p: "127.0.0.1") == f"it answered {status}"
    assert len(handler.seen) == 2


def test_a_certificate_of_another_name_is_refused(hook: tuple[type[_Hook], int, str]) -> None:
    handler, port, authority = hook
    to = Webhook(url=f"https://other.test:{port}/", authority=authority)
    why = hooks.post(to, b"{}", resolve=lambda h, p: "127.0.0.1", sleep=lambda s: None)
    assert "certificate" in why.lower()
    stranger = Webhook(url=f"https://hook.test:{port}/")
    why = hooks.post(stranger, b"{}", resolve=lambda h, p: "127.0.0.1")
    assert "not trusted" in why and "ca_file" in why
    assert handler.seen == []


# --- mail and settings ---------------------------------------------------------------------------------------------


def test_the_mail_says_what_happened() -> None:
    alert = alert_of([window(Judgement.BROKEN, *(f"c{i}" for i in range(12)))], Settings(), project="shop\r\nBcc: x")
    assert alert is not None
    message = message_of(Mail(host="localhost", sender="a@example.org", to=("b@example.org", "c@example.org")), alert)
    assert message["Subject"] == "shop  Bcc: x: version 1 is broken"
    assert message["Bcc"] is None and message["Date"] and message["Message-ID"].endswith("@example.org>")
    body = message.get_content()
    assert "- 'c0' is missing." in body and "- and 2 more" in body


def test_a_mail_server_that_is_not_there_is_told() -> None:
    alert = alert_of([window(Judgement.BROKEN, "age")], Settings(), project="shop")
    assert alert is not None
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: connections are refused
        mail = Mail(host="127.0.0.1", port=taken.getsockname()[1], sender="a@b.c", to=("d@e.f",), security="none")
        assert "refused" in send_mail(mail, alert).lower()


def test_settings_are_read(tmp_path: Path) -> None:
    assert read_settings(tmp_path) == Settings()
    (tmp_path / "hook.secret").write_bytes(b"x" * 20 + b"\n")
    (tmp_path / "monitor.toml").write_text(
        'from = "cannot tell"\nquiet = "30m"\n[webhook]\nurl = "https://example.org/x"\nsecret_file = "hook.secret"\n'
        '[mail]\nhost = "mail.example.org"\nfrom = "a@b.c"\nto = ["d@e.f"]\n'
    )
    found = read_settings(tmp_path)
    assert (found.since, found.quiet_s) == (Judgement.UNKNOWN, 1800.0)
    assert found.webhook == Webhook(url="https://example.org/x", secret=b"x" * 20)
    assert found.mail is not None and found.mail.to == ("d@e.f",)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("from = ", "MW-U710"),
        ("form = 1", "MW-U711"),
        ('from = "sometimes"', "MW-U712"),
        ('quiet = "soon"', "MW-U712"),
        ('[webhook]\nurl = "http://example.org"', "MW-U712"),
        ('[webhook]\nurl = "https://me:secret@example.org"', "MW-U712"),
        ('[webhook]\nurl = "https://example.org"\nsecret_file = "none"', "MW-U712"),
        ('[mail]\nhost = "a"\nfrom = "a@b.c"\nto = []', "MW-U712"),
        ('[mail]\nhost = "a"\nfrom = "a\\nb"\nto = ["d@e.f"]', "MW-U712"),
        ('[mail]\nhost = "a"\nfrom = "a"\nto = ["d"]\nsecurity = "none"\nuser = "u"', "MW-U712"),
        ('[webhook]\nurl = "https://example.org"\nprivate = "yes"', "MW-U712"),
        ('[webhook]\nurl = "https://example.org"\nca_file = "none.pem"', "MW-U712"),
        ("webhook = 1", "MW-U712"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, text: str, code: str) -> None:
    (tmp_path / "monitor.toml").write_text(text)
    with pytest.raises(UsageError, match=code):
        read_settings(tmp_path)
