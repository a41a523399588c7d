"""A small multi-layer perceptron (scikit-learn's, Adam), with the scaling of RealMLP and averaged weights."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from modelwright.learners.base import FitContext, Fitted
from modelwright.learners.family import ANY_OBJECTIVE, Family, MeasuredCard, Valid, read_settings, rng_seed
from modelwright.learners.rounds import Rounds, stopping_loss
from modelwright.runtime.scorers.mlp import MlpScorer
from modelwright.runtime.scorers.scaling import Scaling, robust_scaling
from modelwright.runtime.view import View

__all__ = ["Mlp", "MlpSettings"]

EPOCHS_LIMIT, EPOCHS_UNWATCHED, PATIENCE = 150, 40, 12

AVERAGING = 0.8
"""Weight of the past in the running mean of the weights over epochs (Polyak and Juditsky 1992; as an exponential mean
in Morales-Brotons et al. 2024): it does what a decaying learning rate would, without knowing when training will end."""

BATCH = 256
SMALLEST_BATCHES = 8
"""A table of few rows still gets so many steps an epoch."""


@dataclass(frozen=True, kw_only=True)
class MlpSettings:
    """Settings under scikit-learn's own names."""

    hidden_layer_sizes: tuple[int, ...] | list[int] = (128, 64)
    learning_rate_init: float = 5e-4
    alpha: float = 0.1


@dataclass(frozen=True)
class Native:
    """scikit-learn's estimator between the scalings of features and target."""

    estimator: Any
    scaling: Scaling
    n_classes: int
    offset: float
    spread: float


class Mlp(Family):
    """A small multi-layer perceptron."""

    card: ClassVar[MeasuredCard] = MeasuredCard(
        name="mlp",
        title="Neural network",
        view="linear",
        objectives=ANY_OBJECTIVE,
        max_rows=500_000,
        max_features=2_000,
        max_classes=200,
        stoppable=True,
        watches=True,
        complexity=4,
        source="Kingma and Ba 2015; input scaling after RealMLP (Holzmüller et al. 2024)",
        cost=lambda n, p, k: 0.1 + 60 * n * (3.5e-6 + 2e-8 * (p + k)),
    )

    def portfolio(self, *, n_rows: int, n_features: int, n_classes: int) -> tuple[Mapping[str, Any], ...]:
        """Return the one setting."""
        return ({"name": "default"},)

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        chosen = read_settings(MlpSettings, settings)
        n_classes = context.n_classes
        scaling = robust_scaling(view.matrix)
        rows = scaling(view.matrix).astype(np.float32)
        offset, spread = (0.0, 1.0) if n_classes else (float(y.mean()), float(y.std()))
        label = y.astype(np.int64) if n_classes else (y - offset) / spread
        estimator = _estimator(chosen, len(rows), context)
        rounds = Rounds(context.deadline, PATIENCE if valid else None)
        mean: _Mean | None = None
        best: list[np.ndarray] = []
        for epoch in range(1, (iterations or (EPOCHS_LIMIT if valid else EPOCHS_UNWATCHED)) + 1):
            estimator.partial_fit(
                rows, label, **({"classes": np.arange(n_classes)} if n_classes and epoch == 1 else {})
            )
            mean = mean or _Mean(estimator)
            mean.add(estimator)
            scorer = MlpScorer(scaling, mean.coefs, mean.intercepts, n_classes, offset, spread)
            loss = _loss(scorer.predict(valid[0].matrix), valid[1], context) if valid else None
            stop = rounds.stop(epoch, loss)
            if rounds.best == epoch:
                best = mean.copy()
            if stop:
                break
        n_layers = len(best) // 2
        estimator.coefs_, estimator.intercepts_ = best[:n_layers], best[n_layers:]
        scorer = MlpScorer(scaling, best[:n_layers], best[n_layers:], n_classes, offset, spread)
        return Fitted(
            scorer,
            Native(estimator, scaling, n_classes, offset, spread),
            rounds.best,
            rounds.note.replace("rounds", "epochs"),
        )

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        rows = native.scaling(matrix)
        if native.n_classes:
            return native.estimator.predict_proba(rows)
        return native.offset + native.spread * native.estimator.predict(rows).reshape(-1, 1)


class _Mean:
    """The running mean of an estimator's weights, corrected for its start as Adam corrects its moments."""

    def __init__(self, estimator: Any) -> None:
        self._sums = [np.zeros_like(w) for w in (*estimator.coefs_, *estimator.intercepts_)]
        self._weight = 0.0
        self._layers = len(estimator.coefs_)

    def add(self, estimator: Any) -> None:
        for total, current in zip(self._sums, (*estimator.coefs_, *estimator.intercepts_)):
            total *= AVERAGING
            total += (1.0 - AVERAGING) * current
        self._weight = AVERAGING * self._weight + 1.0 - AVERAGING

    def copy(self) -> list[np.ndarray]:
        return [total / np.float32(self._weight) for total in self._sums]

    @property
    def coefs(self) -> list[np.ndarray]:
        return self.copy()[: self._layers]

    @property
    def intercepts(self) -> list[np.ndarray]:
        return self.copy()[self._layers :]


def _estimator(chosen: MlpSettings, n_rows: int, context: FitContext) -> Any:
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    kind = MLPClassifier if context.n_classes else MLPRegressor
    return kind(
        hidden_layer_sizes=tuple(chosen.hidden_layer_sizes),
        learning_rate_init=chosen.learning_rate_init,
        alpha=chosen.alpha,
        batch_size=max(1, min(BATCH, n_rows // SMALLEST_BATCHES)),
        # an object, not a number: every epoch must be shuffled differently
        random_state=np.random.RandomState(rng_seed(context.seed)),
    )


def _loss(prediction: np.ndarray, y: np.ndarray, context: FitContext) -> float:
    if stopping_loss(context.metric, context.n_classes) == "log_loss":
        return float(-np.log(np.maximum(prediction[np.arange(len(y)), y.astype(np.int64)], 1e-12)).mean())
    error = prediction[:, 0] - y
    return float(
        np.abs(error).mean() if stopping_loss(context.metric, 0) == "mae" else np.sqrt(np.square(error).mean())
    )
