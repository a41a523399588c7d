"""Numbers are measured less exactly: another instrument, rounding, estimates."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from modelwright.evaluate.stress.base import NUMBERS, Case, Raw, Rows, spread

__all__ = ["Noise"]

SHARES = (0.5, 0.1)
"""Of a column's spread: what a coarse scale and an ordinary instrument add."""


class Noise:
    """Normal noise on all numbers, as large as a share of each column's spread."""

    name: ClassVar[str] = "noise"

    def cases(self, rows: Rows) -> Iterator[Case]:
        specs = rows.of_kinds(NUMBERS)
        names = tuple(s.name for s in specs)
        for share in SHARES if specs else ():
            words = f"all numbers are off by {share:.0%} of their spread"
            yield Case(self.name, names, words, partial(self._noisy, rows, share))

    def _noisy(self, rows: Rows, share: float, rng: np.random.Generator) -> Raw:
        found = {}
        for spec in rows.of_kinds(NUMBERS):
            values = np.asarray(rows.columns[spec.name])
            found[spec.name] = rows.numbers(spec, values + share * spread(values) * rng.normal(size=rows.n))
        return found
