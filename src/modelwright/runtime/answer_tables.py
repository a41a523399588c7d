"""For each column of a row, a table of what its values leave of all trees; see `modelwright.runtime.falling`."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from modelwright.runtime.bit_trees import MOST_BYTES, Asked, BitTrees, distinct
from modelwright.runtime.levels import Of
from modelwright.runtime.ops.base import LARGEST
from modelwright.runtime.origins import FromLevel, FromNumber, Origin, RowSource, features_by_level

__all__ = ["KINDS", "AnswerTable", "Key", "Layout", "TooLarge", "answer_tables"]


class TooLarge(Exception):
    """The tables would be too large to be of use."""


KINDS = ("level", "number", "feature", "computed")


class Key(NamedTuple):
    """What is looked up: a level or a number of the row's values by its place, a feature by its number in the view of
    the owner, or one of the numbers that the owner computes."""

    kind: str
    place: int
    owner: int = 0


@dataclass(frozen=True, eq=False)
class AnswerTable:
    """What the values of one column leave of all trees of all models.

    Attributes
    ----------
    key : Key
    search : Of or list of float
        The row by level; or cuts, of which the row is the first that is not below the value. NaN is below none.
    rows : ndarray of uint8, shape (n_rows, width)
    """

    key: Key
    search: Of[int] | list[float]
    rows: np.ndarray


class Layout:
    """Where the words of each model lie in the rows of the tables, each from a whole number of eight bytes on."""

    def __init__(self, models: Sequence[BitTrees]) -> None:
        self.spans: list[tuple[int, int]] = [(0, 0)] * len(models)
        self.words = [model.word for model in models]
        self.width = 0
        for slot in sorted(range(len(models)), key=lambda slot: -models[slot].word.itemsize):
            stop = self.width + models[slot].word.itemsize * len(models[slot].starts)
            self.spans[slot] = (self.width, stop)
            self.width = -(-stop // 8) * 8

    def of(self, slot: int, rows: np.ndarray) -> np.ndarray:
        """Return the words of a model in rows."""
        start, stop = self.spans[slot]
        return rows[..., start:stop].view(self.words[slot])

    def table(self, answers: Iterable[tuple[int, np.ndarray]], n_rows: int) -> np.ndarray:
        """Return the rows in which the models leave what their answers say, and others all there is."""
        rows = np.full((n_rows, self.width), 0xFF, dtype=np.uint8)
        for slot, words in answers:
            own = self.of(slot, rows)
            np.bitwise_and(own, words, out=own)
        return rows


@dataclass(frozen=True, eq=False)
class _Use:
    """The questions of a model about one feature that comes from the column."""

    slot: int
    asked: Asked
    origin: Origin


@dataclass(frozen=True, eq=False)
class _Column:
    """What is looked up, before there is a table: the search, and the values that each use answers, a row each."""

    key: Key
    uses: list[_Use]
    search: Of[int] | list[float]
    values: np.ndarray

    def table(self, layout: Layout) -> AnswerTable:
        answers = ((use.slot, use.asked.answer(own)) for use, own in zip(self.uses, self.values))
        return AnswerTable(self.key, self.search, layout.table(answers, self.values.shape[1]))


def answer_tables(models: Sequence[tuple[BitTrees, RowSource]], layout: Layout) -> list[AnswerTable]:
    """Return the tables of all columns: levels, numbers, features, and what each model computes, small ones first.

    Raises
    ------
    TooLarge
        All together would have more than `MOST_BYTES`; none is made then.
    """
    uses: dict[Key, list[_Use]] = {}
    sources: list[RowSource] = []
    for slot, (trees, source) in enumerate(models):
        if source not in sources:
            sources.append(source)
        for feature, asked in trees.asked.items():
            origin = source.origins[feature]
            uses.setdefault(_key(origin, feature, sources.index(source)), []).append(_Use(slot, asked, origin))
        for number, asked in enumerate(trees.computed):
            uses[Key("computed", number, slot)] = [_Use(slot, asked, None)]
    columns = [(_of_levels if key.kind == "level" else _of_numbers)(key, own) for key, own in uses.items()]
    if sum(column.values.shape[1] for column in columns) * layout.width > MOST_BYTES:
        raise TooLarge
    columns.sort(key=lambda c: (KINDS.index(c.key.kind), c.key.owner, c.values.shape[1]))
    return [column.table(layout) for column in columns]


def _key(origin: Origin, feature: int, source: int) -> Key:
    if isinstance(origin, FromLevel):
        return Key("level", origin.place)
    return Key("number", origin.place) if isinstance(origin, FromNumber) else Key("feature", feature, source)


def _of_numbers(key: Key, uses: list[_Use]) -> _Column:
    cuts = distinct(np.concatenate([use.asked.cuts for use in uses]))
    above = np.nextafter(cuts[-1], math.inf) if len(cuts) else 0.0
    values = np.array([math.nan, *cuts, above])
    search = list(map(_reached, cuts.tolist())) if key.kind == "number" else cuts.tolist()
    return _Column(key, uses, [-math.inf, *search], np.broadcast_to(values, (len(uses), len(values))))


def _of_levels(key: Key, uses: list[_Use]) -> _Column:
    origins = [use.origin for use in uses if isinstance(use.origin, FromLevel)]
    levels, matrix = features_by_level(origins)
    features = matrix.T
    between = np.array([_interval(use.asked.cuts, own) for use, own in zip(uses, features)])
    _, chosen, row = np.unique(between, axis=1, return_index=True, return_inverse=True)
    of = row.ravel().tolist()
    return _Column(key, uses, Of(dict(zip(levels, of)), of[-1]), features[:, chosen])


def _interval(cuts: np.ndarray, values: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(values), -1, np.searchsorted(cuts, values))


def _reached(cut: float) -> float:
    """Return the cut for numbers that were not brought into the range of `Numbers`."""
    if cut >= LARGEST:
        return math.inf
    return -math.inf if cut < -LARGEST else cut
