"""How busy the machine is, told by what work took against the processor time that it used."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping

import numpy as np

from modelwright.engines.base import Engine

__all__ = ["Pace", "WorkersPace"]

MOST = 10.0
"""A machine busier than this is not planned for."""

EVERY_S = 1.0
"""It is looked again at what the workers have used."""

MEMORY_S = 2.0
"""Processor seconds of work after which what was known before counts for a third."""


class Pace:
    """How many times longer work takes here than the processor time that it needs: 1 on an idle machine, at most 10.

    Others come and go while a job runs, so what was measured last counts most. Seconds that were measured on an idle
    machine are multiplied by it where they are planned with.

    Parameters
    ----------
    now : float
        Before anything was measured.

    Attributes
    ----------
    now : float
    """

    def __init__(self, now: float = 1.0) -> None:
        self.now = now

    def learn(self, wall: float, used: float) -> None:
        """Take note of work that took ``wall`` seconds and used the processor for ``used`` of them."""
        if used > 0:
            weight = 1 - math.exp(-used / MEMORY_S)
            self.now += weight * (float(np.clip(wall / used, 1.0, MOST)) - self.now)


class WorkersPace:
    """Follows what the workers get of the processor while they fit: when a long fit ends, it tells too late.

    Attributes
    ----------
    told : bool
        Whether the engine tells what its workers have used.
    """

    def __init__(self, pace: Pace) -> None:
        self._pace, self._at = pace, time.monotonic()
        self._used: Mapping[int, float] = {}

    @property
    def told(self) -> bool:
        return bool(self._used)

    def look(self, engine: Engine, busy: Mapping[int, float]) -> None:
        """Learn from the workers that are ``busy``: since when, by `time.monotonic`."""
        moment = time.monotonic()
        if moment - self._at < EVERY_S:
            return
        used = engine.used()
        for worker, began in busy.items():
            if began <= self._at and worker in used and worker in self._used:
                self._pace.learn(moment - self._at, used[worker] - self._used[worker])
        self._used, self._at = used, moment
