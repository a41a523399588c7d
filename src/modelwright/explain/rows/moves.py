"""Which values a column could have instead: those that training rows had, and how far away each is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.personal.naming import folded, says_birth
from modelwright.data.profile import AT_5, AT_95, QUANTILES, ColumnProfile, Profile
from modelwright.data.treating.treatment import MASKED, RARE, Action

__all__ = ["Moves", "moves_of"]

CHANGEABLE = frozenset({Kind.NUMBER, Kind.BOOLEAN, Kind.CATEGORY, Kind.DURATION})
"""Dates, places and identities are facts about a case, and texts have no other value that stands for many."""

FACTS = frozenset({Action.HASH, Action.YEAR, Action.PREFIX, Action.REDACT, Action.MASK})
"""What a policy makes of identities, dates, places and texts: they are read as numbers and levels, and stay facts."""

STANDING_IN = frozenset({RARE, MASKED})
"""What stands in the place of values; nobody can have it instead."""

LEAST_SHARE = 0.01
"""Of the training rows that had a level; rarer ones are no plausible advice."""

OTHER_LEVEL = 0.5
"""How far another level is, where 1 is from the smallest number to the largest: two rows drawn at random differ by a
third of it in a number."""


@dataclass(frozen=True, eq=False)
class Moves:
    """The own value of a column and others, for one row.

    Attributes
    ----------
    table : Column
        The own value, then the others.
    costs : ndarray of float64, shape (n_values,)
        How far each is, the own one 0.
    """

    table: Column
    costs: np.ndarray

    def column(self, chosen: np.ndarray) -> Column:
        """Return the values at positions of ``table``."""
        return self.table.take(chosen) if isinstance(self.table, Strings) else self.table[chosen]


def moves_of(contract: Contract, profile: Profile, own: Columns, held: frozenset[str]) -> dict[str, Moves]:
    """Return the moves of each column of one canonical row; of those held fixed the own value alone."""
    known = {p.name: p for p in profile.columns}
    found: dict[str, Moves] = {}
    for spec in contract.columns:
        about = known.get(spec.name)
        free = about is not None and _may_change(spec) and spec.name not in held
        column = own[spec.name]
        if isinstance(column, Strings):
            found[spec.name] = _of_levels(column, about if free else None, profile.n_rows)
        else:
            found[spec.name] = _of_numbers(spec, column, about if free else None)
    return found


def _may_change(spec: ColumnSpec) -> bool:
    """Return whether a column can have other values at all; years of birth are dates, however they are written."""
    treated = spec.treatment is not None and spec.treatment.action in FACTS
    return spec.kind in CHANGEABLE and not treated and not says_birth(folded(spec.name))


def _of_levels(own: Strings, about: ColumnProfile | None, rows: int) -> Moves:
    now = own.to_object()[0]
    listed = () if about is None else about.top
    others = [level for level, n in listed if level not in (now, *STANDING_IN) and n >= LEAST_SHARE * rows]
    values: list[Any] = [now, *others]
    return Moves(Strings.from_values(values), np.array([0.0, *[OTHER_LEVEL] * len(others)]))


def _of_numbers(spec: ColumnSpec, own: np.ndarray, about: ColumnProfile | None) -> Moves:
    if about is None or len(about.quantiles) <= AT_95:
        return Moves(own[:1], np.zeros(1))
    if spec.kind is Kind.BOOLEAN:
        values = np.array([0.0, 1.0])
        costs = np.full(2, OTHER_LEVEL)
    else:
        low, high = about.quantiles[AT_5], about.quantiles[AT_95]
        between = [v for v in (*about.quantiles, *about.edges) if low <= v <= high]
        whole = spec.storage.startswith(("int", "uint")) or all(v == round(v) for v in about.quantiles)
        values = np.unique(np.round(between) if whole else between)
        costs = np.abs(_ranks(about, values) - _ranks(about, own[:1]))
        costs[np.isnan(costs)] = OTHER_LEVEL  # of a missing value
    other = values != own[0]
    return Moves(np.concatenate([own[:1], values[other]]), np.concatenate([[0.0], costs[other]]))


def _ranks(about: ColumnProfile, values: np.ndarray) -> np.ndarray:
    """Return about which share of the training rows lies below each value."""
    edges, counts = np.array(about.edges), np.array(about.counts, dtype=np.float64)
    if len(edges) < 2 or len(counts) != len(edges) - 1 or counts.sum() == 0:
        edges, below = np.array(about.quantiles), np.array(QUANTILES)
    else:
        below = np.concatenate([[0.0], np.cumsum(counts)]) / counts.sum()
    ranks: np.ndarray = np.interp(values, edges, below)
    return ranks
