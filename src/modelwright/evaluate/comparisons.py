"""The model against the baselines, and what its score on training rows says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from modelwright import format as fmt
from modelwright.evaluate.intervals import gain, measure
from modelwright.evaluate.measurements import Comparison, Measurement
from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.threshold import choose_threshold

__all__ = ["compare", "fit_verdict"]

OVERFIT_SHARE = 0.25  # share of the skill on training rows that does not carry over to unseen rows
LITTLE_SKILL = 0.1  # share of the constant's loss that is removed


def compare(
    metric: Metric,
    y: np.ndarray,
    prediction: np.ndarray,
    baselines: Mapping[str, tuple[str, np.ndarray]],
    *,
    threshold: float | None,
    groups: np.ndarray | None,
    unit: str,
    seed: int,
    change: float = 0.0,
    inflation: float = 1.0,
) -> tuple[Comparison, ...]:
    """Return the model against every baseline, on the same rows.

    Where the metric needs a threshold a baseline gets the one that suits it best, so that it is not beaten by a bad
    threshold.

    Parameters
    ----------
    change : float
        What the model's score was moved by for the optimism of choosing; its gains move with it.
    inflation : float
        Variance of cross-validated scores and gains over that of their rows, see `allowances.shared_training`.
    """
    sign = 1.0 if metric.greater_is_better else -1.0
    found = []
    for name, (text, other) in baselines.items():
        if name == CONSTANT and metric.ranks:
            # Each fold's constant is a little different; ranked together they would not be the constant they stand for.
            other = np.broadcast_to(other.mean(axis=0), other.shape)
        own = threshold
        if metric.tunable and other.shape[1] == 2:
            own = choose_threshold(y, other, metric=metric.name, seed=seed)[0]
        more = gain(
            metric,
            y,
            prediction,
            other,
            groups=groups,
            seed=seed,
            threshold=threshold,
            other_threshold=own,
            unit=unit,
            inflation=inflation,
        )
        score = measure(metric, y, other, groups=groups, threshold=own, unit=unit, seed=seed, inflation=inflation)
        more = _shifted(more, sign * change)
        better = more.low is not None and more.low > 0
        found.append(Comparison(name=name, text=text, score=score, gain=more, better=better))
    return tuple(found)


def _shifted(found: Measurement, change: float) -> Measurement:
    if found.value is None or change == 0:
        return found
    low = None if found.low is None else found.low + change
    high = None if found.high is None else found.high + change
    return replace(found, value=found.value + change, low=low, high=high)


def fit_verdict(
    metric: Metric,
    headline: Measurement,
    train: Measurement | None,
    comparisons: Sequence[Comparison],
    train_constant: Measurement | None = None,
) -> str:
    """Return "fits well", "overfits", "underfits" or "finds nothing", in one sentence with the numbers.

    Skill is the share of the loss of the simplest baseline that the model removes. Overfitting is called when more
    than a quarter of the skill on training rows is gone on unseen rows, beyond both intervals. Each set of rows has a
    constant of its own where that of the training rows is known: later rows may be quieter.
    """
    if headline.value is None:
        return f"cannot be told: {metric.title} is {headline.method}"
    unseen = f"{metric.title} {fmt.amount(headline)} on unseen rows"
    simplest = comparisons[0] if comparisons else None
    if simplest is not None and not simplest.better and simplest.score.value is not None:
        return (
            f"finds nothing: {unseen} is no better, beyond the noise, than {fmt.amount(simplest.score)} "
            f"of the simplest baseline ({simplest.text})"
        )
    if train is None or train.value is None:
        return f"not compared with training rows: {unseen}"
    both = f"{unseen}, {fmt.amount(train)} on training rows"
    floor = _loss(metric, simplest.score.value) if simplest and simplest.score.value is not None else None
    own = floor if train_constant is None or train_constant.value is None else _loss(metric, train_constant.value)
    skill, train_skill = _skill(metric, headline.value, floor), _skill(metric, train.value, own)
    lost = (train_skill - skill) / train_skill if train_skill > 0 else 0.0
    if lost > OVERFIT_SHARE and _apart(train, headline):
        return f"overfits: {both}; {lost:.0%} of what it gains on training rows is lost on new ones"
    if floor is not None and train_skill < 2 * LITTLE_SKILL and skill < LITTLE_SKILL:
        return f"underfits: {both}; even there little of the target is explained, more telling columns would help most"
    return f"fits well: {both}" + (f"; {lost:.0%} of the gain is lost" if lost > 0.01 else "")


def _loss(metric: Metric, value: float) -> float:
    return 1.0 - value if metric.greater_is_better else value


def _skill(metric: Metric, value: float, floor: float | None) -> float:
    loss = _loss(metric, value)
    if floor is None or floor <= 0:
        return 1.0 - loss if metric.greater_is_better else 1.0 / (1.0 + loss)
    return 1.0 - loss / floor


def _apart(a: Measurement, b: Measurement) -> bool:
    if a.low is None or a.high is None or b.low is None or b.high is None:
        return False
    return a.low > b.high or a.high < b.low
