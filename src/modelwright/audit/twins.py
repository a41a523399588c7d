"""Rows that are nearly another row: equal but for one column, or equal but for a little noise.

How near is near follows from the table itself. In a table of independent rows the distance of a row to its nearest
neighbour, relative to that of its second, is below r with probability r^d, where d is the number of dimensions that
the rows fill (Facco et al. 2017, "Estimating the intrinsic dimension of datasets by a minimal neighborhood
information"). Copies with noise have neighbours that are nearer than that.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.looking import coded, rank_correlation, values_of

__all__ = ["CHANCE_TIMES", "GAP", "HAIR", "MAX_NOISE", "NEIGHBOURS", "Twins", "noisy_twins", "one_apart"]

_PRIME = np.uint64(0x9E3779B97F4A7C15)  # Fibonacci hashing (Knuth, TAOCP 3, 6.4)
MAX_COLUMNS = 60
# Rows agree by chance where values are few. The odds of a column are the share of pairs of rows that agree in it;
# features depend on one another, so that only half of their odds (in logarithms) counts.
ODDS_THAT_COUNT = 0.5
MAX_BY_CHANCE = 1e-3  # expected pairs in the whole table
# Or the values of the one number differ by so much of its spread, and one of them is in no other row or rare beside
# the other, in so many rows (each pair counts twice) and times what chance explains, among rows that so many others
# are like at most. In a file that is in the order of the number neighbours are like that anyway.
HAIR = 0.02
MIN_NEAR, CHANCE_TIMES = 20, 3.0
RARE = 0.1
MOST_ALIKE = 6
IN_ORDER = 0.95
# A number in which no value is frequent and most rows differ: distances mean something.
MIN_LEVELS_SHARE = 0.02
MAX_TOP_SHARE = 0.2
MIN_NUMBERS, MAX_NUMBERS = 3, 8
MAX_QUERIES = 4_000
NEIGHBOURS = 7  # a row and five copies have a gap within the first seven
GAP = 0.15
MAX_NOISE = 0.1  # of the spread of a column, at most: copies with more noise are other rows


@dataclass(frozen=True, eq=False)
class Twins:
    """Rows that are nearly another row.

    Attributes
    ----------
    rows, twins : ndarray of int, shape (n,)
        Positions in the context, each row with one that it is nearly equal to.
    share : float
        Of the rows that were looked at.
    by_chance : float
        Share that chance explains.
    columns : tuple of str
        Where they differ most often.
    """

    rows: np.ndarray
    twins: np.ndarray
    share: float
    by_chance: float
    columns: tuple[str, ...]


def _used(context: AuditContext) -> list[str]:
    names = [n for n in context.features if coded(context, n).n_levels > 1 and not identifier_reason(context, n)]
    return sorted(names, key=lambda n: -coded(context, n).n_levels)[:MAX_COLUMNS]


def one_apart(context: AuditContext) -> Twins | None:
    """Return the rows that agree with another in all features but one; None where that says nothing.

    Two rows are no chance likeness where the values they agree in are so rare that no pair like it is expected. Nor
    are pairs whose values in the one number differ by a hair, where others like them differ by more.
    """
    names, n = _used(context), len(context.row_numbers)
    if len(names) < 2:
        return None
    odds = {c: _log_odds(context, c, n) for c in names}
    enough = np.log(n * n / 2) - np.log(MAX_BY_CHANCE)
    parts = {c: _hashed(i, coded(context, c).codes) for i, c in enumerate(names)}
    whole = np.zeros(n, np.uint64)
    for part in parts.values():
        whole += part
    rare = [c for c in names if ODDS_THAT_COUNT * (sum(odds.values()) - odds[c]) >= enough]
    fine = [c for c in names if _is_fine(context, c)]
    if not rare and not fine:
        return None
    twin = np.full(n, -1)
    where: dict[str, int] = {}
    for name in dict.fromkeys([*rare, *fine]):
        found, other = _pairs(whole - parts[name], whole)
        sure = np.zeros(len(found), dtype=bool)
        if name in fine:
            sure |= _by_a_hair(context, name, whole - parts[name], found, other)
        if name in rare:
            sure |= ODDS_THAT_COUNT * _surprise(context, names, found, other) >= enough
        found, other = found[sure], other[sure]
        where[name] = len(found)
        twin[found[twin[found] < 0]] = other[twin[found] < 0]
    rows = np.flatnonzero(twin >= 0)
    often = tuple(sorted((c for c in where if where[c]), key=lambda c: -where[c])[:3])
    return Twins(rows, twin[rows], len(rows) / n, 0.0, often)


def _by_a_hair(
    context: AuditContext, name: str, without: np.ndarray, rows: np.ndarray, twins: np.ndarray
) -> np.ndarray:
    """Return which pairs differ by a hair in a number, where that is more often so than chance explains; else none.

    At so small a scale the differences of independent rows, however alike in all else, are spread evenly: of those up
    to ten hairs a tenth is within one.
    """
    values = values_of(context, name)
    assert values is not None
    none = np.zeros(len(rows), dtype=bool)
    if len(rows) < MIN_NEAR:
        return none
    column = coded(context, name)
    often = column.counts[column.codes[rows]], column.counts[column.codes[twins]]
    once = np.minimum(*often) <= np.maximum(1, RARE * np.maximum(*often))
    size = np.abs(values[rows] - values[twins]) / _spread(values)
    sizes = np.unique(without, return_inverse=True, return_counts=True)
    few = once & (sizes[2][sizes[1]][rows] <= MOST_ALIKE)  # rows that are alike in their usual values are alike anyway
    near = few & (size <= HAIR)
    by_chance = float((few & (size > HAIR) & (size <= 10 * HAIR)).sum()) / 9
    if near.sum() < max(MIN_NEAR, CHANCE_TIMES * by_chance):
        return none
    in_order = abs(rank_correlation(values, np.arange(len(values), dtype=np.float64))) >= IN_ORDER
    return none if in_order else near


def _is_fine(context: AuditContext, name: str) -> bool:
    """Return whether a column is a number with values so fine that they may differ by a hair, and no order of the "
    "file."""
    values, column = values_of(context, name), coded(context, name)
    if values is None or column.n_levels < MIN_LEVELS_SHARE * column.n_present:
        return False
    return abs(rank_correlation(values, np.arange(len(values), dtype=np.float64))) < IN_ORDER


