"""CatBoost: oblivious trees become ordinary ones, its statistics of categories become features.

From its JSON (``save_model(format="json")``); how statistics are computed follows its own appliers
(catboost/libs/model/ctr_value_table.cpp and model_export in its repository).
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.package.compiling.trees import MOST_NODES, Tree, at_most, model_text
from modelwright.runtime.city import category_hash
from modelwright.runtime.scorer import Scorer
from modelwright.runtime.scorers.catboost import CatboostScorer
from modelwright.runtime.scorers.lightgbm import LightgbmScorer
from modelwright.runtime.scorers.statistic_trees import Combination, StatisticTreesScorer

__all__ = ["compile_scorer"]

_EMPTY = str(2**64 - 1)  # marks places of its hash table that hold nothing
_ALL = (1 << 64) - 1
SEARCHED_CODES = 100_000  # among which the level of a one-hot split is looked for


def compile_scorer(scorer: CatboostScorer, n_features: int) -> Scorer | None:
    """Return the same model for the tree engine; None where it has what the engine has not, or is too large."""
    document = _document(scorer)
    trees = document.get("oblivious_trees")
    per_round = scorer.n_classes if scorer.n_classes > 2 else 1
    if not trees or sum(2 * len(t["leaf_values"]) for t in trees) * per_round // max(per_round, 1) > MOST_NODES:
        return None
    reader = _Reader(document["features_info"], scorer)
    statistics = reader.statistics(document.get("ctr_data", {}), _used(trees))
    if statistics is None:
        return None
    converted: list[Tree] = []
    scale, bias = document["scale_and_bias"]
    offsets = np.zeros(per_round) + np.asarray(bias, dtype=np.float64)
    for number, tree in enumerate(trees):
        splits = [reader.split(split, statistics.place) for split in tree["splits"]]
        if any(split is None for split in splits):
            return None
        values = scale * np.asarray(tree["leaf_values"], dtype=np.float64).reshape(-1, per_round)
        if number == 0:
            values = values + offsets
        converted += [_oblivious(splits, values[:, k]) for k in range(per_round)]  # type: ignore[arg-type]
    link = {0: "regression", 2: "binary sigmoid:1"}.get(scorer.n_classes, f"multiclass num_class:{per_round}")
    width = n_features + len(statistics.of)
    text = model_text(converted, n_features=width, per_round=per_round, objective=link)
    engine = LightgbmScorer(text, scorer.n_classes)
    if not statistics.of:
        return engine
    return StatisticTreesScorer(
        engine, statistics.combinations, statistics.keys, statistics.of, statistics.values, n_features
    )


def _document(scorer: CatboostScorer) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        scorer.model.save_model(str(path), format="json")
        return json.loads(path.read_text())


_Split = tuple[int, float, bool, tuple[int, ...] | None]
"""Feature, threshold, where missing goes (right is "yes"), codes that are "yes"."""


def _oblivious(splits: Sequence[_Split], values: np.ndarray) -> Tree:
    """Return the tree in which every node of a level asks the same; bit i of a leaf is the answer to split i."""
    depth = len(splits)
    n_splits = (1 << depth) - 1
    level = np.array([(n + 1).bit_length() - 1 for n in range(n_splits)], dtype=np.int64)
    asked = depth - 1 - level  # the root asks for the highest bit, so that leaves are in order
    first, second = 2 * np.arange(n_splits) + 1, 2 * np.arange(n_splits) + 2
    no = np.where(first < n_splits, first, -1 - (first - n_splits))
    yes = np.where(second < n_splits, second, -1 - (second - n_splits))
    by_codes = np.array([splits[a][3] is not None for a in asked.tolist()], dtype=bool)
    return Tree(
        feature=np.array([splits[a][0] for a in asked.tolist()], dtype=np.int64),
        threshold=np.array([splits[a][1] for a in asked.tolist()]),
        default_left=np.array([not splits[a][2] for a in asked.tolist()], dtype=bool),
        left=np.where(by_codes, yes, no),  # codes of the set go left
        right=np.where(by_codes, no, yes),
        value=values,
        categories=[splits[a][3] for a in asked.tolist()] if by_codes.any() else (),
    )


class _Statistics:
    """Combinations, their keys, and the statistics over them."""

    def __init__(self) -> None:
        self.combinations: list[Combination] = []
        self.keys: list[np.ndarray] = []
        self.of: list[int] = []
        self.values: list[np.ndarray] = []
        self.place: dict[int, int] = {}  # from the index of a split to the feature


class _Reader:
    """Features of a model in the positions of the view."""

    def __init__(self, info: Mapping[str, Any], scorer: CatboostScorer) -> None:
        self.info = info
        self.categories = list(scorer.categorical)
        self.numbers = [f for f in range(scorer.n_features) if f not in set(scorer.categorical)]
        self.n_features = scorer.n_features
        self.missing_is_yes = {
            f["feature_index"]: f["nan_value_treatment"] == "AsTrue" for f in info.get("float_features", [])
        }

    def split(self, split: Mapping[str, Any], place: Mapping[int, int]) -> _Split | None:
        """Return a split of a tree; None where its level cannot be found."""
        kind = split["split_type"]
        if kind == "FloatFeature":
            number = split["float_feature_index"]
            return self.numbers[number], _threshold(split["border"]), self.missing_is_yes.get(number, False), None
        if kind == "OnlineCtr":
            return self.n_features + place[split["split_index"]], _threshold(split["border"]), False, None
        if kind == "OneHotFeature":
            code = _code_of(split["value"])
            feature = self.categories[split["cat_feature_index"]]
            return None if code is None else (feature, 0.0, False, (code,))
        return None

    def statistics(self, tables: Mapping[str, Any], used: set[int]) -> _Statistics | None:
        """Return the statistics that trees ask for; ``used`` are the indices of their splits."""
        found = _Statistics()
        known: dict[str, int] = {}
        first = self._first_index()
        for statistic in self.info.get("ctrs") or []:
            indices = range(first, first + len(statistic["borders"]))
            first = indices.stop
            if used.isdisjoint(indices):
                continue
            combination, table = self._combination(statistic["elements"]), tables.get(statistic["identifier"])
            if combination is None or table is None:
                return None
            keys, counts = _table(table)
            name = statistic["identifier"]
            if name not in known:
                known[name] = len(found.combinations)
                found.combinations.append(combination)
                found.keys.append(keys)
            values = _values(statistic, counts, table["counter_denominator"])
            if values is None:
                return None
            found.place.update(dict.fromkeys(indices, len(found.of)))
            found.of.append(known[name])
            found.values.append(values)
        return found

    def _first_index(self) -> int:
        """Return the index of the first split on a statistic: those on numbers and single levels come before."""
        numbers = sum(len(f.get("borders") or ()) for f in self.info.get("float_features", []))
        return numbers + sum(len(f.get("values") or ()) for f in self.info.get("categorical_features", []))

    def _combination(self, elements: Sequence[Mapping[str, Any]]) -> Combination | None:
        categories, above, equal = [], [], []
        for element in elements:
            kind = element["combination_element"]
            if kind == "cat_feature_value":
                categories.append(self.categories[element["cat_feature_index"]])
            elif kind == "float_feature":
                number = element["float_feature_index"]
                border = float(np.float32(element["border"]))
                above.append((self.numbers[number], border, self.missing_is_yes.get(number, False)))
            elif kind == "cat_feature_exact_value":
                level = element["value"] & _ALL
                equal.append((self.categories[element["cat_feature_index"]], level))
            else:
                return None
        return Combination(categories=tuple(categories), above=tuple(above), equal=tuple(equal))


def _used(trees: Sequence[Mapping[str, Any]]) -> set[int]:
    return {s["split_index"] for t in trees for s in t["splits"] if s["split_type"] == "OnlineCtr"}


def _threshold(border: float) -> float:
    return float(at_most(np.array([border], dtype=np.float32))[0])


def _code_of(value: int) -> int | None:
    wanted = value & _ALL
    return next((code for code in range(SEARCHED_CODES) if category_hash(code) == wanted), None)


def _table(table: Mapping[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Return the keys that hold something, and their counts, shape (n_keys, stride - 1)."""
    stride, flat = table["hash_stride"], table["hash_map"]
    rows = {flat[i]: flat[i + 1 : i + stride] for i in range(0, len(flat), stride) if flat[i] != _EMPTY}
    keys = np.array([int(key) for key in rows], dtype=np.uint64)
    return keys, np.array(list(rows.values()), dtype=np.float64).reshape(len(keys), stride - 1)


