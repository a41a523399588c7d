"""The fits under way: which worker runs what, since when and until when, and which of them have to be ended."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from modelwright.engines.base import Engine, Reply
from modelwright.train.pace import Pace, WorkersPace
from modelwright.train.running import Running
from modelwright.train.work import FitTask, fit_fold

__all__ = ["Fit", "UnderWay"]


@dataclass(frozen=True, eq=False)
class Fit:
    """A fit of a candidate on a fold; ``began`` and ``limit``, where it has one, are by `time.monotonic`."""

    running: Running
    fold: int
    began: float
    limit: float | None


class UnderWay:
    """Fits that were started and have not come back; true while there are any.

    Parameters
    ----------
    engine : Engine
    pace : Pace
        Learns from what the workers get of the processor.
    memory_guard : callable
        See `MemoryGuard`.
    """

    def __init__(self, engine: Engine, pace: Pace, memory_guard: Callable[[Engine], tuple[int, str] | None]) -> None:
        self._engine, self._memory_guard = engine, memory_guard
        self._pace, self._workers = pace, WorkersPace(pace)
        self._fits: dict[int, Fit] = {}

    def __bool__(self) -> bool:
        return bool(self._fits)

    def start(self, worker: int, r: Running, fold: int, *, seconds: float | None, most: float | None) -> None:
        """Start a fit that ends itself after ``seconds`` and is ended after ``most``; None: neither."""
        now = time.monotonic()
        r.started[fold] = now
        self._fits[worker] = Fit(r, fold, now, None if most is None else now + most)
        self._engine.submit(worker, fit_fold, FitTask(r.candidate, fold, seconds))

    def take(self, reply: Reply) -> Fit:
        """Return the fit that came back; its seconds tell how busy the machine is where the engine does not."""
        if reply.error is None and not self._workers.told:
            self._pace.learn(reply.result.seconds, reply.result.used)
        return self._fits.pop(reply.worker)

    def watch(self) -> None:
        """End fits that are past their limit, and the largest worker when memory runs short."""
        moment = time.monotonic()
        self._workers.look(self._engine, {worker: fit.began for worker, fit in self._fits.items()})
        for worker, fit in list(self._fits.items()):
            if fit.limit is not None and moment > fit.limit:
                self._engine.kill(worker, "the time for this fit was over")
        short = self._memory_guard(self._engine)
        if short is not None and short[0] in self._fits:
            self._engine.kill(*short)
