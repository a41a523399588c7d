"""What the values of a row leave of all trees: the answers of its columns (see `modelwright.runtime.answer_tables`),
and-ed together.

Small tables are multiplied out, so that fewer rows have to be fetched. To keep of each answer only the trees that ask
its column was tried: a plan of three models of 200 trees and 79 columns then reads 48 kB a row instead of 122, and
takes half as long again, for what is left of each tree has to be gathered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelwright.runtime.answer_tables import AnswerTable, Layout, TooLarge
from modelwright.runtime.bit_trees import MOST_BYTES

__all__ = ["LeftOfTrees"]

MOST_MULTIPLIED = 256
"""Rows of a table that was multiplied out: those of two columns of sixteen answers, of eight of yes and no."""

MUCH = 64 << 10
"""Bytes of the rows that a row of data fetches. With less, the two calls that multiplied tables need cost as much as
they spare; with three times as much they spare a fifth (a plan of three models of 200 trees and 79 columns)."""


class LeftOfTrees:
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
