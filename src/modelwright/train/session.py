"""A job under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modelwright.engines.base import Engine
from modelwright.train.budget import Budget
from modelwright.train.job import Job
from modelwright.train.journal import Journal
from modelwright.train.memory import MemoryGuard

__all__ = ["Session"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Session:
    """What is trained, who does it, what is kept of it, and until when.

    Attributes
    ----------
    job : Job
    engine : Engine
    journal : Journal
    budget : Budget
    deadline : float or None
        `time.monotonic` at which training, the refit included, must be over; None where trials are counted.
    guard : MemoryGuard
    tell : callable
        ``tell(done, total, text)`` after each trial.
    """

    job: Job
    engine: Engine
    journal: Journal
    budget: Budget
    deadline: float | None
    guard: MemoryGuard
    tell: Callable[[int, int, str], None]

    def spent(self) -> float:
        """Return the seconds of the budget used so far, for the journal."""
        return self.budget.spent
