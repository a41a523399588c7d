"""What an evaluation is made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.contract import Contract
from modelwright.evaluate.allowances import Unseen
from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.evaluate.money.deciding import Decided

__all__ = ["Evidence"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Evidence:
    """Predictions on rows that chose nothing, and what they are compared with.

    Attributes
    ----------
    y : ndarray of float64, shape (n_rows,)
        True class numbers or values. Classes of the problem may be missing from it.
    prediction : ndarray of float64, shape (n_rows, n_outputs)
        Of the final model, after calibration; never made by a model that was fitted on the row.
    columns : Columns
        The user's columns on the same rows, for slices.
    contract : Contract
    measured_on : str
        In words: ``"a lockbox of 3,000 rows"``.
    baselines : mapping of str to (text, prediction)
        Each baseline's words and predictions on the same rows, simplest first.
    groups : ndarray of int, shape (n_rows,), or None
        Rows of one group are not independent.
    train_y, train_prediction : ndarray or None
        On rows the model was fitted on.
    learning : tuple of (n_train, prediction)
        Predictions on these rows of models fitted on fewer rows, ascending.
    n_all : int
        Rows that the version is fitted on; 0 where it is the models of the learning curve's end.
    inflation : float
        Variance of a cross-validated score over that of its rows, see `allowances.shared_training`.
    unseen : Unseen or None
        Rows like these, predicted out of fold: they steady the spread that these rows show.
    candidates : ndarray of float64, shape (n_candidates, n_rows, n_outputs), or None
        Out-of-fold predictions of the candidates where these rows also chose the ensemble; the scores are then
        corrected for that, see `optimism.corrected`.
    select : callable or None
        ``select(rows)``: ensemble weights, shape (n_candidates,), chosen on the given rows (an index with repeats).
    calibration_note : str
        What `calibration.fit_calibrator` said.
    threshold : float or None
        Decision threshold for two classes.
    threshold_why : str
    unit : str
        Of the target.
    decided : Decided or None
        What is done about the predictions, where it is to be told in money.
    """

    y: np.ndarray
    prediction: np.ndarray
    columns: Columns
    contract: Contract
    measured_on: str
    baselines: Mapping[str, tuple[str, np.ndarray]] = field(default_factory=dict)
    groups: np.ndarray | None = None
    train_y: np.ndarray | None = None
    train_prediction: np.ndarray | None = None
    learning: tuple[tuple[int, np.ndarray], ...] = ()
    n_all: int = 0
    inflation: float = 1.0
    unseen: Unseen | None = None
    candidates: np.ndarray | None = None
    select: Callable[[np.ndarray], np.ndarray] | None = None
    calibration_note: str = ""
    threshold: float | None = None
    threshold_why: str = ""
    unit: str = ""
    decided: Decided | None = None

    @property
    def constant(self) -> np.ndarray | None:
        """What a constant predicts of the rows, shape ``(n_rows, n_outputs)``; None where there is no such baseline."""
        known = self.baselines.get(CONSTANT)
        return None if known is None else known[1]