def _log_odds(context: AuditContext, name: str, n: int) -> float:
    counts = np.append(coded(context, name).counts, coded(context, name).n_missing).astype(float)
    agree = float((counts * (counts - 1)).sum()) / (n * (n - 1))
    return -float(np.log(max(agree, 1 / (n * n))))


def _surprise(context: AuditContext, names: list[str], rows: np.ndarray, twins: np.ndarray) -> np.ndarray:
    """Return how rare it is (minus logarithm) that two rows agree in just these values: many share a row of zeros."""
    total = np.zeros(len(rows))
    for name in names:
        column = coded(context, name)
        others = np.append(column.counts, column.n_missing) - 1
        mine = column.codes[rows]
        surprise = -np.log(np.maximum(others[mine], 1) / len(column.codes))
        total += np.where(mine == column.codes[twins], surprise, 0.0)
    return total


def _hashed(column: int, codes: np.ndarray) -> np.ndarray:
    state = (codes + 2).astype(np.uint64) * _PRIME + np.uint64(column + 1)
    for _ in range(2):
        state = (state ^ (state >> np.uint64(29))) * _PRIME
    return state ^ (state >> np.uint64(32))


def _pairs(without: np.ndarray, whole: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return rows that are equal without a column, each with the next such row that is not equal with it."""
    ordered = np.sort(without)
    if not (ordered[1:] == ordered[:-1]).any():
        return np.array([], dtype=np.int64), np.array([], dtype=np.int64)
    order = np.lexsort((whole, without))
    same = without[order][1:] == without[order][:-1]
    same &= whole[order][1:] != whole[order][:-1]
    first, second = order[:-1][same], order[1:][same]
    return np.concatenate([first, second]), np.concatenate([second, first])


# ---------------------------------------------------------------------------------------------------------- noise


def noisy_twins(context: AuditContext) -> Twins | None:
    """Return the rows (of a sample) with a neighbour out of all proportion near; None without numbers to measure by."""
    from scipy.spatial import cKDTree

    names = [c for c in _used(context) if _measures(context, c)][:MAX_NUMBERS]
    if len(names) < MIN_NUMBERS:
        return None
    table = np.column_stack([_scaled(context, c) for c in names])
    known = np.flatnonzero(np.isfinite(table).all(axis=1))
    table, first = np.unique(table[known], axis=0, return_index=True)
    known = known[first]
    if len(known) < 10 * NEIGHBOURS:
        return None
    asked = np.unique(np.linspace(0, len(known) - 1, min(len(known), MAX_QUERIES)).astype(np.int64))
    distance, near = cKDTree(table).query(table[asked], k=NEIGHBOURS + 1)
    ratios = distance[:, 1:-1] / distance[:, 2:]
    gap = ratios.min(axis=1) < GAP
    nearest = near[:, 1]
    close = gap & (np.abs(table[asked] - table[nearest]).max(axis=1) < MAX_NOISE)
    rows, twins = known[asked[close]], known[nearest[close]]
    alike = _alike_throughout(context, rows, twins)
    by_chance = _gaps_by_chance(ratios)
    return Twins(rows[alike], twins[alike], float(alike.sum()) / len(asked), by_chance, tuple(names))


def _gaps_by_chance(ratios: np.ndarray) -> float:
    """Return the share of rows with a gap that independent rows would have.

    The distance of the k-th neighbour is below r of the next with probability r^(k d). The dimension d is read off the
    farthest of the neighbours, which a few copies of each row do not reach.
    """
    farthest = ratios.shape[1]
    usual = float(np.median(ratios[:, -1]))
    dimension = np.log(0.5) / (farthest * np.log(usual)) if 0 < usual < 1 else 0.0
    return float(min(1.0, sum(GAP ** (k * dimension) for k in range(1, farthest + 1))))


def _measures(context: AuditContext, name: str) -> bool:
    column = coded(context, name)
    if values_of(context, name) is None or column.n_missing > 0.5 * len(column.codes):
        return False
    return bool(
        column.n_levels >= MIN_LEVELS_SHARE * column.n_present
        and column.counts.max() <= MAX_TOP_SHARE * column.n_present
    )


def _scaled(context: AuditContext, name: str) -> np.ndarray:
    values = values_of(context, name)
    assert values is not None
    return values / _spread(values)


def _spread(values: np.ndarray) -> float:
    """Return the standard deviation that a normal column with the same 10 and 90 % quantiles has; never 0."""
    finite = values[np.isfinite(values)]
    if not len(finite):
        return 1.0
    low, high = np.quantile(finite, (0.1, 0.9))
    return float(high - low) / 2.56 or float(finite.std()) or 1.0


def _alike_throughout(context: AuditContext, rows: np.ndarray, twins: np.ndarray) -> np.ndarray:
    """Return where two rows are alike in all features but one, equal or, as numbers, within the noise."""
    differ = np.zeros(len(rows), np.int64)
    for name in _used(context):
        codes = coded(context, name).codes
        apart = codes[rows] != codes[twins]
        if values_of(context, name) is not None:
            values = _scaled(context, name)
            apart &= ~(np.abs(values[rows] - values[twins]) < MAX_NOISE)
        differ += apart
    return differ <= 1
