"""A job under way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from modelwright.engines.base import Engine
from modelwright.train.ahead import Horizon
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
    horizon : Horizon
        By when training, the refit included, must be over.
    guard : MemoryGuard
    tell : callable
        ``tell(done, total, text)`` after each trial.
    """

    job: Job
    engine: Engine
    journal: Journal
    budget: Budget
    horizon: Horizon
    guard: MemoryGuard
    tell: Callable[[int, int, str], None]

    @property
    def timed(self) -> bool:
        """Whether time stops fits: otherwise they are counted."""
        return self.horizon.deadline is not None

    def spent(self) -> float:
        """Return the seconds of the budget used so far, for the journal."""
        return self.budget.spent
