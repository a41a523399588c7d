"""Requests whose head was met before are answered as if they were parsed."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from modelwright.serve.access import LOOK_AGAIN_S
from modelwright.serve.heads import LONGEST_HEAD, MOST, Heads
from modelwright.serve.keys import FILE_NAME, KeyFile

from .running import Answer, Server, Wire, make_project, request, serving

ROW = {"age": 41, "balance": 12.5, "job": "student"}
HEADERS = [(b"host", b"localhost"), (b"content-length", b"2")]
RAW = b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 2\r\n\r\n{}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serving(
        make_project(tmp_path_factory.mktemp("heads") / "p"), "--log", "off", "--rate", "0.01", "--burst", "100"
    ) as running:
        yield running


def raw(body: bytes, **headers: str) -> bytes:
    return request("POST", "/predict", body, **headers)


def ask(wire: Wire, sent: bytes) -> Answer:
    wire.send(sent)
    answer = wire.answer()
    assert answer is not None
    return answer


def said(answer: Answer) -> tuple[int, object]:
    document = json.loads(answer.body)
    document.pop("request_id")
    return answer.status, document


def test_a_head_is_known_with_a_body_of_its_length_alone() -> None:
    heads = Heads()
    assert heads.of(RAW) is None
    heads.keep(RAW, HEADERS)
    head = heads.of(RAW[:-2] + b"[]")
    assert head is not None and (head.length, RAW[head.size :]) == (2, b"{}")
    assert head.headers == {"host": "localhost", "content-length": "2"}
    for other in (RAW[:-1], RAW + b"x", RAW + RAW, RAW[1:], b"\r\n" + RAW, RAW[:-6], b"", b"{}"):
        assert heads.of(other) is None


@pytest.mark.parametrize(
    ("data", "headers"),
    [
        (RAW, [*HEADERS, (b"host", b"other")]),
        (RAW, [*HEADERS, (b"x-request-id", b"one")]),
        (RAW, [*HEADERS, (b"transfer-encoding", b"chunked")]),
        (RAW, HEADERS[:1]),
        (RAW + b" ", HEADERS),
        (b"x" * LONGEST_HEAD + RAW, HEADERS),
    ],
)
def test_what_may_mean_something_else_the_next_time_is_not_kept(
    data: bytes, headers: list[tuple[bytes, bytes]]
) -> None:
    heads = Heads()
    heads.keep(data, headers)
    assert len(heads) == 0


def test_no_more_than_some_are_kept() -> None:
    heads = Heads()
    for i in range(3 * MOST):
        heads.keep(b"POST /predict HTTP/1.1\r\nn: %d\r\ncontent-length: 0\r\n\r\n" % i, [(b"content-length", b"0")])
        assert 0 < len(heads) <= MOST


def test_one_request_after_the_other_gets_the_same_answer(server: Server) -> None:
    others = [{**ROW, "job": "teacher"}, {**ROW, "age": "xx"}, {"age": 41}, {**ROW, "balance": None}]
    bodies = [json.dumps(row).encode().ljust(60) for row in (ROW, *others)] + [b"{".ljust(60), b"[]".ljust(60)]
    with Wire(server.port) as wire:
        parsed = [said(ask(wire, raw(body, accept="application/json;q=1"))) for body in bodies]
        ask(wire, raw(bodies[0]))  # the head is known from now on
        assert [said(ask(wire, raw(body))) for body in bodies] == parsed
        assert parsed[0][0] == 200 and parsed[2][0] != 500
        ids = {json.loads(ask(wire, raw(bodies[0])).body)["request_id"] for _ in range(5)}
        assert len(ids) == 5


def test_a_known_head_in_pieces_together_with_others_and_within_a_body(server: Server) -> None:
    sent = raw(json.dumps(ROW).encode())
    with Wire(server.port) as wire:
        expected = said(ask(wire, sent))
        assert expected[0] == 200
        for cut in (1, 30, len(sent) - 1):
            wire.send(sent[:cut])
            assert not wire.waits(0.02)
            assert said(ask(wire, sent[cut:])) == expected
        wire.send(sent * 3)
        assert [said(answer) for _ in range(3) if (answer := wire.answer())] == [expected] * 3
        inner = request("POST", "/predict", sent, accept="application/json;q=1")
        wire.send(inner[: -len(sent)])
        assert not wire.waits(0.02)
        assert ask(wire, sent).status in (400, 422)  # it is the body of a request, and no JSON
        assert said(ask(wire, sent)) == expected


def test_callers_of_known_heads_are_counted_and_checked_each_time(server: Server) -> None:
    sent = raw(json.dumps(ROW).encode(), x_note="counted")
    with Wire(server.port, "127.0.0.9") as wire:
        statuses = [ask(wire, sent).status for _ in range(130)]
    assert statuses == [200] * 100 + [429] * 30


def test_the_key_in_a_known_head_counts_until_it_is_revoked(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    keys = KeyFile(project / FILE_NAME)
    key, token = keys.add("one", ["predict"])
    sent = raw(json.dumps(ROW).encode(), authorization=f"Bearer {token}")
    with serving(project, "--log", "off") as server, Wire(server.port) as wire:
        assert [ask(wire, sent).status for _ in range(3)] == [200] * 3
        assert ask(wire, sent.replace(token.encode(), b"x" * len(token))).status == 401
        keys.revoke(key.id)
        time.sleep(1.2 * LOOK_AGAIN_S)
        assert [ask(wire, sent).status for _ in range(3)] == [401] * 3
