"""Datetimes: what of the calendar varies in training."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.runtime.ops.dates import Dates, part

__all__ = ["CyclicDateEncoder", "DateEncoder"]

_TREE_PARTS = ("elapsed", "year", "month", "day", "day_of_year", "weekday", "hour")
_WAVES = {"day_of_year": ("sin_year", "cos_year"), "weekday": ("sin_week", "cos_week"), "hour": ("sin_day", "cos_day")}


def _varying(seconds: np.ndarray, parts: tuple[str, ...]) -> list[str]:
    """Return the parts with more than one value in training."""
    kept = []
    for name in parts:
        values = part(name, seconds)
        values = values[~np.isnan(values)]
        if len(values) and values.min() < values.max():
            kept.append(name)
    return kept


@dataclass(frozen=True, kw_only=True)
class DateEncoder:
    """Parts of the calendar as numbers and elapsed days since the first training row, for trees; gaps stay."""

    def fit(self, name: str, seconds: np.ndarray) -> Dates | None:
        """Return the operation, or None where all moments are one."""
        parts = _varying(seconds, _TREE_PARTS)
        if not parts:
            return None
        k = len(parts)
        center = np.zeros(k)
        center[0] = np.nanmin(part("elapsed", seconds)) if parts[0] == "elapsed" else 0.0
        return Dates(
            inputs=(name,),
            names=tuple(f"{name}:{p}" for p in parts),
            parts=tuple(parts),
            low=np.full(k, -np.inf),
            high=np.full(k, np.inf),
            center=center,
            factor=np.ones(k),
            fill=np.full(k, np.nan),
        )


@dataclass(frozen=True, kw_only=True)
class CyclicDateEncoder:
    """Places on the circles of year, week and day, weekends, and elapsed time to scale, for linear models.

    Elapsed time is clipped to the training range: a trend is not carried on into the future.
    """

    def fit(self, name: str, seconds: np.ndarray) -> Dates | None:
        """Return the operation, or None where all moments are one and none is missing."""
        parts = ["elapsed"] if _varying(seconds, ("elapsed",)) else []
        for place in _varying(seconds, tuple(_WAVES)):
            parts += _WAVES[place]
        parts += _varying(seconds, ("weekend",))
        missing = np.isnan(seconds)
        if missing.any() and not missing.all():
            parts.append("missing")
        if not parts:
            return None
        low, high, center, factor = (np.full(len(parts), v) for v in (-np.inf, np.inf, 0.0, 1.0))
        if parts[0] == "elapsed":
            days = part("elapsed", seconds)
            low[0], high[0], center[0] = np.nanmin(days), np.nanmax(days), np.nanmean(days)
            factor[0] = 1.0 / np.nanstd(days)
        return Dates(
            inputs=(name,),
            names=tuple(f"{name}:{p}" for p in parts),
            parts=tuple(parts),
            low=low,
            high=high,
            center=center,
            factor=factor,
            fill=np.zeros(len(parts)),
        )
