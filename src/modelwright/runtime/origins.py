"""Where the features of a view come from, for those who need not see them written down.

Most features of trees are a number as it is, or what a table says of a level. Trees as bits can go from the value
straight to the row of their table (see `modelwright.runtime.falling`), so that a row of data is never encoded at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.runtime.now import Now
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.ops.numbers import Complete, Numbers
from modelwright.runtime.pieces import Pieces
from modelwright.runtime.views import ViewPlan

__all__ = ["FromLevel", "FromNumber", "FromPieces", "Now", "Origin", "RowSource", "features_by_level", "origins_of"]


@dataclass(frozen=True, slots=True)
class FromNumber:
    """A feature that is the value at a place, NaN where missing."""

    place: int


@dataclass(frozen=True, slots=True)
class FromLevel:
    """A feature that depends on the level at a place: by level, by None where missing, and for any other level."""

    place: int
    features: Mapping[str | None, float]
    unknown: float


@dataclass(frozen=True, slots=True)
class FromPieces:
    """A feature that is a function, straight between cuts, of the number at a place."""

    place: int
    pieces: Pieces


Origin = FromNumber | FromLevel | FromPieces | None
"""None: the feature has to be read from the buffer."""


class RowSource:
    """What a scorer of rows may read: the buffer of its view, or the values that the features come from.

    Attributes
    ----------
    now : Now
    origins : tuple of Origin
        One per feature of the view.
    wanted : set of int
        Features that anybody reads from the buffer; others need not be written into it.
    """

    def __init__(self, buffer: np.ndarray, now: Now, origins: Sequence[Origin]) -> None:
        self._buffer, self.now, self.origins = buffer, now, tuple(origins)
        self.wanted: set[int] = set()
        for origin in self.origins:
            if isinstance(origin, FromLevel):
                now.know(origin.place, origin.features)

    @property
    def buffer(self) -> np.ndarray:
        """The features of the row, float64; whoever asks for it reads it."""
        return self.part(range(len(self._buffer)))

    def part(self, features: Iterable[int]) -> np.ndarray:
        """Return the buffer to somebody who reads these features of it and no others."""
        self.wanted.update(features)
        return self._buffer


def features_by_level(origins: Sequence[FromLevel]) -> tuple[list[str | None], np.ndarray]:
    """Return the levels that features of one column know, and the features of each and, last, of any other level:
    float64 of shape ``(n_levels + 1, n_features)``."""
    levels = list(dict.fromkeys(level for origin in origins for level in origin.features))
    columns = [[*(o.features.get(level, o.unknown) for level in levels), o.unknown] for o in origins]
    return levels, np.ascontiguousarray(np.array(columns).T)


def origins_of(view: ViewPlan, where: Mapping[str, int]) -> tuple[Origin, ...]:
    """Return the origin of each feature of a view; ``where`` has the place of each column among the values."""
    found: list[Origin] = []
    for op in view.ops:
        if isinstance(op, Numbers):
            found += [FromNumber(where[name]) for name in op.inputs]
        elif isinstance(op, Lookup):
            codes: dict[str | None, int] = {None: len(op.levels) + 1, **op._index}  # type: ignore[dict-item]
            for column in op.table.T.tolist():
                features = {level: column[code] for level, code in codes.items()}
                found.append(FromLevel(where[op.inputs[0]], features, column[len(op.levels)]))
        elif isinstance(op, Complete):
            for (name,), pieces in zip(op.sources, op.pieces()):
                found.append(None if pieces is None else FromPieces(where[name], pieces))
        else:
            found += [None] * len(op.names)
    return tuple(found)
