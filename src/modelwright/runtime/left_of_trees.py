"""What the values of a row leave of all trees: the answers of its columns (see `modelwright.runtime.answer_tables`),
and-ed together. Two ways, by how many of the trees a column is asked by.

Where most trees ask most columns, each answer is a row of all trees, and rows are and-ed one with the other. Where a
column is asked by few, that would be mostly rows of "all is left": an answer then holds the trees that ask and no
others, and for each tree what its own columns leave of it is gathered. A plan of three models of 200 trees and 79
columns reads 41 kB a row so, instead of 205.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import numpy as np

from modelwright.runtime.answer_tables import AnswerTable, Layout, TooLarge
from modelwright.runtime.bit_trees import MOST_BYTES

__all__ = ["Dense", "Sparse", "asked_by", "share_asked"]

MOST_MULTIPLIED = 256
"""Rows of a table that was multiplied out: those of two columns of sixteen answers, of eight of yes and no."""

MUCH = 64 << 10
"""Bytes of the rows that a row of data fetches. With less, the two calls that multiplied tables need cost as much as
they spare; with three times as much they spare a fifth (a plan of three models of 200 trees and 79 columns)."""


def asked_by(tables: Sequence[AnswerTable], layout: Layout) -> list[list[np.ndarray]]:
    """Return for each table and each model which of its trees ask that column, bool of shape (n_trees,)."""
    every, slots = _possible(tables), range(len(layout.words))
    found = []
    for table in tables:
        own = ((table.rows & every) != every).any(axis=0).view(np.uint8)
        found.append([layout.of(k, own) != 0 for k in slots])
    return found


def _possible(tables: Sequence[AnswerTable]) -> np.ndarray:
    """Return the bits of each tree that any row can have in the end, uint8 of the width of the layout."""
    return np.bitwise_and.reduce([np.bitwise_or.reduce(table.rows, axis=0) for table in tables])


def share_asked(asked: Sequence[Sequence[np.ndarray]], layout: Layout) -> float:
    """Return the share of the bytes of answers that say anything, 0 to 1."""
    said = sum(int(own.sum()) * word.itemsize for table in asked for own, word in zip(table, layout.words))
    return said / max(1, layout.width * len(asked))


class Dense:
    """Rows of all trees side by side in one table, neighbours multiplied out where there are many.

    Parameters
    ----------
    tables : sequence of AnswerTable
    layout : Layout

    Raises
    ------
    TooLarge
    """

    def __init__(self, tables: Sequence[AnswerTable], layout: Layout) -> None:
        for most in (MOST_MULTIPLIED, 1) if len(tables) * layout.width > MUCH else (1,):
            groups = _groups([len(table.rows) for table in tables], most)
            sizes = [int(np.prod([len(table.rows) for table in tables[a:b]])) for a, b in groups]
            if sum(sizes) * layout.width <= MOST_BYTES:
                break
        else:
            raise TooLarge
        self._table = np.concatenate([_product(tables[a:b]) for a, b in groups]).view(np.uint64)
        self._firsts = np.cumsum([0, *sizes[:-1]]).astype(np.intp)
        self._starts = np.array([a for a, _ in groups], dtype=np.intp)
        self._strides = np.ones(len(tables), dtype=np.intp)
        for a, b in groups:
            for at in range(b - 2, a - 1, -1):
                self._strides[at] = self._strides[at + 1] * len(tables[at + 1].rows)

    @property
    def nbytes(self) -> int:
        """Size of the tables."""
        return int(self._table.nbytes)

    def writer(self, find: Callable[[np.ndarray], None], kept: np.ndarray) -> Callable[[], None]:
        """Return the function that writes what is left of all trees into ``kept``, uint8 of the width of the layout.

        Parameters
        ----------
        find : callable
            Writes the number of the answer of each table.
        """
        table, strides, starts, firsts = self._table, self._strides, self._starts, self._firsts
        found, rows, words = np.zeros(len(strides), np.intp), np.zeros(len(firsts), np.intp), kept.view(np.uint64)
        gathered = np.empty((len(rows), len(words)), dtype=np.uint64)
        alone = len(found) == len(rows)

        def write() -> None:
            find(found)
            if alone:
                np.add(found, firsts, out=rows)
            else:
                np.multiply(found, strides, out=found)
                np.add.reduceat(found, starts, out=rows)
                np.add(rows, firsts, out=rows)
            table.take(rows, axis=0, out=gathered, mode="clip")
            np.bitwise_and.reduce(gathered, axis=0, out=words)

        return write


class Sparse:
    """Answers that hold the trees that ask.

    Parameters
    ----------
    tables : sequence of AnswerTable
    layout : Layout
    asked : sequence of sequence of ndarray
        See `asked_by`.

    Attributes
    ----------
    answers : list of list of bytes
        For each table, its answers.

    Raises
    ------
    TooLarge
    """

    def __init__(self, tables: Sequence[AnswerTable], layout: Layout, asked: Sequence[Sequence[np.ndarray]]) -> None:
        order = sorted(range(len(layout.words)), key=lambda k: -layout.words[k].itemsize)
        every = _possible(tables)
        whole = [np.ones(word_count, dtype=bool) for word_count in map(len, asked[0])]
        self._layout = layout
        self.answers: list[list[bytes]] = []
        # for each model the words of each tree, numbered in what is joined; last come words of all that there is
        words: list[list[list[int]]] = [[[] for _ in own] for own in whole]
        start = 0
        for rows, own in [*((table.rows & every, own) for table, own in zip(tables, asked)), (every[None], whole)]:
            parts = []
            for k in order:
                word, (trees,) = layout.words[k], np.nonzero(own[k])
                for number, tree in enumerate(trees.tolist(), start=start // word.itemsize):
                    if own is not whole or not words[k][tree]:
                        words[k][tree].append(number)
                parts.append(np.ascontiguousarray(layout.of(k, rows)[:, trees]).view(np.uint8).reshape(len(rows), -1))
                start += parts[-1].shape[1]
            parts.append(np.zeros((len(rows), -start % 8), dtype=np.uint8))
            start += parts[-1].shape[1]
            self.answers.append([row.tobytes() for row in np.hstack(parts)])
        (self._last,) = self.answers.pop()
        if self.nbytes > MOST_BYTES:
            raise TooLarge
        self._joined = np.zeros(start, dtype=np.uint8)
        # a tree with fewer columns than others has some of them twice
        most = [max(map(len, own)) for own in words]
        self._index = [
            np.array([own[i % len(own)] for i in range(n) for own in mine], dtype=np.intp).reshape(n, -1)
            for n, mine in zip(most, words)
        ]

    @property
    def nbytes(self) -> int:
        """Size of the answers."""
        return sum(len(answer) for table in self.answers for answer in table)

    def writer(self, choose: Callable[[], Iterable[bytes]], kept: np.ndarray) -> Callable[[], None]:
        """Return the function that writes what is left of all trees into ``kept``, uint8 of the width of the layout.

        Parameters
        ----------
        choose : callable
            Gives the answer of each table.
        """
        target, last = self._joined.data, (self._last,)
        steps = []
        for k, index in enumerate(self._index):
            words = self._joined.view(self._layout.words[k])
            gathered = np.empty(index.shape, dtype=words.dtype)
            steps.append((words, index, gathered, self._layout.of(k, kept)))

        def write() -> None:
            target[:] = b"".join((*choose(), *last))
            for words, index, gathered, out in steps:
                words.take(index, out=gathered, mode="clip")
                np.bitwise_and.reduce(gathered, axis=0, out=out)

        return write


def _groups(sizes: list[int], most: int) -> list[tuple[int, int]]:
    """Return from where to where tables are multiplied out to at most so many rows; neighbours only."""
    groups: list[tuple[int, int]] = []
    rows = most + 1
    for at, size in enumerate(sizes):
        if rows * size <= most:
            groups[-1] = (groups[-1][0], at + 1)
            rows *= size
        else:
            groups.append((at, at + 1))
            rows = size
    return groups


def _product(tables: Sequence[AnswerTable]) -> np.ndarray:
    rows = tables[0].rows
    for table in tables[1:]:
        rows = (rows[:, None, :] & table.rows[None, :, :]).reshape(-1, rows.shape[1])
    return rows
