"""Small trees scored without walking down them: QuickScorer (Lucchese et al. 2015, "QuickScorer: a fast algorithm to
rank documents with additive ensembles of regression trees").

Number the leaves of a tree from left to right. A split that sends a row to the right rules out the leaves on its left;
what is left of all of them after every such split has ruled out its own, the first is where the row falls. Which leaves
the splits on one feature rule out depends only on between which of their thresholds the value lies. So for each feature
there is a table, a row per interval, with what is left in every tree as bits; a row of data is one row of each table,
and-ed together. Walking down goes to thousands of places in memory, each known only after the one before. Here it is a
few rows that lie in one piece.

The numbers are those of the engine to the bit: same leaves, added in the same order, same link.
"""

from __future__ import annotations

import math
import re
import struct
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from operator import getitem

import numpy as np

from modelwright.data.typed_rows import picker
from modelwright.runtime.ops.base import LARGEST
from modelwright.runtime.origins import FromLevel, FromNumber, Of, RowSource

__all__ = ["QuickTrees"]

MOST_LEAVES = 64  # of a tree: bits of a machine word
MOST_BYTES = 24 << 20  # of all tables together; beyond, walking down is as good
MOST_FEATURES = 160  # asked for by the trees; each costs a search
_CATEGORICAL, _DEFAULT_LEFT = 1, 2
_MISSING_NONE, _MISSING_NAN = 0, 2
_ZERO = 1.0000000180025095e-35
"""LightGBM reads a value as close to 0 as this as 0 (``kZeroThreshold``)."""

MOST_CODES = 4096  # of a feature with splits on categories

Sum = Callable[[], list[float]]


@dataclass(frozen=True, eq=False)
class _Split:
    """A split: which tree, what goes left, and the bits of the leaves on its left."""

    tree: int
    threshold: float
    missing_left: bool
    codes: frozenset[int] | None
    left: int


