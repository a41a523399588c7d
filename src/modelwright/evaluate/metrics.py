"""The metrics. Fast enough for the inner loop of an ensemble; equal to scikit-learn's to 1e-12 where both are defined.

A metric also knows the influence of each row on its value (the derivative by the row's weight). Its sum of squares is
the infinitesimal-jackknife variance (Efron 1982; for ROC AUC it is DeLong's), summed within groups first when rows
belong together, and differences of influences give paired comparisons. One mechanism, O(n log n), no resampling.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np

from modelwright.errors import UsageError, did_you_mean
from modelwright.evaluate import counting, ranking, valuing
from modelwright.evaluate.aliases import ALIASES

__all__ = ["METRICS", "Metric", "applicable", "get", "two_class_marginals"]

CLASSIFY = frozenset({"classify"})
REGRESS = frozenset({"regress"})

Scale = Literal["share", "correlation", "positive", "explained"]
Influence = tuple[np.ndarray, float]


@dataclass(frozen=True, kw_only=True)
class Metric:
    """How well predictions fit.

    Attributes
    ----------
    name : str
    title : str
        As people write it.
    objectives : frozenset of str
    greater_is_better : bool
    needs : str
        ``"probability"``, ``"label"`` (a threshold or the most probable class decides) or ``"value"``.
    unit_of_target : bool
        Its unit is the target's.
    scale : str
        Where it lives: ``"share"`` [0, 1], ``"correlation"`` [-1, 1], ``"positive"`` [0, ∞), ``"explained"`` (-∞, 1].
        Intervals are made on a scale without these bounds.
    tunable : bool
        For two classes a threshold is worth choosing for it.
    root : bool
        It is the square root of a mean.
    quantile : bool
        It is a quantile of the rows' losses, and no mean.
    ranks : bool
        It goes by the order of the rows alone: no row has a loss of its own.
    counts : callable or None
        What makes it of the confusion matrix, where that is all it goes by.
    """

    name: str
    title: str
    objectives: frozenset[str]
    greater_is_better: bool
    needs: Literal["probability", "label", "value"]
    scale: Scale
    value: Callable[[np.ndarray, np.ndarray, float | None], float]
    influence_of: Callable[[np.ndarray, np.ndarray, float | None], Influence]
    why_undefined: Callable[[np.ndarray, np.ndarray], str]
    unit_of_target: bool = False
    tunable: bool = False
    root: bool = False
    quantile: bool = False
    ranks: bool = False
    counts: counting.CountMetric | None = None

    def __call__(self, y: np.ndarray, prediction: np.ndarray, threshold: float | None = None) -> float:
        """Return the value; NaN where it is not defined, see `undefined`.

        Parameters
        ----------
        y : ndarray of float64, shape (n_rows,)
            Class numbers or values.
        prediction : ndarray of float64, shape (n_rows, n_outputs)
        threshold : float or None
            From which probability on the event is predicted, for two classes; 0.5 by default.
        """
        return float("nan") if len(y) == 0 else self.value(y, prediction, threshold)

    def loss(self, y: np.ndarray, prediction: np.ndarray) -> float:
        """Return a number to minimise; infinite where the metric is not defined.

        A tunable metric of two classes is taken at its best threshold, as the threshold is chosen later: at 0.5 a
        good ranking of rare events would look as bad as none.
        """
        if self.tunable and prediction.shape[1] == 2 and len(y):
            value = best_over_thresholds(self, y, prediction)
        else:
            value = self(y, prediction)
        if np.isnan(value):
            return float("inf")
        return 1.0 - value if self.greater_is_better else value

    def influence(self, y: np.ndarray, prediction: np.ndarray, threshold: float | None = None) -> Influence:
        """Return the influence of each row, shape (n_rows,), and degrees of freedom of their sum of squares.

        The influences sum to zero, and their sum of squares estimates the variance of the value.
        """
        return self.influence_of(y, prediction, threshold)

    def undefined(self, y: np.ndarray, prediction: np.ndarray) -> str:
        """Return why the metric is not defined on these rows, ``""`` when it is."""
        return "no rows" if len(y) == 0 else self.why_undefined(y, prediction)


def best_over_thresholds(metric: Metric, y: np.ndarray, prediction: np.ndarray) -> float:
    """Return the best value of a metric of the confusion matrix over all thresholds (two classes)."""
    assert metric.counts is not None
    _, events, rows = ranking.running_counts(y == 1, prediction[:, 1])
    return float(np.nanmax(metric.counts(*two_class_marginals(events, rows, float((y == 1).sum()), len(y)))))


def two_class_marginals(
    true_positives: np.ndarray, predicted: np.ndarray, positives: float | np.ndarray, n: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return diagonal, row sums and column sums of two-class matrices, from running counts."""
    found = np.asarray(true_positives, dtype=float)
    negatives = n - positives
    diagonal = np.stack([negatives - (predicted - found), found], axis=-1)
    shape = found.shape
    truth = np.stack([np.broadcast_to(negatives, shape), np.broadcast_to(positives, shape)], axis=-1).astype(float)
    return diagonal, truth, np.stack([n - predicted, np.broadcast_to(predicted, shape)], axis=-1).astype(float)


