"""Curves, confusion matrix and residuals: what a score looks like."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.data.sampling import sample_rows
from modelwright.evaluate import counting, ranking
from modelwright.evaluate.intervals import mean_measurement
from modelwright.evaluate.measurements import Confusion, Curve, Residuals
from modelwright.runtime.answers import threshold_or_half

__all__ = ["confusion", "curves", "residuals"]

MOST_POINTS = 200
SAMPLE = 1000  # rows of a scatter plot
LEVELS = 10
MOST_BINS = 40
TAIL = 0.001  # share of rows on each side that the outermost bars of the histogram take in


def curves(y: np.ndarray, prediction: np.ndarray) -> tuple[Curve, ...]:
    """Return ROC, precision-recall, gain and lift curves of two classes; none for others or without both classes."""
    if prediction.shape[1] != 2 or not 0 < (y == 1).sum() < len(y):
        return ()
    levels, events, rows = ranking.running_counts(y == 1, prediction[:, 1])
    positives, n = events[-1], rows[-1]
    found, reached = events / positives, rows / n
    alarms = (rows - events) / (n - positives)
    right = events / rows
    return (
        _curve("roc", "false positive rate", "true positive rate", alarms, found, levels, start=(0.0, 0.0)),
        _curve("precision_recall", "recall", "precision", found, right, levels, start=(0.0, float(right[0]))),
        _curve("gain", "share of rows, most likely first", "share of events found", reached, found, levels, (0.0, 0.0)),
        _curve("lift", "share of rows, most likely first", "times the average rate", reached, found / reached, levels),
    )


def _curve(
    name: str,
    x_label: str,
    y_label: str,
    x: np.ndarray,
    y: np.ndarray,
    thresholds: np.ndarray,
    start: tuple[float, float] | None = None,
) -> Curve:
    """Return a curve with points thinned evenly along its length; the start has threshold 1."""
    if start is not None:
        x, y = np.append(start[0], x), np.append(start[1], y)
        thresholds = np.append(max(1.0, thresholds[0]), thresholds)
    if len(x) > MOST_POINTS:
        height = max(float(np.ptp(y)), 1e-12)
        steps = np.abs(np.diff(x)) + np.minimum(np.abs(np.diff(y)) / height, np.abs(np.diff(x)) + 1 / len(x))
        length = np.append(0.0, np.cumsum(steps))
        kept = np.unique(np.searchsorted(length, np.linspace(0, length[-1], MOST_POINTS)).clip(0, len(x) - 1))
        x, y, thresholds = x[kept], y[kept], thresholds[kept]
    return Curve(
        name=name,
        x_label=x_label,
        y_label=y_label,
        x=tuple(x.tolist()),
        y=tuple(y.tolist()),
        thresholds=tuple(thresholds.tolist()),
    )


def confusion(y: np.ndarray, prediction: np.ndarray, classes: Sequence[str], threshold: float | None) -> Confusion:
    """Return counts by true and predicted class."""
    limit = threshold_or_half(threshold) if len(classes) == 2 else None
    counts = counting.tally(y, counting.labels_of(prediction, limit), len(classes)).astype(int)
    return Confusion(classes=tuple(classes), counts=tuple(map(tuple, counts.tolist())), threshold=limit)


def residuals(
    y: np.ndarray, prediction: np.ndarray, *, groups: np.ndarray | None = None, unit: str = "", seed: int = 0
) -> Residuals | None:
    """Return a sample of rows, the histogram of the residuals, and their mean by tenth of the prediction."""
    n = len(y)
    if n == 0:
        return None
    value = prediction[:, 0]
    rest = y - value
    shown = sample_rows(n, SAMPLE, np.random.default_rng(seed))
    edges, counts = _histogram(rest)
    order = np.argsort(value, kind="stable")
    tenths = [t for t in np.array_split(order, LEVELS) if len(t)]
    by_level = tuple(
        mean_measurement(
            f"{value[t].min():.4g} – {value[t].max():.4g}",
            rest[t],
            groups=None if groups is None else groups[t],
            seed=seed,
            unit=unit,
        )
        for t in tenths
    )
    return Residuals(
        predicted=tuple(value[shown].tolist()),
        actual=tuple(y[shown].tolist()),
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        by_level=by_level,
    )


def _histogram(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return edges and counts; far tails go into the outermost bars, or they alone would fill the axis."""
    low, high = np.quantile(values, [TAIL, 1 - TAIL])
    if low == high:
        low, high = low - 0.5, high + 0.5
    bins = int(np.clip(np.sqrt(len(values)), 5, MOST_BINS))
    counts, edges = np.histogram(np.clip(values, low, high), bins=bins, range=(low, high))
    return edges, counts
