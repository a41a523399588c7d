"""Numbers in text: decimal marks, thousands separators, units, currencies, brackets for negative, magnitudes.

`NumberFormat` says how the numbers of one column are written; `read_number` reads one value by it. How the format is
found from a column is in `data/inference/numbers.py`.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

__all__ = ["MAGNITUDE", "MAGNITUDES", "NumberFormat", "as_float", "read_number", "tidy_number"]

MAGNITUDE = "magnitude"
"""In ``ColumnSpec.formats`` of a number column: k, M and B behind a number multiply it."""

MAGNITUDES = {"k": 1e3, "m": 1e6, "mn": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9}

_PLAIN = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_BLANKS = str.maketrans({"\u00a0": " ", "\u2009": " ", "\u202f": " ", "\u2212": "-", "\u2019": "'"})


@dataclass(frozen=True)
class NumberFormat:
    """How numbers are written: as the fields of the same names in `ColumnSpec`; ``magnitude``: "1.2M" is 1,200,000."""

    decimal: str = "."
    thousands: str = ""
    unit: str | None = None
    scale: float = 1.0
    magnitude: bool = False


def as_float(value: Any) -> float:
    """Return a number as float64; a whole number or fraction beyond its range is infinite."""
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def tidy_number(text: str) -> str:
    """Return the text with plain blanks, a plain minus sign and a plain apostrophe, stripped."""
    return text.strip() if text.isascii() else text.translate(_BLANKS).strip()


def read_number(text: str, style: NumberFormat) -> float | None:
    """Return the number a text stands for, None where it is none in this format.

    Examples
    --------
    >>> read_number("(1.234,56 €)", NumberFormat(decimal=",", thousands=".", unit="€"))
    -1234.56
    """
    text = tidy_number(text)
    if style.thousands != "." and _PLAIN.fullmatch(text):  # a plain number is read as one in any other format
        return float(text) * style.scale
    sign = 1.0
    if text.startswith("(") and text.endswith(")"):  # accountants' negative
        sign, text = -1.0, text[1:-1].strip()
    if text[:1] in ("-", "+"):
        sign, text = (-sign if text[0] == "-" else sign), text[1:].lstrip()
    elif text[-1:] == "-" and text[:1].isdigit():  # "12.50-", as ledgers write it
        sign, text = -sign, text[:-1].rstrip()
    if style.unit:
        text = _without_unit(text, style.unit)
        if text[:1] == "-":  # "$-5"
            sign, text = -sign, text[1:]
    factor = 1.0
    if style.magnitude:
        text, factor = _without_magnitude(text)
    digits = _digits(text, style.decimal, style.thousands)
    return None if digits is None else sign * float(digits) * factor * style.scale


def _without_unit(text: str, unit: str) -> str:
    low, unit = text.lower(), unit.lower()
    if low.endswith(unit):
        return text[: -len(unit)].rstrip()
    if low.startswith(unit):
        return text[len(unit) :].lstrip()
    return text


def _without_magnitude(text: str) -> tuple[str, float]:
    body = text.rstrip("kKmMbBnNiIoO")
    factor = MAGNITUDES.get(text[len(body) :].lower())
    return (text, 1.0) if factor is None else (body.rstrip(), factor)


@lru_cache(maxsize=64)
def _grouped(decimal: str, thousands: str) -> re.Pattern[str]:
    mark, separator = re.escape(decimal), re.escape(thousands)
    # Groups of three; groups of two before the last are Indian ("12,34,567").
    grouped = rf"\d{{1,3}}(?:{separator}\d{{2,3}})*{separator}\d{{3}}|\d+" if thousands else r"\d+"
    return re.compile(rf"(?:(?:{grouped})(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?", re.ASCII)


def _digits(text: str, decimal: str, thousands: str) -> str | None:
    """Return the text of the number as Python writes it, None where it is not in the format."""
    if not _grouped(decimal, thousands).fullmatch(text):
        return None
    if thousands:
        text = text.replace(thousands, "")
    return text.replace(decimal, ".")