def _count_value(
    function: counting.CountMetric, y: np.ndarray, prediction: np.ndarray, threshold: float | None
) -> float:
    matrix = counting.tally(y, counting.labels_of(prediction, threshold), prediction.shape[1])
    return float(function(*counting.marginals(matrix)))


def _count_influence(
    function: counting.CountMetric, y: np.ndarray, prediction: np.ndarray, threshold: float | None
) -> Influence:
    labels, n = counting.labels_of(prediction, threshold), len(y)
    matrix = counting.tally(y, labels, prediction.shape[1])
    each = counting.cell_influence(function, matrix)[y.astype(np.int64), labels]
    return each * np.sqrt(n / max(n - 1, 1)), n - 1.0


def _per_class(function: Callable[[np.ndarray, np.ndarray], float]) -> Callable[..., float]:
    """Return a metric over the event, or the mean over classes against the rest; absent classes are left out."""

    def value(y: np.ndarray, prediction: np.ndarray, threshold: float | None = None) -> float:
        each = [function(y == c, prediction[:, c]) for c in _events(prediction)]
        known = [v for v in each if v == v]
        return float(np.mean(known)) if known else float("nan")

    return value


def _per_class_influence(function: Callable[[np.ndarray, np.ndarray], Influence]) -> Callable[..., Influence]:
    def influence(y: np.ndarray, prediction: np.ndarray, threshold: float | None = None) -> Influence:
        parts = [function(y == c, prediction[:, c]) for c in _events(prediction)]
        used = [(values, freedom) for values, freedom in parts if freedom > 0]
        if not used:
            return np.zeros(len(y)), 0.0
        return np.mean([values for values, _ in used], axis=0), min(freedom for _, freedom in used)

    return influence


def _events(prediction: np.ndarray) -> range:
    k = prediction.shape[1]
    return range(1, 2) if k == 2 else range(k)


def _mean_value(rows: Callable, root: bool, y: np.ndarray, prediction: np.ndarray, threshold: float | None) -> float:
    mean = float(rows(y, prediction).mean())
    return float(np.sqrt(mean)) if root else mean


def _mean_influence(
    rows: Callable, root: bool, y: np.ndarray, prediction: np.ndarray, threshold: float | None
) -> Influence:
    each = rows(y, prediction)
    influence = valuing.mean_influence(each)
    mean = each.mean()
    if root:
        influence = influence / (2 * np.sqrt(mean)) if mean > 0 else np.zeros(len(y))
    return influence, len(y) - 1.0


def _always(y: np.ndarray, prediction: np.ndarray) -> str:
    return ""


def _needs_two_classes(y: np.ndarray, prediction: np.ndarray) -> str:
    return "all rows are of one class" if (y == y[0]).all() else ""


def _needs_events(y: np.ndarray, prediction: np.ndarray) -> str:
    return "no row is of the event's class" if prediction.shape[1] == 2 and not (y == 1).any() else ""


def _needs_f1(y: np.ndarray, prediction: np.ndarray) -> str:
    nothing = prediction.shape[1] == 2 and not (y == 1).any() and not counting.labels_of(prediction).any()
    return "no event, neither true nor predicted" if nothing else ""


def _needs_nonzero(y: np.ndarray, prediction: np.ndarray) -> str:
    size = np.abs(y)
    near = int((size <= valuing.MAPE_FLOOR * size.mean()).sum())
    return f"{near} target values are zero or nearly so" if near else ""


def _needs_non_negative(y: np.ndarray, prediction: np.ndarray) -> str:
    return "the target has negative values" if (y < 0).any() else ""


def _needs_spread(y: np.ndarray, prediction: np.ndarray) -> str:
    return "the target is constant on these rows" if (y == y[0]).all() else ""


def _counting(name: str, title: str, function: counting.CountMetric, **more) -> Metric:
    return Metric(
        name=name,
        title=title,
        objectives=CLASSIFY,
        greater_is_better=True,
        needs="label",
        scale=more.pop("scale", "share"),
        value=partial(_count_value, function),
        influence_of=partial(_count_influence, function),
        why_undefined=more.pop("why_undefined", _always),
        counts=function,
        **more,
    )


def _ranking(name: str, title: str, value: Callable, influence: Callable, why: Callable) -> Metric:
    return Metric(
        name=name,
        title=title,
        objectives=CLASSIFY,
        greater_is_better=True,
        needs="probability",
        scale="share",
        value=_per_class(value),
        influence_of=_per_class_influence(influence),
        why_undefined=why,
        ranks=True,
    )


