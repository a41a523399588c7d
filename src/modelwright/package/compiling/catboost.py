"""CatBoost: its trees and its statistics of categories as plain arrays.

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

from modelwright.runtime.city import category_hash
from modelwright.runtime.scorer import Scorer
from modelwright.runtime.scorers.catboost import CatboostScorer
from modelwright.runtime.scorers.oblivious import DEEPEST, ObliviousScorer
from modelwright.runtime.statistics import Combination, Statistics

__all__ = ["compile_scorer"]

_EMPTY = str(2**64 - 1)  # marks places of its hash table that hold nothing
_ALL = (1 << 64) - 1
MOST_LEAVES = 4_000_000  # 32 MB
SEARCHED_CODES = 100_000  # among which the level of a one-hot split is looked for


def compile_scorer(scorer: CatboostScorer, n_features: int) -> Scorer | None:
    """Return the same model as arrays; None where it has what these have not, or is too large."""
    document = _document(scorer)
    # A tree in which no split paid is written with null for its splits.
    trees = [{**t, "splits": t["splits"] or ()} for t in document.get("oblivious_trees") or ()]
    depth = max((len(t["splits"]) for t in trees), default=0)
    if not trees or depth > DEEPEST or (len(trees) << depth) * max(scorer.n_classes, 1) > MOST_LEAVES:
        return None
    reader = _Reader(document["features_info"], scorer)
    if not reader.read_statistics(document.get("ctr_data", {}), _used(trees)):
        return None
    asked = np.zeros((len(trees), max(depth, 1)), dtype=np.int32)
    border = np.full(asked.shape, np.inf, dtype=np.float32)
    for number, tree in enumerate(trees):
        for place, split in enumerate(tree["splits"]):
            question = reader.question(split)
            if question is None:
                return None
            asked[number, place], border[number, place] = question
    scale, bias = document["scale_and_bias"]
    n_sums = scorer.n_classes if scorer.n_classes > 2 else 1
    return ObliviousScorer(
        asked=asked,
        border=border,
        leaves=scale * _leaves(trees, asked.shape[1], n_sums),
        bias=np.zeros(n_sums) + np.asarray(bias, dtype=np.float64),
        levels=tuple(reader.levels),
        upward=tuple(reader.numbers[f] for f, yes in reader.missing_is_yes.items() if yes),
        statistics=reader.statistics,
        n_features=n_features,
        n_classes=scorer.n_classes,
        exponential=scorer.exponential,
    )


def _leaves(trees: Sequence[Mapping[str, Any]], depth: int, n_sums: int) -> np.ndarray:
    """Return the leaves of all trees, shape ``(n_trees * 2 ** depth, n_sums)``; those of a tree that is less deep come
    first, the others are never reached."""
    table = np.zeros((len(trees), 1 << depth, n_sums))
    for number, tree in enumerate(trees):
        values = np.asarray(tree["leaf_values"], dtype=np.float64).reshape(-1, n_sums)
        table[number, : len(values)] = values
    return table.reshape(-1, n_sums)


def _document(scorer: CatboostScorer) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.json"
        scorer.model.save_model(str(path), format="json")
        return json.loads(path.read_text())


class _Reader:
    """Features of a model in the positions of the view."""

    def __init__(self, info: Mapping[str, Any], scorer: CatboostScorer) -> None:
        self.info = info
        self.categories = list(scorer.categorical)
        self.numbers = [f for f in range(scorer.n_features) if f not in set(scorer.categorical)]
        self.n_features = scorer.n_features
        self.levels: list[tuple[int, int]] = []
        self.statistics = Statistics()
        self._place: dict[int, int] = {}  # from the index of a split to the number of its statistic
        self.missing_is_yes = {
            f["feature_index"]: f["nan_value_treatment"] == "AsTrue" for f in info.get("float_features", [])
        }

    def question(self, split: Mapping[str, Any]) -> tuple[int, float] | None:
        """Return the feature that a split asks about, and the border; None where its level cannot be found."""
        kind = split["split_type"]
        if kind == "FloatFeature":
            return self.numbers[split["float_feature_index"]], split["border"]
        if kind == "OnlineCtr":
            return self.n_features + self._place[split["split_index"]], split["border"]
        if kind != "OneHotFeature":
            return None
        code = _code_of(split["value"])
        if code is None:
            return None
        level = (self.categories[split["cat_feature_index"]], code)
        if level not in self.levels:
            self.levels.append(level)
        return self.n_features + len(self.statistics) + self.levels.index(level), 0.5

    def read_statistics(self, tables: Mapping[str, Any], used: set[int]) -> bool:
        """Read the statistics that trees ask for in the splits of these indices; return whether all are known."""
        combinations: list[Combination] = []
        keys: list[np.ndarray] = []
        of: list[int] = []
        values: list[np.ndarray] = []
        known: dict[str, int] = {}
        first = self._first_index()
        for statistic in self.info.get("ctrs") or []:
            indices = range(first, first + len(statistic["borders"]))
            first = indices.stop
            if used.isdisjoint(indices):
                continue
            name = statistic["identifier"]
            combination, table = self._combination(statistic["elements"]), tables.get(name)
            if combination is None or table is None:
                return False
            own, counts = _table(table)
            found = _values(statistic, counts, table["counter_denominator"])
            if found is None:
                return False
            if name not in known:
                known[name] = len(combinations)
                combinations.append(combination)
                keys.append(own)
            self._place.update(dict.fromkeys(indices, len(of)))
            of.append(known[name])
            values.append(found)
        self.statistics = Statistics(combinations, keys, of, values)
        return True

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
    return (ratio + f(statistic["shift"])) * f(statistic["scale"])
