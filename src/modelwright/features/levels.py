"""Levels of a category, counted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Strings

__all__ = ["Levels", "count_levels"]


@dataclass(frozen=True, eq=False)
class Levels:
    """Levels worth keeping, most frequent first, and what is left over.

    Attributes
    ----------
    names : tuple of str
    counts : ndarray of int, shape (n_levels,)
    n_rare : int
        Rows with one of the other levels.
    n_missing : int
    rows : ndarray of int, shape (n_rows,)
        Position in ``names``, ``len(names)`` for the other levels, ``len(names) + 1`` where missing: the row of a
        lookup table that each training row reads.
    """

    names: tuple[str, ...]
    counts: np.ndarray
    n_rare: int
    n_missing: int
    rows: np.ndarray

    @property
    def n_known(self) -> int:
        """Number of levels kept."""
        return len(self.names)


def count_levels(column: Strings, *, min_count: int = 1, max_levels: int | None = None) -> Levels:
    """Return the levels that occur at least ``min_count`` times, the ``max_levels`` most frequent of them.

    Ties are broken by name, so that the order of the rows does not matter.
    """
    n_levels = len(column.levels)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=n_levels)
    frequent = np.flatnonzero(counts >= max(1, min_count)).tolist()
    kept = sorted(frequent, key=lambda code: (-counts[code], column.levels[code]))[:max_levels]
    table = np.full(n_levels + 1, len(kept), dtype=np.intp)
    table[kept] = np.arange(len(kept))
    table[-1] = len(kept) + 1
    rows = table[column.codes]
    kept_counts = counts[kept]
    return Levels(
        names=tuple(str(column.levels[code]) for code in kept),
        counts=kept_counts,
        n_rare=int(counts.sum() - kept_counts.sum()),
        n_missing=int((column.codes < 0).sum()),
        rows=rows,
    )
