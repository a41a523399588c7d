"""What is done when an answer is out: count it, keep it, and have a challenger score it in the shadow."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from modelwright.errors import RequestError
from modelwright.serve.deployment import SHADOW
from modelwright.serve.exchange import Asked, Reply, Request, Scored
from modelwright.serve.models import Model
from modelwright.serve.quick import Answered
from modelwright.serve.rates import Gate
from modelwright.serve.routes import PREDICT
from modelwright.serve.state import LINES_AT_ONCE, State

__all__ = ["Afterwards", "Done"]

BUNCH = 8
"""Answers to one record that are counted and kept together, so that a caller waits for that once in so many times; with
more the wait, some 5 µs each, would be felt by the slowest of a hundred requests."""

BUNCH_S = 0.02  # the longest that they wait for each other


class Done:
    """An answer on its way out, and what it was made of."""

    __slots__ = ("asked", "model", "reply", "role", "scored")

    def __init__(self, reply: Reply, asked: Asked, scored: Scored, model: Model, role: str) -> None:
        self.reply, self.asked, self.scored, self.model, self.role = reply, asked, scored, model, role


class Afterwards:
    """Belongs to the thread of the event loop.

    Parameters
    ----------
    state : State
    gate : Gate
        The room that large requests share; the shadow of one takes what they leave.
    threads : ThreadPoolExecutor
    """

    def __init__(self, state: State, gate: Gate, threads: ThreadPoolExecutor) -> None:
        self._state, self._gate, self._threads = state, gate, threads
        self._tasks: set[asyncio.Task[Any]] = set()
        self._bunch: list[tuple[Model, str, str, Answered, float, float]] = []
        self._timed = False

    def __call__(self, done: Done, request: Request, seconds: float) -> None:
        """Do it: at once for a few rows, else in parts between the requests of others."""
        self._state.ids.note(request.request_id, done.scored.n_rows)
        self._keep(done.model, done.role, done.asked, done.scored, request, seconds)
        challenger = self._state.deployment.challenger
        if challenger is None or not self._state.deployment.shadows:
            return
        asked = replace(done.asked, reasons=0, interval=None, abstain=None, unusual=False)
        if done.scored.n_rows == 1:
            self._shadow(challenger, asked, request)
        elif self._gate.try_enter():
            self.in_background(self._slow_shadow(challenger, asked, request))

    def quick(self, model: Model, role: str, request_id: str, found: Answered, seconds: float) -> None:
        """Do it soon, for an answer to one record that was made at once; never before the answer has left."""
        waiting = (model, role, request_id, found, seconds, time.time() - seconds)
        if self._state.deployment.shadows:
            asyncio.get_running_loop().call_soon(self._of_quick, *waiting)
            return
        self._bunch.append(waiting)
        if len(self._bunch) == BUNCH:
            asyncio.get_running_loop().call_soon(self.catch_up)
        elif not self._timed:
            self._timed = True
            asyncio.get_running_loop().call_later(BUNCH_S, self._in_time)

    def catch_up(self) -> None:
        """Do what still waits to be done, before anybody asks for it or the champion changes."""
        if self._bunch:
            bunch, self._bunch = self._bunch, []
            for waiting in bunch:
                self._of_quick(*waiting)

    def _in_time(self) -> None:
        self._timed = False
        self.catch_up()

    def _of_quick(
        self, model: Model, role: str, request_id: str, found: Answered, seconds: float, received: float
    ) -> None:
        _, answer, record, _ = found
        self._state.ids.note(request_id, 1)
        self._state.answered_one(model, role, request_id, PREDICT.template, record, answer, seconds, received)
        challenger = self._state.deployment.challenger
        if challenger is not None and self._state.deployment.shadows:
            request = Request(PREDICT.method, PREDICT.template, {}, b"", request_id=request_id)
            self._shadow(challenger, Asked(records=[record]), request)  # type: ignore[list-item]

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a task that nobody waits for; it is kept alive until it ends."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _keep(self, model: Model, role: str, asked: Asked, scored: Scored, request: Request, seconds: float) -> None:
        if scored.n_rows > LINES_AT_ONCE:
            self.in_background(self._state.answered_in_parts(model, role, asked, scored, request, seconds))
        else:
            self._state.answered(model, role, asked, scored, request, seconds)

    def _shadow(self, challenger: Model, asked: Asked, request: Request) -> None:
        began = time.perf_counter()
        try:
            scored = challenger.score(asked)
        except RequestError as error:
            self._state.metrics_of(challenger).failed(error.code)
            return
        self._keep(challenger, SHADOW, asked, scored, request, time.perf_counter() - began)

    async def _slow_shadow(self, challenger: Model, asked: Asked, request: Request) -> None:
        began = time.perf_counter()
        try:
            scored = await asyncio.get_running_loop().run_in_executor(self._threads, challenger.score, asked)
        except RequestError as error:
            self._state.metrics_of(challenger).failed(error.code)
            return
        finally:
            self._gate.leave()
        self._keep(challenger, SHADOW, asked, scored, request, time.perf_counter() - began)
