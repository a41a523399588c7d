"""What is known of a candidate while training."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from modelwright.train.ahead import Heft
from modelwright.train.journal import Line
from modelwright.train.record import Candidate

__all__ = ["Running"]


@dataclass
class Running:
    """What is known of a candidate while training."""

    candidate: Candidate
    status: str = "waiting"
    reason: str = ""
    drawn: bool = False
    on_trial: bool = False
    weight: float = 0.0
    started: dict[int, float] = field(default_factory=dict)
    results: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    fold_seconds: float | None = None
    size: int = 0
    left_out: bool = False

    @property
    def seconds(self) -> float:
        return sum(line.seconds for line in self.lines.values())

    @property
    def leading(self) -> int:
        """How many of the first folds are done, without a gap."""
        return next(n for n in range(len(self.results) + 1) if n not in self.results)

    @property
    def fit_seconds(self) -> float:
        """Median seconds of a fit."""
        return float(np.median([line.fit_seconds for line in self.lines.values()])) if self.lines else 0.0

    @property
    def heft(self) -> Heft:
        """What its model of a fold will cost later."""
        rows = [line.row_seconds for line in self.lines.values()]
        return Heft(self.size, float(np.median(rows)) if rows else 0.0)

    def end(self, status: str, reason: str) -> None:
        """Set how it ended and why."""
        self.status, self.reason = status, reason
