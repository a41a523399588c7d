"""What an objective is: what only classification knows, what only regression knows. Stages ask it; none compares
its name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np

from modelwright.brief import Brief
from modelwright.data.columns import Column
from modelwright.data.contract import ColumnSpec

__all__ = ["Objective", "TargetEncoding"]


class TargetEncoding(Protocol):
    """The target as numbers."""

    y: np.ndarray
    classes: tuple[str, ...]


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

    def default_metric(self, y: np.ndarray, classes: Sequence[str]) -> tuple[str, str]:
        """Return the metric and why it fits this target."""
        ...

    def split_labels(self, y: np.ndarray, classes: Sequence[str]) -> np.ndarray | None:
        """Return labels to stratify by (classes; tenths of a value), or None."""
        ...

    def baselines(self) -> Sequence[Any]:
        """Return the baselines, simplest first; see `modelwright.objectives.baselines.Baseline`."""
        ...

    def answer(self, prediction: np.ndarray, classes: Sequence[str], threshold: float | None) -> Mapping[str, Any]:
        """Return the columns a user gets: ``prediction`` and, with classes, ``probability_<class>``."""
        ...
