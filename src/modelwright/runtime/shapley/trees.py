"""Exact Shapley values of a sum of trees against one reference row, in the user's columns.

A row goes down a tree together with the reference: where a question would be answered alike for both, one way is taken;
where not, both are, and each remembers what it needs: this column as the row has it, or as the reference has it. A path
that needs both of one column leads nowhere. So every leaf that any mixture of the two rows can reach is found once,
with the columns X that must be the row's and the columns B that must be the reference's. Such a leaf of value v is a
game whose Shapley values are known (Lundberg et al. 2020, "From local explanations to global understanding with
explainable AI for trees", interventional TreeSHAP; Laberge and Pequignot 2022)::

    +v (|X| - 1)! |B|! / (|X| + |B|)!    for each column in X
    -v |X|! (|B| - 1)! / (|X| + |B|)!    for each column in B

Columns are the user's: features made of one column share its place, and a question about a feature made of several is
answered for every combination of them, each of which needs its own columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import comb

import numpy as np

from modelwright.runtime.shapley.forest import Forest
from modelwright.runtime.shapley.mixed import Group, Mixed, groups_of
from modelwright.runtime.views import ViewPlan

__all__ = ["MOST_TOGETHER", "TreeEffects"]

MOST_TOGETHER = 6
"""Columns that one feature may come from: each more doubles the combinations that are asked for."""

PATHS_PER_TREE = 8
"""About how many leaves of a tree mixtures of two rows reach; only to tell how many rows fit in memory."""

_BITS = 64
_Falling = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Row, node, and the bits of the columns needed as the row's and as the reference's, of each path."""


