"""CatBoost (Prokhorenkova et al. 2018): oblivious trees and ordered statistics of native categories."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.learners.base import FitContext, Fitted, Growth
from modelwright.learners.family import ANY_OBJECTIVE, Family, MeasuredCard, Valid, raised, read_settings, rng_seed
from modelwright.learners.rounds import Rounds, patience_for, stopping_loss
from modelwright.learners.spaces import Choice, Log
from modelwright.learners.targets import AMOUNT
from modelwright.runtime.scorers.catboost import CatboostScorer, features_data
from modelwright.runtime.view import View

__all__ = ["Catboost", "CatboostSettings", "automatic_rate"]

ROUNDS_LIMIT = 2000
ROUNDS_USUAL = 600
"""At the automatic rate: what early stopping usually keeps of the 1000 that it is meant for."""

LEAF_BYTES, TREE_BYTES = 10, 600
"""Of its file for each leaf and class, and for each tree with what it needs of statistics of categories."""

ROUNDS_UNWATCHED = 1000
"""The library's default number of trees."""

COMBINING_ROWS = 20_000
"""Above this, statistics of combined categories cost minutes."""

RATE_BY_ROWS = {
    "Logloss": (0.247, -5.158),
    "MultiClass": (0.020, -2.364),
    "RMSE": (0.157, -4.062),
    "MAE": (0.157, -4.062),
}
"""ln(rate) = a · ln(rows) + b: what CatBoost 1.2 itself chooses for 1000 trees with the best of them kept."""

COMPOUND = {"name": "tweedie", "loss_function": "Tweedie:variance_power=1.5"}
"""The logarithm of the mean of an amount, see `modelwright.learners.lightgbm.COMPOUND`."""

FASTEST_FACTOR = 2.0
"""Of the automatic rate, which is tuned for 1000 trees: half as many are about the fewest that come near."""

ABSENT_WEIGHT = 0.01
"""Of the row that stands for a class that none has."""

_LOSSES = {"log_loss": {True: "Logloss", False: "MultiClass"}, "mae": "MAE", "rmse": "RMSE"}


@dataclass(frozen=True, kw_only=True)
class CatboostSettings:
    """Settings under CatBoost's own names (https://catboost.ai/docs/en/references/training-parameters/common).

    ``learning_rate`` None is CatBoost's automatic rate; it is computed here, because CatBoost's own depends on whether
    validation rows are there, and a refit without them would become another model. ``rate_factor`` multiplies it.
    ``loss_function`` is a Tweedie loss, for targets of 0 and more; empty: it follows the metric.
    ``max_ctr_complexity`` 1 leaves out combinations of categories: two to five times faster, no worse on most tables.
    """

    learning_rate: float | None = None
    rate_factor: float = 1.0
    depth: int = 6
    l2_leaf_reg: float = 3.0
    max_ctr_complexity: int = 1
    one_hot_max_size: int = 10
    loss_function: str = ""


def automatic_rate(loss: str, n_rows: int) -> float:
    """Return CatBoost's automatic learning rate for a loss and a number of rows."""
    slope, intercept = RATE_BY_ROWS[loss]
    return float(min(0.5, np.exp(slope * np.log(n_rows) + intercept)))


