"""Access: keys and scopes, where the server may listen, foreign hosts and pages."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.errors import ProjectError, RequestError, UsageError
from modelwright.serve.access import Access, Hosts, check_bind, is_loopback, response_headers
from modelwright.serve.guard import Guard
from modelwright.serve.keys import ENVIRONMENT, FILE_NAME, KeyFile, Scope, make_key, printed
from modelwright.serve.rates import Rate


class Clock:
    """Time as the test has it."""

    def __init__(self) -> None:
        self.seconds = 1e9

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def file(tmp_path: Path) -> KeyFile:
    return KeyFile(tmp_path / FILE_NAME)


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def refused(access: Access, headers: dict[str, str], scope: Scope | None = Scope.PREDICT) -> RequestError:
    with pytest.raises(RequestError) as told:
        access.check(headers, scope)
    return told.value


def test_a_key_opens_its_scopes_alone(file: KeyFile) -> None:
    key, token = file.add("job", ["predict", "feedback"])
    access = Access(file)
    for headers in (bearer(token), {"authorization": f"bearer  {token} "}, {"x-api-key": token}):
        caller = access.check(headers, Scope.PREDICT)
        assert (caller.id, caller.name) == (key.id, "job")
    for scope in (Scope.READ, Scope.ADMIN):
        error = refused(access, bearer(token), scope)
        assert (error.status, error.code) == (403, "MW-S203")


def test_admin_opens_everything_that_has_a_scope(file: KeyFile) -> None:
    _, token = file.add("root", ["admin"])
    access = Access(file)
    assert all(access.check(bearer(token), scope).id for scope in Scope)
    assert refused(access, bearer(token), None).status == 403


def test_a_route_without_a_scope_is_closed_to_everybody() -> None:
    assert refused(Access.open(), {}, None).code == "MW-S204"


def test_wrong_keys_are_answered_alike(file: KeyFile) -> None:
    key, token = file.add("a", ["admin"])
    revoked_key, revoked = file.add("b", ["admin"])
    file.revoke(revoked_key.id)
    _, unknown = make_key("c", ["admin"], now=1e9)
    access = Access(file)
    changed = token[:-1] + ("A" if token[-1] != "A" else "B")
    swapped = f"mw_{key.id}_{unknown[-43:]}"
    odd = ["x", "mw_", token + "x", token[:-1], token.upper(), "é" * 59, "\udc80" * 59, "\0" * 59, key.digest, key.id]
    told = {str(refused(access, bearer(t))) for t in [changed, swapped, revoked, unknown, "0" * 59, *odd]}
    assert len(told) == 1 and "MW-S202" in told.pop()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"authorization": ""},
        {"authorization": "Basic dTpw"},
        {"authorization": "Bearer"},
        {"authorization": "Bearer  "},
        {"x-api-key": " "},
    ],
)
def test_without_a_key(file: KeyFile, headers: dict[str, str]) -> None:
    file.add("a", ["predict"])
    error = refused(Access(file), headers)
    assert (error.status, error.code) == (401, "MW-S201")
    assert dict(response_headers(error))["www-authenticate"].startswith("Bearer")


def test_two_keys_that_differ_are_refused(file: KeyFile) -> None:
    _, one = file.add("a", ["predict"])
    _, two = file.add("b", ["predict"])
    access = Access(file)
    assert refused(access, {**bearer(one), "x-api-key": two}).code == "MW-S206"
    assert access.check({**bearer(one), "x-api-key": one}, Scope.PREDICT).name == "a"


def test_a_key_ends(tmp_path: Path) -> None:
    clock = Clock()
    key, token = make_key("a", ["predict"], lasts_s=60, now=clock())
    access = Access(None, [key], clock=clock, now=clock)
    clock.seconds += 59
    assert access.check(bearer(token), Scope.PREDICT).id and access.usable() == 1
    clock.seconds += 2
    assert refused(access, bearer(token)).status == 401 and access.usable() == 0


def test_changes_of_the_list_are_followed(file: KeyFile) -> None:
    clock = Clock()
    key, token = file.add("a", ["predict"])
    access = Access(file, clock=clock)
    file.revoke(key.id)
    assert access.check(bearer(token), Scope.PREDICT).id, "it may count for a second"
    clock.seconds += 1.5
    assert refused(access, bearer(token)).status == 401
    _, other = file.add("b", ["predict"])
    clock.seconds += 1.5
    assert access.check(bearer(other), Scope.PREDICT).name == "b"


def test_a_server_with_keys_never_opens(file: KeyFile) -> None:
    clock = Clock()
    _, token = file.add("a", ["predict"])
    access = Access(file, clock=clock)
    file.path.unlink()
    clock.seconds += 1.5
    assert refused(access, {}).status == 401 and refused(access, bearer(token)).status == 401
    file.add("b", ["predict"])
    only_revoked = KeyFile(file.path)
    only_revoked.revoke("b")
    assert refused(Access(only_revoked), {}).status == 401, "a list of revoked keys is no open server either"


def test_an_open_server_closes_when_a_key_is_added(file: KeyFile) -> None:
    clock = Clock()
    access = Access(file, clock=clock)
    assert not access.guarded and access.check({}, Scope.ADMIN).id == ""
    file.add("a", ["predict"])
    clock.seconds += 1.5
    assert refused(access, {}).status == 401 and access.guarded


@pytest.mark.parametrize("began", [True, False], ids=["guarded", "open"])
def test_a_list_that_is_damaged_while_the_server_runs_lets_nobody_in(file: KeyFile, began: bool) -> None:
    clock = Clock()
    fixed, own = make_key("env", ["predict"], now=1e9)
    token = file.add("a", ["predict"])[1] if began else ""
    access = Access(file, [fixed] if began else [], clock=clock)
    file.path.write_text("{")
    clock.seconds += 1.5
    error = refused(access, bearer(token) if began else {})
    assert (error.status, error.code, error.retry_after) == (503, "MW-S205", 60)
    if began:
        assert access.check(bearer(own), Scope.PREDICT).id == fixed.id, "keys of the environment are not in the file"
    file.path.unlink()
    clock.seconds += 1.5
    assert refused(access, {}).status == 401


def test_a_damaged_list_stops_the_start(file: KeyFile) -> None:
    file.path.write_text("[]")
    with pytest.raises(ProjectError):
        Access(file)


def test_keys_of_the_environment(tmp_path: Path) -> None:
    key, token = make_key("a", ["read"], now=1e9)
    access = Access.of(tmp_path, {ENVIRONMENT: printed(key)})
    assert access.check(bearer(token), Scope.READ).id == key.id
    with pytest.raises(UsageError):
        Access.of(tmp_path, {ENVIRONMENT: token})
    assert not Access.of(tmp_path, {}).guarded


@given(st.dictionaries(st.sampled_from(["authorization", "x-api-key"]), st.text(max_size=100)))
def test_no_header_opens_or_breaks_it(headers: dict[str, str]) -> None:
    key, _ = make_key("a", ["admin"], now=1e9)
    access = Access(None, [key])
    error = refused(access, headers)
    assert error.status == 401
    assert all(len(v) < 8 or v not in str(error) for v in headers.values())


LOOPBACK = [
    "127.0.0.1",
    "127.8.9.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "::1",
    "[::1]",
    "::ffff:127.0.0.1",
    "::1%lo",
]
PUBLIC = [
    "",
    "0.0.0.0",
    "::",
    "[::]",
    "0",
    "*",
    "10.0.0.1",
    "192.168.1.1",
    "8.8.8.8",
    "::ffff:0.0.0.0",
    "::ffff:10.0.0.1",
    "example.com",
    "127.0.0.1.example.com",
    "localhost.example.com",
    "127.1",
    "2130706433",
    "0x7f000001",
    "fe80::1",
    "my-host",
    "127.0.0.1 ,0.0.0.0",
    "unix:/x",
]


@pytest.mark.parametrize("host", LOOPBACK)
def test_this_machine_needs_no_key(host: str) -> None:
    assert is_loopback(host)
    check_bind(host, Access.open())


@pytest.mark.parametrize("host", PUBLIC)
def test_others_need_one(host: str) -> None:
    assert not is_loopback(host)
    with pytest.raises(UsageError) as told:
        check_bind(host, Access.open())
    assert told.value.code == "MW-U047"
    check_bind(host, Access.open(), insecure=True)
    key, _ = make_key("a", ["predict"], now=1e9)
    check_bind(host, Access(None, [key]))


def test_a_key_that_has_ended_does_not_open_the_address(file: KeyFile) -> None:
    key, _ = file.add("a", ["predict"])
    file.revoke(key.id)
    with pytest.raises(UsageError):
        check_bind("0.0.0.0", Access(file))


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "127.0.0.1:80",
        "127.1.2.3",
        "[::1]:8080",
        "[::1]",
        "LocalHost:1",
        "inner.example:9",
        "INNER.example",
    ],
)
def test_own_hosts(host: str) -> None:
    Hosts(["Inner.example"]).check("POST", {"host": host})


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8080",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "0.0.0.0",
        "[::]",
        "[::1",
        "[::1]x",
        "localhost:80:80",
        "localhost:x",
        "localhost@evil.example",
        "evil.example/localhost",
        ":80",
        "inner.example.evil",
    ],
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_foreign_hosts(host: str, method: str) -> None:
    with pytest.raises(RequestError) as told:
        Hosts(["inner.example"]).check(method, {"host": host})
    assert told.value.status == 421 and (not host or host not in str(told.value))


@pytest.mark.parametrize(
    "origin, passes",
    [
        ("http://localhost:8080", True),
        ("https://inner.example", True),
        ("http://localhost:3000", False),
        ("http://evil.example", False),
        ("null", False),
        ("", False),
        ("file://", False),
        ("http://localhost:8080.evil.example", False),
    ],
)
def test_origins(origin: str, passes: bool) -> None:
    hosts, headers = Hosts(["inner.example"]), {"host": "localhost:8080", "origin": origin}
    hosts.check("GET", headers)
    if passes:
        hosts.check("POST", headers)
        return
    with pytest.raises(RequestError) as told:
        hosts.check("POST", headers)
    assert told.value.status == 403


def test_what_the_browser_says_of_itself() -> None:
    with pytest.raises(RequestError):
        Hosts().check("POST", {"host": "localhost", "sec-fetch-site": "cross-site"})


def test_the_guard_looks_at_hosts_only_while_it_is_open(file: KeyFile) -> None:
    foreign = {"host": "evil.example"}
    with pytest.raises(RequestError) as told:
        Guard(Access.open(), hosts=Hosts()).admit("POST", foreign, "127.0.0.1", Scope.PREDICT)
    assert told.value.status == 421
    _, token = file.add("a", ["predict"])
    guarded = Guard(Access(file), hosts=Hosts())
    assert guarded.admit("POST", {**foreign, **bearer(token)}, "10.0.0.1", Scope.PREDICT).name == "a"


def test_the_guard_limits_failures_by_address_and_always_hears_good_keys(file: KeyFile) -> None:
    _, token = file.add("a", ["predict"])
    guard = Guard(Access(file), failed=Rate(per_second=0.01, burst=3))
    statuses = []
    for _ in range(5):
        with pytest.raises(RequestError) as told:
            guard.admit("POST", bearer("x"), "10.0.0.1", Scope.PREDICT)
        statuses.append(told.value.status)
    assert statuses == [401, 401, 401, 429, 429] and told.value.retry_after
    assert guard.admit("POST", bearer(token), "10.0.0.1", Scope.PREDICT).name == "a"
    with pytest.raises(RequestError, match="MW-S202"):
        guard.admit("POST", bearer("x"), "10.0.0.2", Scope.PREDICT)


def test_the_guard_limits_each_key(file: KeyFile) -> None:
    tokens = [file.add(name, ["predict"])[1] for name in ("a", "b")]
    guard = Guard(Access(file), rate=Rate(per_second=0.01, burst=1))
    for token in tokens:
        guard.admit("POST", bearer(token), "10.0.0.1", Scope.PREDICT)
    with pytest.raises(RequestError) as told:
        guard.admit("POST", bearer(tokens[0]), "10.0.0.9", Scope.PREDICT)
    assert told.value.status == 429 and ("retry-after", "100") in response_headers(told.value)
