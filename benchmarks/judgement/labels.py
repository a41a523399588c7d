"""Planted labels: a target that does not mean what it says."""

from __future__ import annotations

import numpy as np
import pandas as pd
from bed import Bed, Planted, as_text

__all__ = ["class_spellings", "contradicting", "flipped", "ordinal", "rare_class", "skewed"]


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
    """Of the classes 2, 8 or 20 % are exchanged at random; of the values as many are exchanged with another row's."""
    picked = bed.some((0.02, 0.08, 0.2)[strength])
    values = bed.frame[bed.target].to_numpy(object).copy()
    if bed.classes:
        step = bed.rng.integers(1, len(bed.classes), len(picked))
        values[picked] = [bed.classes[c] for c in (bed.y[picked].astype(int) + step) % len(bed.classes)]
    else:
        values[picked] = bed.rng.permutation(values[picked])
    return Planted(frame=bed.with_column(bed.target, values), rows=tuple(picked.tolist()))


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
