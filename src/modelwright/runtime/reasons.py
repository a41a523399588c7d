"""Why a single row is predicted as it is: what each of its columns does to the answer. Numpy alone.

The effect of a column is its Shapley value against the typical row (Lundberg and Lee 2017; "baseline Shapley" in
Sundararajan and Najmi 2020): the mean, over all orders in which the columns of the typical row can take the row's
values, of what the answer gains when this one does. `modelwright.runtime.shapley` computes it in the user's own columns
through the whole pipeline.

**They add up.** Effects are in the unit of the answer - a probability, or the target's unit - and their sum is the
difference to the typical row. Boosted trees, forests and linear models are explained exactly on the scale on which they
add up (log odds for probabilities), by leaf and by feature; other models by asking them along drawn orders of the
columns, or all combinations where at most eight columns differ (`Reasons.exact` says which). From there effects are
carried to the answer through links, weights and calibration.

**Columns that say the same.** Where the model takes either of two columns that carry the same information, each gets
half; where it takes only one, that one gets all. Rows half made typical may be of a kind that does not exist, and a
model may be odd there.

**What it is not.** No cause: it says what the model does with the values, not what would happen if somebody changed
them. Not the importance of a column over all rows, which `modelwright.explain` measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import MEDIAN, ColumnProfile, Profile
from modelwright.data.treating.treatment import RARE
from modelwright.runtime.shapley.explainer import Explainer

__all__ = ["Reasons", "explain_rows", "typical_row"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Reasons:
    """Effects of the columns of some rows, in the unit of the answer.

    Attributes
    ----------
    columns : tuple of str
        The user's columns that the model reads.
    effects : ndarray of float64, shape (n_rows, n_columns)
        How much higher the outcome is for the row's own value than for the typical one.
    outcome : ndarray of float64, shape (n_rows,)
        What is explained: the probability of the event (two classes), of the predicted class (more), or the value.
    typical : ndarray of float64, shape (n_rows,)
        The same outcome of the typical row; ``typical + effects.sum(axis=1)`` is the outcome.
    output : ndarray of int, shape (n_rows,)
        Which output that is.
    prediction : ndarray of float64, shape (n_rows, n_outputs)
        All outputs, as the plan predicts them.
    exact : ndarray of bool, shape (n_rows,)
        Whether every member was explained exactly, none over drawn orders.
    agreement : ndarray of float64, shape (n_rows, n_columns)
        The weight of the members - other learners, folds, seeds - in which an effect has the sign that it has here.
    """

    columns: tuple[str, ...]
    effects: np.ndarray
    outcome: np.ndarray
    typical: np.ndarray
    output: np.ndarray
    prediction: np.ndarray
    exact: np.ndarray
    agreement: np.ndarray

    def strongest(self, n: int) -> list[list[dict[str, Any]]]:
        """Return, per row, ``{"column": name, "effect": number}`` of at most ``n`` columns, the strongest first.

        Columns without effect are left out, those at their typical value among them: a row that is typical in every
        column has none. Equal effects keep the order of the table.
        """
        size = -np.abs(self.effects)
        order = np.argsort(size, axis=1, kind="stable")[:, : max(n, 0)]
        return [
            [{"column": self.columns[j], "effect": float(effects[j])} for j in best if effects[j] != 0]
            for effects, best in zip(self.effects, order)
        ]


def explain_rows(explainer: Explainer, columns: Columns, *, threads: int = 1) -> Reasons:
    """Return what each column does to the prediction of each canonical row.

    Parameters
    ----------
    explainer : Explainer
        Of the plan, and of the typical row: see `typical_row`.
    columns : Columns
        Canonical rows.
    threads : int
        For the boosters.
    """
    found = explainer(columns, threads=threads)
    row, chosen = np.arange(len(found.outcome)), _explained(found.outcome)
    return Reasons(
        columns=explainer.columns,
        effects=found.effects[row, :, chosen],
        outcome=found.outcome[row, chosen],
        typical=found.typical[0][chosen],
        output=chosen,
        prediction=found.outcome,
        exact=found.exact,
        agreement=found.agreement[row, :, chosen],
    )


def _explained(prediction: np.ndarray) -> np.ndarray:
    """Return which output of each row is explained: the only one, the event of two classes, the likeliest of more."""
    width = prediction.shape[1]
    return prediction.argmax(axis=1) if width > 2 else np.full(len(prediction), width - 1, np.intp)


def typical_row(contract: Contract, profile: Profile) -> Columns:
    """Return one canonical row of typical values: the median of numbers, the most frequent level, else missing.

    A column most of whose values are missing is typically missing; so are text and ids, of which no value is typical.
    What stands in the place of levels that few rows have is no value of any, and typical only where nothing else is.
    """
    known: Mapping[str, ColumnProfile] = {p.name: p for p in profile.columns}
    row: Columns = {}
    for spec in contract.columns:
        about = known.get(spec.name)
        if spec.kind.numeric:
            row[spec.name] = np.array([_typical_number(spec, about, profile.n_rows)])
        else:
            row[spec.name] = Strings.from_values([_typical_level(about)])
    return row


def _typical_number(spec: ColumnSpec, about: ColumnProfile | None, rows: int) -> float:
    if about is None or 2 * about.n_missing > rows:
        return float("nan")
    if spec.kind is Kind.BOOLEAN:
        return float("nan") if about.mean is None else float(about.mean > 0.5)
    return about.quantiles[MEDIAN] if len(about.quantiles) > MEDIAN else float("nan")


def _typical_level(about: ColumnProfile | None) -> str | None:
    if about is None or not about.top or about.n_missing > about.top[0][1]:
        return None
    return next((level for level, _ in about.top if level != RARE), RARE)