def _values(statistic: Mapping[str, Any], counts: np.ndarray, denominator: float) -> np.ndarray | None:
    """Return the statistic of each key, and of one that training did not see, in CatBoost's single precision."""
    kind, border = statistic["ctr_type"], statistic["target_border_idx"]
    if kind in ("Counter", "FeatureFreq"):
        part, total = counts[:, 0], np.full(len(counts), float(denominator))
        unseen = (0.0, float(denominator))
    elif kind == "Borders":
        part, total = counts[:, border + 1 :].sum(axis=1), counts.sum(axis=1)
        unseen = (0.0, 0.0)
    elif kind == "Buckets":
        part, total = counts[:, border], counts.sum(axis=1)
        unseen = (0.0, 0.0)
    elif kind in ("BinarizedTargetMeanValue", "FloatTargetMeanValue"):
        part, total = counts[:, 0], counts[:, 1]
        unseen = (0.0, 0.0)
    else:
        return None
    f = np.float32
    part32, total32 = np.append(part, unseen[0]).astype(f), np.append(total, unseen[1]).astype(f)
    ratio = (part32 + f(statistic["prior_numerator"])) / (total32 + f(statistic["prior_denomerator"]))
    return ((ratio + f(statistic["shift"])) * f(statistic["scale"])).astype(np.float64)
