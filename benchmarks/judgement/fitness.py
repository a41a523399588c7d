"""Planted unfitness: nothing to learn, one rule is enough, too few rows."""

from __future__ import annotations

import numpy as np
from bed import Bed, Planted, as_text

__all__ = ["few_rows", "no_signal", "one_rule"]


def no_signal(bed: Bed, strength: int) -> Planted:
    """Of the targets 90, 97 or all of 100 % are exchanged at random: next to nothing is left to learn."""
    rows = bed.some((0.9, 0.97, 1.0)[strength])
    values = bed.frame[bed.target].to_numpy(object).copy()
    values[rows] = values[bed.rng.permutation(rows)]
    return Planted(frame=bed.with_column(bed.target, values))


def one_rule(bed: Bed, strength: int) -> Planted | None:
    """The target is one column above a limit, but for 10, 3 or 0.5 % of the rows."""
    numbers = bed.numbers()
    if not numbers or len(bed.classes) != 2:
        return None
    values = bed.number(numbers[0])
    assert values is not None
    above = values > np.nanquantile(values, bed.rng.uniform(0.5, 0.8))
    wrong = bed.rng.random(bed.n) < (0.1, 0.03, 0.005)[strength]
    target = [bed.classes[int(a != w)] for a, w in zip(above, wrong)]
    return Planted(frame=bed.with_column(bed.target, target), columns=(numbers[0],))


def few_rows(bed: Bed, strength: int) -> Planted | None:
    """No more than 90, 60 or 25 rows are left."""
    kept = bed.some((90, 60, 25)[strength] / bed.n) if bed.n > 180 else None
    if kept is None or len(np.unique(bed.y[kept])) < 2:
        return None
    frame = bed.frame.iloc[kept].reset_index(drop=True)
    if not bed.classes:
        frame[bed.target] = as_text(bed.y[kept])
    return Planted(frame=frame, sources=tuple(frame))  # with so few rows columns may well hold one value
