"""What a version says of a single case: its interval, whether it is one for a person, whether it is unlike training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.contract import Contract
from modelwright.package.abstaining import Abstaining, none_to_leave
from modelwright.package.manifest import Manifest
from modelwright.package.uncertainty import Uncertainty, none_to_give
from modelwright.package.unusual.documents import UNUSUAL_FILE, Unusual, none_to_tell, read_unusual
from modelwright.runtime.abstaining import ABSTAIN, doubt_of_classes, doubt_of_values
from modelwright.runtime.grouped import ByGroup
from modelwright.runtime.intervals import Intervals
from modelwright.runtime.plan import Plan
from modelwright.runtime.unusual import UNUSUAL, UNUSUAL_COLUMNS

__all__ = ["SingleCases", "objects_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class SingleCases:
    """The part of `modelwright.package.bundle.Version` that is about single cases.

    Attributes
    ----------
    folder : Path
    manifest : Manifest
    plan : Plan
    uncertainty : Uncertainty or None
        How sure it is of a single prediction; None where it was not fitted.
    abstaining : Abstaining or None
        When it leaves a row to a person; None where it was not fitted.
    """

    folder: Path
    manifest: Manifest
    plan: Plan
    uncertainty: Uncertainty | None = None
    abstaining: Abstaining | None = None

    @property
    def contract(self) -> Contract:
        """The columns a row needs."""
        return self.plan.contract

    def odd(self, columns: Columns) -> dict[str, np.ndarray]:
        """Return ``unusual``, which canonical rows are unlike training, and ``unusual_columns``: lists of the columns
        that make them so, empty for the others.

        Raises
        ------
        UsageError
            The version cannot tell (MW-U607).
        """
        if self.unusual is None:
            raise none_to_tell(self.manifest.version)
        odd, named = self.unusual.detector(columns)
        return {UNUSUAL: odd, UNUSUAL_COLUMNS: objects_of(named)}

    @cached_property
    def unusual(self) -> Unusual | None:
        """What tells rows that are unlike training; None where it was not fitted. Read when it is first asked for."""
        return read_unusual(self.folder, self.contract) if self.manifest.has(UNUSUAL_FILE) else None

    def answers(self, prediction: np.ndarray, abstain: float | None = None) -> dict[str, np.ndarray]:
        """Return the columns a user gets of what the plan predicted; parameters and errors as of `predict`."""
        answers = self.plan.answers(prediction)
        risk = self.risk if abstain is None else abstain
        if risk is not None:
            answers[ABSTAIN] = self.abstain(prediction, risk)
        return answers

    @property
    def risk(self) -> float | None:
        """The risk that the brief asks for; None where it does not."""
        return None if self.abstaining is None else self.abstaining.fitted.asked

    def abstain(self, prediction: np.ndarray, risk: float) -> np.ndarray:
        """Return which rows should go to a person so that of the others at most a share of ``risk`` is wrong.

        Parameters
        ----------
        prediction : ndarray of float64, shape (n_rows, n_outputs)
            As `Plan.predict` returns it.
        risk : float
            0.001 to 0.5.

        Raises
        ------
        UsageError
            The version cannot tell (MW-U605), or the risk is none (MW-U604).
        """
        if self.abstaining is None:
            raise none_to_leave(self.manifest.version, values=not self.plan.classes)
        if self._widths is not None:
            return self.abstaining.fitted(doubt_of_values(prediction, self._widths), risk)
        return self.abstaining.fitted(doubt_of_classes(prediction, self.plan.threshold), risk)

    @property
    def _widths(self) -> Intervals | None:
        """The intervals whose width is the doubt of values; None for classes."""
        fitted = None if self.uncertainty is None else self.uncertainty.overall
        return fitted if isinstance(fitted, Intervals) else None

    def interval(
        self, prediction: np.ndarray, coverage: float, columns: Columns | None = None
    ) -> dict[str, np.ndarray]:
        """Return what contains the truth with a probability of ``coverage``, for what the plan predicted.

        Parameters
        ----------
        prediction : ndarray of float64, shape (n_rows, n_outputs)
            As `Plan.predict` returns it.
        coverage : float
            0.5 to 0.99.
        columns : Columns or None
            The canonical rows, for intervals by group; None: all get those of all rows.

        Returns
        -------
        dict of ndarray
            For values ``low`` and ``high``, in the target's unit; for classes ``set``, a list of class names per row,
            which holds the predicted one.

        Raises
        ------
        UsageError
            The version has no intervals (MW-U603), or not of that coverage (MW-U601, MW-U602).
        """
        if self.uncertainty is None:
            raise none_to_give(self.manifest.version)
        fitted, n_rows = self.uncertainty.fitted, len(prediction)
        parts: list[tuple[Any, Any]] = [(slice(None), fitted)]
        if isinstance(fitted, ByGroup):
            parts = fitted.parts(None if columns is None else columns[fitted.column], n_rows, coverage)
        if not self.plan.classes:
            low, high = np.empty(n_rows), np.empty(n_rows)
            for rows, own in parts:
                low[rows], high[rows] = own(prediction[rows, 0], coverage)
            return {"low": low, "high": high}
        names = np.array(self.plan.classes, dtype=object)
        inside = self.plan.answers(prediction)["prediction"][:, None] == names
        for rows, own in parts:
            inside[rows] |= own(prediction[rows], coverage)
        return {"set": objects_of([[n for n, within in zip(names, row, strict=True) if within] for row in inside])}


def objects_of(values: Sequence[Any]) -> np.ndarray:
    """Return an array with one list in each place."""
    column = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):  # numpy would make a table of lists that are equally long
        column[place] = value
    return column
