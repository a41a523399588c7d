"""The decision threshold of two classes: by money, by metric, or one half with the reason."""

from __future__ import annotations

import numpy as np

from modelwright.evaluate.intervals import beyond_noise, gain
from modelwright.evaluate.metrics import Metric, get, two_class_marginals
from modelwright.evaluate.money.payoffs import Payoff
from modelwright.runtime.answers import DEFAULT_THRESHOLD

__all__ = ["choose_threshold"]

RESAMPLES = 200
STEPS = 400  # distinct thresholds looked at, quantiles of the probabilities
FEWEST_PER_CLASS = 10


def choose_threshold(
    y: np.ndarray, prediction: np.ndarray, *, metric: str, payoff: Payoff | None = None, seed: int = 0
) -> tuple[float | None, str]:
    """Return from which probability on the event is predicted, and why.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
    prediction : ndarray of float64, shape (n_rows, n_outputs)
        Calibrated, out of fold.
    metric : str
        Of the problem.
    payoff : Payoff or None
        Of two classes.
    seed : int

    Returns
    -------
    threshold : float or None
        None when there are not two classes.
    """
    if prediction.shape[1] != 2:
        return None, "no threshold: there are not two classes"
    chosen = get(metric)
    if payoff is not None:
        return _by_payoff(y, prediction, payoff, seed)
    if not chosen.tunable:
        return DEFAULT_THRESHOLD, f"one half: no payoff was given, and {chosen.title} does not settle a threshold"
    if min((y == 1).sum(), (y == 0).sum()) < FEWEST_PER_CLASS:
        return (
            DEFAULT_THRESHOLD,
            f"one half: fewer than {FEWEST_PER_CLASS} rows of a class are too few to choose by {chosen.title}",
        )
    return _by_metric(y, prediction, chosen, seed)


def _by_payoff(y: np.ndarray, prediction: np.ndarray, payoff: Payoff, seed: int) -> tuple[float, str]:
    """Return the threshold at which acting breaks even, or the empirical one where that earns clearly more.

    With probabilities that come true, acting pays when p·tp + (1 − p)·fp ≥ p·fn + (1 − p)·tn (Elkan 2001).
    """
    theory = payoff.break_even
    words = f"payoff: acting breaks even at {theory:.3f}"
    event = prediction[:, 1]
    positives, n = float((y == 1).sum()), len(y)
    if min(positives, n - positives) < FEWEST_PER_CLASS:
        return theory, words
    cuts, events, rows = _steps(y, event)
    (tn, fp), (fn, tp) = payoff.matrix

    def earned(found: np.ndarray, acted: np.ndarray, total: np.ndarray | float, size: np.ndarray | float) -> np.ndarray:
        return (found * tp + (acted - found) * fp + (total - found) * fn + (size - total - acted + found) * tn) / size

    empirical = _resampled_best(cuts, events, rows, positives, n, earned, seed)
    difference = payoff.of_decisions(y, event >= empirical) - payoff.of_decisions(y, event >= theory)
    if beyond_noise(difference):
        more = f"{float(difference.mean()):.3g} more per row"
        return empirical, f"payoff: {empirical:.3f} earned {more} than the {theory:.3f} of theory"
    return theory, f"{words}, and no other threshold earns clearly more"


def _by_metric(y: np.ndarray, prediction: np.ndarray, metric: Metric, seed: int) -> tuple[float, str]:
    assert metric.counts is not None
    counts = metric.counts
    cuts, events, rows = _steps(y, prediction[:, 1])

    def score(found: np.ndarray, acted: np.ndarray, total: np.ndarray | float, size: np.ndarray | float) -> np.ndarray:
        return counts(*two_class_marginals(found, acted, total, size))

    best = _resampled_best(cuts, events, rows, float((y == 1).sum()), len(y), score, seed)
    found = gain(metric, y, prediction, prediction, threshold=best, other_threshold=DEFAULT_THRESHOLD)
    before = metric(y, prediction, DEFAULT_THRESHOLD)
    # One half is what theory gives for accuracy, so noise must be beaten there; for the others it is nothing special.
    needed = found.low if metric.name == "accuracy" else found.value
    if found.value is None or needed is None or needed <= 0:
        why = f"one half: no other threshold gives a clearly better {metric.title} than {before:.3f}"
        return DEFAULT_THRESHOLD, why
    return best, f"best {metric.title}: {before + found.value:.3f} at {best:.3f}, {before:.3f} at one half"


def _steps(y: np.ndarray, event: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return cuts from high to low, and the events and rows that each adds to those above."""
    levels = np.unique(event)
    if len(levels) > STEPS:
        levels = np.unique(np.quantile(event, np.linspace(0, 1, STEPS), method="lower"))
    at = np.searchsorted(levels, event, side="right") - 1
    events = np.bincount(at, weights=(y == 1).astype(float), minlength=len(levels))
    rows = np.bincount(at, minlength=len(levels)).astype(float)
    # A cut in the middle between two neighbouring probabilities serves new rows better than one on a seen value.
    cuts = np.append(levels[0], (levels[1:] + levels[:-1]) / 2)
    return cuts[::-1], events[::-1], rows[::-1]


def _resampled_best(cuts, events, rows, positives: float, n: int, score, seed: int) -> float:
    """Return the median over bootstrap resamples of the best cut: smooth where the best of one sample jumps."""
    rng = np.random.default_rng(seed)
    with_event = rng.poisson(events, (RESAMPLES, len(cuts))).astype(float)
    without = rng.poisson(rows - events, (RESAMPLES, len(cuts))).astype(float)
    found = with_event.cumsum(axis=1)
    acted = found + without.cumsum(axis=1)
    values = score(found, acted, found[:, -1:], acted[:, -1:])
    usable = ~np.isnan(values).all(axis=1)
    if not usable.any():
        return DEFAULT_THRESHOLD
    best = np.nanargmax(values[usable], axis=1)
    return float(np.clip(np.median(cuts[best]), 0.0, 1.0))
