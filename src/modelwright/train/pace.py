"""How busy the machine is, told by what work took against the processor time that it used."""

from __future__ import annotations

import math

import numpy as np

__all__ = ["Pace"]

MOST = 10.0
"""A machine busier than this is not planned for."""

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
