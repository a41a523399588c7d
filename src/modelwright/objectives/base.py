"""What an objective is: what only classification knows, what only regression knows. Stages ask it; none compares
its name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, NamedTuple, Protocol

import numpy as np

from modelwright.brief import Brief
from modelwright.data.columns import Column, Columns
from modelwright.data.contract import ColumnSpec, Contract

__all__ = ["Baseline", "FittedBaseline", "Objective", "Reason", "TargetEncoding"]


class TargetEncoding(Protocol):
    """The target as numbers."""

    y: np.ndarray
    classes: tuple[str, ...]


class Reason(NamedTuple):
    """A decision an objective took about the target; the fields of `modelwright.frame.problem.Choice`."""

    question: str
    value: str
    alternatives: tuple[str, ...]
    decided_by: str
    why: str


class FittedBaseline(Protocol):
    """A baseline after fitting. Tolerates NaN, levels never seen and any number of rows, none included.

    ``text`` says in words what it does: ``"always predicts 'no' (88 % of the rows)"``.
    """

    @property
    def text(self) -> str: ...

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return predictions, float64 of shape ``(n_rows, n_classes)`` or ``(n_rows, 1)``."""
        ...


class Baseline(Protocol):
    """Something simple that every model has to beat. Stateless; deterministic for a seed; takes seconds at most."""

    name: ClassVar[str]

    def fit(
        self, columns: Columns, specs: Contract, y: np.ndarray, *, classes: Sequence[str], metric: str, seed: int
    ) -> FittedBaseline:
        """Fit on all given rows.

        Parameters
        ----------
        columns : Columns
            Canonical columns; only those named in ``specs`` are looked at.
        specs : Contract
            The features.
        y : ndarray of float64, shape (n_rows,)
            Class numbers (not necessarily all present) or values, without NaN.
        classes : sequence of str
            Class names by number; empty for values.
        metric : str
            The metric of the problem: it decides between mean and median.
        """
        ...


class Objective(Protocol):
    """A kind of question that can be asked of a table.

    Predictions are float64 of shape ``(n_rows, n_outputs)``: class probabilities, or values with one column.
    """

    name: ClassVar[str]
    title: ClassVar[str]

    def encode(self, column: Column, spec: ColumnSpec, brief: Brief) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the target as float64 with NaN where missing, and the class names (empty for values).

        Raises
        ------
        DataError
            One class only, no value at all, or nothing to learn; says so.
        """
        ...

    def reasons(self, y: np.ndarray, classes: Sequence[str], brief: Brief) -> Sequence[Reason]:
        """Return what was decided when the target was encoded (which class is the event), with reasons."""
        ...

    def default_metric(self, y: np.ndarray, classes: Sequence[str]) -> tuple[str, str]:
        """Return the metric and why it fits this target."""
        ...

    def split_labels(self, y: np.ndarray, classes: Sequence[str]) -> np.ndarray | None:
        """Return labels to stratify by (classes; tenths of a value) as int64, or None."""
        ...

    def default_split(self) -> tuple[str, str]:
        """Return ``"stratified"`` or ``"random"`` for rows without groups or time order, and why."""
        ...

    def scarcest(self, y: np.ndarray, classes: Sequence[str]) -> int:
        """Return how many rows limit the folds: each needs one of them. All rows for values."""
        ...

    def baselines(self) -> Sequence[Baseline]:
        """Return the baselines, simplest first."""
        ...
