"""LightGBM (Ke et al. 2017): leaf-wise gradient boosting on histograms, with categorical splits."""

from __future__ import annotations

import math
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
from modelwright.learners.spaces import Choice, Log, Uniform
from modelwright.learners.targets import AMOUNT
from modelwright.runtime.scorers.lightgbm import LightgbmScorer, columns_of
from modelwright.runtime.view import View

__all__ = ["Lightgbm", "LightgbmSettings"]

ROUNDS_LIMIT = 4000
ROUNDS_USUAL = {True: 40.0, False: 15.0}
"""Rounds times learning rate after which early stopping usually ends a fit, for several classes or not: 300 at 0.05, as
its costs assume. For classes it is 80 (cover types) to 1500 (digits) at 0.1."""

ROUNDS_UNWATCHED = 10.0
"""Rounds times learning rate when there are no validation rows: 200 at 0.05, twice the default at half its rate."""

LEAF_BYTES = 110
"""Of its text, for each leaf with the split above it: 95 to 116 on a dozen models."""

SMALL_ROWS = 10_000
"""Below this, fewer leaves, fewer features per tree and more shrinkage: 0.5 to 6 % less loss on sets of 600 to 5,000
rows against the library's defaults."""

RANDOMISED = {
    "name": "randomised",
    "extra_trees": True,
    "feature_fraction": 0.7,
    "num_leaves": 53,
    "min_data_in_leaf": 14,
}
"""Thresholds drawn at random, as AutoGluon's "LightGBMXT"; sizes after TabRepo's configuration r131."""

CROSSED = {"name": "crossed", "view": "crossed"}
"""With features made of two columns, as AutoGluon's "LightGBMPrep"; see `modelwright.features.generated`."""

COMPOUND = {"name": "tweedie", "objective": "tweedie"}
"""The logarithm of the mean of an amount, whose variance grows with the mean to the power of 1.5: between counts and
prices (Jørgensen 1987; Yang, Qian and Zou 2018 for boosted trees)."""

SMALL: tuple[dict[str, Any], ...] = (
    {"name": "default", "num_leaves": 15, "feature_fraction": 0.5, "lambda_l2": 5.0},
    {**CROSSED, "num_leaves": 15, "feature_fraction": 0.5, "lambda_l2": 5.0},
    RANDOMISED,
    {"name": "leafy", "learning_rate": 0.04, "feature_fraction": 0.6, "lambda_l2": 3.0},
    {"name": "shallow", "learning_rate": 0.03, "num_leaves": 7, "min_data_in_leaf": 40, "cat_smooth": 40.0},
)
LARGE: tuple[dict[str, Any], ...] = (
    {"name": "default", "feature_fraction": 0.6, "lambda_l2": 3.0},
    {**CROSSED, "feature_fraction": 0.6, "lambda_l2": 3.0},
    {"name": "large", "learning_rate": 0.03, "num_leaves": 128, "feature_fraction": 0.9, "min_data_in_leaf": 3},
    RANDOMISED,
    {"name": "sampled", "learning_rate": 0.04, "num_leaves": 50, "bagging_fraction": 0.75, "min_data_in_leaf": 40},
)
"""``large`` is AutoGluon's "GBMLarge", ``sampled`` is close to the tuned default of Holzmüller et al. 2024."""

LOG_LINKS = frozenset({"tweedie"})
"""Objectives that fit the logarithm of the mean of values of 0 and more."""

_METRICS = {"log_loss": {True: "binary_logloss", False: "multi_logloss"}, "mae": "l1", "rmse": "rmse"}


@dataclass(frozen=True, kw_only=True)
class LightgbmSettings:
    """Settings under LightGBM's own names (https://lightgbm.readthedocs.io/en/stable/Parameters.html).

    ``objective`` is one of `LOG_LINKS`, for targets of 0 and more; empty: it follows the metric.
    """

    learning_rate: float = 0.05
    num_leaves: int = 31
    min_data_in_leaf: int = 20
    feature_fraction: float = 1.0
    bagging_fraction: float = 1.0
    lambda_l2: float = 0.0
    extra_trees: bool = False
    cat_smooth: float = 10.0
    objective: str = ""


