"""How the numbers of a text column are written, decided by evidence over the whole column."""

from __future__ import annotations

import math
import re
from collections import Counter
from dataclasses import dataclass

import numpy as np

from modelwright.data.inference.names import words
from modelwright.data.parsing.numbers import MAGNITUDES, NumberFormat, read_number, tidy_number

__all__ = ["READABLE_SHARE", "NumbersFound", "decimal_dots", "find_numbers", "thousands_dots"]

MAX_TEXTS = 5000
"""Distinct texts that are looked at; the format found is then applied to all."""

READABLE_SHARE = 0.95
"""Share of the values that must be numbers or dates in one format: a slip of the pen in twenty is tolerated."""

SENTINEL_SHARE = 0.5
MAX_SENTINELS = 3
MIN_NUMBERS = 20
"""Up to `MAX_SENTINELS` words among at least `MIN_NUMBERS` different numbers mean missing ("unknown")."""

MIN_ATTACHED = 10
"""Different numbers from which a letter or an unknown unit right behind them is believed: "1A", "2A" are codes."""

MAX_OTHER_DISTINCT = 0.1
MIN_LEVELS = 20
"""Few different values, or many that are no numbers, make codes ("1", "2", "U"), not numbers with slips."""

_CURRENCY = (
    r"(?:[A-Z]{0,2}[$€£¥₹₽₩₺₫฿₦₱¢]|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|BRL|MXN|SEK|NOK|DKK|PLN|CZK|Rs\.?|kr\.?|zł)"
)
_SHAPE = re.compile(
    rf"(?P<open>\()?\s*[-+]?\s*(?P<pre>{_CURRENCY})?\s*[-+]?"
    r"(?P<body>\d[\d.,' ]*(?:[eE][-+]?\d+)?|[.,]\d+)"
    r"\s*(?P<post>[^\W\d_][^\d]{0,14}|[%°€$£¥₹₽₩₺₫฿₦₱¢‰″′\"][^\d]{0,6})?\s*-?(?(open)\))",
)
_UNITS = words(
    "% ‰ ° °c °f c f k kg g mg µg t lb lbs oz km m cm mm nm mi mile miles ft in inch inches yd ha m² m³ km² sqft l ml "
    "cl gal mpg km/h kmh kph mph kmpl km/l cc bhp hp ps kw kwh mwh w wh v a ah mah hz khz mhz ghz b kb mb gb tb px pt "
    "kcal cal kj j pa hpa bar psi db ppm usd eur gbp chf jpy cny inr aud cad € $ £ ¥ ₹ ¢"
)
_CODES = "numbers with letters behind them look like codes"
_DOTTED = re.compile(r"-?[1-9]\d{0,2}(?:\.\d{3})+")


@dataclass(frozen=True, kw_only=True)
class NumbersFound:
    """Numbers of a text column.

    Attributes
    ----------
    style : NumberFormat
    sentinels : tuple of str
        Words among the numbers that mean missing.
    why : str
    """

    style: NumberFormat
    sentinels: tuple[str, ...]
    why: str


def find_numbers(texts: list[str], counts: np.ndarray) -> tuple[NumbersFound | None, str]:
    """Return how the numbers among distinct texts are written, or None; and a hint where they nearly were numbers.

    Parameters
    ----------
    texts : list of str
        Distinct, not missing.
    counts : ndarray of int
        How often each occurs.
    """
    texts, counts = texts[:MAX_TEXTS], counts[:MAX_TEXTS]
    parts = [_SHAPE.fullmatch(tidy_number(t)) for t in texts]
    matched = np.array([p is not None for p in parts])
    if counts[matched].sum() < (1 - SENTINEL_SHARE) * counts.sum():
        return None, ""
    weighted = [(p, int(c)) for p, c in zip(parts, counts) if p is not None]
    unit, magnitude, hint = _unit(weighted)
    if hint:
        return None, hint
    decimal, thousands, marks = _separators([p["body"].strip() for p, _ in weighted])
    style = NumberFormat(decimal, thousands, unit, magnitude=magnitude)
    # Hundreds of digits are no number that can be calculated with.
    read = np.array([(v := read_number(t, style)) is not None and math.isfinite(v) for t in texts])
    return _judged(texts, counts, read, style, marks)


def _judged(
    texts: list[str], counts: np.ndarray, read: np.ndarray, style: NumberFormat, marks: str
) -> tuple[NumbersFound | None, str]:
    """Decide whether the values that are no numbers are words for missing, slips, or tell of codes."""
    total, n_numbers = counts.sum(), int(read.sum())
    others = [(t, int(c)) for t, c, r in zip(texts, counts, read) if not r]
    sentinels: tuple[str, ...] = ()
    wordy = [t for t, _ in others if not any(ch.isdigit() for ch in t)]
    if others and len(wordy) == len(others) <= MAX_SENTINELS and n_numbers >= MIN_NUMBERS:
        if counts[read].sum() < (1 - SENTINEL_SHARE) * total:
            return None, ""
        sentinels = tuple(wordy)
    else:
        coded = bool(others) and (len(others) > MAX_OTHER_DISTINCT * len(texts) or len(texts) < MIN_LEVELS)
        if coded or counts[read].sum() < READABLE_SHARE * total:
            return None, ""
    told = [marks] if marks else []
    if style.unit:
        told.append(f"unit '{style.unit}'")
    if style.magnitude:
        told.append("k, M and B multiply")
    if sentinels:
        told.append("words among the numbers are read as missing")
    elif others:
        told.append(f"{1 - counts[read].sum() / total:.1%} of the values are no numbers and are read as missing")
    return NumbersFound(style=style, sentinels=sentinels, why=", ".join(told)), ""


