"""How far a ratio may be off: what it surely is on other rows, and what rows that are measured later could show of it.

A threshold that brings two groups to the ratio asked for on the rows that chose it is below it on new rows as often as
not. So models are compared by the lower end of the ratio too. Pairs of groups that are too small for any decision to
show the ratio take no part: the lowest of their ends would tell how small they are, not how they are treated. How small
that is goes by the rate of all groups together: by their own rates those that are hardly ever selected would drop out.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

from modelwright.evaluate.measurements import GroupTable, Measurement
from modelwright.evaluate.scales import NORMAL_95
from modelwright.govern.fairness.measuring import ALPHA, FEWEST_ROWS

__all__ = ["Margins", "margins_of"]

ONE_SIDED = NormalDist().inv_cdf(0.95)
"""Standard errors below which a ratio is in one of twenty samples."""
OF_INTERVAL = 2 * NORMAL_95
"""Standard errors between the ends of a 95 % interval."""


@dataclass(frozen=True, kw_only=True)
class Margins:
    """What is known of the lowest ratio of two groups.

    Attributes
    ----------
    sure : float or None
        It is higher with 95 % confidence, each pair by itself; None where no pair has rows enough to reach what was
        asked for so.
    shown : float or None
        The lowest end that intervals for all pairs at once may be expected to have on the rows that measure; None where
        no decision could have them all above what was asked for.
    needed : float or None
        The ratio that must be aimed for so that they are; None as above.
    """

    sure: float | None = None
    shown: float | None = None
    needed: float | None = None


@dataclass(frozen=True)
class _Pair:
    """Of two rates: the logarithm of their ratio, at most 0, and its standard error; and that error, were both groups
    treated as all are together."""

    apart: float
    error: float
    alike: float


def margins_of(tables: Sequence[GroupTable], measures: Sequence[str], *, least: float, share: float) -> Margins:
    """Return how far the lowest ratio of two groups may be off.

    Parameters
    ----------
    tables : sequence of GroupTable
        Of the rows that choose.
    measures : sequence of str
        By which groups are compared.
    least : float
        The ratio that was asked for.
    share : float
        How many rows measure later, as a part of these; 0 for none.
    """
    pairs = [pair for table in tables for name in measures for pair in _pairs(table, name, FEWEST_ROWS)]
    room = -math.log(least) if least > 0 else math.inf
    able = [p for p in pairs if ONE_SIDED * p.alike <= room]
    sure = math.exp(min(p.apart - ONE_SIDED * p.error for p in able)) if able else None
    later = [p for t in tables for name in measures for p in _pairs(t, name, FEWEST_ROWS / share)] if share > 0 else []
    if not later:
        return Margins(sure=sure)
    errors = NormalDist().inv_cdf(1 - ALPHA / (2 * len(later))) / math.sqrt(share)
    widest = errors * max(p.error for p in later)
    if widest > room:
        return Margins(sure=sure)
    shown = math.exp(min(p.apart - errors * p.error for p in later))
    return Margins(sure=sure, shown=shown, needed=least * math.exp(widest))


def _pairs(table: GroupTable, name: str, fewest: float) -> list[_Pair]:
    """Return all pairs of groups with so many rows that count."""
    at = next((i for i, m in enumerate(table.rows[0].measures) if m.name == name), None)
    if at is None:
        return []
    rates = [row.measures[at] for row in table.rows if row.judged[at] and row.measures[at].n >= fewest]
    known = [(m, m.value) for m in rates if m.value is not None]
    selected, n = sum(m.n * value for m, value in known), sum(m.n for m, _ in known)
    if not selected:
        return []
    odds_against = max(n - selected, 0.0) / selected
    found = [_Group.of(m, value) for m, value in known]
    return [
        _Pair(
            apart=-abs(a.log - b.log) if max(a.log, b.log) > -math.inf else 0.0,
            error=math.hypot(a.error, b.error),
            alike=math.sqrt(odds_against * (1 / a.rows + 1 / b.rows)),
        )
        for a, b in itertools.combinations(found, 2)
    ]


@dataclass(frozen=True)
class _Group:
    """Of a rate: its logarithm and the standard error of that, and how many independent rows it is of."""

    log: float
    error: float
    rows: float

    @classmethod
    def of(cls, m: Measurement, value: float) -> _Group:
        if value <= 0:
            return cls(-math.inf, math.inf, m.n)
        error = math.log(m.high / m.low) / OF_INTERVAL if m.low and m.high else math.inf
        rows = (1 - value) / (value * error**2) if value < 1 and error > 0 else m.n
        return cls(math.log(value), error, min(rows, m.n) or m.n)
