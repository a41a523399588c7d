"""Stress: how the score bears rows that are missing values, mistyped, in another unit, or moved on.

One file a stress. The disturbed values go through the contract as raw ones do: what it repairs costs nothing, what it
refuses is never predicted, and what it says of the rows is told.
"""

from __future__ import annotations

import importlib
from typing import cast

from modelwright.evaluate.stress.base import Stress

__all__ = ["STRESSES", "stresses"]

_HERE = "modelwright.evaluate.stress"
STRESSES = {
    "column missing": f"{_HERE}.missing:ColumnMissing",
    "columns missing": f"{_HERE}.together:GroupMissing",
    "unit slip": f"{_HERE}.units:UnitSlip",
    "stale categories": f"{_HERE}.levels:StaleLevels",
    "typos": f"{_HERE}.typos:Typos",
    "spelling": f"{_HERE}.spellings:Spellings",
    "gaps": f"{_HERE}.gaps:Gaps",
    "noise": f"{_HERE}.noise:Noise",
    "shift": f"{_HERE}.shifts:Shift",
    "dates": f"{_HERE}.dates:Dates",
}
"""By name, in the order in which they take turns."""


def stresses() -> tuple[Stress, ...]:
    """Return one of each."""
    found = []
    for place in STRESSES.values():
        module, _, name = place.partition(":")
        found.append(cast(Stress, getattr(importlib.import_module(module), name)()))
    return tuple(found)
