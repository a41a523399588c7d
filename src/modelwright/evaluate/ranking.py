"""Metrics of the order of the rows, with their influence functions. Ties are exact."""

from __future__ import annotations

import numpy as np

__all__ = [
    "average_precision",
    "average_precision_influence",
    "roc_auc",
    "roc_auc_influence",
    "running_counts",
    "steadied",
]

PRIOR_ROWS = 2.0  # brings simulated coverage with ten events from 90 to 97 %, and with fifty moves it by less than 1


def roc_auc(event: np.ndarray, score: np.ndarray) -> float:
    """Return the probability that an event scores above a non-event, ties counting half; NaN with one class only.

    Parameters
    ----------
    event : ndarray of bool, shape (n_rows,)
    score : ndarray of float64, shape (n_rows,)
    """
    above = np.sort(score[event])
    below = np.sort(score[~event])
    if not len(above) or not len(below):
        return float("nan")
    # Both sides sorted: the searches walk through memory in order, and no argsort is needed.
    wins = np.searchsorted(below, above, "left").sum() + np.searchsorted(below, above, "right").sum()
    return float(wins) / (2.0 * len(above) * len(below))


def roc_auc_influence(event: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the influence of each row on ROC AUC and the degrees of freedom of their sum of squares.

    The sum of squares is the variance of DeLong, DeLong and Clarke-Pearson (1988); summed within groups first, that
    of Obuchowski (1997) for clustered rows. Degrees of freedom after Satterthwaite, as the two classes are two samples.
    """
    n_above = int(event.sum())
    n_below = len(event) - n_above
    influence = np.zeros(len(score))
    if not n_above or not n_below:
        return influence, 0.0
    order = np.argsort(score)
    ends, size = _ties(score[order])
    others_so_far = np.cumsum(~event[order])[ends]
    others_here = np.diff(others_so_far, prepend=0)
    others_below = others_so_far - others_here / 2
    events_below = (ends + 1 - others_so_far) - (size - others_here) / 2
    placement = np.empty(len(score))
    placement[order] = np.where(
        event[order], np.repeat(others_below / n_below, size), np.repeat(1 - events_below / n_above, size)
    )
    variances = []
    for rows, n in ((event, n_above), (~event, n_below)):
        own = placement[rows]
        centred = (own - own.mean()) / n * np.sqrt(n / max(n - 1, 1))
        influence[rows] = centred
        variances.append((float(centred @ centred), max(n - 1, 1)))
    total = sum(v for v, _ in variances)
    freedom = total**2 / sum(v**2 / df for v, df in variances) if total > 0 else 0.0
    return influence, freedom


def steadied(influence: np.ndarray, event: np.ndarray, value: float) -> np.ndarray:
    """Return influences scaled so that a few rows of one class cannot make ROC AUC look certain.

    DeLong's variance from ten events is often far too small, and then the area is too high: of nominal 95 % intervals
    around 0.94 only 90 % contain the truth. Hanley and McNeil's (1982) variance, which follows from the area alone, is
    mixed in as `PRIOR_ROWS` rows of the rarer class would be; with a hundred of them it no longer counts.
    """
    variance = float(influence @ influence)
    above = float(event.sum())
    below = len(event) - above
    if variance <= 0:
        return influence
    both_above = value / (2 - value) - value**2
    both_below = 2 * value**2 / (1 + value) - value**2
    from_area = value * (1 - value) + (above - 1) * both_above + (below - 1) * both_below
    from_area /= above * below
    rows = min(above, below)
    mixed = (rows * variance + PRIOR_ROWS * from_area) / (rows + PRIOR_ROWS)
    return influence * np.sqrt(max(mixed / variance, 1.0))


def _ties(ordered: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the last position and the size of each run of equal values."""
    ends = np.append(np.flatnonzero(ordered[1:] != ordered[:-1]), len(ordered) - 1)
    return ends, np.diff(ends, prepend=-1)


def running_counts(event: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return, for each distinct score from the highest down, the score, the events and the rows at or above it."""
    order = np.argsort(-score)
    ordered = score[order]
    ends, _ = _ties(ordered)
    events = np.cumsum(event[order])[ends]
    return ordered[ends], events.astype(float), (ends + 1).astype(float)


def average_precision(event: np.ndarray, score: np.ndarray) -> float:
    """Return the area under the precision-recall curve as a step function (average precision); NaN without events."""
    if not event.any():
        return float("nan")
    _, events, rows = running_counts(event, score)
    return float((np.diff(events, prepend=0.0) * events / rows).sum() / events[-1])


def average_precision_influence(event: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the influence of each row on average precision (derivative by its weight), and degrees of freedom.

    With tp and n the running counts at each distinct score and a its own events, AP = Σ a·(tp/n) / P. A row's weight
    enters through its own precision and through the precision of every event that scores no higher than it does.
    """
    positives = float(event.sum())
    if positives == 0:
        return np.zeros(len(score)), 0.0
    distinct, events, rows = running_counts(event, score)
    own = np.diff(events, prepend=0.0)
    precision = events / rows
    value = float((own * precision).sum() / positives)
    gained = _suffix_sum(own / rows)
    lost = _suffix_sum(own * events / rows**2)
    at = np.searchsorted(-distinct, -score)
    influence = (np.where(event, precision[at] - value + gained[at], 0.0) - lost[at]) / positives
    return influence * np.sqrt(positives / max(positives - 1, 1)), max(positives - 1, 1)


def _suffix_sum(values: np.ndarray) -> np.ndarray:
    return np.cumsum(values[::-1])[::-1]
