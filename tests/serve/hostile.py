"""Sends hostile requests to a real server, and says what must hold for every answer. The tests send some thousands, and
``benchmarks/serving/hostility.py`` a hundred thousand."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass, field

import msgspec
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from .hostile_requests import CASES, MARKS, Case, variants
from .running import Answer, Server, Wire

BATCH = 4  # requests of one example; more would go beyond the entropy that hypothesis gives one
QUIET_S = 0.02  # after which a request that is no request is taken to wait for more
CODE = re.compile(r"MW-[A-Z]\d{3}")


@dataclass
class Report:
    """What came back: ``statuses`` and ``closed`` count, ``problems`` say what must not be (the first hundred)."""

    statuses: Counter[int] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    closed: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def sent(self) -> int:
        return self.statuses.total() + self.closed

    def problem(self, what: str, case: Case, answer: Answer | None = None) -> None:
        if len(self.problems) < 100:
            told = b"" if answer is None else answer.body[:300]
            self.problems.append(f"{what}: {case.raw[:400]!r} -> {told!r}")

    def look(self, case: Case, answer: Answer) -> None:
        """Hold an answer to what is promised."""
        self.statuses[answer.status] += 1
        if answer.status >= 500:
            self.problem(f"status {answer.status}", case, answer)
        everything = _without_what_was_asked_for(answer) + "".join(answer.headers.values()).encode("latin-1")
        if any(mark in everything for mark in MARKS):
            self.problem("the answer repeats the request", case, answer)
        if answer.status >= 400 and answer.body:
            self._look_at_error(case, answer)

    def _look_at_error(self, case: Case, answer: Answer) -> None:
        try:
            document = msgspec.json.decode(answer.body)
        except msgspec.DecodeError:
            self.problem("an error that is no JSON", case, answer)
            return
        if not isinstance(document.get("error"), str) or not CODE.fullmatch(document.get("code", "")):
            self.problem("an error without a text or a code", case, answer)
        elif "request_id" not in document:
            self.problem("an error without the request id", case, answer)
        else:
            self.codes[document["code"]] += 1
        if b"Traceback" in answer.body or b'.py"' in answer.body or b"/site-packages" in answer.body:
            self.problem("an error that tells of the inside", case, answer)


TOLD = {"notes", "reasons", "what_if"}
"""Of an answer, what is about the row of who asked: columns that the model does not know beside predictions, and
in an explanation the row's own values."""


def _without_what_was_asked_for(answer: Answer) -> bytes:
    """Return the body but for `TOLD`."""
    if answer.status != 200 or not any(b'"%b"' % name.encode() in answer.body for name in TOLD):
        return answer.body
    return msgspec.json.encode({k: v for k, v in msgspec.json.decode(answer.body).items() if k not in TOLD})


class Attacker:
    """Sends cases, whole requests over one connection that is kept as long as the server keeps it."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._wire: Wire | None = None
        self.report = Report()

    def send(self, case: Case) -> None:
        """Send a case and look at what comes back; a hang raises TimeoutError."""
        if case.parts is not None:
            self._ask(case)
        else:
            self._break(case)

    def _ask(self, case: Case) -> None:
        if self._wire is None or self._wire.closed():
            self.close()
            self._wire = Wire(self._server.port)
        self._wire.send(case.raw)
        answer = self._wire.answer()
        if answer is None:
            self.report.problem("a whole request was not answered", case)
            self.report.closed += 1
            self.close()
            return
        self.report.look(case, answer)
        if answer.headers.get("connection") == "close":
            self.close()

    def _break(self, case: Case) -> None:
        head = case.raw.startswith(b"HEAD")
        with Wire(self._server.port) as wire:
            wire.send(case.raw)
            answers = 0
            while wire.waits(QUIET_S) and (answer := wire.answer(head=head)) is not None:
                self.report.look(case, answer)
                answers += 1
            wire.finish()
            while (answer := wire.answer(head=head)) is not None:
                self.report.look(case, answer)
                answers += 1
        self.report.closed += not answers

    def close(self) -> None:
        if self._wire is not None:
            self._wire.close()
            self._wire = None


def attack(server: Server, count: int, number: int = 0, copies: int = 0) -> Report:
    """Send about ``count`` hostile requests, the same ones for the same number, and return what came of it.

    Each that hypothesis makes is followed by ``copies`` that are changed at random places, which costs less time.
    """
    attacker, rng = Attacker(server), random.Random(number)

    @seed(number)
    @settings(
        max_examples=max(1, count // (BATCH * (1 + copies))),
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(CASES, min_size=BATCH, max_size=BATCH))
    def run(cases: list[Case]) -> None:
        for case in (v for c in cases for v in variants(c, copies, rng)):
            attacker.send(case)

    try:
        run()
    finally:
        attacker.close()
    return attacker.report
