"""What is known of a candidate while training."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from modelwright.train.ahead import Heft
from modelwright.train.job import Job
from modelwright.train.journal import Journal, Line
from modelwright.train.record import Candidate
from modelwright.train.work import FitTask, folder_bytes

__all__ = ["Running", "trial_folds"]

TRIAL_ROWS = 1_000
"""Validation rows that the first folds of a candidate hold together; what fewer promise is mostly noise."""


def trial_folds(job: Job, folds: int) -> int:
    """Return on how many of the folds a candidate is tried: as many as hold rows enough."""
    rows = np.cumsum([len(job.folds[f][1]) for f in range(folds)])
    return int(np.searchsorted(rows[:-1], TRIAL_ROWS)) + 1


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

    def open_folds(self, trial: int, folds: int, worker: int) -> list[int]:
        """Return the folds that may be run now; on trial the first ``trial``, or the one of the worker."""
        if self.status != "running":
            return []
        if self.on_trial and trial == 1:
            return [] if self.started or self.results else [worker % folds]
        return [f for f in range(trial if self.on_trial else folds) if f not in self.started and f not in self.results]

    def take_over(self, journal: Journal, folds: int) -> list[Line]:
        """Take the finished trials of a broken session; return them."""
        for fold in range(folds):
            line = journal.lines.get(FitTask(self.candidate, fold, None).name)
            if line is None:
                continue
            if line.status == "failed":
                self.end("failed", line.reason)
                continue
            arrays = journal.arrays(line.name)
            if arrays is not None:
                self.results[fold], self.lines[fold] = arrays, line
        return list(self.lines.values())

    def weigh_down(self, run_folder: Path, files: str) -> None:
        """Note the bytes of a model."""
        folder = run_folder / files
        self.size = folder_bytes(folder) if files and folder.is_dir() else self.size

    def end(self, status: str, reason: str) -> None:
        """Set how it ended and why."""
        self.status, self.reason = status, reason
