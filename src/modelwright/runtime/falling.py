"""Where a row falls in the trees of all members of a plan, found in one go.

Trees as bits (see `modelwright.runtime.bit_trees`) ask of a column only between which of their cuts its value lies, or
which level it has. So a column is looked up once, however many members, views and features made of it ask for it: a
table has for each answer what it leaves of all trees of all members, side by side, and a row of data is one row of each
table, and-ed together. Small tables are multiplied out, so that fewer rows have to be fetched.

Walking down goes to thousands of places in memory, each known only after the one before. Here it is a few rows, each in
one piece.
"""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Callable, Sequence

import numpy as np

from modelwright.data.typed_rows import picker
from modelwright.runtime.answer_tables import KINDS, AnswerTable, Layout, TooLarge, answer_tables
from modelwright.runtime.bit_trees import MOST_BYTES, BitTrees
from modelwright.runtime.levels import Of
from modelwright.runtime.origins import RowSource

__all__ = ["Falling", "TooLarge"]

MOST_MULTIPLIED = 256
"""Rows of a table that was multiplied out: those of two columns of sixteen answers, of eight of yes and no."""

MUCH = 64 << 10
"""Bytes of the rows that a row of data fetches. With less, the two calls that multiplied tables need cost as much as
they spare; with three times as much they spare a fifth (a plan of three models of 200 trees and 79 columns)."""


class Falling:
    """Finds where the row of the moment falls, in trees of any number of models.

    Parameters
    ----------
    models : sequence of (BitTrees, RowSource)
        All sources have the same values of the moment.

    Attributes
    ----------
    places : tuple of ndarray of intp, shape (n_trees,)
        Per model, the place of the leaf of each tree among all its leaves, once this object was called; the next call
        uses the arrays again.

    Raises
    ------
    TooLarge
    """

    def __init__(self, models: Sequence[tuple[BitTrees, RowSource]]) -> None:
        trees = [model for model, _ in models]
        self._layout = Layout(trees)
        tables = answer_tables(models, self._layout)
        self._multiply(tables)
        self._found = np.zeros(len(tables), dtype=np.intp)
        self._find = _finder(tables, models, self._found)
        self._kept = np.empty(self._layout.width, dtype=np.uint8)
        self.places = tuple(np.empty(len(model.starts), dtype=np.intp) for model in trees)
        reads = [_reader(model, self._layout.of(k, self._kept), self.places[k]) for k, model in enumerate(trees)]
        self._fall = self._compiled(reads)

    @property
    def nbytes(self) -> int:
        """Size of the tables."""
        return int(self._table.nbytes)

    def __call__(self) -> None:
        """Find the places for the row of the moment."""
        self._fall()

    def _multiply(self, tables: list[AnswerTable]) -> None:
        """Put tables side by side into one, neighbours multiplied out where there are many."""
        for most in (MOST_MULTIPLIED, 1) if len(tables) * self._layout.width > MUCH else (1,):
            groups = _groups([len(table.rows) for table in tables], most)
            sizes = [int(np.prod([len(table.rows) for table in tables[a:b]])) for a, b in groups]
            if sum(sizes) * self._layout.width <= MOST_BYTES:
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

    def _compiled(self, reads: list[Callable[[], None]]) -> Callable[[], None]:
        find, table, kept = self._find, self._table, self._kept.view(np.uint64)
        strides, starts, firsts = self._strides, self._starts, self._firsts
        found, rows = self._found, np.zeros(len(firsts), dtype=np.intp)
        gathered = np.empty((len(rows), len(kept)), dtype=np.uint64)
        alone = len(found) == len(rows)

        def fall() -> None:
            find()
            if alone:
                np.add(found, firsts, out=rows)
            else:
                np.multiply(found, strides, out=found)
                np.add.reduceat(found, starts, out=rows)
                np.add(rows, firsts, out=rows)
            table.take(rows, axis=0, out=gathered, mode="clip")
            np.bitwise_and.reduce(gathered, axis=0, out=kept)
            for read in reads:
                read()

        return fall


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


