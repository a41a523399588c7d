"""Any value as the text of a level, and which texts mean missing.

One value has one text, however it was stored: 1, 1.0, "1.0" and " 1 " are all "1". A text is stripped of surrounding
blanks and brought to Unicode form NFC, because "é" typed on two keyboards must not be two levels.
"""

from __future__ import annotations

import base64
import datetime as dt
import json
import re
import unicodedata
from collections.abc import Collection
from typing import Any

import numpy as np

__all__ = ["NULL_TYPES", "UNIVERSAL_MISSING", "is_missing_text", "text_of"]

UNIVERSAL_MISSING = frozenset(
    {"", "na", "n/a", "n.a.", "#n/a", "#na", "nan", "-nan", "nat", "null", "none", "nil", "<na>", "\\n"}
    | {"-", "--", "?", ".", "#null!", "#value!", "#div/0!", "#ref!", "#name?", "#num!"}
)
"""Texts, in lower case, that mean missing in every column: what R, SQL, pandas, SAS, Excel and UCI files write."""

WHOLE_LIMIT = 2.0**53  # above it float64 no longer holds every whole number
NULL_TYPES = frozenset({"NAType", "NaTType"})  # pandas.NA and pandas.NaT, without importing pandas
_ZERO_FRACTION = re.compile(r"[+-]?\d+\.0+", re.ASCII)
_LEADING_ZERO = re.compile(r"-?0\d", re.ASCII)


def is_missing_text(text: str, tokens: Collection[str] = (), kept: Collection[str] = ()) -> bool:
    """Return whether a stripped text means missing: a universal token that is not ``kept``, or one of ``tokens``."""
    return text in tokens or (text.lower() in UNIVERSAL_MISSING and text not in kept)


def text_of(value: Any) -> str | None:
    """Return the text of a value, None for null, NaN, NaT and pandas.NA. A text is stripped, never judged missing."""
    if isinstance(value, str):
        return _normal(value)
    if value is None or type(value).__name__ in NULL_TYPES:
        return None
    if isinstance(value, bool | np.bool_):
        return "True" if value else "False"
    if isinstance(value, int | np.integer):
        return _text_of_whole(int(value))
    if isinstance(value, float | np.floating):
        return _text_of_float(value)
    if isinstance(value, np.datetime64 | np.timedelta64):
        return (
            None
            if np.isnat(value)
            else text_of(value.astype("datetime64[us]" if value.dtype.kind == "M" else "m8[us]").item())
        )
    if isinstance(value, dt.datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, dt.timedelta):
        return _text_of_float(value.total_seconds())
    if isinstance(value, bytes | bytearray | memoryview):
        return _text_of_bytes(bytes(value))
    if isinstance(value, dict | list | tuple | set | frozenset | np.ndarray):
        return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True)
    return _normal(str(value))


def _normal(text: str) -> str:
    text = text.strip()
    if not text.isascii():
        return unicodedata.normalize("NFC", text).strip()
    if text.endswith("0") and _ZERO_FRACTION.fullmatch(text) and not _LEADING_ZERO.match(text):
        whole = text[: text.index(".")].lstrip("+")
        return "0" if whole == "-0" else whole
    return text


def _text_of_whole(value: int) -> str:
    try:
        return str(value)
    except ValueError:  # Python writes no more than 4,300 digits: such a number names nothing
        return "inf" if value > 0 else "-inf"


def _text_of_float(value: float | np.floating) -> str | None:
    if value != value:
        return None
    if abs(float(value)) < WHOLE_LIMIT and value == int(value):
        return str(int(value))
    return str(value)  # the shortest text that reads back, at the value's own width


def _text_of_bytes(data: bytes) -> str:
    try:
        return _normal(data.decode("utf-8"))
    except UnicodeDecodeError:
        return base64.b64encode(data).decode("ascii")


def _plain(value: Any) -> Any:
    """Return a nested value as JSON can hold it."""
    if isinstance(value, dict):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, np.ndarray):
        return [_plain(v) for v in value.tolist()]
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if isinstance(value, set | frozenset):
        return sorted((_plain(v) for v in value), key=str)
    if isinstance(value, str | bool | int) or value is None:
        return value
    if isinstance(value, float):
        return value if np.isfinite(value) else None
    return text_of(value)
