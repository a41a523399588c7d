"""Groups dealt to parts: no group on two sides, parts of the sizes asked for, labels spread where possible."""

from __future__ import annotations

import numpy as np

__all__ = ["deal_groups"]

# So many of the largest groups are dealt one by one, each to where it fits best. Any other group holds less than one
# row in a thousand, and dealing those in turn, sorted by their labels, balances as well and takes no loop.
DEALT_ONE_BY_ONE = 1_000
MAX_CELLS = 20_000_000  # of the table of groups by labels; beyond it only sizes are balanced


def deal_groups(
    groups: np.ndarray, labels: np.ndarray | None, shares: tuple[float, ...], rng: np.random.Generator
) -> np.ndarray:
    """Return the part of each row, int64.

    The cost of a deal is the sum over parts, and over labels and sizes, of (rows in the part)² / share, which is
    smallest when every part holds its share of each label; a group goes where it adds least. This is the aim of
    scikit-learn's ``StratifiedGroupKFold``, with shares that may differ.

    Parameters
    ----------
    groups : ndarray of int, shape (n_rows,)
        Group numbers 0..n_groups-1.
    labels : ndarray of int, shape (n_rows,), or None
        What to spread evenly.
    shares : tuple of float
        Wanted shares of the rows, summing to 1.
    """
    n_groups = int(groups.max()) + 1 if len(groups) else 0
    sizes = np.bincount(groups, minlength=n_groups).astype(np.float64)
    tallies = _tallies(groups, labels, sizes)
    weight = 1.0 / np.maximum(tallies.sum(axis=0), 1.0)
    order = np.lexsort((rng.random(n_groups), -sizes))
    part = np.zeros(n_groups, dtype=np.int64)
    loads = np.zeros((len(shares), tallies.shape[1]))
    share = np.array(shares)
    for g in order[:DEALT_ONE_BY_ONE]:
        added = tallies[g] * weight
        cost = (2 * loads @ added + tallies[g] @ added) / share
        part[g] = int(np.argmin(cost))
        loads[part[g]] += tallies[g]
    rest = order[DEALT_ONE_BY_ONE:]
    if len(rest):
        part[rest] = _deal_in_turn(rest, tallies, loads, share, rng)
    return part[groups]


def _tallies(groups: np.ndarray, labels: np.ndarray | None, sizes: np.ndarray) -> np.ndarray:
    """Return rows per group by label, and the size as the last column; shape (n_groups, n_labels + 1)."""
    if labels is None or len(sizes) * (int(labels.max()) + 2) > MAX_CELLS:
        return sizes[:, None]
    n_labels = int(labels.max()) + 1
    cells = np.bincount(groups * n_labels + labels, minlength=len(sizes) * n_labels)
    return np.column_stack([cells.reshape(len(sizes), n_labels), sizes])


def _deal_in_turn(
    rest: np.ndarray, tallies: np.ndarray, loads: np.ndarray, share: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return parts for many small groups: along their order by labels, each part takes what it still lacks."""
    sizes = tallies[rest, -1]
    total = loads[:, -1].sum() + sizes.sum()
    lack = np.maximum(share * total - loads[:, -1], 0.0)
    lack = lack / lack.sum()
    main_label = tallies[rest, :-1].argmax(axis=1) if tallies.shape[1] > 1 else np.zeros(len(rest))
    along = np.lexsort((rng.random(len(rest)), main_label))
    # Systematic sampling: the rows are laid out along the order, and a golden-ratio sequence decides the part, which
    # spreads every part evenly over any stretch of the order.
    position = (np.arange(len(rest)) * 0.6180339887498949 + rng.random()) % 1.0
    chosen = np.searchsorted(np.cumsum(lack)[:-1], position, side="right")
    parts = np.empty(len(rest), dtype=np.int64)
    parts[along] = chosen
    return parts
