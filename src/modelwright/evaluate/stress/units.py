"""Numbers come in another unit: grams for kilograms, cents for euros, in all rows or in some."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from modelwright.data.contract import ColumnSpec
from modelwright.evaluate.stress.base import NUMBERS, Case, Raw, Rows, named

__all__ = ["UnitSlip"]

MOST = 5
SOME = 0.05
"""Of the rows: one of several sources that uses another unit."""


class UnitSlip:
    """Each important number times 1,000, times a tenth, and times ten in some rows."""

    name: ClassVar[str] = "unit slip"

    def cases(self, rows: Rows) -> Iterator[Case]:
        for spec in rows.important(NUMBERS, MOST):
            for factor, share, words in (
                (1000.0, 1.0, "is 1,000 times as large (another unit)"),
                (10.0, SOME, f"is ten times as large in {SOME:.0%} of the rows"),
                (0.1, 1.0, "is a tenth of what it was (another unit)"),
            ):
                yield Case(
                    self.name,
                    (spec.name,),
                    f"{named([spec.name])} {words}",
                    partial(_slipped, rows, spec, factor, share),
                )


def _slipped(rows: Rows, spec: ColumnSpec, factor: float, share: float, rng: np.random.Generator) -> Raw:
    values = np.asarray(rows.columns[spec.name])
    hit = rng.random(rows.n) < share
    return {spec.name: rows.numbers(spec, np.where(hit, factor * values, values))}
