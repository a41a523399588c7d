"""Categories change: a level gets another name, or all do."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import ClassVar

import numpy as np

from modelwright.data.contract import ColumnSpec, Kind
from modelwright.evaluate.stress.base import Case, Raw, Rows, named

__all__ = ["StaleLevels"]

MOST = 4
NEW = "renamed "
"""Before a level: a name that was never seen."""


class StaleLevels:
    """Of each important category all levels have new names, then the most frequent one."""

    name: ClassVar[str] = "stale categories"

    def cases(self, rows: Rows) -> Iterator[Case]:
        for spec in rows.important(frozenset({Kind.CATEGORY}), MOST):
            column = named([spec.name])
            yield Case(
                self.name, (spec.name,), f"all levels of {column} have new names", partial(_renamed, rows, spec, None)
            )
            if spec.levels:
                first = spec.levels[0]
                words = f"“{first}”, the most frequent level of {column}, has a new name"
                yield Case(self.name, (spec.name,), words, partial(_renamed, rows, spec, first))


def _renamed(rows: Rows, spec: ColumnSpec, only: str | None, rng: np.random.Generator) -> Raw:
    texts = rows.texts(spec)
    hit = [t is not None and (only is None or str(t) == only) for t in texts]
    return {spec.name: [f"{NEW}{t}" if h else t for t, h in zip(texts, hit, strict=True)]}
