"""Planted shift: test rows or later rows that are unlike the others."""

from __future__ import annotations

import numpy as np
from bed import Bed, Planted, as_text
from leaks import parted

__all__ = ["drifting_feature", "shifted_column", "shifted_together"]


def shifted_column(bed: Bed, strength: int) -> Planted | None:
    """In the test table one number is moved by 0.2, 0.5 or 2 times its spread."""
    numbers = bed.numbers()
    if not numbers or bed.n < 400:
        return None
    train, test = parted(bed)
    values = Bed(test, bed.target, bed.rng).number(numbers[0])
    if values is None:
        return None
    moved = values + (0.2, 0.5, 2.0)[strength] * np.nanstd(values)
    test = test[test[bed.target].str.strip() != ""].reset_index(drop=True)
    test[numbers[0]] = as_text(moved)
    return Planted(frame=train, test=test, columns=(numbers[0],))


def shifted_together(bed: Bed, strength: int) -> Planted | None:
    """Test rows are chosen by a sum of all numbers: slightly, clearly or hard (0.7, 1.5, 4 times the log odds)."""
    numbers = bed.numbers(10)
    if len(numbers) < 3 or bed.n < 600:
        return None
    total = np.zeros(bed.n)
    for name in numbers:
        values = bed.number(name)
        assert values is not None
        total += bed.rng.choice([-1, 1]) * np.nan_to_num((values - np.nanmean(values)) / (np.nanstd(values) + 1e-12))
    total = (total - total.mean()) / (total.std() + 1e-12)
    odds = np.exp(np.clip((0.7, 1.5, 4.0)[strength] * total - 1.2, -20, 20))
    in_test = bed.rng.random(bed.n) < odds / (1 + odds)
    train, test = bed.frame[~in_test], bed.frame[in_test]
    train, test = train.reset_index(drop=True), test.reset_index(drop=True)
    return Planted(frame=train, test=test, sources=tuple(bed.frame))  # whatever goes with the sum differs, too


def drifting_feature(bed: Bed, strength: int) -> Planted | None:
    """A dated table without drift in the target, in which one number wanders by 0.3, 1 or 3 times its spread."""
    numbers = bed.numbers()
    if not numbers:
        return None
    bed = bed.in_order_of(bed.rng.random(bed.n))
    values = bed.number(numbers[0])
    assert values is not None
    moved = values + (0.3, 1.0, 3.0)[strength] * np.nanstd(values) * np.linspace(0, 1, bed.n)
    frame = bed.with_column(numbers[0], moved)
    day = bed.named("day")
    frame.insert(0, day, bed.days())
    return Planted(frame=frame, columns=(numbers[0],), sources=(day,))
