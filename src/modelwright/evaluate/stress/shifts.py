"""The world moves on: prices rise, people grow older."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from modelwright.data.contract import ColumnSpec
from modelwright.evaluate.stress.base import NUMBERS, Case, Raw, Rows, named, spread

__all__ = ["Shift"]

MOST = 5
STEP = 1.0
"""Spreads by which values move."""


class Shift:
    """Each important number moved up and down by its spread, in all rows."""

    name: ClassVar[str] = "shift"

    def cases(self, rows: Rows) -> Iterator[Case]:
        for spec in rows.important(NUMBERS, MOST):
            for step, words in ((STEP, "higher"), (-STEP, "lower")):
                yield Case(
                    self.name,
                    (spec.name,),
                    f"{named([spec.name])} is {words} by its spread in all rows",
                    partial(_moved, rows, spec, step),
                )


def _moved(rows: Rows, spec: ColumnSpec, by: float, rng: np.random.Generator) -> Raw:
    values = np.asarray(rows.columns[spec.name])
    return {spec.name: rows.numbers(spec, values + by * spread(values))}
