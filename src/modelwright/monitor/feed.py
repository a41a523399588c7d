"""Signs of a broken feed: what changes when somebody changes a pipeline, and not when the world changes.

A column that turned null, a unit that changed by a factor, levels that are spelled otherwise, a sensor that is stuck.
Each function answers None, or how much moved and in words what. They are asked only about columns that moved already.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.format import joined
from modelwright.monitor.comparing import Compared
from modelwright.package.reference.binning import counts_of
from modelwright.package.reference.varying import LARGEST_BELIEVED, distance, freedom_of
from modelwright.runtime.bins import FIRST, MISSING

__all__ = ["Sign", "part_changed", "renamed", "stuck", "turned_missing", "unit_changed"]

TURNED_MISSING = 0.2
"""A rise of the share of missing values by this much is a feed that fails and no change of the world; training's own
variation has to be exceeded as well."""

FACTORS = {
    1 / 0.45359237: "pounds and kilograms",
    2.54: "inches and centimetres",
    1.609344: "miles and kilometres",
    3.280839895: "feet and metres",
    3.785411784: "gallons and litres",
    28.349523125: "ounces and grams",
    60.0: "minutes and seconds, or hours and minutes",
    3600.0: "hours and seconds",
    24.0: "days and hours",
    86400.0: "days and seconds",
    1024.0: "units of 1,024 bytes",
    4.1868: "calories and joules",
    **{10.0**k: f"a factor of {10**k:,}" for k in (1, 2, 3, 4, 6, 9)},
}
"""Ratios of units that are mixed up (BIPM, SI brochure, 9th edition; NIST SP 811)."""

EXACTNESS, LOOSEST = 0.01, 0.05
"""A factor is a known one when its logarithm is as close as the first and two standard errors of a median, at most the
second."""

ANY_FACTOR = 5.0
"""From here on a factor that fits every quantile is a unit, known or not."""

GAINED = 0.25  # share of the distance that may be left after the factor is undone
MEDIAN_ERROR = 1.2533  # of a normal sample, in standard errors of its mean
FEWEST_QUANTILES = 3
FAHRENHEIT = (1.8, 32.0)
STUCK_SHARE = 0.95
STUCK_BINS = 6  # a column whose training rows fill so many bins is no flag
REPEATS = 0.5
"""From this share on of rows with the number of the row before, a column comes in stretches of one value, as the day
does in rows sorted by time, or rain: a window may be such a stretch."""
FEWEST_BEYOND = 20
"""Rows that have a shape."""

NEW_SHARE = 0.05
"""New levels on fewer rows than this are new levels, not the old ones renamed."""


@dataclass(frozen=True, kw_only=True)
class Sign:
    """A sign of a broken feed: ``check``, ``value`` by how much, ``unit`` of it, ``words`` what happened."""

    check: str
    value: float
    unit: str
    words: str


def turned_missing(compared: Compared) -> Sign | None:
    """Return that a column turned missing, if it did."""
    before, now = compared.reference.shares[MISSING], compared.missing
    if now - before < TURNED_MISSING:
        return None
    words = f"{now:.0%} of '{compared.reference.name}' is missing, {before:.1%} in training"
    return Sign(check="missing", value=now, unit="", words=words)


def unit_changed(column: Column, compared: Compared, spec: ColumnSpec) -> Sign | None:
    """Return that the numbers are those of training in another unit, if undoing it brings them back."""
    if isinstance(column, Strings) or spec.kind not in (Kind.NUMBER, Kind.DURATION) or not compared.reference.edges:
        return None
    values = column[~np.isnan(column)]
    if not len(values):
        return None
    before = _distance(column, compared, spec)
    for slope, offset, words in _conversions(values, compared):
        after = _distance((column - offset) / slope, compared, spec)
        if after < GAINED * before and after < LARGEST_BELIEVED:
            return Sign(
                check="unit",
                value=slope,
                unit="times",
                words=f"'{spec.name}' has the shape of training in another unit: {words}",
            )
    return None


def part_changed(column: Column, compared: Compared, spec: ColumnSpec) -> Sign | None:
    """Return that some rows are in another unit: one of several sources, or the later rows of a window.

    The rows beyond the range of training are asked alone; by a factor that leaves some of them within it, it cannot be
    told from a world that moved.
    """
    if isinstance(column, Strings) or spec.kind not in (Kind.NUMBER, Kind.DURATION) or not compared.reference.edges:
        return None
    low, high = compared.reference.edges[0], compared.reference.edges[-1]
    beyond = column[(column < low) | (column > high)]
    if len(beyond) < FEWEST_BEYOND:
        return None
    before = _distance(beyond, compared, spec)
    chance = 2 * freedom_of(np.asarray(compared.reference.shares)) / (4 * len(beyond))
    for slope, offset, words in _conversions(beyond, compared):
        after = _distance((beyond - offset) / slope, compared, spec)
        if after < GAINED * before and after < LARGEST_BELIEVED + chance:
            part = len(beyond) / max(len(column), 1)
            words = f"{part:.0%} of '{spec.name}' have the shape of training in another unit: {words}"
            return Sign(check="unit", value=slope, unit="times", words=words)
    return None


def _conversions(values: np.ndarray, compared: Compared) -> list[tuple[float, float, str]]:
    scale, offset = FAHRENHEIT
    found = [
        (scale, offset, "degrees Fahrenheit for Celsius"),
        (1 / scale, -offset / scale, "degrees Celsius for Fahrenheit"),
    ]
    there = _quantiles(compared)
    here = np.quantile(values, there[0])
    able = (np.abs(there[1]) > 0) & (np.sign(here) == np.sign(there[1]))
    if able.sum() >= FEWEST_QUANTILES:
        factor = float(np.exp(np.median(np.log(here[able] / there[1][able]))))
        spread = float(np.std(np.log(np.abs(values[values != 0])))) if (values != 0).any() else 0.0
        close = EXACTNESS + 2 * MEDIAN_ERROR * spread / math.sqrt(len(values))
        words = _factor_words(factor, min(close, LOOSEST))
        if words:
            found.insert(0, (factor, 0.0, words))
    return found


def _factor_words(factor: float, close: float) -> str:
    size = max(factor, 1 / factor)
    how = f"{factor:.4g} times as large" if factor > 1 else f"{1 / factor:.4g} times as small"
    for known, words in FACTORS.items():
        if abs(np.log(size / known)) < close:
            return f"{how} ({words})"
    return how if size >= ANY_FACTOR else ""


def _quantiles(compared: Compared) -> tuple[np.ndarray, np.ndarray]:
    """Return shares and the values of training below which so many rows lie."""
    shares = np.asarray(compared.reference.shares[FIRST:])
    below = np.cumsum(shares) / max(shares.sum(), 1e-12)
    return below[:-1], np.asarray(compared.reference.edges[1:-1])


def _distance(column: np.ndarray, compared: Compared, spec: ColumnSpec) -> float:
    counts = counts_of(column, compared.reference, spec).astype(np.float64)
    expected = np.asarray(compared.reference.shares)
    counts[MISSING] = 0.0
    expected = np.where(np.arange(len(expected)) == MISSING, 0.0, expected)
    return float(distance(counts / max(counts.sum(), 1.0), expected / max(expected.sum(), 1e-12)))


def stuck(column: Column, compared: Compared, spec: ColumnSpec) -> Sign | None:
    """Return that a column of numbers shows one value only, if it showed many in training, and in no stretches."""
    if (compared.reference.repeats or 0.0) >= REPEATS:
        return None
    full = int((np.asarray(compared.reference.shares[FIRST:]) > 0.01).sum())
    if isinstance(column, Strings) or full < STUCK_BINS or spec.kind is Kind.DATETIME:
        return None
    values = column[~np.isnan(column)]
    if len(values) < FEWEST_QUANTILES or compared.shares[1:].max() < STUCK_SHARE * compared.shares[1:].sum():
        return None
    share = float((values == np.median(values)).mean())
    if share < STUCK_SHARE:
        return None
    words = f"{share:.0%} of '{spec.name}' is one and the same number, which it was not in training"
    return Sign(check="stuck", value=share, unit="", words=words)


def renamed(column: Column, compared: Compared, spec: ColumnSpec) -> Sign | None:
    """Return that levels are spelled otherwise than in training, if they are.

    Either a new level is a known one but for case, blanks and signs, or known levels are gone for good while new ones
    have come on about as many rows. The latter says nothing where levels came and went in training as well, as months
    and campaigns do.
    """
    if not isinstance(column, Strings) or spec.kind is not Kind.CATEGORY or not spec.levels:
        return None
    known = set(spec.levels)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels)) / max(len(column), 1)
    fresh = {str(column.levels[i]): float(counts[i]) for i in np.flatnonzero(counts) if column.levels[i] not in known}
    share = sum(fresh.values())
    if share < NEW_SHARE:
        return None
    alike = {_plain(level) for level in known}
    respelled = [level for level in fresh if _plain(level) and _plain(level) in alike]
    if sum(fresh[level] for level in respelled) >= NEW_SHARE:
        words = f"{share:.0%} of '{spec.name}' has known levels in another spelling"
        return Sign(check="levels", value=share, unit="", words=words)
    if _turns_over(compared):
        return None
    gone = _gone(column, compared, counts)
    lost = sum(gone.values())
    if not gone or not 0.5 <= share / lost <= 2:
        return None
    names = joined((f"'{name}'" for name in gone), 3)
    words = f"{share:.0%} of '{spec.name}' has levels unknown to training, while {names} ({lost:.0%} of rows) is gone"
    return Sign(check="levels", value=share, unit="", words=words)


def _turns_over(compared: Compared) -> bool:
    """Return whether stretches of training differed by a medium effect from what came before them."""
    freedom = freedom_of(np.asarray(compared.reference.shares))
    most = max((v.excess for v in compared.reference.variation), default=0.0)
    return most * freedom / 4 > LARGEST_BELIEVED


def _gone(column: Strings, compared: Compared, counts: np.ndarray) -> dict[str, float]:
    """Return levels that are expected on a share of rows and are on none."""
    there = {str(column.levels[i]) for i in np.flatnonzero(counts)}
    expected = zip(compared.reference.levels, compared.reference.shares[FIRST:], strict=False)
    return {name: share for name, share in expected if name not in there and share >= NEW_SHARE / 2}


def _plain(level: str) -> str:
    return re.sub(r"[\W_]+", "", level).casefold()
