"""Trees as bits: what a value of one feature leaves of every tree, without walking down any.

QuickScorer (Lucchese et al. 2015, "QuickScorer: a fast algorithm to rank documents with additive ensembles of
regression trees"): number the leaves of a tree from left to right. A split that sends a row to the right rules out the
leaves on its left; what is left of all of them after every such split has ruled out its own, the first is where the row
falls. Which leaves the splits on one feature rule out depends on its value alone, and is a word of bits per tree; the
words of all features are and-ed together. Where all nodes of a level ask the same question, the answers themselves are
the bits, and the number of the leaf.

`modelwright.runtime.falling` puts the trees of all members of a plan together.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

__all__ = ["MOST_BYTES", "Asked", "BitTrees", "Fallen", "distinct"]

MOST_BYTES = 24 << 20  # of all tables together; beyond, walking down is as good


@dataclass(frozen=True, eq=False)
class Asked:
    """What the trees of a model ask of one feature.

    Attributes
    ----------
    cuts : ndarray of float64
        Sorted. Between one (left out) and the next (included) all numbers get the same answer.
    answer : callable
        From values, float64 of shape (n_values,), NaN where missing, to words of shape ``(n_values, n_trees)``: what
        each leaves of each tree. Never asked for other values than cuts, a number above all, and what features are.
    """

    cuts: np.ndarray
    answer: Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False, kw_only=True)
class BitTrees:
    """The trees of a model, as far as it matters for where rows fall.

    Attributes
    ----------
    word : dtype
        uint32 or uint64: the lowest bit that is left is the leaf; uint8: what is left is the number of the leaf.
    starts : ndarray of int64, shape (n_trees,)
        Place of the first leaf of each tree among all leaves.
    asked : mapping of int to Asked
        By feature of the view.
    computed : sequence of Asked
        The same of numbers that are no features of the view, but made of several.
    compute : callable, or None
        From the buffer of the view to the function that gives these numbers for the row that it holds.
    reads : tuple of int
        Features that `compute` needs in the buffer.
    """

    word: np.dtype
    starts: np.ndarray
    asked: Mapping[int, Asked]
    computed: Sequence[Asked] = ()
    compute: Callable[[np.ndarray], Callable[[], Sequence[float]]] | None = None
    reads: tuple[int, ...] = ()


@dataclass(frozen=True, eq=False)
class Fallen:
    """A model that is scored by where a row falls in its trees.

    Attributes
    ----------
    trees : BitTrees
    score_at : callable
        From the array of places of a `Falling` to the function that gives the prediction for what it holds.
    """

    trees: BitTrees
    score_at: Callable[[np.ndarray], Callable[[], list[float]]]


def distinct(values: np.ndarray) -> np.ndarray:
    """Return the different values, sorted. ``np.unique`` alone would import numpy's masked arrays, 10 ms of a server's
    start; asked for the counts too it does not."""
    return np.unique(values, return_counts=True)[0]
