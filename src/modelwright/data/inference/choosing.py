"""The kind of one column, decided by evidence in a fixed order; every answer says why.

Values come first, names second, and a name alone never decides. The target is treated apart: it must stay a class or
a value, so it is never an id, a text, a constant or a boolean.
"""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.inference.facts import Facts
from modelwright.data.inference.moments import find_dates, find_dates_of_numbers, is_durations
from modelwright.data.inference.names import is_code, is_flag, is_key, is_quantity, is_time
from modelwright.data.inference.numbers import NumbersFound, decimal_dots, find_numbers, thousands_dots
from modelwright.data.parsing.booleans import boolean_tokens
from modelwright.data.parsing.numbers import MAGNITUDE, NumberFormat

__all__ = ["ID_SHARE", "KEY_SHARE", "choose"]

MIN_ID_ROWS = 20
"""In fewer rows everything is unique; only a name tells an id there."""

ID_SHARE = 0.98
"""Share of different values from which texts, and numbers named like a key, are ids."""

KEY_SHARE = 0.5
"""The same for numbers with an unmistakable key name ("customer_id"): with two rows each they still name things."""

FLAG_ROWS = 200
"""Rows from which whole numbers that are only 0 and 1 are a flag under any name: a count would have reached 2."""

MAX_CODES = 0.5
"""Largest share of different values among codes of things ("zip"); more is no category."""

TEXT_WORDS, TEXT_SHARE = 3.0, 0.5
LONG_TEXT_WORDS, LONG_TEXT_SHARE = 4.0, 0.2
MIN_TEXTS = 30
"""Free text: words per value (mean) and share of different values; longer texts may repeat more often."""

STYLE_ROWS, FIRST_LOOK = 2_000, 30
"""Rows that tell how numbers are written, and those that mostly show that a dot is no separator of thousands."""

MAX_TARGET_CODES = 100
KEPT_SHARE = 0.02
"""A class of the target that is written like a missing value ("None") must have this share of the rows."""

_SIGN_PAIR = {"+", "-"}
_CHARACTERS_PER_WORD = 2  # in scripts without blanks between words
_NO_BLANKS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\u0e00-\u0e7f]")


def choose(facts: Facts) -> ColumnSpec:
    """Return the specification of a column, without range, levels and nullability, which the whole column tells."""
    spec = ColumnSpec(name=facts.name, kind=Kind.CATEGORY, storage=facts.storage)
    if typed := _by_type(facts, spec):
        return typed
    if facts.n_present == 0:
        return replace(spec, kind=Kind.CATEGORY if facts.is_target else Kind.CONSTANT, why="every value is missing")
    if facts.numbers is not None and not facts.has_leading_zeros:
        return _of_numbers(facts, facts.numbers, _plain_style(facts, spec), "")
    return _of_texts(facts, spec)


def _by_type(facts: Facts, spec: ColumnSpec) -> ColumnSpec | None:
    """Decide by the type of storage where that is enough."""
    storage = facts.storage
    if storage.startswith(("timestamp", "date")):
        return replace(spec, kind=Kind.DATETIME, why=f"stored as {storage}")
    if storage.startswith("duration"):
        return replace(spec, kind=Kind.DURATION, why="stored as a duration")
    if storage == "bool":
        kind = Kind.CATEGORY if facts.is_target else Kind.BOOLEAN
        return replace(spec, kind=kind, why="stored as true and false")
    return None


def _plain_style(facts: Facts, spec: ColumnSpec) -> ColumnSpec:
    """Return the specification with the marks of numbers that Python reads as they are."""
    assert facts.numbers is not None
    if not facts.is_text or not (facts.numbers != np.floor(facts.numbers)).any():
        return spec
    if decimal_dots(_digits_first(facts, FIRST_LOOK)) or not thousands_dots(_digits_first(facts, STYLE_ROWS)):
        return spec
    return replace(spec, decimal=",", thousands=".", why="'.' separates thousands: three digits follow it")


def _digits_first(facts: Facts, n_rows: int) -> list[str]:
    """Return different texts of the first rows that begin with a digit, or a minus before it."""
    head = [str(t).strip() for t in facts.raw.column.slice(0, n_rows).drop_null().unique().to_pylist()]
    return [t for t in head if t[:1].isdigit() or (t[:1] == "-" and t[1:2].isdigit())]


# --- numbers -------------------------------------------------------------------------------------------------------


