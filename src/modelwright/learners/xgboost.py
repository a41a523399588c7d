"""XGBoost (Chen and Guestrin 2016): depth-wise gradient boosting on histograms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.learners.base import FitContext, Fitted, Growth
from modelwright.learners.family import (
    ANY_OBJECTIVE,
    FASTEST_RATE,
    SEVERAL_CLASSES,
    Family,
    MeasuredCard,
    Valid,
    raised,
    read_settings,
    rng_seed,
)
from modelwright.learners.rounds import Rounds, patience_for, stopping_loss
from modelwright.learners.spaces import Log, Uniform
from modelwright.runtime.scorers.forest import as_float32
from modelwright.runtime.scorers.lightgbm import columns_of
from modelwright.runtime.scorers.xgboost import XgboostScorer
from modelwright.runtime.view import View

__all__ = ["Xgboost", "XgboostSettings"]

ROUNDS_LIMIT = 4000
ROUNDS_USUAL = {True: 40.0, False: 15.0}
"""Rounds times learning rate after which early stopping usually ends a fit, for several classes or not."""

LEAF_BYTES, USUAL_LEAVES = 100, 64
"""Of its file for each leaf, and the most that trees usually have however deep they may grow."""

ROUNDS_UNWATCHED = 10.0
"""Rounds times learning rate when there are no validation rows."""

_METRICS = {"log_loss": {True: "logloss", False: "mlogloss"}, "mae": "mae", "rmse": "rmse"}


@dataclass(frozen=True, kw_only=True)
class XgboostSettings:
    """Settings under XGBoost's own names (https://xgboost.readthedocs.io/en/stable/parameter.html)."""

    learning_rate: float = 0.06
    max_depth: int = 6
    min_child_weight: float = 1.0
    subsample: float = 0.8
    colsample_bytree: float = 0.8
    reg_lambda: float = 1.0


class Xgboost(Family):
    """XGBoost."""

    space: ClassVar = {
        "learning_rate": Log(0.02, 0.1),
        "max_depth": Log(3, 10, whole=True),
        "min_child_weight": Log(0.1, 20.0),
        "subsample": Uniform(0.6, 1.0),
        "colsample_bytree": Uniform(0.5, 1.0),
        "reg_lambda": Log(0.1, 20.0),
    }
    """After TabArena's space of XGBoost (Erickson et al. 2025), with learning rates that budgets of minutes allow."""

    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="xgboost",
        title="XGBoost",
        view="trees",
        objectives=ANY_OBJECTIVE,
        max_rows=10_000_000,
        max_features=10_000,
        max_classes=100,
        stoppable=True,
        watches=True,
        chancy=True,
        weighs=True,
        source="Chen and Guestrin 2016; settings after TabRepo (Salinas and Erickson 2024) and Holzmüller et al. 2024",
        cost=lambda n, p, k: 0.03 + 350 * k * (2e-4 + 5e-9 * n * p),
        growth=Growth(
            round_bytes=lambda s, k: (
                LEAF_BYTES * min(USUAL_LEAVES, 2 ** s.get("max_depth", XgboostSettings.max_depth)) * (k if k > 2 else 1)
            ),
            usual_rounds=lambda s, k: ROUNDS_USUAL[k > 2] / s.get("learning_rate", XgboostSettings.learning_rate),
        ),
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the settings by size."""
        default = {"name": "default"}
        deep = {
            "name": "deep",
            "learning_rate": 0.03,
            "max_depth": 10,
            "min_child_weight": 0.6,
            "colsample_bytree": 0.7,
        }
        if n_classes > 2:
            return tuple(self.quicker(settings, SEVERAL_CLASSES) for settings in (default, deep))
        return (default, deep)

    def quicker(self, settings: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
        """Return the settings with a higher learning rate: as many times fewer rounds."""
        return raised(settings, "learning_rate", XgboostSettings.learning_rate, factor, FASTEST_RATE)

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        import xgboost

        chosen = read_settings(XgboostSettings, settings)
        assert self.card.growth is not None
        room = self.card.growth.room(settings, context.n_outputs, context.most_bytes if valid else None)
        rounds = Rounds(context.deadline, patience_for(chosen.learning_rate) if valid else None, room)

        class Watch(xgboost.callback.TrainingCallback):
            def after_iteration(self, model: Any, epoch: int, evals_log: dict) -> bool:
                losses = next(iter(evals_log["valid"].values())) if valid else [None]
                return rounds.stop(epoch + 1, losses[-1])

        train = xgboost.QuantileDMatrix(
            as_float32(view.matrix), label=y, weight=context.weights, nthread=context.threads
        )
        evals = []
        if valid:
            held = xgboost.QuantileDMatrix(
                as_float32(valid[0].matrix),
                label=valid[1],
                weight=context.valid_weights,
                ref=train,
                nthread=context.threads,
            )
            evals = [(held, "valid")]
        booster = xgboost.train(
            _parameters(chosen, context),
            train,
            num_boost_round=iterations or (ROUNDS_LIMIT if valid else round(ROUNDS_UNWATCHED / chosen.learning_rate)),
            evals=evals,
            callbacks=[Watch()],
            verbose_eval=False,
        )
        kept = max(rounds.best, 1)
        booster = booster[:kept] if kept < booster.num_boosted_rounds() else booster
        scorer = XgboostScorer(booster, context.n_classes)
        return Fitted(scorer, scorer, kept, rounds.note)

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        import xgboost

        rows = xgboost.DMatrix(as_float32(matrix), nthread=1)
        return columns_of(native.booster.predict(rows, validate_features=False), native.n_classes)


def _parameters(chosen: XgboostSettings, context: FitContext) -> dict[str, Any]:
    n_classes = context.n_classes
    loss = stopping_loss(context.metric, n_classes)
    metric = _METRICS[loss]
    objective = {"mae": "reg:absoluteerror", "rmse": "reg:squarederror"}.get(loss) or (
        "binary:logistic" if n_classes == 2 else "multi:softprob"
    )
    return {
        "objective": objective,
        "eval_metric": metric[n_classes == 2] if isinstance(metric, dict) else metric,
        **({"num_class": n_classes} if n_classes > 2 else {}),
        "tree_method": "hist",
        "learning_rate": chosen.learning_rate,
        "max_depth": chosen.max_depth,
        "min_child_weight": chosen.min_child_weight,
        "subsample": chosen.subsample,
        "colsample_bytree": chosen.colsample_bytree,
        "reg_lambda": chosen.reg_lambda,
        "seed": rng_seed(context.seed),
        "nthread": context.threads,
        "verbosity": 0,
    }
