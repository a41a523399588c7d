"""Whether a column is worth the same to models that were fitted on other rows.

Each model of the folds is judged on its own rows, so its drops differ by chance alone too. How much more they differ is
the variance between models, estimated as that between studies is (DerSimonian and Laird 1986); whether it is there at
all, Cochran's Q tells (1954).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from modelwright.evaluate.metrics import Metric

__all__ = ["Between", "Judges", "note_models"]

LEAST_ROWS = 50
"""Of a model: with fewer its drop says next to nothing."""

SURE = 0.01
"""Chance of so much disagreement among models that agree, below which it is told: one column in a hundred wrongly."""


@dataclass(frozen=True)
class Between:
    """What models say of one column: each one's drop, the variance between them, and how likely that is by chance."""

    drops: tuple[float, ...]
    variance: float
    chance: float


@dataclass
class Judges:
    """Collects what each model loses without a column, over shuffles.

    Parameters
    ----------
    metric : Metric
    y, prediction : ndarray
        Of all rows.
    model : ndarray of int, shape (n_rows,)
        Which model a row is asked of.
    threshold : float or None
    """

    metric: Metric
    y: np.ndarray
    prediction: np.ndarray
    model: np.ndarray
    threshold: float | None
    _drops: dict[str, list[np.ndarray]] = field(default_factory=dict)
    _parts: dict[str, list[np.ndarray]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        places = [np.flatnonzero(self.model == m) for m in np.unique(self.model)]
        defined = [p for p in places if len(p) >= LEAST_ROWS and not self._undefined(p)]
        self._places = defined if len(defined) > 1 else []
        self._base = [self._measured(self.prediction, p) for p in self._places]

    def _undefined(self, places: np.ndarray) -> bool:
        return bool(self.metric.undefined(self.y[places], self.prediction[places]))

    def _measured(self, prediction: np.ndarray, places: np.ndarray) -> tuple[float, np.ndarray]:
        y, own = self.y[places], prediction[places]
        return self.metric(y, own, self.threshold), self.metric.influence(y, own, self.threshold)[0]

    def add(self, column: str, shuffled: np.ndarray) -> None:
        """Note what the models say with the column shuffled."""
        if not self._places:
            return
        sign = 1.0 if self.metric.greater_is_better else -1.0
        found = [self._measured(shuffled, p) for p in self._places]
        pairs = list(zip(self._base, found, strict=True))
        self._drops.setdefault(column, []).append(np.array([sign * (before[0] - after[0]) for before, after in pairs]))
        parts = [before[1] - after[1] for before, after in pairs]
        known = self._parts.setdefault(column, [np.zeros(len(p)) for p in parts])
        self._parts[column] = [k + p for k, p in zip(known, parts, strict=True)]

    def between(self, column: str) -> Between | None:
        """Return what models say of a column; None where fewer than two were asked, or nothing is left to chance."""
        drops = self._drops.get(column)
        if not drops or not np.isfinite(drops).all():
            return None
        from scipy.special import chdtrc  # scipy.stats takes a second to import

        whole, times = np.stack(drops), len(drops)
        by_rows = np.array([float(np.sum((p / times) ** 2)) for p in self._parts[column]])
        by_shuffle = whole.var(axis=0, ddof=1) / times if times > 1 else 0.0
        noise, means = by_rows + by_shuffle, whole.mean(axis=0)
        if not (noise > 0).all():
            return None
        weights = 1.0 / noise
        q = float(np.sum(weights * (means - np.average(means, weights=weights)) ** 2))
        freedom = len(means) - 1
        scale = float(weights.sum() - (weights**2).sum() / weights.sum())
        return Between(tuple(map(float, means)), max(0.0, (q - freedom) / scale), float(chdtrc(freedom, q)))


def note_models(found: Sequence[tuple[str, Between | None]], title: str) -> tuple[str, ...]:
    """Return a sentence that names columns whose worth depends on which rows a model was fitted on."""
    from modelwright.format import joined, number

    told = [
        f"“{name}” ({number(min(b.drops))} to {number(max(b.drops))})"
        for name, b in found
        if b is not None and b.chance < SURE
    ]
    if not told:
        return ()
    return (f"What these are worth, in {title}, depends on which rows a model was fitted on: {joined(told)}.",)
