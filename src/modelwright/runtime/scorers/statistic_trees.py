"""Trees over features and over statistics of categories: what CatBoost's models are, without CatBoost.

CatBoost replaces a category, or a combination of categories and of answers to "is this feature above that border?", by
a statistic of the training rows with the same combination (Prokhorenkova et al. 2018, section 3). Which combination a
row has is told by a hash; statistics are looked up by it. They become more features, and what is left is trees.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import msgspec
import numpy as np

from modelwright.runtime import storage
from modelwright.runtime.city import category_hash
from modelwright.runtime.scorers.checking import classes_in, finite, model_file, refuse, require, write_arrays
from modelwright.runtime.scorers.lightgbm import LightgbmScorer

__all__ = ["Combination", "StatisticTreesScorer"]

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

    def features(self) -> tuple[int, ...]:
        """Return the features read."""
        return (*self.categories, *(f for f, _, _ in self.above), *(f for f, _ in self.equal))

    def hash_of(self, row: Sequence[float]) -> int:
        """Return the hash of one row's combination."""
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


def _code(value: float) -> int:
    return -1 if value != value else int(value)


class StatisticTreesScorer:
    """Statistics of combinations, then trees.

    Parameters
    ----------
    trees : LightgbmScorer
        Over ``n_features`` features and, behind them, one per statistic.
    combinations : sequence of Combination
    keys : sequence of ndarray of uint64
        Hashes that training saw, per combination.
    of : sequence of int
        Number of the combination of each statistic.
    values : sequence of ndarray of float64, shape (n_keys + 1,)
        Per statistic, the value for each key of its combination and, last, for one that training did not see.
    n_features : int
    """

    scorer: ClassVar[str] = "statistic-trees"

    def __init__(
        self,
        trees: LightgbmScorer,
        combinations: Sequence[Combination],
        keys: Sequence[np.ndarray],
        of: Sequence[int],
        values: Sequence[np.ndarray],
        n_features: int,
    ) -> None:
        self.trees, self.n_classes, self.n_features = trees, trees.n_classes, n_features
        self.combinations, self.keys = tuple(combinations), tuple(keys)
        self.of, self.values = tuple(of), tuple(values)
        self._places = [{key: place for place, key in enumerate(own.tolist())} for own in self.keys]

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        more = np.empty((len(matrix), len(self.of)))
        places = [self._found(number, matrix) for number in range(len(self.combinations))]
        for j, (number, values) in enumerate(zip(self.of, self.values)):
            more[:, j] = values[places[number]]
        return self.trees.predict(np.hstack([matrix, more]), threads=threads)

    def _found(self, number: int, matrix: np.ndarray) -> np.ndarray:
        """Return for each row the place of its combination among the keys; each distinct combination is hashed once."""
        combination, known = self.combinations[number], self._places[number]
        parts = [np.nan_to_num(matrix[:, f], nan=-1.0) for f in combination.categories]
        for feature, border, missing in combination.above:
            column = matrix[:, feature]
            parts.append(np.where(np.isnan(column), missing, column.astype(np.float32) > np.float32(border)))
        parts += [np.nan_to_num(matrix[:, f], nan=-1.0) for f, _ in combination.equal]
        distinct, inverse = np.unique(np.column_stack(parts), axis=0, return_inverse=True)
        places = np.array([known.get(self._hash(combination, row), len(known)) for row in distinct.tolist()], np.intp)
        return places[inverse.reshape(-1)]

    @staticmethod
    def _hash(combination: Combination, parts: Sequence[float]) -> int:
        """Return the hash of a combination from its parts: codes, answers, codes."""
        found, n, m = 0, len(combination.categories), len(combination.above)
        for code in parts[:n]:
            found = _chained(found, category_hash(int(code)))
        for answer in parts[n : n + m]:
            found = _chained(found, int(answer))
        for code, (_, level) in zip(parts[n + m :], combination.equal):
            found = _chained(found, int(category_hash(int(code)) == level))
        return found

    def row(self, row: np.ndarray) -> Callable[[], list[float]]:
        whole = np.empty(len(row) + len(self.of))
        score = self.trees.row(whole)
        own, more = whole[: len(row)], whole[len(row) :]
        needed = sorted({f for c in self.combinations for f in c.features()})
        lookups = [(c.hash_of, places, len(places)) for c, places in zip(self.combinations, self._places)]
        tables = [(number, values.tolist()) for number, values in zip(self.of, self.values)]

        def one() -> list[float]:
            own[:] = row
            values = {f: row.item(f) for f in needed}
            found = [places.get(hash_of(values), absent) for hash_of, places, absent in lookups]  # type: ignore[arg-type]
            more[:] = [table[found[number]] for number, table in tables]
            return score()

        return one

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        trees = self.trees.save(folder, stem)
        name = f"{stem}.npz"
        arrays = {
            "keys": np.concatenate([*self.keys, np.empty(0, np.uint64)]).view(np.int64),
            "sizes": np.array([len(k) for k in self.keys], dtype=np.int64),
            "of": np.array(self.of, dtype=np.int64),
            "values": np.concatenate([*self.values, np.empty(0)]),
        }
        write_arrays(folder, name, arrays)
        return {
            "scorer": self.scorer,
            "files": [*trees["files"], name],
            "n_classes": self.n_classes,
            "rounds": trees["rounds"],
            "n_features": self.n_features,
            "combinations": msgspec.to_builtins(self.combinations),
        }

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> StatisticTreesScorer:
        n_classes, n_features, files = classes_in(settings), settings.get("n_features"), settings.get("files")
        if not isinstance(n_features, int) or isinstance(n_features, bool) or n_features < 1:
            refuse(f"it states {n_features!r} features")
        if not isinstance(files, list) or len(files) != 2:
            refuse("its description names no two files")
        combinations = _combinations(settings.get("combinations"), n_features)
        keys, of, values = _statistics({"files": files[1:]}, folder, len(combinations))
        trees = LightgbmScorer.load(
            {"files": files[:1], "n_classes": n_classes, "rounds": settings.get("rounds")}, folder
        )
        require(trees.n_features == n_features + len(of), "the trees do not fit the statistics")
        return cls(trees, combinations, keys, of, values, n_features)


