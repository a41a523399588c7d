"""The simplest baseline: the same prediction for every row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.data.columns import Columns, n_rows
from modelwright.data.contract import Contract
from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.objectives.baselines.centres import centre, share_text, value_text

__all__ = ["Constant", "FittedConstant"]


@dataclass(frozen=True, eq=False)
class FittedConstant:
    """The same prediction for every row; ``prediction`` has shape (n_outputs,)."""

    prediction: np.ndarray
    text: str

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return the prediction once per row."""
        return np.tile(self.prediction, (n_rows(columns), 1))


class Constant:
    """Predicts the shares of the classes, or the centre of the values that the metric asks for."""

    name: ClassVar[str] = CONSTANT

    def fit(
        self, columns: Columns, specs: Contract, y: np.ndarray, *, classes: Sequence[str], metric: str, seed: int
    ) -> FittedConstant:
        """Fit; see `modelwright.objectives.base.Baseline`."""
        if not classes:
            name, function = centre(metric)
            value = function(y)
            return FittedConstant(np.array([value]), f"always predicts the {name}, {value_text(value)}")
        counts = np.bincount(y.astype(np.int64), minlength=len(classes))
        shares = counts / max(counts.sum(), 1)
        most = int(np.argmax(shares))
        return FittedConstant(
            shares,
            f"always predicts '{classes[most]}', the most frequent class ({share_text(shares[most])} of the rows)",
        )