class QuickTrees:
    """The trees of a model, as tables.

    Parameters
    ----------
    tables : ndarray of uint32 or uint64, shape (n_rows, n_trees)
        Of all features, one below the other.
    searches : list
        Per feature that trees ask for: its number, the first of its rows, its thresholds (None where splits are on
        categories), and the row for a missing value, counted from its first.
    leaves : ndarray of float64
        Of all trees, from left to right.
    numbers : ndarray of int64
        The number of each leaf in its tree.
    starts : ndarray of int64, shape (n_trees,)
    outputs : int
        Trees of a round.
    link : callable
        From the sums of a row to what the model predicts.
    """

    def __init__(
        self,
        tables: np.ndarray,
        searches: list[tuple[int, int, list[float] | None, int]],
        leaves: np.ndarray,
        numbers: np.ndarray,
        starts: np.ndarray,
        outputs: int,
        link: Callable[[list[float]], list[float]],
    ) -> None:
        self.tables, self.searches = tables, searches
        self.leaves, self.numbers, self.starts = leaves, numbers, starts
        self.outputs, self.link = outputs, link

    @classmethod
    def of(cls, text: str) -> QuickTrees | None:
        """Return the tables of a model in LightGBM's text that was checked; None where walking down is better."""
        trees = list(_trees(text))
        link = _link(text)
        sizes = [len(tree["leaf_value"].split()) for tree in trees]
        if not trees or link is None or max(sizes) > MOST_LEAVES:
            return None
        word = np.uint32 if max(sizes) <= 32 else np.uint64
        features: dict[int, list[_Split]] = {}
        leaves: list[float] = []
        numbers: list[int] = []
        for number, tree in enumerate(trees):
            order = _read(number, tree, features)
            if order is None:
                return None
            values = list(map(float, tree["leaf_value"].split()))
            leaves += [values[leaf] for leaf in order]
            numbers += order
        made = _tables(features, len(trees), word)
        if made is None:
            return None
        starts = np.cumsum([0, *sizes[:-1]]).astype(np.int64)
        outputs = int(re.search(r"^num_tree_per_iteration=(\d+)$", text, re.MULTILINE)[1])  # type: ignore[index]
        return cls(*made, np.array(leaves), np.array(numbers, dtype=np.int64), starts, outputs, link)

    def row_of(self, source: RowSource) -> Sum:
        """Return the function that gives the prediction for the row of a source; the row is encoded only where
        features have no plain origin."""
        return self._sum(self._fall(*self._rows_of_values(source)))

    def leaves_of_row(self, source: RowSource) -> Callable[[], np.ndarray]:
        """Return the function that gives the number of the leaf in each tree."""
        fall, numbers = self._fall(*self._rows_of_values(source)), self.numbers
        return lambda: numbers.take(fall())

    def places_of_row(self, source: RowSource) -> Callable[[], np.ndarray]:
        """Return the function that gives the place of the leaf of each tree among all, from left to right; in an array
        that it uses again."""
        return self._fall(*self._rows_of_values(source))

    def _sum(self, fall: Callable[[], np.ndarray]) -> Sum:
        leaves, outputs, link = self.leaves, self.outputs, self.link
        if outputs == 1:
            return lambda: link([np.add.accumulate(leaves.take(fall())).item(-1)])
        return lambda: link(np.add.accumulate(leaves.take(fall()).reshape(-1, outputs), axis=0)[-1].tolist())

    def _rows_of_values(self, source: RowSource) -> tuple[Callable[[], list[int]], list[int]]:
        """Return the function that finds for each table, from the values of the row, a row counted from some first;
        and these."""
        levels: list[tuple[int, Of[int]]] = []
        numbers: list[tuple[int, list[float]]] = []
        others: list[tuple[int, list[float] | None, int]] = []
        first_of_numbers, first_of_others = [], []
        for feature, first, known, gap in self.searches:
            origin = source.origins[feature]
            if isinstance(origin, FromLevel):
                found = {level: first + _interval(x, known, gap) for level, x in origin.features.items()}
                levels.append((origin.place, Of(found, first + _interval(origin.unknown, known, gap))))
            elif isinstance(origin, FromNumber) and known is not None:
                # a missing value is beside no threshold: it finds the place of the lowest number there is
                numbers.append((origin.place, [-math.inf, *map(_reached, known)]))
                first_of_numbers.append(first)
            else:
                others.append((feature, known, gap))
                first_of_others.append(first)
        now, buffer = source.now, source.buffer if others else None
        pick_level, pick_number = picker([place for place, _ in levels]), picker([place for place, _ in numbers])
        rows_of, thresholds = [rows for _, rows in levels], [known for _, known in numbers]

        def find() -> list[int]:
            values = now.values
            found = list(map(getitem, rows_of, pick_level(values)))
            found += map(bisect_left, thresholds, pick_number(values))
            if buffer is not None:
                features = buffer.tolist()
                found += [_interval(features[f], known, gap) for f, known, gap in others]
            return found

        return find, [0] * len(levels) + first_of_numbers + first_of_others

    def _fall(self, find: Callable[[], list[int]], first: list[int]) -> Callable[[], np.ndarray]:
        """Return the function that gives the place of the leaf of each tree among all leaves, in an array that it uses
        again."""
        tables, n_trees = self.tables, self.tables.shape[1]
        rows, firsts = np.zeros(len(first), dtype=np.intp), np.array(first, dtype=np.intp)
        pack, target = struct.Struct(f"={len(rows)}q").pack_into, rows.data.cast("B")
        gathered = np.empty((len(rows), n_trees), dtype=tables.dtype)
        kept, lowest = np.empty(n_trees, tables.dtype), np.empty(n_trees, tables.dtype)
        bits, shift, bias = (np.int32, 23, 127) if tables.dtype == np.uint32 else (np.int64, 52, 1023)
        power = np.empty(n_trees, np.float32 if tables.dtype == np.uint32 else np.float64)
        exponent, places = power.view(bits), np.empty(n_trees, np.intp)
        by, starts = np.full(n_trees, shift, bits), self.starts - bias  # a number would be made an array each time
        place = np.empty(n_trees, bits)

        def fall() -> np.ndarray:
            pack(target, 0, *find())
            np.add(rows, firsts, out=rows)
            tables.take(rows, axis=0, out=gathered, mode="clip")
            np.bitwise_and.reduce(gathered, axis=0, out=kept)
            np.bitwise_and(kept, np.negative(kept, out=lowest), out=lowest)
            # a power of two as a floating-point number has its logarithm as its exponent
            np.copyto(power, lowest, casting="unsafe")
            return np.add(np.right_shift(exponent, by, out=place), starts, out=places)

        return fall


def _reached(threshold: float) -> float:
    """Return the threshold for numbers that were not brought into the range of `Numbers`."""
    if threshold >= LARGEST:
        return math.inf
    return -math.inf if threshold < -LARGEST else threshold


def _interval(value: float, thresholds: list[float] | None, missing: int) -> int:
    """Return the row of a feature's table for a value: 1 and how many thresholds are below it, or its code."""
    if value != value:
        return missing
    if thresholds is not None:
        return bisect_left(thresholds, value) + 1
    code = int(value)
    return code if 0 <= code < missing else missing


def _trees(text: str) -> Iterator[dict[str, str]]:
    for block in text.split("\nTree=")[1:]:
        yield dict(line.split("=", 1) for line in block.split("\nend of trees")[0].split("\n") if "=" in line)


def _link(text: str) -> Callable[[list[float]], list[float]] | None:
    """Return what LightGBM makes of sums (src/objective/*.hpp, ``ConvertOutput``); None where it is not known here."""
    found = re.search(r"^objective=(.*)$", text, re.MULTILINE)
    objective = found[1].strip() if found else ""
    if objective in ("regression", "regression_l1"):
        return lambda sums: sums
    if objective == "binary sigmoid:1":
        return _logistic
    return _softmax if re.fullmatch(r"multiclass num_class:\d+", objective) else None