def _combinations(stated: Any, n_features: int) -> tuple[Combination, ...]:
    try:
        found = msgspec.convert(stated, tuple[Combination, ...])
    except msgspec.ValidationError:
        refuse("its combinations are none")
    for combination in found:
        features = combination.features()
        require(features and all(0 <= f < n_features for f in features), "a combination reads what is no feature")
    return found


def _statistics(
    settings: Mapping[str, Any], folder: Path, n_combinations: int
) -> tuple[list[np.ndarray], list[int], list[np.ndarray]]:
    """Return keys per combination, the combination of each statistic, and its values, each checked."""
    arrays = storage.read_arrays(model_file(settings, folder))
    require(set(arrays) == {"keys", "sizes", "of", "values"}, "the statistics are incomplete")
    require(all(arrays[n].dtype == np.int64 and arrays[n].ndim == 1 for n in ("keys", "sizes", "of")), "keys are odd")
    require(arrays["values"].dtype == np.float64 and arrays["values"].ndim == 1, "the statistics are no numbers")
    sizes, of, values = arrays["sizes"], arrays["of"].tolist(), finite("values", arrays["values"])
    require(len(sizes) == n_combinations and (sizes >= 0).all(), "the keys do not fit the combinations")
    require(all(0 <= number < n_combinations for number in of), "a statistic is of no combination")
    require(sizes.sum() == len(arrays["keys"]), "the keys are incomplete")
    lengths = [int(sizes[number]) + 1 for number in of]
    require(sum(lengths) == len(values), "the statistics are incomplete")
    keys = np.split(arrays["keys"].view(np.uint64), np.cumsum(sizes)[:-1]) if n_combinations else []
    return keys, of, np.split(values, np.cumsum(lengths)[:-1]) if of else []
