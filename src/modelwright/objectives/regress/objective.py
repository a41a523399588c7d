"""Regression: what value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from modelwright.brief import Brief
from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec
from modelwright.errors import DataError, UsageError
from modelwright.objectives.base import Baseline, Reason
from modelwright.objectives.baselines import BASELINES

__all__ = ["PILE_SHARE", "TAIL_ROWS", "TAIL_SHARE", "Regress", "tail_share"]

# One row in a hundred carries 8 % of the squared deviations of a normal and 14 % of a Laplace distribution; where it
# carries half of them, RMSE judges those few rows and little else (Huber & Ronchetti 2009, ch. 1).
TAIL_ROWS = 0.01
TAIL_SHARE = 0.5
# With a third of the rows at the smallest value (zero claims, zero area) the median is near it and an absolute error
# would reward a model that always predicts it.
PILE_SHARE = 1 / 3
MIN_ROWS_FOR_TAILS = 300  # fewer than three rows in the tail say nothing
STRATA = 10
LARGEST = 1e19
"""Boosters add up squares in single precision, whose largest number is 3.4e38."""


class Regress:
    """Predicts a value."""

    name: ClassVar[str] = "regress"
    title: ClassVar[str] = "regression"

    def encode(self, column: Column, spec: ColumnSpec, brief: Brief) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return the values (float64, NaN where missing or infinite) and no class names.

        Raises
        ------
        DataError
            No number (MW-D305, MW-D302), one value only (MW-D306) or numbers beyond `LARGEST` (MW-D314).
        UsageError
            The brief names a ``positive`` class (MW-U304), or asks for a metric of numbers where there are none
            (MW-U315).
        """
        if isinstance(column, Strings) and brief.objective is None and brief.metric is not None:
            raise UsageError(
                f"metric '{brief.metric}' is for numbers, and the target column '{spec.name}' holds text ({spec.kind})",
                fix=f"use a metric of classification, or say how to read the column with --kind {spec.name}=number",
                code="MW-U315",
            )
        if isinstance(column, Strings):
            raise DataError(
                f"the target column '{spec.name}' holds text ({spec.kind}), which is no value",
                fix=f"use --objective classify, or say how to read it with --kind {spec.name}=number",
                code="MW-D305",
            )
        if brief.positive is not None:
            raise UsageError(
                f"'positive' is '{brief.positive}', but '{spec.name}' is predicted as a value",
                fix="leave 'positive' out, or use --objective classify",
                code="MW-U304",
            )
        values = np.asarray(column, dtype=np.float64)
        y = np.where(np.isfinite(values), values, np.nan)
        present = y[~np.isnan(y)]
        if not len(present):
            raise DataError(
                f"every value of the target column '{spec.name}' is missing",
                fix="check the column name and the tokens that are read as missing",
                code="MW-D302",
            )
        if present.min() == present.max():
            raise DataError(
                f"the target column '{spec.name}' is constant, in {len(present):,} rows",
                fix="choose another target, or check that the file was not filtered",
                code="MW-D306",
            )
        most = float(np.abs(present).max())
        if most > LARGEST:
            raise DataError(
                f"the target column '{spec.name}' has values as large as {most:.3g}; squares of more than "
                f"{LARGEST:g} are no numbers that models can work with",
                fix="give it in a larger unit, or as a logarithm; or check whether these values are errors",
                code="MW-D314",
            )
        return y, ()

    def reasons(self, y: np.ndarray, classes: Sequence[str], brief: Brief) -> tuple[Reason, ...]:
        """Return nothing: values need no decision."""
        return ()

    def default_metric(self, y: np.ndarray, classes: Sequence[str]) -> tuple[str, str]:
        """Return ``rmse``, or ``mae`` where a few rows would decide the RMSE, and why."""
        share = tail_share(y)
        pile = float(np.mean(y == y.min()))
        if share > TAIL_SHARE and pile < PILE_SHARE:
            return "mae", (
                f"heavy tails: the most extreme {TAIL_ROWS:.0%} of the rows carry {share:.0%} of the squared "
                "deviations, so an RMSE would judge those few rows; the mean absolute error judges all"
            )
        if share > TAIL_SHARE:
            return "rmse", (
                f"heavy tails, but {pile:.0%} of the rows have the smallest value: an absolute error would reward "
                "always predicting it, the RMSE does not"
            )
        return "rmse", "a value without extreme tails: the RMSE counts large errors more, and the mean is predicted"

    def split_labels(self, y: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        """Return the tenth of the values each row lies in, as int64."""
        edges = np.unique(np.quantile(y, np.linspace(0, 1, STRATA + 1)[1:-1]))
        return np.searchsorted(edges, y, side="right").astype(np.int64)

    def default_split(self) -> tuple[str, str]:
        """Return ``"random"``."""
        return "random", "rows are drawn at random"

    def scarcest(self, y: np.ndarray, classes: Sequence[str]) -> int:
        """Return the number of rows."""
        return len(y)

    def baselines(self) -> tuple[Baseline, ...]:
        """Return constant, one rule and linear."""
        return BASELINES


def tail_share(y: np.ndarray) -> float:
    """Return the share of the squared deviations from the median that the most extreme rows (1 %) carry."""
    if len(y) < MIN_ROWS_FOR_TAILS:
        return 0.0
    squares = np.sort((y - np.median(y)) ** 2)
    total = squares.sum()
    extreme = squares[-max(int(len(y) * TAIL_ROWS), 1) :].sum()
    return float(extreme / total) if total > 0 else 0.0