class Lightgbm(Family):
    """LightGBM."""

    space: ClassVar = {
        "learning_rate": Log(0.02, 0.1),
        "num_leaves": Log(6, 200, whole=True),
        "min_data_in_leaf": Log(1, 64, whole=True),
        "feature_fraction": Uniform(0.4, 1.0),
        "bagging_fraction": Uniform(0.7, 1.0),
        "lambda_l2": Log(0.1, 20.0),
        "extra_trees": Choice((False, False, True)),
        "cat_smooth": Log(1.0, 100.0),
    }
    """After TabArena's space of LightGBM (Erickson et al. 2025), with learning rates that budgets of minutes allow."""

    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="lightgbm",
        title="LightGBM",
        view="trees",
        objectives=ANY_OBJECTIVE,
        max_rows=20_000_000,
        max_features=20_000,
        max_classes=200,
        stoppable=True,
        watches=True,
        chancy=True,
        weighs=True,
        source="Ke et al. 2017; settings after AutoGluon's tabular portfolio (TabRepo, Salinas and Erickson 2024)",
        cost=lambda n, p, k: 0.03 + 300 * k * (1.5e-4 + 5e-9 * n * p),
        growth=Growth(
            round_bytes=lambda s, k: (
                LEAF_BYTES * s.get("num_leaves", LightgbmSettings.num_leaves) * (k if k > 2 else 1)
            ),
            usual_rounds=lambda s, k: ROUNDS_USUAL[k > 2] / s.get("learning_rate", LightgbmSettings.learning_rate),
        ),
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the settings by size, the default first; the others are chosen to differ from it and each other."""
        default, *others = SMALL if n_rows < SMALL_ROWS else LARGE
        own = ({**default, **COMPOUND},) if target == AMOUNT else ()
        if n_classes > 2:
            return tuple(self.quicker(settings, SEVERAL_CLASSES) for settings in (default, *others))
        return (default, *own, *others)

    def quicker(self, settings: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
        """Return the settings with a higher learning rate: as many times fewer rounds."""
        return raised(settings, "learning_rate", LightgbmSettings.learning_rate, factor, FASTEST_RATE)

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        import lightgbm

        chosen = read_settings(LightgbmSettings, settings)
        log_link = chosen.objective in LOG_LINKS and float(y.min()) >= 0.0
        # of about 1, as the library's limits and penalties expect where a row's second derivative follows its value
        unit = float(y.mean()) if log_link else 1.0
        parameters = _parameters(chosen, view, context, log_link=log_link)
        data: dict[str, Any] = {
            "params": parameters,
            "categorical_feature": list(view.categorical),
            "free_raw_data": True,
        }
        train = lightgbm.Dataset(view.matrix, label=y / unit, weight=context.weights, **data)
        assert self.card.growth is not None
        room = self.card.growth.room(settings, context.n_outputs, context.most_bytes if valid else None)
        rounds = Rounds(context.deadline, patience_for(chosen.learning_rate) if valid else None, room)

        def after_round(state: Any) -> None:
            loss = state.evaluation_result_list[0][2] if valid else None
            if rounds.stop(state.iteration + 1, loss):
                raise lightgbm.callback.EarlyStopException(state.iteration, [])

        booster = lightgbm.train(
            parameters,
            train,
            num_boost_round=iterations or (ROUNDS_LIMIT if valid else round(ROUNDS_UNWATCHED / chosen.learning_rate)),
            valid_sets=[
                lightgbm.Dataset(
                    valid[0].matrix, label=valid[1] / unit, weight=context.valid_weights, reference=train, **data
                )
            ]
            if valid
            else None,
            callbacks=[after_round],
            keep_training_booster=True,
        )
        booster.free_dataset()
        kept = min(max(rounds.best, 1), booster.current_iteration())
        if log_link:
            _multiply(booster, unit)
        text = booster.model_to_string(num_iteration=kept)
        return Fitted(LightgbmScorer(text, context.n_classes), (booster, kept, context.n_classes), kept, rounds.note)

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        booster, kept, n_classes = native
        return columns_of(booster.predict(matrix, num_iteration=kept), n_classes)


def _parameters(chosen: LightgbmSettings, view: View, context: FitContext, *, log_link: bool) -> dict[str, Any]:
    n_classes = context.n_classes
    loss = stopping_loss(context.metric, n_classes)
    metric = _METRICS[loss]
    objective = {"mae": "regression_l1", "rmse": "regression"}.get(loss) or (
        "binary" if n_classes == 2 else "multiclass"
    )
    return {
        "objective": objective,
        "metric": metric[n_classes == 2] if isinstance(metric, dict) else metric,
        **({"num_class": n_classes} if n_classes > 2 else {}),
        "learning_rate": chosen.learning_rate,
        "num_leaves": chosen.num_leaves,
        # a leaf of 20 of 60 rows would leave nothing to split
        "min_data_in_leaf": max(1, min(chosen.min_data_in_leaf, len(view) // 20)),
        "feature_fraction": chosen.feature_fraction,
        "bagging_fraction": chosen.bagging_fraction,
        "bagging_freq": int(chosen.bagging_fraction < 1.0),
        "lambda_l2": chosen.lambda_l2,
        "extra_trees": chosen.extra_trees,
        "cat_smooth": chosen.cat_smooth,
        "feature_pre_filter": False,
        "seed": rng_seed(context.seed),
        "deterministic": True,
        "force_col_wise": True,
        "num_threads": context.threads,
        "verbosity": -1,
        **({"objective": chosen.objective, "metric": chosen.objective} if log_link else {}),
    }


def _multiply(booster: Any, factor: float) -> None:
    """Multiply what a model of the logarithm of the mean predicts, by leaves of its first tree: each row is in one."""
    for leaf in range(booster.dump_model(num_iteration=1)["tree_info"][0]["num_leaves"]):
        booster.set_leaf_output(0, leaf, booster.get_leaf_output(0, leaf) + math.log(factor))
