"""What the lives of a replay have in common: the rows, what is known at which moment, and models made of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelwright.data.columns import take
from modelwright.monitor.windows import Window, window_of
from modelwright.package.bundle import Version
from modelwright.retrain.documents import SpanTrial
from modelwright.retrain.recalibrated import write_recalibrated
from modelwright.retrain.recalibrating import Recalibration
from modelwright.retrain.recipes import Question, predict_later
from modelwright.retrain.refitting import remade
from modelwright.train.record import Candidate

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MOST_ROWS", "Cost", "World"]

MOST_ROWS = 30_000
"""The latest rows that a fit of the replay learns from."""


@dataclass
class Cost:
    """What a life has spent: rows that models were fitted on, counted once for each model."""

    rows: int = 0

    def of_spans(self, tried: Sequence[SpanTrial]) -> None:
        """Count what was tried to choose a span."""
        self.rows += sum(t.rows for t in tried)


@dataclass(kw_only=True, eq=False)
class World:
    """The rows of a replay, the oldest first.

    Attributes
    ----------
    first : Version
        Who answers at the beginning.
    members : tuple of (Candidate, weight)
        The recipes that are fitted again.
    table : pyarrow.Table
    question : Question
    known_at : ndarray of float64
        When the label of each row is known, on the scale of the question's order.
    old : int
        Rows that were there before the stream.
    folder : Path
        Where models go.
    made : int
        Number of the newest version.
    models : dict of Version
        By number of a version whose calibrator was fitted again: the version with its models, as it was trained.
    """

    first: Version
    members: tuple[tuple[Candidate, float], ...]
    table: pa.Table
    question: Question
    known_at: np.ndarray
    old: int
    folder: Path
    made: int
    models: dict[int, Version] = field(default_factory=dict)

    def known(self, part: np.ndarray) -> np.ndarray:
        """Return the rows whose labels are known at the end of a window."""
        now = self.question.order[part[-1]]
        rows = np.arange(part[-1] + 1)
        stream = rows >= self.old
        return rows[(~stream | (self.known_at[rows] <= now)) & ~np.isnan(self.question.y[rows])]

    def pending(self, part: np.ndarray) -> int:
        """Return how many rows of the stream have come by the end of a window, and not their labels."""
        rows = np.arange(self.old, part[-1] + 1)
        return int((self.known_at[rows] > self.question.order[part[-1]]).sum())

    def window(self, version: Version, part: np.ndarray) -> Window:
        """Return the rows of a window as they come, without labels, answered by a version."""
        raw = self.table.slice(int(part[0]), len(part))
        return window_of(version, raw.drop_columns([version.manifest.target]))

    def labelled(self, version: Version, rows: np.ndarray) -> Window | None:
        """Return rows whose labels have come as a window; None where there are none."""
        if not len(rows):
            return None
        columns = take(self.question.columns, rows)
        return Window(
            columns={n: columns[n] for n in version.contract.names},
            n_rows=len(rows),
            prediction=version.plan.predict(columns),
            y=self.question.y[rows],
            unreadable={},
        )

    def said(self, version: Version, rows: np.ndarray) -> np.ndarray:
        """Return what a version says of rows."""
        return version.plan.predict(take(self.question.columns, rows))

    def predicted(self, rows: np.ndarray, later: np.ndarray, cost: Cost) -> np.ndarray:
        """Return what the members fitted on some rows say of later ones, with the odds of groups applied."""
        cost.rows += len(rows) * len(self.members)
        total = sum(weight for _, weight in self.members)
        parts = [w / total * predict_later(self.question, c, rows, later) for c, w in self.members]
        said = np.asarray(sum(parts[1:], parts[0]))
        return self.first.plan.moved(said, take(self.question.columns, later))

    def remade(self, rows: np.ndarray, cost: Cost) -> Version:
        """Return a version fitted on some rows, at most the latest `MOST_ROWS`."""
        rows = rows[-MOST_ROWS:]
        cost.rows += 2 * len(rows) * len(self.members)  # once to find when to stop, and once on all
        self.made += 1
        return remade(self.first, self.members, self.question, rows, self.folder, self.made)

    def models_of(self, version: Version) -> Version:
        """Return a version as its models were trained: itself, unless its calibrator was fitted again."""
        return self.models.get(version.manifest.version, version)

    def recalibrated(self, models: Version, found: Recalibration) -> Version:
        """Return a version with the models of another one, whose calibrator was fitted again."""
        self.made += 1
        self.models[self.made] = models
        place = self.folder / "versions" / str(self.made)
        return write_recalibrated(models, found, place, self.made, self.question.seed)
