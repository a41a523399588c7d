"""Membership inference: can somebody who has the model, a row and its label tell whether the row was trained on?

A model knows the rows it was fitted on better than others, so a small loss gives them away (Yeom et al. 2018). Some
rows are easy for every model: what the loss is for models that were not fitted on the row, taken off, leaves what this
model knows of it (Watson et al. 2022; the attack of Carlini et al. 2022 with one reference model instead of hundreds).
The area under the ROC curve tells how much is told of people on average; the share found at 1 % false alarms how sure
an attacker can be of some.

The models are those of the folds, made as the version's are, because of the version's own models there is no row that
they have not seen.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.evaluate.intervals import measure
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.measurements.privacy import Attack

__all__ = ["FALSE_ALARMS", "FEWEST", "attack", "losses"]

FALSE_ALARMS = 0.01
"""As Carlini et al. 2022 propose: an attack that is right of a few people for sure is worse than one that is a little
right of all."""

FEWEST = 100
"""Rows on each side: with fewer, one false alarm is more than 1 %."""

RESAMPLES = 400
LEVEL = 0.95

SMALLEST = 1e-12


def losses(y: np.ndarray, prediction: np.ndarray, n_classes: int) -> np.ndarray:
    """Return the loss of each row: minus the logarithm of the probability of its class, or the squared error."""
    if n_classes:
        chance = prediction[np.arange(len(y)), y.astype(np.intp)]
        return -np.log(np.clip(chance, SMALLEST, 1.0))
    return (y - prediction[:, 0]) ** 2


def attack(name: str, members: np.ndarray, others: np.ndarray, *, seed: int) -> Attack | str:
    """Return how well a score tells members from others, or why that cannot be measured.

    Parameters
    ----------
    name : str
    members, others : ndarray of float64
        Scores of rows trained on and of rows not: higher looks more like trained on.
    seed : int
    """
    if min(len(members), len(others)) < FEWEST:
        had = f"there are {len(members):,} rows that were trained on and {len(others):,} that were not"
        return f"{had}; {FEWEST} of each are needed"
    scores = np.concatenate([members, others])
    truth = np.concatenate([np.ones(len(members)), np.zeros(len(others))])
    ranks = np.searchsorted(np.sort(scores), scores, side="right") / (len(scores) + 1)
    auc = measure("roc_auc", truth, np.column_stack([1 - ranks, ranks]), seed=seed, level=LEVEL)
    return Attack(name=name, auc=_named(auc), caught=_caught(members, others, seed))


def _named(auc: Measurement) -> Measurement:
    return replace(auc, name="membership_auc", greater_is_better=False)


def _caught(members: np.ndarray, others: np.ndarray, seed: int) -> Measurement:
    rng = np.random.default_rng([seed, 31])
    drawn = [
        _share(rng.choice(members, len(members)), np.sort(rng.choice(others, len(others)))) for _ in range(RESAMPLES)
    ]
    low, high = np.quantile(drawn, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    value = _share(members, np.sort(others))
    return Measurement(
        name="membership_caught",
        value=value,
        low=float(min(low, value)),
        high=float(max(high, value)),
        n=len(members) + len(others),
        method=f"bootstrap of both sides, {RESAMPLES}",
        greater_is_better=False,
    )


def _share(members: np.ndarray, others: np.ndarray) -> float:
    """Return the share of members above the score that so many of the sorted others exceed."""
    allowed = int(FALSE_ALARMS * len(others))
    return float(np.mean(members > others[len(others) - 1 - allowed]))
