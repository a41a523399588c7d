"""Planted labels: a target that does not mean what it says."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from bed import Bed, Planted, as_text

__all__ = ["class_spellings", "contradicting", "flipped", "ordinal", "rare_class", "skewed"]

PLAIN, SHARE_PLAIN = 0.99, 0.5
MOST_EXCHANGED = 0.25
FOLDS = 4


def contradicting(bed: Bed, strength: int) -> Planted | None:
    """Copies of 1, 5 or 20 % of the rows that have another class, or another value by half its spread."""
    if len(bed.numbers()) < 2:
        return None
    picked = bed.some((0.01, 0.05, 0.2)[strength])
    copies = bed.frame.iloc[picked].copy()
    if bed.classes:
        codes = (bed.y[picked].astype(int) + 1) % len(bed.classes)
        copies[bed.target] = [bed.classes[c] for c in codes]
    else:
        copies[bed.target] = as_text(bed.y[picked] + bed.y.std() * bed.rng.choice([-0.5, 0.5], len(picked)))
    together = pd.concat([bed.frame, copies], ignore_index=True)
    return Planted(frame=together.iloc[bed.rng.permutation(len(together))].reset_index(drop=True))


def flipped(bed: Bed, strength: int) -> Planted | None:
    """Of the classes 2, 8 or 20 % are exchanged at random; of the values as many are exchanged with another row's.

    Only where labels can be known: to a forest that knows the honest labels, half of the exchanged ones are less
    believable than 99 of 100 honest ones are. And of each class at most a quarter of the labels are exchanged ones:
    where they outnumber the honest ones of a rare class, that class is another one.
    """
    picked = bed.some((0.02, 0.08, 0.2)[strength])
    values = bed.frame[bed.target].to_numpy(object).copy()
    if bed.classes:
        step = bed.rng.integers(1, len(bed.classes), len(picked))
        new = (bed.y[picked].astype(int) + step) % len(bed.classes)
        values[picked] = [bed.classes[c] for c in new]
        came, were = (np.bincount(c, minlength=len(bed.classes)) for c in (new, bed.y.astype(int)))
        if (came > MOST_EXCHANGED * (came + were)).any():
            return None
        honest, now = bed.y, bed.y.copy()
        now[picked] = new
    else:
        order = np.arange(bed.n)
        order[picked] = bed.rng.permutation(picked)
        values, honest = values[order], bed.rank
        now = honest[order]
    doubt = _doubt(bed, honest)
    plain = doubt(now)[picked] > np.quantile(doubt(honest), PLAIN)
    if plain.mean() < SHARE_PLAIN:
        return None
    return Planted(frame=bed.with_column(bed.target, values), rows=tuple(picked.tolist()))


def _doubt(bed: Bed, honest: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
    """Return what says of labels how little a forest that was fitted to the honest ones, out of fold, believes them."""
    from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
    from sklearn.model_selection import cross_val_predict

    settings = {"n_estimators": 60, "min_samples_leaf": 2, "random_state": 0}
    if not bed.classes:
        said = cross_val_predict(RandomForestRegressor(**settings), bed.matrix(), honest, cv=FOLDS)
        return lambda y: np.abs(y - said)
    said = cross_val_predict(
        RandomForestClassifier(**settings), bed.matrix(), honest.astype(int), cv=FOLDS, method="predict_proba"
    )
    return lambda y: 1 - said[np.arange(bed.n), y.astype(int)]


def class_spellings(bed: Bed, strength: int) -> Planted | None:
    """Class names in words, in 1, 5 or 30 % of the rows in another case or with blanks."""
    if not bed.classes or len(bed.classes) > 6:
        return None
    words = ("Refused", "Granted", "Pending", "Returned", "Closed", "Other")
    values = np.array([words[int(c)] for c in bed.y], dtype=object)
    for i in bed.some((0.01, 0.05, 0.3)[strength]):
        values[i] = (values[i].upper(), values[i].lower(), f"{values[i]}.", f"{values[i][:3]} {values[i][3:]}")[i % 4]
    return Planted(frame=bed.with_column(bed.target, values))


def ordinal(bed: Bed, strength: int) -> Planted | None:
    """A value in classes that have an order: grades A to E, "1-2" to "9-10", "very low" to "very high"."""
    if bed.classes or len(np.unique(bed.y)) < 20:
        return None
    names = (
        ("A", "B", "C", "D", "E"),
        ("0-20", "20-40", "40-60", "60-80", "80-100"),
        ("very low", "low", "medium", "high", "very high"),
    )[strength]
    number = np.digitize(bed.y, np.quantile(bed.y, [0.2, 0.4, 0.6, 0.8]))
    return Planted(frame=bed.with_column(bed.target, [names[i] for i in number]))


def skewed(bed: Bed, strength: int) -> Planted | None:
    """A value as the exponential of a normal one with a spread of 0.8, 1.5 or 2.5."""
    if bed.classes:
        return None
    return Planted(frame=bed.with_column(bed.target, np.exp(3 + (0.8, 1.5, 2.5)[strength] * bed.normal)))


def rare_class(bed: Bed, strength: int) -> Planted | None:
    """One class is left with 25, 8 or 2 rows."""
    keep = (25, 8, 2)[strength]
    event = bed.event
    if not bed.classes or event.sum() <= 2 * keep or (~event).sum() < 200:
        return None
    gone = bed.rng.choice(np.flatnonzero(event), int(event.sum()) - keep, replace=False)
    return Planted(frame=bed.frame.drop(index=gone).reset_index(drop=True))