def _unit(parts: list[tuple[re.Match[str], int]]) -> tuple[str | None, bool, str]:
    """Return the unit, whether there are magnitudes, and a hint where there is more than one unit."""
    units: Counter[str] = Counter()
    spelled: dict[str, str] = {}
    tight: set[str] = set()
    magnitudes: Counter[str] = Counter()
    bare = 0
    for part, count in parts:
        found = part["pre"] or ""
        post = (part["post"] or "").strip()
        if post.lower() in MAGNITUDES and (post != "m" or found):
            magnitudes[post] += count
            post = ""
        for unit in filter(None, (found, post)):
            units[unit.lower()] += count
            spelled.setdefault(unit.lower(), unit)
            if unit == post and not part["body"].endswith(" "):
                tight.add(unit.lower())
        bare += count * (not found and not part["post"])
    magnitude = bool(magnitudes)
    if len(magnitudes) == 1 and not bare and not units and next(iter(magnitudes)) not in ("k", "K"):
        units, magnitude = Counter({next(iter(magnitudes)).lower(): 1}), False  # one letter throughout: a unit
    if not units:
        return None, magnitude, ""
    (top, count), total = units.most_common(1)[0], units.total()
    if count < READABLE_SHARE * total:
        if not units.keys() <= _UNITS:
            return None, False, _CODES
        shown = ", ".join(sorted(spelled.values())[:4])
        return None, False, f"numbers with more than one unit ({shown}): convert them to one at the source"
    n_numbers = len({p["body"] for p, _ in parts})
    letter = len(top) == 1 and top.isalpha()
    if (letter or top not in _UNITS) and top in tight and n_numbers < MIN_ATTACHED:
        return None, False, _CODES
    return spelled.get(top, top), magnitude, ""


def _separators(bodies: list[str]) -> tuple[str, str, str]:
    """Return decimal mark, thousands separator, and the evidence in words.

    A mark that occurs twice in one number, or stands before another mark, separates thousands. A lone mark separates
    thousands when exactly three digits follow it everywhere and no number starts with a lone zero; for a dot more is
    needed, see `thousands_dots`.
    """
    last = {",": 0, ".": 0}
    grouping: set[str] = set()
    for body in bodies:
        marks = [ch for ch in body if ch in ",.' "]
        for mark in set(marks):
            if mark in "' " or marks.count(mark) > 1 or (mark != marks[-1] and mark in marks[:-1]):
                grouping.add(mark)
        if marks and marks[-1] in last:
            last[marks[-1]] += 1
    thousands = next((m for m in ("'", " ") if m in grouping), "")
    if "," in grouping and "." in grouping:  # both orders occur: the more frequent last mark is the decimal
        grouping.discard("," if last[","] > last["."] else ".")
    for mark, other in ((",", "."), (".", ",")):
        if mark in grouping:
            return other, mark, f"'{mark}' separates thousands"
    if last[","] and not last["."]:
        if not thousands and all(re.fullmatch(r"[1-9]\d{0,2}(,\d{3})+|\d+", b) for b in bodies):
            return ".", ",", "',' separates thousands: three digits follow it everywhere"
        return ",", thousands, "',' is the decimal mark"
    if not last[","] and thousands == "" and thousands_dots(bodies):
        return ",", ".", "'.' separates thousands: three digits follow it everywhere"
    if last[","] and last["."]:  # never in one number: the more frequent one is the decimal mark
        decimal = "," if last[","] > last["."] else "."
        return decimal, thousands, f"'{decimal}' is the decimal mark"
    return ".", thousands, f"'{thousands}' separates thousands" if thousands else ""


def decimal_dots(texts: list[str]) -> bool:
    """Return whether a dot in one of the texts is no separator of thousands."""
    return any("." in t and _DOTTED.fullmatch(t) is None for t in texts)


def thousands_dots(texts: list[str]) -> bool:
    """Return whether dots separate thousands ("950", "1.200", "12.500").

    Exactly three digits follow every dot, some of them end in zero, and numbers below 1000 have no dot. No program
    writes floats so: it would write "1.2", or "950.000".
    """
    dotted = [t for t in texts if "." in t]
    whole = [t for t in texts if "." not in t]
    if not dotted or not whole or decimal_dots(texts):
        return False
    return any(t.endswith("0") for t in dotted) and all(len(t.lstrip("-")) <= 3 for t in whole)