class Catboost(Family):
    """CatBoost."""

    space: ClassVar = {
        "rate_factor": Log(0.5, 1.5),
        "depth": Choice((4, 5, 6, 7, 8)),
        "l2_leaf_reg": Log(0.5, 20.0),
        "max_ctr_complexity": Choice((1, 1, 2)),
        "one_hot_max_size": Choice((2, 5, 10, 50)),
    }
    """After TabArena's space of CatBoost (Erickson et al. 2025), around its automatic learning rate."""

    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="catboost",
        title="CatBoost",
        view="native",
        objectives=ANY_OBJECTIVE,
        max_rows=5_000_000,
        max_features=5_000,
        max_classes=100,
        stoppable=True,
        watches=True,
        chancy=True,
        weighs=True,
        source="Prokhorenkova et al. 2018; the library's defaults, variants after TabRepo (Salinas and Erickson 2024)",
        cost=lambda n, p, k: 0.1 + 600 * (0.75 + k / 4) * (1e-3 + 3e-8 * n * p),
        growth=Growth(
            round_bytes=lambda s, k: (
                TREE_BYTES + LEAF_BYTES * 2 ** s.get("depth", CatboostSettings.depth) * (k if k > 2 else 1)
            ),
            usual_rounds=lambda s, _: ROUNDS_USUAL / s.get("rate_factor", CatboostSettings.rate_factor),
        ),
    )

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return the default, for amounts the same on the logarithm of their mean, the default with features made of
        two columns, the library's own default (which combines categories), and deeper trees."""
        default = {"name": "default"}
        crossed = {"name": "crossed", "view": "native_crossed"}
        combining = {"name": "combining", "max_ctr_complexity": 4, "one_hot_max_size": 2}
        deep = {"name": "deep", "depth": 8, "rate_factor": 0.7, "l2_leaf_reg": 2.8}
        own = ({**default, **COMPOUND},) if target == AMOUNT else ()
        return (default, *own, crossed, *((combining,) if n_rows < COMBINING_ROWS else ()), deep)

    def quicker(self, settings: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
        """Return the settings with a higher learning rate, within twice the automatic one."""
        return raised(settings, "rate_factor", CatboostSettings.rate_factor, factor, FASTEST_FACTOR)

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        from catboost import CatBoost, Pool

        chosen = read_settings(CatboostSettings, settings)
        n_classes = context.n_classes
        loss = {0: "RMSE", 2: "Logloss"}.get(n_classes, "MultiClass")
        if stopping_loss(context.metric, n_classes) == "mae":
            loss = "MAE"
        log_link = bool(chosen.loss_function) and float(y.min()) >= 0.0
        unit = float(y.mean()) if log_link else 1.0  # of about 1: what the library's penalty is compared with
        rate = chosen.learning_rate or chosen.rate_factor * automatic_rate(loss, len(view))
        assert self.card.growth is not None
        room = self.card.growth.room(settings, context.n_outputs, context.most_bytes if valid else None)
        rounds = Rounds(context.deadline, patience_for(rate) if valid else None, room)

        class Watch:
            def after_iteration(self, info: Any) -> bool:
                losses = next(iter(info.metrics["validation"].values())) if valid else [None]
                return not rounds.stop(info.iteration, losses[-1])

        model = CatBoost(
            {
                **_parameters(chosen, loss, context),
                **_log_link(chosen, log_link=log_link),
                "learning_rate": rate,
                "iterations": iterations or (ROUNDS_LIMIT if valid else ROUNDS_UNWATCHED),
            }
        )
        label = y.astype(np.int64) if n_classes else y / unit
        held = None
        if valid:
            held_label = valid[1].astype(np.int64) if n_classes else valid[1] / unit
            held = Pool(
                features_data(valid[0].matrix, view.categorical), label=held_label, weight=context.valid_weights
            )
        pool = Pool(**_with_every_class(view, label, n_classes, context.weights))
        _fit_silently(model, pool, eval_set=held, use_best_model=valid is not None, callbacks=[Watch()])
        if log_link:
            scale, bias = model.get_scale_and_bias()
            model.set_scale_and_bias(scale, bias + math.log(unit))
        scorer = CatboostScorer(model, view.categorical, view.matrix.shape[1], n_classes, exponential=log_link)
        return Fitted(scorer, scorer, int(model.tree_count_), rounds.note)

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        from catboost import Pool

        pool = Pool(features_data(matrix, native.categorical))
        return native.model.predict(pool, prediction_type=native.kind).reshape(len(matrix), -1)


def _with_every_class(view: View, label: np.ndarray, n_classes: int, weights: np.ndarray | None) -> dict[str, Any]:
    """Return data, label and weight of a pool in which no class is missing.

    The library has no sum for a class that no row has, which nothing that reads its files expects: a row of next to no
    weight stands for it.
    """
    absent = np.setdiff1d(np.arange(n_classes), label) if n_classes > 2 else np.empty(0, np.int64)
    matrix, weight = view.matrix, weights
    if len(absent):
        matrix = np.concatenate([matrix, np.repeat(matrix[:1], len(absent), axis=0)])
        label = np.concatenate([label, absent])
        weight = np.concatenate(
            [np.ones(len(view)) if weights is None else weights, np.full(len(absent), ABSENT_WEIGHT)]
        )
    return {"data": features_data(matrix, view.categorical), "label": label, "weight": weight}


def _fit_silently(model: Any, pool: Any, **options: Any) -> None:
    """Fit without a word: "Silent" leaves the warnings of the library's core, which a fold without a class raises.

    The library takes streams from one thread at a time. Where another thread has set its own, those serve both.
    """
    from catboost import CatBoostError

    try:
        model.fit(pool, **options, log_cout=_say_nothing, log_cerr=_say_nothing)
    except CatBoostError as error:
        if "custom loggers" not in str(error):
            raise
        model.fit(pool, **options)


def _say_nothing(text: str) -> None:
    """Take what the library would print."""


def _log_link(chosen: CatboostSettings, *, log_link: bool) -> dict[str, Any]:
    if not log_link:
        return {}
    return {"loss_function": chosen.loss_function, "eval_metric": f"{chosen.loss_function};hints=skip_train~true"}


def _parameters(chosen: CatboostSettings, loss: str, context: FitContext) -> dict[str, Any]:
    metric = _LOSSES[stopping_loss(context.metric, context.n_classes)]
    metric = metric[context.n_classes == 2] if isinstance(metric, dict) else metric
    return {
        "loss_function": loss,
        "eval_metric": f"{metric}:hints=skip_train~true",
        **({"classes_count": context.n_classes} if context.n_classes > 2 else {}),
        "depth": chosen.depth,
        "l2_leaf_reg": chosen.l2_leaf_reg,
        "max_ctr_complexity": chosen.max_ctr_complexity,
        "one_hot_max_size": chosen.one_hot_max_size,
        "random_seed": rng_seed(context.seed),
        "thread_count": context.threads,
        "logging_level": "Silent",
        "allow_writing_files": False,
    }
