"""Trees as questions, nodes and leaves, whatever library they come from: what `trees` explains."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Answers", "Forest"]

Answers = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""From rows of the view and numbers of questions to yes or no, shape ``(n_rows, n_questions)``."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Forest:
    """A sum of trees.

    Attributes
    ----------
    root : ndarray of int, shape (n_trees,)
        A node, or ``-1 - leaf``.
    question : ndarray of int, shape (n_nodes,)
        What each node asks.
    child : ndarray of int, shape (n_nodes, 2)
        Where no and where yes lead: a node, or ``-1 - leaf``.
    value : ndarray of float64, shape (n_leaves, n_sums)
    bias : ndarray of float64, shape (n_sums,)
        Added to the leaves.
    reads : tuple of (tuple of int)
        For each question, the features of the view that its answer depends on.
    answers : callable
    link : str
        What becomes of the sums, a name in `links.LINKS`.
    """

    root: np.ndarray
    question: np.ndarray
    child: np.ndarray
    value: np.ndarray
    bias: np.ndarray
    reads: tuple[tuple[int, ...], ...]
    answers: Answers
    link: str

    def sums(self, matrix: np.ndarray) -> np.ndarray:
        """Return the sums of rows of the view, shape ``(n_rows, n_sums)``: what the link is for."""
        yes = self.answers(matrix, np.arange(len(self.reads))).astype(np.intp)
        node = np.tile(self.root, (len(matrix), 1))
        row = np.broadcast_to(np.arange(len(matrix))[:, None], node.shape)
        while (under_way := node >= 0).any():
            at = node[under_way]
            node[under_way] = self.child[at, yes[row[under_way], self.question[at]]]
        found: np.ndarray = self.bias + self.value[-1 - node].sum(axis=1)
        return found
