"""Every route of a running server: without a key, with keys for other things, with the right one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelwright.serve.access import Scope
from modelwright.serve.keys import FILE_NAME, KeyFile
from modelwright.serve.pages import PAGES
from modelwright.serve.protocols import PROTOCOLS
from modelwright.serve.routes import ROUTES, Route, routes_for

from .running import Answer, Server, Wire, make_project, request, serving

OPEN_TO_ALL = {
    ("GET", "/"), ("GET", "/livez"), ("GET", "/health/live"), ("GET", "/v2/health/live"), ("GET", "/readyz"),
    ("GET", "/health/ready"), ("GET", "/v2/health/ready"), ("GET", "/ping"), ("GET", "/health"),
    ("GET", "/vertex/health"),
}  # fmt: skip
"""What may be asked without a key, said once more: whoever opens a route has to say so here too."""

VERTEX = {"AIP_HEALTH_ROUTE": "/vertex/health", "AIP_PREDICT_ROUTE": "/vertex/predict"}
TABLE = routes_for(VERTEX)
MODEL = "made"


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    return {}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, keys: dict[str, str]) -> Iterator[Server]:
    project = make_project(tmp_path_factory.mktemp("guarded") / MODEL)
    for scope in Scope:
        keys[scope] = KeyFile(project / FILE_NAME).add(scope, [scope])[1]
    with serving(project, environment=VERTEX) as running:
        yield running


def path_of(template: str) -> str:
    return template.replace("{model}", MODEL).replace("{version}", "1")


def asked(server: Server, method: str, path: str, key: str | None = None, source: str = "127.0.0.1") -> Answer:
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    with Wire(server.port, source) as wire:
        wire.send(request(method, path, b"{}" if method == "POST" else b"", content_type="application/json", **headers))
        answer = wire.answer()
    assert answer is not None
    return answer


def test_every_route_says_who_may_use_it() -> None:
    found = {(r.method, r.template) for r in TABLE if r.scope is None}
    assert found == OPEN_TO_ALL
    assert all(isinstance(r.scope, Scope) for r in TABLE if (r.method, r.template) not in OPEN_TO_ALL)
    assert len({(r.method, r.template) for r in TABLE}) == len(TABLE) > len(ROUTES)
    for route in TABLE:
        assert bool(route.protocol) != bool(route.page)
        assert route.protocol in PROTOCOLS if route.protocol else route.page in PAGES


def test_what_changes_or_tells_anything_is_not_open() -> None:
    assert all(r.method == "GET" and r.page in {"alive", "ready", "ping"} for r in TABLE if r.scope is None)


@pytest.mark.parametrize("route", TABLE, ids=lambda r: f"{r.method} {r.template}")
def test_a_route(server: Server, keys: dict[str, str], route: Route) -> None:
    path = path_of(route.template)
    without = asked(server, route.method, path)
    if route.scope is None:
        assert without.status == 200
        return
    assert without.status == 401 and b"MW-S201" in without.body
    assert without.headers["www-authenticate"].startswith("Bearer")
    assert MODEL.encode() not in without.body and b"deposit" not in without.body
    wrong = asked(server, route.method, path, "mw_" + "0" * 56, source=f"127.0.1.{TABLE.index(route)}")
    assert wrong.status == 401
    for scope in Scope:
        status = asked(server, route.method, path, keys[scope]).status
        if scope in (route.scope, Scope.ADMIN):
            assert status not in (401, 403, 404, 405) and status < 500, f"{scope}: {status}"
        else:
            assert status == 403


@pytest.mark.parametrize(
    "method, path",
    [
        ("GET", "/nothing"), ("POST", "/nothing"), ("GET", "/predict"), ("DELETE", "/predict"), ("PUT", "/version"),
        ("OPTIONS", "/predict"), ("TRACE", "/"), ("HEAD", "/predict"), ("GET", "//"), ("GET", "/predict/"),
        ("POST", "/%70redict"), ("POST", "/PREDICT"), ("GET", "/../metrics"), ("GET", "/livez/../metrics"),
        ("GET", "/livez;x"), ("GET", "/metrics?x=/livez"), ("GET", "/metrics#/livez"), ("GET", "/livez%2f..%2fmetrics"),
        ("GET", "http://localhost/metrics"), ("POST", "/livez"), ("POST", "/v2/repository/index"), ("GET", "/docs"),
    ],
)  # fmt: skip
def test_no_way_around(server: Server, method: str, path: str) -> None:
    """Neither other methods nor other spellings of a path answer anything without a key."""
    with Wire(server.port) as wire:
        wire.send(request(method, path))
        answer = wire.answer(head=method == "HEAD")
    assert answer is None or answer.status in (400, 401)


def test_what_does_not_exist_is_told_to_readers_only(server: Server, keys: dict[str, str]) -> None:
    nothing = asked(server, "GET", "/nothing", keys[Scope.READ])
    assert nothing.status == 404 and b"openapi" in nothing.body
    for path in ("/version/", "//version"):
        slash = asked(server, "GET", path, keys[Scope.READ])
        assert slash.status == 404 and b"superfluous slash" in slash.body
    wrong = asked(server, "GET", "/predict", keys[Scope.READ])
    assert wrong.status == 405 and b"POST" in wrong.body and wrong.headers["allow"] == "POST"
    assert asked(server, "GET", "/nothing", keys[Scope.PREDICT]).status == 403


def test_a_revoked_key_stops_without_a_restart(server: Server, keys: dict[str, str], tmp_path: Path) -> None:
    file = KeyFile(server.errors.parent / MODEL / FILE_NAME)
    key, token = file.add("soon gone", ["read"])
    time.sleep(1.2)  # a list that changed is read again within a second
    assert asked(server, "GET", "/version", token).status == 200
    file.revoke(key.id)
    time.sleep(1.2)
    assert asked(server, "GET", "/version", token).status == 401
    assert asked(server, "GET", "/version", keys[Scope.READ]).status == 200


def test_guessing_is_slowed_down_and_locks_nobody_out(tmp_path: Path) -> None:
    project = make_project(tmp_path / MODEL)
    _, token = KeyFile(project / FILE_NAME).add("a", ["read"])
    with serving(project) as running:
        answers = [asked(running, "GET", "/version", f"mw_{i:012x}_{'A' * 43}") for i in range(30)]
        assert {a.status for a in answers} == {401, 429}
        assert int(answers[-1].headers["retry-after"]) >= 1
        assert asked(running, "GET", "/version", token).status == 200


def test_an_open_server_refuses_other_hosts_and_pages_of_other_sites(tmp_path: Path) -> None:
    project = make_project(tmp_path / MODEL)
    with serving(project, "--allow-host", "inner.example") as running, Wire(running.port) as wire:

        def status(raw: bytes) -> int:
            wire.send(raw)
            answer = wire.answer()
            assert answer is not None
            return answer.status

        plain = request("GET", "/version")
        assert status(plain) == 200
        assert status(plain.replace(b"host: localhost", b"host: inner.example:80")) == 200
        assert status(plain.replace(b"host: localhost", b"host: evil.example")) == 421
        assert status(request("GET", "/livez").replace(b"host: localhost", b"host: evil.example")) == 200
        body = b'{"age": 30, "balance": 1, "job": "admin"}'
        assert status(request("POST", "/predict", body)) == 200
        assert status(request("POST", "/predict", body, Origin="http://evil.example", content_type="text/plain")) == 403
        assert status(request("POST", "/predict", body, Origin="null")) == 403


def test_no_answer_allows_other_sites_to_read_it(server: Server, keys: dict[str, str]) -> None:
    answer = asked(server, "GET", "/version", keys[Scope.READ])
    assert not any(name.startswith("access-control") for name in answer.headers)
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_public_address_without_keys_is_refused(tmp_path: Path) -> None:
    project = make_project(tmp_path / MODEL)
    arguments = [sys.executable, "-m", "modelwright", "serve", str(project), "--port", "0", "--host", "0.0.0.0"]
    done = subprocess.run(arguments, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2 and "MW-U047" in done.stderr
