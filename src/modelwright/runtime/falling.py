"""Where a row falls in the trees of all members of a plan, found in one go.

Trees as bits (see `modelwright.runtime.bit_trees`) ask of a column only between which of their cuts its value lies, or
which level it has. So a column is looked up once, however many members, views and features made of it ask for it: a
table has for each answer what it leaves of all trees of all members, side by side, and a row of data is one answer of
each table, and-ed together (see `modelwright.runtime.left_of_trees`).

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
from modelwright.runtime.bit_trees import BitTrees
from modelwright.runtime.left_of_trees import LeftOfTrees
from modelwright.runtime.levels import Of
from modelwright.runtime.now import Cuts, Search
from modelwright.runtime.origins import RowSource

__all__ = ["Falling", "TooLarge"]


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
    nbytes : int
        Size of the tables.

    Raises
    ------
    TooLarge
    """

    def __init__(self, models: Sequence[tuple[BitTrees, RowSource]]) -> None:
        trees = [model for model, _ in models]
        layout = Layout(trees)
        tables = answer_tables(models, layout)
        kept = np.empty(layout.width, dtype=np.uint8)
        left = LeftOfTrees(tables, layout)
        self.nbytes = left.nbytes
        self._leave = left.writer(_finder(tables, models), kept)
        self._read, self.places = _reader(trees, layout, kept)

    def __call__(self) -> None:
        """Find the places for the row of the moment."""
        self._leave()
        self._read()


def _finder(
    tables: Sequence[AnswerTable], models: Sequence[tuple[BitTrees, RowSource]]
) -> Callable[[np.ndarray], None]:
    """Return the function that writes the number of the answer of each table: first those of values of the row, then
    those of what models read or compute."""
    of = {kind: [t for t in tables if t.key.kind == kind] for kind in KINDS}
    now = models[0][1].now
    searches: dict[int, Search] = {}
    for table in (*of["level"], *of["number"]):
        search = table.search if isinstance(table.search, Of) else Cuts(np.array(table.search))
        searches[table.key.place] = search
        if isinstance(search, Cuts):
            now.cut(table.key.place, search.cuts)
    find, n_own = now.finder(searches), len(searches)
    cuts = [table.search for table in (*of["feature"], *of["computed"])]
    if not cuts:
        return find
    read = _others(of["feature"], of["computed"], models)
    pack = struct.Struct(f"={len(cuts)}q").pack_into

    def find_all(out: np.ndarray) -> None:
        if n_own:
            find(out[:n_own])
        pack(out.data.cast("B"), 8 * n_own, *map(bisect_left, cuts, read()))  # type: ignore[arg-type]

    return find_all


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


def _reader(
    trees: Sequence[BitTrees], layout: Layout, kept: np.ndarray
) -> tuple[Callable[[], None], tuple[np.ndarray, ...]]:
    """Return the function that brings what is left of each tree to the place of its leaf, and the places of each model:
    parts of one array, for all are read together."""
    spans = {word: [layout.spans[k] for k, own in enumerate(layout.words) if own == word] for word in layout.words}
    whole = {word: (min(a for a, _ in own), max(b for _, b in own)) for word, own in spans.items()}
    searched = [word for word in whole if word != np.uint8]
    first, size = {}, 0
    for word in (*searched, *(word for word in whole if word == np.uint8)):
        first[word], size = size, size + (whole[word][1] - whole[word][0]) // word.itemsize
    n_searched = first.get(np.dtype(np.uint8), size)
    places, starts = np.zeros(size, dtype=np.intp), np.zeros(size, dtype=np.intp)
    own_places = []
    for k, word in enumerate(layout.words):
        at = first[word] + (layout.spans[k][0] - whole[word][0]) // word.itemsize
        own = slice(at, at + len(trees[k].starts))
        starts[own] = trees[k].starts - (_BIAS if word in searched else 0)
        own_places.append(places[own])
    power = np.zeros(n_searched)
    exponent, by = power.view(np.int64), np.full(n_searched, _FRACTION, dtype=np.int64)
    steps = []
    for word in searched:
        words = kept[slice(*whole[word])].view(word)
        steps.append((words, np.empty_like(words), power[first[word] : first[word] + len(words)]))
    numbers = kept[slice(*whole.get(np.dtype(np.uint8), (0, 0)))]
    of_searched, of_numbers = (places[:n_searched], starts[:n_searched]), (places[n_searched:], starts[n_searched:])

    def read() -> None:
        for words, lowest, own in steps:
            np.negative(words, out=lowest)
            np.bitwise_and(words, lowest, out=lowest)
            # a power of two as a floating-point number has its logarithm as its exponent
            np.copyto(own, lowest, casting="unsafe")
        if n_searched:
            np.right_shift(exponent, by, out=exponent)
            np.add(exponent, of_searched[1], out=of_searched[0])
        if len(numbers):
            np.add(numbers, of_numbers[1], out=of_numbers[0])

    return read, tuple(own_places)


_FRACTION, _BIAS = 52, 1023
"""Of float64: the bits below the exponent, and what is added to it."""
