"""Values are missing here and there, in all columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, ClassVar

import numpy as np

from modelwright.data.columns import Strings
from modelwright.evaluate.stress.base import Case, Raw, Rows

__all__ = ["Gaps"]

SHARES = (0.3, 0.1)


class Gaps:
    """A share of all cells is empty, at random."""

    name: ClassVar[str] = "gaps"

    def cases(self, rows: Rows) -> Iterator[Case]:
        names = tuple(s.name for s in rows.contract.columns if s.treatment is None)
        for share in SHARES if names else ():
            words = f"{share:.0%} of all values are missing, at random"
            yield Case(self.name, names, words, partial(self._emptied, rows, names, share))

    def _emptied(self, rows: Rows, names: tuple[str, ...], share: float, rng: np.random.Generator) -> Raw:
        found: dict[str, list[Any]] = {}
        for name in names:
            spec, column = rows.contract[name], rows.columns[name]
            values = rows.texts(spec) if isinstance(column, Strings) else rows.numbers(spec, column)
            gone = rng.random(rows.n) < share
            found[name] = [None if out else v for v, out in zip(values, gone, strict=True)]
        return found
