"""The table ``[trust]`` of a brief: fair to whom, and which answers are left to a person."""

from __future__ import annotations

import re
from typing import Any

from modelwright.bounds import HIGHEST_RISK, LOWEST_RISK
from modelwright.brief.quantities import bad_value

__all__ = [
    "FAIRNESS",
    "FOUR_FIFTHS",
    "checked_consent",
    "checked_fairness",
    "checked_ratio",
    "checked_risk",
    "checked_tolerance",
]

FAIRNESS = ("selection", "opportunity", "errors", "calibration")
"""How groups can be compared; what each asks is told by `modelwright.govern.fairness.choosing`."""
FOUR_FIFTHS = 0.8
"""Of the highest rate: the rule of thumb of the Uniform Guidelines on Employee Selection Procedures, 29 CFR 1607.4."""
_TOLERANCE = re.compile(r"(\d+\.?\d*|\.\d+)(e[+-]?\d{1,2})?%?", re.ASCII)


def checked_fairness(value: Any) -> str:
    """Return how groups are compared; raises UsageError (MW-U002)."""
    if value not in FAIRNESS:
        raise bad_value("fairness", value, f"one of {', '.join(FAIRNESS)}")
    return str(value)


def checked_consent(name: str, value: Any) -> bool:
    """Return whether something is allowed; only a clear yes or no will do. Raises UsageError (MW-U002)."""
    if not isinstance(value, bool):
        raise bad_value(name, value, "true or false")
    return value


def checked_ratio(name: str, value: Any) -> float:
    """Return a ratio above 0 and at most 1; raises UsageError (MW-U002)."""
    try:
        ratio = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        ratio = float("nan")
    if not 0 < ratio <= 1:
        raise bad_value(name, value, "a ratio above 0 and at most 1, such as 0.8")
    return ratio


def checked_risk(name: str, value: Any) -> float:
    """Return a share of answers that may be wrong; raises UsageError (MW-U002)."""
    try:
        risk = float("nan") if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        risk = float("nan")
    if not LOWEST_RISK <= risk <= HIGHEST_RISK:
        raise bad_value(name, value, f"a share from {LOWEST_RISK} to {HIGHEST_RISK}, such as 0.05")
    return risk


def checked_tolerance(name: str, value: Any) -> str:
    """Return an amount as text, in percent or not, without spaces; raises UsageError (MW-U002)."""
    text = str(value).strip().replace(" ", "")
    if isinstance(value, bool) or not _TOLERANCE.fullmatch(text) or float(text.rstrip("%")) <= 0:
        raise bad_value(name, value, "an amount above 0, such as 500 in the target's unit or 10% of its median")
    return text
