"""Statistics of categories and of their combinations, as CatBoost makes features of them.

A category, or a combination of categories and of answers to "is this feature above that border?", is replaced by a
statistic of the training rows with the same combination (Prokhorenkova et al. 2018, section 3). Which combination a row
has is told by a hash; statistics are looked up by it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec
import numpy as np

from modelwright.runtime.city import category_hash
from modelwright.runtime.scorers.checking import finite, refuse, require

__all__ = ["Combination", "Statistics"]

MOST_LEVELS = 10**15  # more digits are not hashed, and stand for no level of a column that was ever read
_ALL = (1 << 64) - 1
_MULTIPLIER = 0x4906BA494954CB65  # of CatBoost's hash of combinations


@dataclass(frozen=True, kw_only=True)
class Combination:
    """What is combined.

    Attributes
    ----------
    categories : tuple of int
        Features with level codes.
    above : tuple of (int, float, bool)
        Is this feature (in single precision) above that border? And what counts where it is missing.
    equal : tuple of (int, int)
        Has this feature the level whose hash is that?
    """

    categories: tuple[int, ...] = ()
    above: tuple[tuple[int, float, bool], ...] = ()
    equal: tuple[tuple[int, int], ...] = ()

    @property
    def features(self) -> tuple[int, ...]:
        """The features read, in the order of `parts_of`."""
        return (*self.categories, *(f for f, _, _ in self.above), *(f for f, _ in self.equal))

    def parts_of(self, matrix: np.ndarray) -> np.ndarray:
        """Return codes and answers of rows, shape ``(n_rows, n_parts)``: what the hash is made of."""
        parts = [_codes(matrix[:, f]) for f in self.categories]
        for feature, border, missing in self.above:
            column = matrix[:, feature]
            parts.append(np.where(np.isnan(column), missing, column.astype(np.float32) > np.float32(border)))
        parts += [_codes(matrix[:, f]) for f, _ in self.equal]
        return np.column_stack(parts)

    def hash_of(self, parts: Sequence[float]) -> int:
        """Return the hash of one row of `parts_of`."""
        found, n, m = 0, len(self.categories), len(self.above)
        for code in parts[:n]:
            found = _chained(found, category_hash(int(code)))
        for answer in parts[n : n + m]:
            found = _chained(found, int(answer))
        for code, (_, level) in zip(parts[n + m :], self.equal):
            found = _chained(found, int(category_hash(int(code)) == level))
        return found

    def hash_of_row(self, row: Mapping[int, float]) -> int:
        """Return the hash of one row's combination, given its features by number."""
        found = 0
        for feature in self.categories:
            found = _chained(found, category_hash(_code(row[feature])))
        for feature, border, missing in self.above:
            value = row[feature]
            found = _chained(found, int(missing if value != value else float(np.float32(value)) > border))
        for feature, level in self.equal:
            found = _chained(found, int(category_hash(_code(row[feature])) == level))
        return found


def _chained(found: int, more: int) -> int:
    return _MULTIPLIER * (found + _MULTIPLIER * more) & _ALL


def _codes(column: np.ndarray) -> np.ndarray:
    """Return codes with -1 for what is none: a missing value, and what no level can have."""
    return np.where(np.abs(column) < MOST_LEVELS, column, -1.0)  # NaN is not below


def _code(value: float) -> int:
    return int(value) if abs(value) < MOST_LEVELS else -1


