"""One value treated. Every function here changes nothing when it is applied to what it has returned."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.parsing.moments import read_duration, read_moment
from modelwright.data.parsing.numbers import NumberFormat, as_float, read_number
from modelwright.data.parsing.texts import is_missing_text, text_of
from modelwright.data.raw import ArrayRaw, raw_of
from modelwright.data.treating.keys import HASHED, key_for, pseudonym
from modelwright.data.treating.redacting import capitalised_words, redacted, with_words
from modelwright.data.treating.treatment import MASKED, RARE, Action, Treatment

if TYPE_CHECKING:
    from modelwright.data.raw import Raw

__all__ = ["NUMERIC", "treated", "treated_values", "treater"]

Treat = Callable[[Any], Any]

NUMERIC = frozenset({Action.YEAR, Action.CAP, Action.BUCKET, Action.ROUND, Action.CLIP})
"""Actions that make numbers."""

_YEAR = re.compile(r"[12]\d{3}", re.ASCII)
ROUNDING = 1e-9
_STARS = "**"


def treater(treatment: Treatment) -> Treat:
    """Return the function that treats one value: a text or a number, None where nothing may be known of it.

    It raises UsageError where a pseudonym is wanted and its key is not there, see `key_for`.
    """
    treat = _MAKERS[treatment.action](treatment)
    numeric = treatment.action in NUMERIC
    low = -math.inf if treatment.low is None else treatment.low
    high = math.inf if treatment.high is None else treatment.high
    known = frozenset(treatment.levels)
    texts = treatment.action is Action.REDACT
    words = capitalised_words(known) if texts else frozenset()

    def number(value: Any) -> float | None:
        text = text_of(value)
        if text is None or is_missing_text(text):
            return None
        found = treat(value)
        return None if found is None else min(max(found, low), high)

    def word(value: Any) -> str | None:
        text = text_of(value)
        if text is None or is_missing_text(text):
            return text  # what means missing in a column is for its specification to say
        if known and text == RARE:
            return text
        found = treat(value)
        if known and texts and found not in known:
            # The table of training said which words are names; here a word is one if the text is a known one without.
            found = with_words(found, words)
        return found if not known or found in known else RARE

    return number if numeric else word


def treated(raw: Raw, treatment: Treatment) -> Raw:
    """Return a raw column treated; columns of numbers at once, of others each different value once."""
    numbers = _at_once(raw, treatment)
    if numbers is not None:
        return ArrayRaw(numbers)
    values, codes = raw.distinct()
    return ArrayRaw(_spread([*map(treater(treatment), values)], codes))


def treated_values(values: Any, treatment: Treatment) -> Any:
    """Return the values of a raw column treated, in the order of the rows: an array of float64 with NaN where missing,
    or a list with None there."""
    raw = raw_of(values)
    numbers = _at_once(raw, treatment)
    if numbers is not None:
        return numbers
    found, codes = raw.distinct()
    return list(_spread([*map(treater(treatment), found)], codes))


def _at_once(raw: Raw, treatment: Treatment) -> np.ndarray | None:
    """Return what `treater` makes of a column of numbers, where that is plain arithmetic; None to go value by value."""
    change = _AT_ONCE.get(treatment.action)
    if change is None:
        return None
    numbers = raw.numbers()
    if numbers is None and treatment.thousands != ".":
        from modelwright.data.canonical import SPELLINGS

        numbers = raw.plain_numbers(SPELLINGS)
    if numbers is None:
        return None
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    low = -np.inf if treatment.low is None else treatment.low
    high = np.inf if treatment.high is None else treatment.high
    return np.minimum(np.maximum(change(numbers, treatment), low), high)


def _buckets(numbers: np.ndarray, t: Treatment) -> np.ndarray:
    """`_bucketed` for arrays."""
    size = t.size or 1.0
    with np.errstate(all="ignore"):
        parts = numbers / size
        whole = np.round(parts)
        near = np.abs(parts - whole) <= ROUNDING * np.maximum(1.0, np.abs(parts))
        return np.where(np.isfinite(parts), np.where(near, whole, np.floor(parts)) * size, numbers)


_AT_ONCE: dict[Action, Callable[[np.ndarray, Treatment], np.ndarray]] = {
    Action.CAP: lambda numbers, t: np.minimum(numbers, t.size or 0.0),
    Action.BUCKET: _buckets,
    Action.CLIP: lambda numbers, t: numbers,
}


def _spread(values: list[Any], codes: np.ndarray) -> Any:
    table = np.empty(len(values) + 1, dtype=object)
    table[: len(values)] = values
    return table[codes]  # code -1 is the last entry, None


# --- one maker per action ------------------------------------------------------------------------------------------


def _as_text(treatment: Treatment) -> Treat:
    return lambda value: str(text_of(value))


def _drop(treatment: Treatment) -> Treat:
    return lambda value: None


def _mask(treatment: Treatment) -> Treat:
    return lambda value: MASKED


def _hash(treatment: Treatment) -> Treat:
    def hashed(value: Any) -> str:
        text = str(text_of(value))
        if HASHED.fullmatch(text):  # the log and kept rows can be read without the key
            return text
        return pseudonym(key_for(treatment.key_file, treatment.fingerprint), treatment.salt, text)

    return hashed


def _year(treatment: Treatment) -> Treat:
    def year(value: Any) -> float | None:
        text = str(text_of(value))
        if _YEAR.fullmatch(text):
            return float(text)
        seconds = read_moment(value, treatment.formats)
        if seconds is None or not math.isfinite(seconds):
            return None
        try:
            moment = dt.datetime(1970, 1, 1) + dt.timedelta(seconds=seconds)
        except OverflowError:
            return None
        return float(moment.year) if _YEAR.fullmatch(str(moment.year)) else None

    return year


def _number(value: Any, treatment: Treatment) -> float | None:
    if treatment.duration:
        found = read_duration(value)
    elif isinstance(value, str):
        style = NumberFormat(treatment.decimal, treatment.thousands, treatment.unit, magnitude=treatment.magnitude)
        found = read_number(value, style)
    elif isinstance(value, dict | list | tuple | set | bytes):
        return None
    else:
        try:
            found = as_float(value)
        except (TypeError, ValueError):
            return None
    return None if found is None or not math.isfinite(found) else found


def _numeric(change: Callable[[float, Treatment], float]) -> Callable[[Treatment], Treat]:
    def make(treatment: Treatment) -> Treat:
        def treat(value: Any) -> float | None:
            number = _number(value, treatment)
            return None if number is None else change(number, treatment)

        return treat

    return make


def _capped(number: float, t: Treatment) -> float:
    return min(number, t.size or 0.0)


def _bucketed(number: float, t: Treatment) -> float:
    size = t.size or 1.0
    parts = number / size
    if not math.isfinite(parts):
        return number  # beyond all buckets
    whole = float(round(parts))
    # A multiple of the size may lie a rounding error below itself.
    return (whole if abs(parts - whole) <= ROUNDING * max(1.0, abs(parts)) else math.floor(parts)) * size


def _rounded(number: float, t: Treatment) -> float:
    return round(number, int(t.size or 0))


def _as_number(number: float, t: Treatment) -> float:
    return number


def _prefix(treatment: Treatment) -> Treat:
    size = int(treatment.size or 1)
    few = frozenset(treatment.few)

    def cut(value: Any) -> str:
        text = str(text_of(value))
        if text.endswith(_STARS):
            text = text[: -len(_STARS)]
        elif text.isdecimal() and text.isascii():
            text = text.zfill(treatment.width)
        start = text[:size]
        return ("0" * size if start in few else start) + _STARS

    return cut


def _redact(treatment: Treatment) -> Treat:
    return lambda value: redacted(str(text_of(value)))


_MAKERS: dict[Action, Callable[[Treatment], Treat]] = {
    Action.DROP: _drop,
    Action.MASK: _mask,
    Action.HASH: _hash,
    Action.YEAR: _year,
    Action.CAP: _numeric(_capped),
    Action.BUCKET: _numeric(_bucketed),
    Action.ROUND: _numeric(_rounded),
    Action.PREFIX: _prefix,
    Action.REDACT: _redact,
    Action.POOL: _as_text,
    Action.CLIP: _numeric(_as_number),
}
