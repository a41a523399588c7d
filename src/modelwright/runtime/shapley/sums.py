"""Exact Shapley values of a linear model: a feature of one column adds what it adds, one of several is shared."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial

import numpy as np

from modelwright.runtime.scorers.linear import LinearScorer
from modelwright.runtime.shapley.mixed import Mixed, groups_of
from modelwright.runtime.shapley.trees import MOST_TOGETHER
from modelwright.runtime.views import ViewPlan

__all__ = ["LinearEffects", "weights_of"]


def weights_of(k: int) -> np.ndarray:
    """Return by how much each combination of k columns counts for each of them, shape ``(k, 2 ** k)``: the Shapley
    value of column i is the sum of ``weights[i] * value``."""
    weights = np.zeros((k, 1 << k))
    for c in range(1 << k):
        n = c.bit_count()
        for i in range(k):
            if c >> i & 1:
                weights[i, c] = factorial(n - 1) * factorial(k - n) / factorial(k)
            else:
                weights[i, c] = -factorial(n) * factorial(k - n - 1) / factorial(k)
    return weights


class LinearEffects:
    """Explains a linear model; parameters and attributes as of `trees.TreeEffects`."""

    def __init__(self, scorer: LinearScorer, view: ViewPlan, columns: Sequence[str]) -> None:
        self.link = "probability" if scorer.n_classes else "identity"
        self._scorer, self._n_columns = scorer, len(columns)
        self.cells = scorer.coef.size
        by_feature = groups_of(view, [(f,) for f in range(len(view.names))])
        self.groups = frozenset(by_feature)
        self.possible = max(map(len, self.groups), default=0) <= MOST_TOGETHER
        place = {name: i for i, name in enumerate(columns)}
        self._by_group = {
            g: (np.flatnonzero([own == g for own in by_feature]), [place[name] for name in g]) for g in self.groups
        }

    def effects(self, mixed: Mixed) -> np.ndarray:
        """Return the effects on each logit or value, float64 of shape ``(n_rows, n_columns, n_sums)``."""
        scaling, coef = self._scorer.scaling, self._scorer.coef
        found = np.zeros((mixed.rows, self._n_columns, coef.shape[1]))
        scaled = {id(m): scaling(m) for m in (mixed.own, mixed.base)}
        for group, (features, places) in self._by_group.items():
            weights = weights_of(len(group))
            for c in range(1 << len(group)):
                matrix = mixed.of(group, c)
                known = scaled.get(id(matrix))
                part = (scaling(matrix) if known is None else known)[:, features]
                sums = (part[:, :, None] * coef[features]).sum(axis=1)
                for i, at in enumerate(places):
                    found[:, at] += weights[i, c] * sums
        return found

    def sums(self, matrix: np.ndarray) -> np.ndarray:
        """Return the logits or values of rows of the view, shape ``(n_rows, n_sums)``."""
        found: np.ndarray = self._scorer.scaling(matrix) @ self._scorer.coef + self._scorer.intercept
        return found