def _guarded(value: Callable, why: Callable) -> Callable[..., float]:
    def guarded(y: np.ndarray, prediction: np.ndarray, threshold: float | None = None) -> float:
        return float("nan") if why(y, prediction) else value(y, prediction, threshold)

    return guarded


def _mean(
    name: str,
    title: str,
    rows: Callable,
    *,
    classify: bool = False,
    root: bool = False,
    unit: bool = False,
    why=_always,
) -> Metric:
    return Metric(
        name=name,
        title=title,
        objectives=CLASSIFY if classify else REGRESS,
        greater_is_better=False,
        needs="probability" if classify else "value",
        scale="positive",
        value=_guarded(partial(_mean_value, rows, root), why),
        influence_of=partial(_mean_influence, rows, root),
        why_undefined=why,
        unit_of_target=unit,
        root=root,
    )


def _error_quantile(name: str, title: str, share: float) -> Metric:
    def value(y: np.ndarray, prediction: np.ndarray, threshold: float | None) -> float:
        with np.errstate(invalid="ignore"):  # infinite predictions have no quantile, and `measure` says so
            return float(np.quantile(valuing.absolute_rows(y, prediction), share))

    def influence(y: np.ndarray, prediction: np.ndarray, threshold: float | None) -> Influence:
        return valuing.quantile_influence(valuing.absolute_rows(y, prediction), share), len(y) - 1.0

    return Metric(
        name=name,
        title=title,
        objectives=REGRESS,
        greater_is_better=False,
        needs="value",
        scale="positive",
        value=value,
        influence_of=influence,
        why_undefined=_always,
        unit_of_target=True,
        quantile=True,
    )


_LIST = (
    _ranking("roc_auc", "ROC AUC", ranking.roc_auc, ranking.roc_auc_influence, _needs_two_classes),
    _ranking("pr_auc", "PR AUC", ranking.average_precision, ranking.average_precision_influence, _needs_events),
    _mean("log_loss", "log loss", valuing.log_loss_rows, classify=True),
    _mean("brier", "Brier score", valuing.brier_rows, classify=True),
    _counting("accuracy", "accuracy", counting.accuracy, tunable=True),
    _counting("balanced_accuracy", "balanced accuracy", counting.balanced_accuracy, tunable=True),
    _counting("f1", "F1", counting.f1, tunable=True, why_undefined=_needs_f1),
    _counting("precision", "precision", counting.precision),
    _counting("recall", "recall", counting.recall, why_undefined=_needs_events),
    _counting("mcc", "Matthews correlation", counting.mcc, tunable=True, scale="correlation"),
    _counting(
        "kappa", "Cohen's kappa", counting.kappa, tunable=True, scale="correlation", why_undefined=_needs_two_classes
    ),
    _mean("rmse", "RMSE", valuing.squared_rows, root=True, unit=True),
    _mean("mae", "MAE", valuing.absolute_rows, unit=True),
    _error_quantile("median_ae", "median absolute error", 0.5),
    _error_quantile("ae_90", "90% quantile of absolute errors", 0.9),
    Metric(
        name="r2",
        title="R²",
        objectives=REGRESS,
        greater_is_better=True,
        needs="value",
        scale="explained",
        value=lambda y, prediction, threshold: valuing.r2(y, prediction),
        influence_of=lambda y, prediction, threshold: (valuing.r2_influence(y, prediction), len(y) - 1.0),
        why_undefined=_needs_spread,
    ),
    _mean("mape", "MAPE", valuing.percentage_rows, why=_needs_nonzero),
    _mean("rmsle", "RMSLE", valuing.log_squared_rows, root=True, why=_needs_non_negative),
)

METRICS: dict[str, Metric] = {m.name: m for m in _LIST}


def get(name: str | Metric) -> Metric:
    """Return the metric of that name or alias (``"AUC"``, ``"neg_log_loss"``, ``"average precision"``).

    Raises
    ------
    UsageError
        There is none; the message names the closest.
    """
    if isinstance(name, Metric):
        return name
    plain = re.sub(r"[\s\-]+", "_", name.strip().lower())
    plain = plain.removeprefix("neg_")
    plain = ALIASES.get(plain, plain)
    if plain in METRICS:
        return METRICS[plain]
    raise UsageError(
        f"metric '{name}' is not known",
        fix=did_you_mean(plain, [*METRICS, *ALIASES]),
        code="MW-U401",
    )


def applicable(objective: str) -> tuple[Metric, ...]:
    """Return the metrics of an objective, in the order people look at them."""
    return tuple(m for m in METRICS.values() if objective in m.objectives)
