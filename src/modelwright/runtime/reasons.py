"""Why a single row is predicted as it is: what each of its columns does to the answer. Any model, numpy alone.

The effect of a column is the mean of two differences: what the prediction loses when the column alone is made typical
("one out"), and what a typical row gains when it gets the column's value ("one in")::

    effect_j = ((f(row) - f(row, j typical)) + (f(typical, j of the row) - f(typical))) / 2

**What it is.** An approximation of the Shapley value of the column against the typical row (Štrumbelj and Kononenko
2014; Lundberg and Lee 2017; "baseline Shapley" in Sundararajan and Najmi 2020): of all orders in which columns can take
their values, it looks at those where the column comes first and where it comes last, the two ends of Owen's (1972)
integral. It *is* the Shapley value as long as columns work alone or in pairs; from three at once on it differs, and
then effects do not add up to the whole difference to the typical row: `Reasons.gap` says by how much. It costs
``2 × columns`` predictions a row instead of ``2^columns``, is the same at every call, and a column the model does not
use, or that is typical already, has the effect 0.

**Columns that say the same.** Where two correlated columns carry the same information, one out alone would clear both
(each is replaced by the other) and one in alone would blame both in full; the mean gives each about half when the model
takes either, and follows the model where it takes only one. Rows half made typical may be of a kind that does not
exist, and a model may be odd there.

**What it is not.** No cause: it says what the model does with the values, not what would happen if somebody changed
them. Not the importance of a column over all rows, which `modelwright.explain` measures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from modelwright.data.columns import Column, Columns, Strings, n_rows, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.runtime.plan import Plan

__all__ = ["Reasons", "explain_rows", "reasons", "typical_row"]

CELLS = 4 << 20  # values in memory at once for rows made up: 32 MB
MEDIAN = 3  # position among `ColumnProfile.quantiles`


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
        The same outcome of the typical row.
    """

    columns: tuple[str, ...]
    effects: np.ndarray
    outcome: np.ndarray
    typical: np.ndarray

    @cached_property
    def gap(self) -> np.ndarray:
        """What the effects leave unexplained of ``outcome - typical``: three or more columns at work together."""
        return self.outcome - self.typical - self.effects.sum(axis=1)

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


def reasons(
    plan: Plan, reference: Columns, columns: Columns, n: int, *, threads: int = 1
) -> list[list[dict[str, Any]]]:
    """Return, per row, the ``n`` columns with the strongest effect, see `Reasons.strongest` and `explain_rows`."""
    return explain_rows(plan, reference, columns, threads=threads).strongest(n)


def explain_rows(plan: Plan, reference: Columns, columns: Columns, *, threads: int = 1) -> Reasons:
    """Return what each column does to the prediction of each row.

    Parameters
    ----------
    plan : Plan
    reference : Columns
        The typical row, see `typical_row`.
    columns : Columns
        Canonical rows.
    threads : int
        For the boosters.
    """
    names = plan.contract.names
    rows = max(1, CELLS // (2 * len(names) ** 2))
    parts = [
        _explain(plan, reference, take({c: columns[c] for c in names}, chunk), threads)
        for chunk in np.split(np.arange(n_rows(columns)), np.arange(rows, n_rows(columns), rows))
    ]
    effects, outcome, base = (np.concatenate(part) for part in zip(*parts, strict=True))
    return Reasons(columns=names, effects=effects, outcome=outcome, typical=base)


def _explain(
    plan: Plan, reference: Columns, columns: Columns, threads: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return effects, outcome and the typical outcome of a few rows."""
    own, base = _side_by_side(reference, columns)
    differs = np.column_stack([~_same(own[name], base[name]) for name in own])
    row, column = np.nonzero(differs)
    made = {name: _made_up(own[name], base[name], row, column == j) for j, name in enumerate(own)}
    rows = len(differs)
    # One call for all: for few rows a call costs more than what it scores.
    given, typical, out, into = np.split(plan.predict(made, threads=threads), np.cumsum([rows, 1, len(row)]))
    chosen = _explained(given)
    outcome, base_outcome = given[np.arange(rows), chosen], typical[0][chosen]
    pair = np.arange(len(row)), chosen[row]
    effects = np.zeros(differs.shape)
    effects[row, column] = ((outcome[row] - out[pair]) + (into[pair] - base_outcome[row])) / 2
    return effects, outcome, base_outcome


def _explained(prediction: np.ndarray) -> np.ndarray:
    """Return which output of each row is explained: the only one, the event of two classes, the likeliest of more."""
    width = prediction.shape[1]
    return prediction.argmax(axis=1) if width > 2 else np.full(len(prediction), width - 1, np.intp)


def _side_by_side(reference: Columns, columns: Columns) -> tuple[Columns, Columns]:
    """Return rows and reference such that texts of a column share their levels."""
    own, base = {}, {}
    for name, column in columns.items():
        own[name], base[name] = column, reference[name]
        if isinstance(column, Strings):
            value = reference[name].to_object()[0]  # type: ignore[union-attr]
            own[name], base[name] = _with_level(column, value)
    return own, base


def _with_level(column: Strings, value: str | None) -> tuple[Strings, Strings]:
    used, codes = np.unique(column.codes, return_inverse=True)  # a column of ids would bring every level it has
    absent = int(len(used) > 0 and used[0] < 0)
    levels = column.levels[used[absent:]]
    if value is None:
        code = -1
    else:
        found = np.flatnonzero(levels == value)
        code = int(found[0]) if len(found) else len(levels)
        levels = levels if len(found) else np.concatenate([levels, np.array([value], dtype=object)])
    own = Strings((codes.reshape(column.codes.shape) - absent).astype(np.int32), levels)
    return own, Strings(np.array([code], np.int32), levels)


def _same(own: Column, base: Column) -> np.ndarray:
    if isinstance(own, Strings):
        return own.codes == base.codes[0]  # type: ignore[union-attr]
    return (own == base[0]) | (np.isnan(own) & np.isnan(base[0]))  # type: ignore[index]


def _made_up(own: Column, base: Column, row: np.ndarray, here: np.ndarray) -> Column:
    """Return a column of what is scored: the rows, the typical row, and of each pair one out, then of each one in.

    Parameters
    ----------
    row : ndarray of int, shape (n_pairs,)
    here : ndarray of bool, shape (n_pairs,)
        Whether the pair is about this column.
    """
    values = own.codes if isinstance(own, Strings) else own
    typical = base.codes[0] if isinstance(base, Strings) else base[0]
    mine = values[row]
    made = np.concatenate([values, [typical], np.where(here, typical, mine), np.where(here, mine, typical)])
    made = made.astype(values.dtype, copy=False)
    return Strings(made, own.levels) if isinstance(own, Strings) else made


def typical_row(contract: Contract, profile: Profile) -> Columns:
    """Return one canonical row of typical values: the median of numbers, the most frequent level, else missing.

    A column most of whose values are missing is typically missing; so are text and ids, of which no value is typical.
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
    return about.top[0][0]