def _of_numbers(facts: Facts, numbers: np.ndarray, spec: ColumnSpec, told: str) -> ColumnSpec:
    """Decide between number, date, flag, id and code for a column of numbers."""
    plain = spec.unit is None and spec.scale == 1.0 and spec.thousands == ""
    whole = bool((numbers == np.floor(numbers)).all())
    distinct = np.unique(numbers)
    written = " ".join(filter(None, (told or spec.why,)))
    number = replace(spec, kind=Kind.NUMBER, why=f"numbers, {written}" if written else "")
    if facts.is_target:
        return _target_of_numbers(facts, number, distinct, whole and plain)
    if len(distinct) == 1 and not facts.n_missing:
        return replace(spec, kind=Kind.CONSTANT, why="one value in all rows")
    if plain and len(distinct) > 1 and (dates := find_dates_of_numbers(facts.name, numbers)):
        return replace(spec, kind=Kind.DATETIME, formats=dates.formats, why=dates.why)
    if whole and plain:
        special = _flag(facts, spec, distinct, len(numbers)) or _id(facts, spec, numbers, distinct)
        special = special or _code(facts, spec, distinct, len(numbers))
        if special:
            return special
    if not number.why:
        kind = "whole numbers" if whole else "numbers"
        number = replace(number, why=f"{kind}, {_values(len(distinct))}")
    return number


def _target_of_numbers(facts: Facts, number: ColumnSpec, distinct: np.ndarray, whole: bool) -> ColumnSpec:
    if whole and is_code(facts.name) and len(distinct) <= MAX_TARGET_CODES:
        return replace(number, kind=Kind.CATEGORY, why=f"{len(distinct)} codes, and the name says classes")
    return number if number.why else replace(number, why=f"numbers, {_values(len(distinct))}")


def _values(n: int) -> str:
    return "one value" if n == 1 else f"{n} different values"


def _flag(facts: Facts, spec: ColumnSpec, distinct: np.ndarray, n: int) -> ColumnSpec | None:
    if distinct.tolist() != [0.0, 1.0] or not (is_flag(facts.name) or (n >= FLAG_ROWS and not is_quantity(facts.name))):
        return None
    return replace(spec, kind=Kind.BOOLEAN, true_tokens=("1",), false_tokens=("0",), why="only 0 and 1 occur")


def _id(facts: Facts, spec: ColumnSpec, numbers: np.ndarray, distinct: np.ndarray) -> ColumnSpec | None:
    """Recognise counters and keys. Whole amounts that happen to differ (prices, populations) are neither."""
    n, share = len(numbers), len(distinct) / len(numbers)
    if distinct[0] < 0 or n < 2:
        return None
    named, maybe = is_key(facts.name), is_key(facts.name, weak=True) and not is_time(facts.name)
    unique = share == 1.0
    gapless = unique and distinct[-1] - distinct[0] == n - 1
    if gapless and not is_time(facts.name) and (maybe or n >= MIN_ID_ROWS) and not facts.is_sample:
        return replace(spec, kind=Kind.ID, why="a counter: every whole number of its range occurs once")
    if unique and facts.is_sample and not is_time(facts.name) and (np.diff(numbers) > 0).all() and _even(numbers):
        return replace(spec, kind=Kind.ID, why="a counter: the numbers rise evenly with the rows")
    if share >= ID_SHARE and maybe and n >= MIN_ID_ROWS and not (is_quantity(facts.name) and not unique):
        return replace(spec, kind=Kind.ID, why=f"{share:.0%} of the whole numbers are different, under a key's name")
    if named and share >= KEY_SHARE and n >= MIN_ID_ROWS:
        return replace(spec, kind=Kind.ID, why=f"named like a key, {share:.0%} of the values are different")
    return None


def _even(numbers: np.ndarray) -> bool:
    """Return whether sampled numbers rise in a straight line with their position in the sample."""
    line = np.linspace(numbers[0], numbers[-1], len(numbers))
    return bool(np.abs(numbers - line).max() <= 0.02 * (numbers[-1] - numbers[0]))


def _code(facts: Facts, spec: ColumnSpec, distinct: np.ndarray, n: int) -> ColumnSpec | None:
    """Recognise codes of things, which have no order: by their name, and by repeating."""
    coded = is_code(facts.name) or is_key(facts.name)
    if not coded or len(distinct) > max(MAX_CODES * n, 2) or len(distinct) < 3 or distinct[0] < -1:
        return None
    return replace(spec, kind=Kind.CATEGORY, why=f"{len(distinct)} whole numbers under a name of codes, not of amounts")


# --- texts ---------------------------------------------------------------------------------------------------------


