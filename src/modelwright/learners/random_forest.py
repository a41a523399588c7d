"""Random forest (Breiman 2001)."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Any, ClassVar

from modelwright.learners.family import ANY_OBJECTIVE, MeasuredCard
from modelwright.learners.forests import TREE_ROWS, Forest

__all__ = ["RandomForest"]


class RandomForest(Forest):
    """scikit-learn's random forest."""

    bootstrap: ClassVar[bool] = True
    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="random_forest",
        title="Random forest",
        view="trees",
        objectives=ANY_OBJECTIVE,
        max_rows=500_000,
        max_features=5_000,
        max_classes=200,
        stoppable=True,
        watches=False,
        weighs=True,
        source="Breiman 2001; number of trees and leaves after AutoGluon, features per split after Breiman",
        cost=lambda n, p, k: 0.3 + 2.5e-6 * min(n, TREE_ROWS) * log2(n + 1) * p + 1e-5 * n,
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the one setting: features per split after Breiman, leaves of single rows (ADR 10)."""
        return ({"name": "default", "max_features": "sqrt" if n_classes else 0.33},)

    def _estimator(self, n_classes: int) -> type:
        from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor

        return RandomForestClassifier if n_classes else RandomForestRegressor
