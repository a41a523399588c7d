"""Columns that carry the same information share their importance; this says so."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.metrics import get
from modelwright.explain.importance import grouped
from modelwright.explain.reasons import Together
from modelwright.format import measured

__all__ = ["alike", "note_alike", "sets_of"]

# From here on shuffling one of two columns leaves the model nearly all of what both say. 0.9 is where variance
# inflation passes 5, the usual warning (Sheather 2009, section 6.4).
RANK_CORRELATION = 0.9
SHARED_INFORMATION = 0.9
MAX_GROUPS = 50


def alike(columns: Columns, names: Sequence[str]) -> tuple[tuple[str, str], ...]:
    """Return the pairs that carry almost the same information.

    Two columns of numbers by rank correlation; any other pair by mutual information over the larger entropy.
    """
    ranks = {name: _ranks(c) for name in names if not isinstance(c := columns[name], Strings)}
    groups = {name: grouped(columns[name]) for name in names}
    pairs = []
    for a, b in combinations(names, 2):
        both_numbers = a in ranks and b in ranks
        correlated = both_numbers and _correlation(ranks[a], ranks[b]) >= RANK_CORRELATION
        if correlated or _shared(groups[a], groups[b]) >= SHARED_INFORMATION:
            pairs.append((a, b))
    return tuple(pairs)


def sets_of(pairs: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], ...]:
    """Return the sets of columns that hang together."""
    sets: list[list[str]] = []
    for a, b in pairs:
        touching = [s for s in sets if a in s or b in s]
        merged = list(dict.fromkeys([n for s in touching for n in s] + [a, b]))
        sets = [s for s in sets if s not in touching] + [merged]
    return tuple(map(tuple, sets))


def note_alike(sets: Sequence[Sequence[str]], together: Sequence[Together] = ()) -> tuple[str, ...]:
    """Return a sentence per set of columns that hang together, with what they are worth as one where it is known."""
    worth = {t.columns: t.drop for t in together}
    return tuple(_note(names, worth.get(tuple(names))) for names in sets)


def _note(names: Sequence[str], worth: Measurement | None) -> str:
    told = (
        ", ".join(f"“{n}”" for n in names[:-1])
        + f" and “{names[-1]}” carry almost the same information: shuffling one leaves the model the other"
        + ("s" if len(names) > 2 else "")
        + ", so each looks less important than all of them together."
    )
    if worth is None:
        return told
    title = get(worth.name).title
    unused = worth.low is not None and worth.low <= 0
    return f"{told} Shuffled as one, they cost {measured(worth)} of {title}{', which is within the noise' * unused}."


def _ranks(column: np.ndarray) -> np.ndarray:
    """Return ranks with ties averaged, NaN kept."""
    ranks = np.full(len(column), np.nan)
    known = ~np.isnan(column)
    _, place, counts = np.unique(column[known], return_inverse=True, return_counts=True)
    ranks[known] = (np.cumsum(counts) - (counts - 1) / 2)[place]
    return ranks


def _correlation(a: np.ndarray, b: np.ndarray) -> float:
    both = ~(np.isnan(a) | np.isnan(b))
    x, y = a[both], b[both]
    if len(x) < 10 or 2 * len(x) < len(a) or x.std() == 0 or y.std() == 0:
        return 0.0
    return abs(float(np.corrcoef(x, y)[0, 1]))


def _shared(a: np.ndarray, b: np.ndarray) -> float:
    rows, columns = int(a.max()) + 1, int(b.max()) + 1
    if min(rows, columns) < 2 or max(rows, columns) > MAX_GROUPS:
        return 0.0
    joint = np.bincount(a * columns + b, minlength=rows * columns).reshape(rows, columns) / len(a)
    pa, pb = joint.sum(axis=1), joint.sum(axis=0)
    larger = max(_entropy(pa), _entropy(pb))
    return (_entropy(pa) + _entropy(pb) - _entropy(joint.ravel())) / larger if larger > 0 else 0.0


def _entropy(p: np.ndarray) -> float:
    used = p[p > 0]
    return float(-(used * np.log(used)).sum())
