"""Times, sizes and counts of a brief, with their units."""

from __future__ import annotations

import re
from typing import Any

from modelwright.errors import UsageError

__all__ = [
    "bad_value",
    "parse_count",
    "parse_delay",
    "parse_duration",
    "parse_latency",
    "parse_memory",
    "parse_size",
]

MINIMUM_BUDGET_S = 1.0
MAXIMUM_BUDGET_S = 30 * 86400.0
"""Nobody waits longer for a command; more is a slip of the pen, or of the unit."""
LEAST_MEMORY = 256 * 10**6
_DURATION_UNITS = {"": 1.0, "s": 1.0, "sec": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "ms": 0.001}
_SIZE_UNITS = {"": 1, "b": 1, "kb": 10**3, "mb": 10**6, "gb": 10**9, "k": 10**3, "m": 10**6, "g": 10**9}


def bad_value(name: str, value: Any, expected: str) -> UsageError:
    """Return the error about a value that a field of the brief cannot have."""
    return UsageError(f"brief field '{name}' is {value!r}", fix=f"give {expected}", code="MW-U002")


def parse_duration(value: str | float) -> float:
    """Return seconds from ``90``, ``"90s"``, ``"5m"`` or ``"1h30m"``.

    Raises
    ------
    UsageError
        Not a duration, or shorter than one second, or longer than 30 days.
    """
    seconds = _total(value, _DURATION_UNITS, "budget", "a duration such as 60s, 5m or 1h30m")
    if not MINIMUM_BUDGET_S <= seconds < float("inf"):
        raise UsageError(f"budget is {value!r}", fix="give at least 1s, for example 60s or 5m", code="MW-U003")
    if seconds > MAXIMUM_BUDGET_S:
        raise UsageError(f"budget is {value!r}", fix="give at most 30 days, 720h; 5m is the default", code="MW-U003")
    return seconds


def parse_delay(value: str | float) -> float:
    """Return seconds from ``"30d"``, ``"12h"`` or ``"2w"``; raises UsageError (MW-U003)."""
    seconds = _total(value, _DURATION_UNITS | {"w": 7 * 86400.0}, "label delay", "a duration such as 30d, 12h or 2w")
    if not 0 < seconds < float("inf"):
        raise UsageError(f"label delay is {value!r}", fix="give a time above 0, for example 30d", code="MW-U003")
    return seconds


def parse_size(value: str | float) -> int:
    """Return bytes from ``500_000_000``, ``"500MB"`` or ``"2GB"``; raises UsageError."""
    size = int(_total(value, _SIZE_UNITS, "size", "a size such as 500MB or 2GB"))
    if size < 1:
        raise UsageError(f"size is {value!r}", fix="give a size above 0", code="MW-U003")
    return size


def parse_memory(value: str | float) -> int:
    """Return bytes that are enough for the libraries; raises UsageError (MW-U003)."""
    size = parse_size(value)
    if size < LEAST_MEMORY:
        raise UsageError(
            f"memory is {value!r}, less than the libraries alone take", fix="give at least 256MB", code="MW-U003"
        )
    return size


def parse_latency(value: str | float) -> float:
    """Return milliseconds from ``20`` or ``"20ms"``; raises UsageError (MW-U003)."""
    if isinstance(value, str):
        value = _total(value, _DURATION_UNITS, "latency", "a latency such as 20ms") * 1000
    if not 0 < float(value) < float("inf"):
        raise UsageError(f"latency is {value!r}", fix="give a latency above 0, for example 20ms", code="MW-U003")
    return float(value)


def parse_count(what: str, value: int | str) -> int:
    """Return a whole number, 1 or more; raises UsageError (MW-U003)."""
    try:
        count = int(value)
    except (TypeError, ValueError):
        count = 0
    if count < 1:
        raise UsageError(f"{what} is {value!r}", fix="give a whole number, 1 or more", code="MW-U003")
    return count


def _total(value: str | float, units: dict[str, Any], what: str, expected: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    text = str(value).strip().lower().replace(" ", "").replace("_", "")
    parts = re.findall(r"(\d+(?:\.\d+)?)([a-z]*)", text)
    if not parts or "".join(n + u for n, u in parts) != text or any(u not in units for _, u in parts):
        raise UsageError(f"{what} is {value!r}", fix=f"give {expected}", code="MW-U003")
    return sum(float(n) * units[u] for n, u in parts)