class Statistics:
    """Features made of combinations.

    Parameters
    ----------
    combinations : sequence of Combination
    keys : sequence of ndarray of uint64
        Hashes that training saw, per combination.
    of : sequence of int
        Number of the combination of each statistic.
    values : sequence of ndarray of float32, shape (n_keys + 1,)
        Per statistic, the value for each key of its combination and, last, for one that training did not see.
    """

    def __init__(
        self,
        combinations: Sequence[Combination] = (),
        keys: Sequence[np.ndarray] = (),
        of: Sequence[int] = (),
        values: Sequence[np.ndarray] = (),
    ) -> None:
        self.combinations, self.keys = tuple(combinations), tuple(keys)
        self.of, self.values = tuple(of), tuple(values)
        self._places = [{key: place for place, key in enumerate(own.tolist())} for own in self.keys]

    def __len__(self) -> int:
        return len(self.of)

    @property
    def features(self) -> tuple[int, ...]:
        """The features of the view that are read, each once."""
        return tuple(sorted({f for c in self.combinations for f in c.features}))

    def part(self, numbers: Sequence[int]) -> Statistics:
        """Return some of the statistics, with the combinations that they need."""
        of = [self.of[number] for number in numbers]
        needed = sorted(set(of))
        return Statistics(
            [self.combinations[n] for n in needed],
            [self.keys[n] for n in needed],
            [needed.index(n) for n in of],
            [self.values[number] for number in numbers],
        )

    def write(self, matrix: np.ndarray, out: np.ndarray) -> None:
        """Write the statistics of rows into ``out``, shape ``(n_rows, len(self))``; each distinct combination is
        hashed once."""
        places = []
        for combination, known in zip(self.combinations, self._places):
            distinct, inverse = np.unique(combination.parts_of(matrix), axis=0, return_inverse=True)
            found = [known.get(combination.hash_of(row), len(known)) for row in distinct.tolist()]
            places.append(np.array(found, dtype=np.intp)[inverse.reshape(-1)])
        for j, (number, values) in enumerate(zip(self.of, self.values)):
            out[:, j] = values[places[number]]

    def row(self, row: np.ndarray) -> Callable[[], list[float]]:
        """Return the function that gives the statistics of the row that ``row`` holds when it is called."""
        needed = self.features
        lookups = [(c.hash_of_row, places, len(places)) for c, places in zip(self.combinations, self._places)]
        tables = [(number, values.tolist()) for number, values in zip(self.of, self.values)]

        def one() -> list[float]:
            features = {f: row.item(f) for f in needed}
            found = [places.get(hash_of(features), absent) for hash_of, places, absent in lookups]
            return [table[found[number]] for number, table in tables]

        return one

    def arrays(self) -> dict[str, np.ndarray]:
        """Return keys and values as arrays that a version can keep."""
        return {
            "keys": np.concatenate([*self.keys, np.empty(0, np.uint64)]).view(np.int64),
            "sizes": np.array([len(k) for k in self.keys], dtype=np.int64),
            "of": np.array(self.of, dtype=np.int64),
            "statistics": np.concatenate([*self.values, np.empty(0, np.float32)]),
        }

    @classmethod
    def build(cls, combinations: Any, arrays: Mapping[str, np.ndarray], n_features: int) -> Statistics:
        """Make the statistics from their combinations (JSON values) and arrays, each checked.

        Raises
        ------
        BundleError
            They do not belong together, or a combination reads what is no feature.
        """
        try:
            known = msgspec.convert(combinations, tuple[Combination, ...])
        except msgspec.ValidationError:
            refuse("its combinations are none")
        for combination in known:
            read = combination.features
            require(read and all(0 <= f < n_features for f in read), "a combination reads what is no feature")
        sizes, of, values = arrays["sizes"], arrays["of"].tolist(), finite("statistics", arrays["statistics"])
        require(len(sizes) == len(known) and (sizes >= 0).all(), "the keys do not fit the combinations")
        require(all(0 <= number < len(known) for number in of), "a statistic is of no combination")
        require(int(sizes.sum()) == len(arrays["keys"]), "the keys are incomplete")
        lengths = [int(sizes[number]) + 1 for number in of]
        require(sum(lengths) == len(values), "the statistics are incomplete")
        keys = np.split(arrays["keys"].astype(np.int64).view(np.uint64), np.cumsum(sizes)[:-1]) if known else []
        return cls(known, keys, of, np.split(values, np.cumsum(lengths)[:-1]) if of else [])