def _product(tables: list[AnswerTable]) -> np.ndarray:
    rows = tables[0].rows
    for table in tables[1:]:
        rows = (rows[:, None, :] & table.rows[None, :, :]).reshape(-1, rows.shape[1])
    return rows


def _finder(
    tables: list[AnswerTable], models: Sequence[tuple[BitTrees, RowSource]], found: np.ndarray
) -> Callable[[], None]:
    """Return the function that finds the row of each table for the row of the moment, and writes it into ``found``."""
    of = {kind: [t for t in tables if t.key.kind == kind] for kind in KINDS}
    now = models[0][1].now
    levels = {t.key.place: t.search for t in of["level"] if isinstance(t.search, Of)}
    of_levels, rest = found[: len(levels)], found[len(levels) :]
    find_levels = now.finder(levels) if levels else None
    pick_number = picker([t.key.place for t in of["number"]])
    cuts_of = [t.search for t in of["number"]]
    cuts_of_others = [t.search for t in (*of["feature"], *of["computed"])]
    read = _others(of["feature"], of["computed"], models)
    pack, target = struct.Struct(f"={len(rest)}q").pack_into, rest.data.cast("B") if len(rest) else memoryview(b"")

    def find() -> None:
        if find_levels is not None:
            find_levels(of_levels)
        if cuts_of_others:
            others = map(bisect_left, cuts_of_others, read())  # type: ignore[arg-type]
            pack(target, 0, *map(bisect_left, cuts_of, pick_number(now.values)), *others)  # type: ignore[arg-type]
        elif cuts_of:
            pack(target, 0, *map(bisect_left, cuts_of, pick_number(now.values)))  # type: ignore[arg-type]

    return find


def _others(
    features: list[AnswerTable], computed: list[AnswerTable], models: Sequence[tuple[BitTrees, RowSource]]
) -> Callable[[], list[float]]:
    """Return the function that reads the features and computes the numbers that tables are asked for."""
    sources = list(dict.fromkeys(source for _, source in models))
    parts: list[Callable[[], Sequence[float]]] = []
    for table in features:
        buffer, feature = sources[table.key.owner].part([table.key.place]), table.key.place
        parts.append(lambda buffer=buffer, feature=feature: [buffer.item(feature)])  # type: ignore[misc]
    for owner in dict.fromkeys(table.key.owner for table in computed):
        trees, source = models[owner]
        assert trees.compute is not None
        order = [table.key.place for table in computed if table.key.owner == owner]
        pick, compute = picker(order), trees.compute(source.part(trees.reads))
        parts.append(lambda pick=pick, compute=compute: pick(compute()))  # type: ignore[misc]
    return lambda: [number for part in parts for number in part()]


def _reader(trees: BitTrees, kept: np.ndarray, places: np.ndarray) -> Callable[[], None]:
    """Return the function that brings what is left of each tree to the place of its leaf."""
    if trees.word == np.uint8:
        starts = trees.starts.astype(np.intp)
        return lambda: np.add(kept, starts, out=places)  # type: ignore[return-value]
    signed, real, shift, bias = _FLOATS[trees.word]
    lowest, power = np.empty_like(kept), np.empty(len(kept), dtype=real)
    exponent, place = power.view(signed), np.empty(len(kept), dtype=signed)
    by, starts = np.full(len(kept), shift, signed), (trees.starts - bias).astype(np.intp)

    def read() -> None:
        np.bitwise_and(kept, np.negative(kept, out=lowest), out=lowest)
        # a power of two as a floating-point number has its logarithm as its exponent
        np.copyto(power, lowest, casting="unsafe")
        np.add(np.right_shift(exponent, by, out=place), starts, out=places)

    return read


_FLOATS = {
    np.dtype(np.uint32): (np.int32, np.float32, 23, 127),
    np.dtype(np.uint64): (np.int64, np.float64, 52, 1023),
}
"""For a word: whole numbers and floating-point numbers of its size, the bits below the exponent, and its bias."""