class TreeEffects:
    """Explains a forest.

    Parameters
    ----------
    forest : Forest
    view : ViewPlan
        What it reads.
    columns : sequence of str
        The user's columns, in the order of effects.

    Attributes
    ----------
    groups : frozenset of Group
        Columns that questions depend on together.
    possible : bool
        Whether no question depends on too many.
    link : str
        What becomes of the sums, a name in `links.LINKS`.
    cells : int
        Values held at a time for one row.
    """

    def __init__(self, forest: Forest, view: ViewPlan, columns: Sequence[str]) -> None:
        self.link, self._forest = forest.link, forest
        by_question = groups_of(view, forest.reads)
        self.groups = frozenset(by_question)
        self.possible = max(map(len, self.groups), default=0) <= MOST_TOGETHER
        if not self.possible:
            return
        place = {name: i for i, name in enumerate(columns)}
        self._n_columns, self._n_words = len(columns), -(-len(columns) // _BITS)
        self._width = np.array([len(g) for g in by_question], dtype=np.int64)
        self._slot = np.concatenate([[0], np.cumsum(1 << self._width)]).astype(np.int64)
        self.cells = int(self._slot[-1]) + PATHS_PER_TREE * len(forest.root) * (len(columns) + 4)
        self._by_group: dict[Group, np.ndarray] = {}
        for group in self.groups:
            self._by_group[group] = np.flatnonzero([g == group for g in by_question])
        self._needs = np.zeros((2, self._slot[-1], self._n_words), dtype=np.uint64)
        for group, questions in self._by_group.items():
            for c in range(1 << len(group)):
                for i, name in enumerate(group):
                    word, bit = divmod(place[name], _BITS)
                    side = 0 if c >> i & 1 else 1
                    self._needs[side, self._slot[questions] + c, word] |= np.uint64(1 << bit)

    def effects(self, mixed: Mixed) -> np.ndarray:
        """Return the effects on each sum, float64 of shape ``(n_rows, n_columns, n_sums)``."""
        row, leaf, mine, typical = self._fallen(self._answered(mixed), mixed.rows)
        order = np.argsort(row, kind="stable")
        row, leaf, mine, typical = row[order], leaf[order], self._bits(mine[order]), self._bits(typical[order])
        share = _shares(mine, typical)
        value = self._forest.value
        found = np.zeros((mixed.rows, self._n_columns, value.shape[1]))
        if len(row):
            rows, starts = np.unique(row, return_index=True)
            for k in range(value.shape[1]):
                found[rows, :, k] = np.add.reduceat(share * value[leaf, k][:, None], starts, axis=0)
        return found

    def sums(self, matrix: np.ndarray) -> np.ndarray:
        """Return the sums of rows of the view, see `Forest.sums`."""
        return self._forest.sums(matrix)

    def _answered(self, mixed: Mixed) -> np.ndarray:
        """Return the answer to every question for every combination of its columns, shape ``(n_slots, n_rows)``."""
        answers = np.empty((self._slot[-1], mixed.rows), dtype=np.intp)
        alone = np.flatnonzero(self._width == 1)
        if len(alone):
            for c, matrix in enumerate((mixed.base, mixed.own)):
                answers[self._slot[alone] + c] = self._forest.answers(matrix, alone).T
        for group, questions in self._by_group.items():
            for c in range(1 << len(group)) if len(group) != 1 else ():
                matrix = mixed.of(group, c)
                answers[self._slot[questions] + c] = self._forest.answers(matrix, questions).T
        return answers

    def _fallen(self, answers: np.ndarray, rows: int) -> _Falling:
        """Return the leaves that mixtures of each row and the reference reach, and what they need; without those that
        need nothing, which say nothing of any column."""
        n_trees = len(self._forest.root)
        row, node = np.repeat(np.arange(rows), n_trees), np.tile(self._forest.root, rows)
        nothing = np.zeros((len(row), self._n_words), dtype=np.uint64)
        paths: _Falling = (row, node, nothing, nothing)
        arrived: list[_Falling] = []
        while len(paths[0]):
            at_leaf = paths[1] < 0
            row, node, mine, typical = (part[at_leaf] for part in paths)
            needed = (mine | typical).any(axis=1)
            arrived.append((row[needed], -1 - node[needed], mine[needed], typical[needed]))
            paths = self._lower(answers, tuple(part[~at_leaf] for part in paths))  # type: ignore[arg-type]
        return tuple(np.concatenate(parts) for parts in zip(*arrived, strict=True))  # type: ignore[return-value]

    def _lower(self, answers: np.ndarray, paths: _Falling) -> _Falling:
        """Return the paths one level down."""
        row, node, mine, typical = paths
        question = self._forest.question[node]
        width, first = self._width[question], self._slot[question]
        found: list[_Falling] = []
        for k in np.unique(width).tolist():
            here = np.flatnonzero(width == k)
            given = answers[first[here][:, None] + np.arange(1 << k), row[here][:, None]]
            alike = (given == given[:, :1]).all(axis=1)
            on = here[alike]
            found.append((row[on], self._forest.child[node[on], given[alike, 0]], mine[on], typical[on]))
            apart, given = here[~alike], given[~alike]
            for c in range(1 << k):
                needs_mine = mine[apart] | self._needs[0, first[apart] + c]
                needs_typical = typical[apart] | self._needs[1, first[apart] + c]
                can = ~(needs_mine & needs_typical).any(axis=1)
                on = apart[can]
                found.append(
                    (row[on], self._forest.child[node[on], given[can, c]], needs_mine[can], needs_typical[can])
                )
        if not found:
            return paths
        return tuple(np.concatenate(parts) for parts in zip(*found, strict=True))  # type: ignore[return-value]

    def _bits(self, words: np.ndarray) -> np.ndarray:
        """Return whether each column is among those of a path, shape ``(n_paths, n_columns)``."""
        as_bytes = np.ascontiguousarray(words.astype("<u8")).view(np.uint8)
        bits = np.unpackbits(as_bytes, axis=1, bitorder="little", count=self._n_columns)
        return bits.astype(bool)


def _shares(mine: np.ndarray, typical: np.ndarray) -> np.ndarray:
    """Return the part of a leaf's value that falls to each column, shape ``(n_paths, n_columns)``."""
    a, b = mine.sum(axis=1), typical.sum(axis=1)
    most = int(max(a.max(initial=0), b.max(initial=0)))
    table = np.array([[_last_of(i, j) for j in range(most + 1)] for i in range(most + 1)])
    return mine * table[a, b][:, None] - typical * table[b, a][:, None]


def _last_of(i: int, j: int) -> float:
    """Return ``(i - 1)! j! / (i + j)!``: how often one of i comes after the others of them and before all of j."""
    return 1.0 / ((i + j) * comb(i + j - 1, j)) if i else 0.0
