"""Extremely randomised trees (Geurts, Ernst and Wehenkel 2006)."""

from __future__ import annotations

from collections.abc import Mapping
from math import log2
from typing import Any, ClassVar

from modelwright.learners.family import ANY_OBJECTIVE, MeasuredCard
from modelwright.learners.forests import Forest

__all__ = ["ExtraTrees"]


class ExtraTrees(Forest):
    """scikit-learn's extra trees."""

    bootstrap: ClassVar[bool] = False
    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="extra_trees",
        title="Extra trees",
        view="trees",
        objectives=ANY_OBJECTIVE,
        max_rows=500_000,
        max_features=5_000,
        max_classes=200,
        stoppable=True,
        watches=False,
        weighs=True,
        source="Geurts, Ernst and Wehenkel 2006; number of trees and leaves after AutoGluon",
        cost=lambda n, p, k: 0.3 + 2e-6 * n * log2(n + 1) * p,
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the one setting: half of the features per split. Leaves are single rows, for classes as well: what an
        ensemble lacks is their sharpness, and it averages their poor probabilities away (ADR 10)."""
        return ({"name": "default", "max_features": 0.5},)

    def _estimator(self, n_classes: int) -> type:
        from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

        return ExtraTreesClassifier if n_classes else ExtraTreesRegressor