def _of_texts(facts: Facts, spec: ColumnSpec) -> ColumnSpec:
    texts, counts = facts.texts, facts.counts
    spec = replace(spec, kept_tokens=_kept(facts))
    if len(texts) == 1 and not facts.n_missing and not facts.is_target:
        return replace(spec, kind=Kind.CONSTANT, why="one value in all rows")
    if not facts.is_target and (pair := boolean_tokens(texts)):
        yes, no = pair
        return replace(spec, kind=Kind.BOOLEAN, true_tokens=yes, false_tokens=no, why="words for true and false")
    if facts.has_leading_zeros:
        return _of_levels(facts, replace(spec, why="digits with leading zeros are codes"))
    if dates := find_dates(texts, counts, facts.codes):
        return replace(spec, kind=Kind.DATETIME, formats=dates.formats, why=dates.why)
    if is_durations(texts, counts):
        return replace(spec, kind=Kind.DURATION, why="written as durations")
    found, hint = find_numbers(texts, counts)
    if found is not None:
        return _of_numbers(facts, _read_numbers(facts, found), _styled(spec, found), found.why)
    return _of_levels(facts, replace(spec, why=hint))


def _styled(spec: ColumnSpec, found: NumbersFound) -> ColumnSpec:
    style = found.style
    return replace(
        spec,
        decimal=style.decimal,
        thousands=style.thousands,
        unit=style.unit,
        scale=style.scale,
        formats=(MAGNITUDE,) if style.magnitude else (),
        missing_tokens=found.sentinels,
    )


def _read_numbers(facts: Facts, found: NumbersFound) -> np.ndarray:
    """Return the numbers in order of the rows, without what cannot be read."""
    from modelwright.data.parsing.numbers import read_number

    style: NumberFormat = found.style
    read = [read_number(t, style) for t in facts.texts]
    table = np.array([np.nan if v is None else v for v in read] + [np.nan])
    numbers = table[facts.codes]
    return numbers[np.isfinite(numbers)]


def _kept(facts: Facts) -> tuple[str, ...]:
    """Return universal missing tokens that are values here: "-" beside "+", a frequent class "None" of the target."""
    if "-" in facts.missing and "+" in facts.texts and set(facts.texts) <= _SIGN_PAIR:
        return ("-",)
    if not facts.is_target or len(facts.texts) > MAX_TARGET_CODES:
        return ()
    enough = KEPT_SHARE * len(facts.raw)
    return tuple(t for t, n in facts.missing.items() if t.lower() in ("none", "-") and n >= enough)


def _of_levels(facts: Facts, spec: ColumnSpec) -> ColumnSpec:
    """Decide between id, free text and category for texts."""
    n, n_texts = facts.n_present, len(facts.texts)
    share = n_texts / n
    hint = f"; {spec.why}" if spec.why else ""
    if facts.is_target:
        return replace(spec, kind=Kind.CATEGORY, why=f"{n_texts + len(spec.kept_tokens)} classes{hint}")
    words = _mean_words(facts.texts)
    long = words >= LONG_TEXT_WORDS and share >= LONG_TEXT_SHARE
    if n_texts >= MIN_TEXTS and _has_letters(facts.texts) and (long or (words >= TEXT_WORDS and share >= TEXT_SHARE)):
        return replace(
            spec, kind=Kind.TEXT, why=f"{words:.1f} words on average, {share:.0%} of the texts are different"
        )
    coded = is_code(facts.name) and not is_key(facts.name)  # a postcode per row is still a place
    if share >= ID_SHARE and not coded and (n >= MIN_ID_ROWS or (is_key(facts.name) and n_texts > 1)):
        return replace(spec, kind=Kind.ID, why=f"{share:.0%} of the texts are different and short{hint}")
    if share >= KEY_SHARE and is_key(facts.name) and n >= MIN_ID_ROWS:
        return replace(spec, kind=Kind.ID, why=f"named like a key, {share:.0%} of the values are different")
    return replace(spec, kind=Kind.CATEGORY, why=f"{n_texts} level{'s' * (n_texts != 1)}{hint}")


def _has_letters(texts: list[str]) -> bool:
    """Return whether most texts hold a letter: telephone numbers have blanks and are no text."""
    part = texts[:: max(len(texts) // 200, 1)]
    return sum(any(ch.isalpha() for ch in t) for t in part) > len(part) / 2


def _mean_words(texts: list[str]) -> float:
    """Return the mean number of words of (a part of) the texts; two characters count as one where none are spaced."""
    part = texts[:: max(len(texts) // 2000, 1)]
    total = sum(len(t.split()) + len(_NO_BLANKS.findall(t)) / _CHARACTERS_PER_WORD for t in part)
    return total / max(len(part), 1)