def _logistic(sums: list[float]) -> list[float]:
    try:
        return [1.0 / (1.0 + math.exp(-sums[0]))]
    except OverflowError:
        return [0.0]


def _softmax(sums: list[float]) -> list[float]:
    most, total = max(sums), 0.0
    powers = [math.exp(s - most) for s in sums]
    for power in powers:
        total += power
    return [power / total for power in powers]


def _read(number: int, tree: Mapping[str, str], features: dict[int, list[_Split]]) -> list[int] | None:
    """Note the splits of a tree by their feature; return its leaves from left to right. None: it has what is not
    handled here."""
    if "split_feature" not in tree:
        return [0]
    left, right, feature, kind = (
        list(map(int, tree[key].split())) for key in ("left_child", "right_child", "split_feature", "decision_type")
    )
    threshold = list(map(float, tree["threshold"].split()))
    order: list[int] = []
    below: dict[int, int] = {}  # bits of the leaves below a split
    waiting = [0]
    while waiting:
        node = waiting.pop()
        if node < 0:
            order.append(-1 - node)
        else:
            waiting += (right[node], left[node])
    place = {leaf: at for at, leaf in enumerate(order)}
    for node in range(len(left) - 1, -1, -1):  # children have higher numbers
        sides = [1 << place[-1 - c] if c < 0 else below[c] for c in (left[node], right[node])]
        below[node] = sides[0] | sides[1]
        missing, codes = kind[node] >> 2 & 3, None
        if kind[node] & _CATEGORICAL:
            codes = _codes(tree, int(threshold[node]))
            missing_left = False
        elif missing == _MISSING_NAN:
            missing_left = bool(kind[node] & _DEFAULT_LEFT)
        elif missing == _MISSING_NONE:
            missing_left = threshold[node] >= 0.0  # a missing value counts as 0
        else:
            return None
        features.setdefault(feature[node], []).append(_Split(number, threshold[node], missing_left, codes, sides[0]))
    return order


def _codes(tree: Mapping[str, str], number: int) -> frozenset[int]:
    bounds = list(map(int, tree["cat_boundaries"].split()))
    words = list(map(int, tree["cat_threshold"].split()))[bounds[number] : bounds[number + 1]]
    return frozenset(32 * i + bit for i, word in enumerate(words) for bit in range(32) if word >> bit & 1)


def _tables(
    features: dict[int, list[_Split]], n_trees: int, word: type
) -> tuple[np.ndarray, list[tuple[int, int, list[float] | None, int]]] | None:
    """Return the tables of all features and how they are searched; None where they are too large."""
    searches: list[tuple[int, int, list[float] | None, int]] = []
    parts: list[np.ndarray] = []
    first = 0
    full = word(np.iinfo(word).max)
    for feature, splits in sorted(features.items()):
        by_codes = {split.codes is not None for split in splits}
        if len(by_codes) > 1 or len(searches) >= MOST_FEATURES:
            return None
        thresholds = None if by_codes == {True} else sorted({_beyond_zero(split.threshold) for split in splits})
        n_rows = (max(max(s.codes or (0,)) for s in splits) + 2) if thresholds is None else len(thresholds) + 2
        if n_rows > MOST_CODES or (first + n_rows) * n_trees * np.dtype(word).itemsize > MOST_BYTES:
            return None
        table: np.ndarray = np.full((n_rows, n_trees), full, dtype=word)
        (_fill_codes if thresholds is None else _fill_intervals)(table, splits, thresholds or [])
        searches.append((feature, first, thresholds, n_rows - 1 if thresholds is None else 0))
        parts.append(table)
        first += n_rows
    return (np.concatenate(parts), searches) if parts else None


def _beyond_zero(threshold: float) -> float:
    """Return the threshold that does for a value what this one does for the value as LightGBM reads it."""
    if 0.0 <= threshold < _ZERO:
        return _ZERO
    return math.nextafter(-_ZERO, -math.inf) if -_ZERO <= threshold < 0.0 else threshold


def _fill_intervals(table: np.ndarray, splits: list[_Split], thresholds: list[float]) -> None:
    """Rows: the value is missing; no threshold is below it, one is, …, all are."""
    at = {threshold: place for place, threshold in enumerate(thresholds)}
    word = table.dtype.type
    for split in splits:
        table[at[_beyond_zero(split.threshold)] + 2, split.tree] &= ~word(split.left)
        if not split.missing_left:
            table[0, split.tree] &= ~word(split.left)
    np.bitwise_and.accumulate(table[1:], axis=0, out=table[1:])


def _fill_codes(table: np.ndarray, splits: list[_Split], thresholds: list[float]) -> None:
    """Rows: the codes from 0, and everything else, missing values too."""
    word = table.dtype.type
    for split in splits:
        absent = [code for code in range(len(table)) if code not in (split.codes or ())]
        table[absent, split.tree] &= ~word(split.left)
