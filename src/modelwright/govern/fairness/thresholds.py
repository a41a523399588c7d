"""Thresholds that treat groups alike: one for each group where the law allows to look at it, or another common one.

Each group's own rate at the common threshold is kept where it is within a band, else moved to its edge (Hardt, Price
and Srebro 2016, for rates that may be apart by a ratio). The place of the band is the one that loses least, when acting
on a row is worth y − threshold. A group is one of each protected column together; one of few rows, or unknown, keeps
the common threshold.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Columns, take
from modelwright.data.contract import Contract
from modelwright.govern.fairness.groups import MOST_CROSSED, Grouping, cut_of
from modelwright.govern.fairness.helping import GIVEN, Acted, lowest_ratio
from modelwright.govern.fairness.measuring import FEWEST_ROWS
from modelwright.runtime.group_odds import Cut, GroupOdds

__all__ = ["Rows", "common_threshold", "crossfitted", "own_thresholds"]

PLACES = 40
"""Of the band, and common thresholds, that are looked at."""
EDGE = 1e-6
"""From 0 and 1, so that odds are finite."""
HALVES = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Rows:
    """Rows that thresholds are fitted on: their truth, their chance of the event, from which chance on is acted, and
    from which on acting pays; None: from the same."""

    y: np.ndarray
    event: np.ndarray
    threshold: float
    even: float | None = None

    def take(self, rows: np.ndarray) -> Rows:
        """Return the given rows."""
        return Rows(y=self.y[rows], event=self.event[rows], threshold=self.threshold, even=self.even)

    def worth(self, act: np.ndarray) -> float:
        """Return what acting on these rows is worth, see `helping.decisions_lost`."""
        even = self.threshold if self.even is None else self.even
        return float(((self.y - even) * act).mean())


def own_thresholds(
    rows: Rows, columns: Columns, names: Sequence[str], contract: Contract, measures: Sequence[str], aim: float
) -> GroupOdds | None:
    """Return thresholds of groups under which their rates are no farther apart than ``aim``; None where fewer than two
    groups have rows enough.

    Parameters
    ----------
    rows : Rows
    columns : Columns
        The protected columns of the same rows.
    names : sequence of str
        The first three are used, as groups of more columns together are small.
    contract : Contract
    measures : sequence of str
        Selection, true and false positive rates: where two are asked for, the band is that of either, whichever brings
        both nearest.
    aim : float
        Ratio, above 0 and at most 1.
    """
    cuts = tuple(c for n in names[:MOST_CROSSED] if (c := cut_of(n, columns[n], contract)).size > 1)
    if not cuts:
        return None
    shape = tuple(cut.size for cut in cuts)
    cell = _cell_of(cuts, columns, shape)
    best: tuple[tuple[bool, float], dict[int, float]] | None = None
    for among in _bases(rows.y, measures):
        groups = [_Group.of(k, rows.event, cell == k, among) for k in np.unique(cell[cell >= 0]).tolist()]
        able = [g for g in groups if len(g.chances) >= FEWEST_ROWS]
        if len(able) < 2:
            continue
        for own in _bands(able, rows.threshold, aim):
            limit = np.full(int(np.prod(shape)) + 1, rows.threshold)
            limit[list(own)] = list(own.values())
            found = _rank(rows, rows.event >= limit[cell], cell, measures, aim)
            if best is None or found > best[0]:
                best = found, own
    if best is None:
        return None
    factors = np.ones(int(np.prod(shape)))
    for k, limit_of in best[1].items():
        factors[k] = 1.0 if limit_of == rows.threshold else _odds(rows.threshold) / _odds(limit_of)
    return GroupOdds(cuts=cuts, factors=factors.reshape(shape))


def _cell_of(cuts: Sequence[Cut], columns: Columns, shape: tuple[int, ...]) -> np.ndarray:
    codes = np.array([cut.codes(columns[cut.column]) for cut in cuts])
    known = (codes >= 0).all(axis=0)
    return np.where(known, np.ravel_multi_index(tuple(np.maximum(codes, 0)), shape), -1)


def _bases(y: np.ndarray, measures: Sequence[str]) -> list[np.ndarray]:
    """Return which rows the rates are taken among, for each measure."""
    return [np.ones(len(y), bool) if (given := GIVEN[m]) is None else y == given for m in measures]


@dataclass(frozen=True, eq=False)
class _Group:
    """A group: its number, and the chances of the rows that its rate is taken among, highest first."""

    number: int
    chances: np.ndarray

    @classmethod
    def of(cls, number: int, event: np.ndarray, mine: np.ndarray, among: np.ndarray) -> _Group:
        return cls(number, np.sort(event[mine & among])[::-1])

    def rate(self, threshold: float) -> float:
        return float((self.chances >= threshold).mean())

    def limit(self, rate: float) -> float:
        """Return from which chance on the group has such a rate: between two rows, which serves new rows best."""
        at = int(np.clip(round(rate * len(self.chances)), 0, len(self.chances)))
        above = self.chances[at - 1] if at else 1.0
        below = self.chances[at] if at < len(self.chances) else 0.0
        return float(np.clip((above + below) / 2, EDGE, 1 - EDGE))


def _bands(groups: Sequence[_Group], threshold: float, aim: float) -> list[dict[int, float]]:
    """Return the thresholds of the groups for each place of the band."""
    rates = {g.number: g.rate(threshold) for g in groups}
    found = []
    for low in np.linspace(min(rates.values()), max(rates.values()), PLACES):
        high = min(low / aim, 1.0)
        found.append({
            g.number: threshold if low <= (r := rates[g.number]) <= high else g.limit(min(max(r, low), high))
            for g in groups
        })  # fmt: skip
    return found


def _rank(rows: Rows, act: np.ndarray, cell: np.ndarray, measures: Sequence[str], aim: float) -> tuple[bool, float]:
    """Return what to prefer: groups as near as was aimed for, then worth; else the nearest."""
    group = Grouping((), tuple(map(str, range(int(cell.max()) + 2))), cell + 1)
    ratio = lowest_ratio(Acted(y=rows.y, act=act, groups=(group,), measures=measures)) or 0.0
    near = ratio >= aim * (1 - ROUNDING)
    return near, rows.worth(act) if near else ratio


ROUNDING = 0.02
"""Of the ratio: rates of few rows come in steps."""


def _odds(chance: float) -> float:
    inside = min(max(chance, EDGE), 1 - EDGE)
    return inside / (1 - inside)


def crossfitted(
    rows: Rows,
    columns: Columns,
    names: Sequence[str],
    contract: Contract,
    measures: Sequence[str],
    aim: float,
    *,
    clusters: np.ndarray | None,
    seed: int,
) -> np.ndarray | None:
    """Return the chances moved by thresholds that the other half of the rows chose; None where that has no groups.

    What thresholds are worth on the rows that chose them is too good by what fits these rows alone.
    """
    unit = np.arange(len(rows.y)) if clusters is None else np.unique(clusters, return_inverse=True)[1].reshape(-1)
    half = np.random.default_rng([seed, 59]).permutation(int(unit.max()) + 1)[unit] % HALVES
    event = rows.event.copy()
    for k in range(HALVES):
        fitted, mine = np.flatnonzero(half != k), np.flatnonzero(half == k)
        odds = own_thresholds(rows.take(fitted), take(columns, fitted), names, contract, measures, aim)
        if odds is None:
            return None
        both = np.column_stack([1 - event[mine], event[mine]])
        event[mine] = odds(both, take(columns, mine))[:, 1]
    return event


def common_threshold(rows: Rows, groups: Sequence[Grouping], measures: Sequence[str], aim: float) -> float | None:
    """Return the common threshold under which no two groups are farther apart than ``aim`` and that loses least, None
    where none is."""
    levels = np.unique(np.quantile(rows.event, np.linspace(0, 1, PLACES), method="lower"))
    best: tuple[float, float] | None = None
    for low, high in itertools.pairwise(levels.tolist()):
        limit = (low + high) / 2
        act = rows.event >= limit
        ratio = lowest_ratio(Acted(y=rows.y, act=act, groups=groups, measures=measures))
        if ratio is not None and ratio >= aim and (best is None or rows.worth(act) > best[0]):
            best = rows.worth(act), limit
    return None if best is None else best[1]
