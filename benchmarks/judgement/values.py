"""Planted values: cells that do not mean what they say."""

from __future__ import annotations

import numpy as np
from bed import Bed, Planted, as_text

__all__ = [
    "capped",
    "constant",
    "duplicated_column",
    "garbled",
    "heaped",
    "impossible",
    "mixed_dates",
    "mixed_types",
    "mixed_units",
    "sentinel",
    "spellings",
    "tokens",
]

PLACES = ("Zürich", "Málaga", "Köln", "Orléans", "São Paulo", "Kraków", "Malmö", "Genève", "Århus", "Bergen", "Porto")
KINDS = ("Hardware store", "Book shop", "Bakery", "Pharmacy", "Florist", "Petrol station", "Car wash")


def sentinel(bed: Bed, strength: int) -> Planted | None:
    """-999, 9999 or -1 for a missing number in 0.5, 3 or 15 % of the rows."""
    numbers = bed.numbers(20)
    for name in numbers:
        values = bed.number(name)
        assert values is not None
        high = np.nanmax(np.abs(values))
        codes = [c for c in (-999.0, 9999.0) if abs(c) > 3 * high] + ([-1.0] if np.nanmin(values) > 1 else [])
        if codes:
            values[bed.some((0.005, 0.03, 0.15)[strength])] = bed.rng.choice(codes)
            return Planted(frame=bed.with_column(name, values), columns=(name,))
    return None


def tokens(bed: Bed, strength: int) -> Planted | None:
    """A word for missing in 0.5, 3 or 15 % of the rows; not one that every reader knows ("?", "N/A")."""
    name = str(bed.rng.choice(bed.features()))
    values = bed.frame[name].to_numpy(object).copy()
    word = str(bed.rng.choice(["unknown", "not available", "missing", "no answer", "not recorded"]))
    if word in set(values):
        return None
    values[bed.some((0.005, 0.03, 0.15)[strength])] = word
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def impossible(bed: Bed, strength: int) -> Planted | None:
    """In a positive column 1 value is 100 times too large, 5 are negative, or 10 are 10,000 times too large."""
    numbers = bed.numbers(positive=True)
    if not numbers:
        return None
    values = bed.number(numbers[0])
    assert values is not None
    rows = bed.rng.choice(np.flatnonzero(np.isfinite(values)), (1, 5, 10)[strength], replace=False)
    values[rows] *= (100.0, -1.0, 10_000.0)[strength]
    return Planted(frame=bed.with_column(numbers[0], values), columns=(numbers[0],))


def mixed_units(bed: Bed, strength: int) -> Planted | None:
    """Of a positive number 2, 10 or 40 % are in a unit a thousand times smaller."""
    for name in bed.numbers(positive=True):
        values = bed.number(name)
        assert values is not None
        low, high = np.nanquantile(values, [0.01, 0.99])
        if high / low > 100:
            continue  # the two units would overlap: nobody could tell
        values[bed.some((0.02, 0.1, 0.4)[strength])] *= 1000
        return Planted(frame=bed.with_column(name, values), columns=(name,))
    return None


def mixed_dates(bed: Bed, strength: int) -> Planted:
    """A date as 31/12/2020, in 2, 10 or 40 % of the rows as 2020-12-31 or 12-31-2020."""
    name = bed.named("visited")
    days = np.datetime64("2018-03-01") + bed.rng.integers(0, 900, bed.n)
    parts = [str(d).split("-") for d in days]
    values = np.array([f"{d}/{m}/{y}" for y, m, d in parts], dtype=object)
    for i in bed.some((0.02, 0.1, 0.4)[strength]):
        y, m, d = parts[i]
        values[i] = f"{y}-{m}-{d}" if i % 2 else f"{m}-{d}-{y}"
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def garbled(bed: Bed, strength: int) -> Planted:
    """Names of places, in 1, 5 or 30 % of the rows as UTF-8 read as Latin-1 (ZÃ¼rich)."""
    name = bed.name()
    values = bed.rng.choice(PLACES, bed.n).astype(object)
    for i in bed.some((0.01, 0.05, 0.3)[strength]):
        values[i] = str(values[i]).encode().decode("latin-1")
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def spellings(bed: Bed, strength: int) -> Planted:
    """Kinds of shops, in 1, 5 or 20 % of the rows in another case, with other blanks or a letter missing."""
    name = bed.name()
    values = bed.rng.choice(KINDS, bed.n).astype(object)
    for i in bed.some((0.01, 0.05, 0.2)[strength]):
        word = str(values[i])
        values[i] = (word.upper(), word.lower(), word.replace(" ", "-"), word[:3] + word[4:])[i % 4]
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def heaped(bed: Bed, strength: int) -> Planted:
    """A number that people gave rounded to tens in 30, 60 or 95 % of the rows."""
    name = bed.name()
    values = np.round(bed.rng.lognormal(4.5, 0.5, bed.n))
    rows = bed.some((0.3, 0.6, 0.95)[strength])
    values[rows] = 10 * np.round(values[rows] / 10)
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def capped(bed: Bed, strength: int) -> Planted | None:
    """A number cut off at its 99th, 95th or 80th percentile; half of the times the target is, where it is a number."""
    share = (0.99, 0.95, 0.8)[strength]
    names = [bed.target] if not bed.classes and bed.rng.random() < 0.5 else bed.numbers(100)
    for name in names:
        values = bed.number(name)
        assert values is not None
        cap = np.nanquantile(values, share)
        if (values == np.nanmax(values)).mean() < 0.005 and (values > cap).sum() > 10:
            return Planted(frame=bed.with_column(name, np.minimum(values, cap)), columns=(name,))
    return None


def constant(bed: Bed, strength: int) -> Planted:
    """A column with one value but for three rows, but for none, or with no value at all."""
    name, values = bed.name(), np.full(bed.n, "standard", dtype=object)
    if strength == 0:
        values[bed.rng.choice(bed.n, 3, replace=False)] = "special"
    if strength == 2:
        values[:] = ""
    return Planted(frame=bed.with_column(name, values), columns=(name,))


def duplicated_column(bed: Bed, strength: int) -> Planted | None:
    """A column twice, with other values in 1 or 0.1 % of the rows or none; a number in another unit."""
    features = bed.numbers() or bed.words()
    if not features:
        return None
    source, name = features[0], bed.name()
    values = bed.number(source)
    if values is None:
        copy = bed.frame[source].to_numpy(object).copy()
    else:
        copy = np.array(["" if not np.isfinite(v) else repr(v * 2.54) for v in values.tolist()], dtype=object)
    if strength < 2:
        rows = bed.some((0.01, 0.001)[strength])
        copy[rows] = bed.rng.permutation(copy)[: len(rows)]
    return Planted(frame=bed.with_column(name, copy), columns=(name, source))


def mixed_types(bed: Bed, strength: int) -> Planted | None:
    """Stray texts in 0.5, 3 or 15 % of the rows of a number."""
    numbers = bed.numbers()
    if not numbers:
        return None
    values = as_text(bed.number(numbers[0]))  # type: ignore[arg-type]
    for i in bed.some((0.005, 0.03, 0.15)[strength]):
        values[i] = ("see note", "error 7", "about 3 or 4", "#REF")[i % 4]
    return Planted(frame=bed.with_column(numbers[0], values), columns=(numbers[0],))
