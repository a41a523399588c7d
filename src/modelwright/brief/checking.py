"""How the value of each field of a brief is checked: a table of functions of a field's name and value."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from modelwright.brief.gates import checked_gates
from modelwright.brief.money import checked_payoff, checked_period
from modelwright.brief.privacy import PRIVACY_FIELDS, checked_privacy
from modelwright.brief.quantities import bad_value, parse_count
from modelwright.brief.trust import (
    checked_consent,
    checked_fairness,
    checked_ratio,
    checked_risk,
    checked_tolerance,
)

__all__ = ["checked"]


def checked(name: str, value: Any) -> Any:
    """Return the value of a field as the brief holds it; raises UsageError where it cannot be one."""
    return _CHECKS.get(name, _text)(name, value)


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise bad_value(name, value, "text")
    return value


def _names(name: str, value: Any) -> tuple[str, ...]:
    items = (value,) if isinstance(value, str) else tuple(value) if isinstance(value, Iterable) else (value,)
    if not all(isinstance(i, str) for i in items):
        raise bad_value(name, value, "a list of names")
    return items


def _kinds(name: str, value: Any) -> dict[str, str]:
    if not isinstance(value, dict):
        raise bad_value(name, value, "a table of kinds by column")
    return {str(column): str(kind) for column, kind in value.items()}


def _seed(name: str, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise bad_value(name, value, "a whole number, 0 or more")
    return value


def _class(name: str, value: Any) -> str:
    return str(value) if isinstance(value, int | float) else _text(name, value)  # true is a class, too


def _delay(name: str, value: Any) -> str:
    numeric = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if numeric else _text(name, value)


_CHECKS: dict[str, Callable[[str, Any], Any]] = {
    **dict.fromkeys(("drop", "known_after", "protected", "allow"), _names),
    **dict.fromkeys(PRIVACY_FIELDS.values(), checked_privacy),
    **dict.fromkeys(("cases", "capacity"), parse_count),
    "gates": lambda _, value: checked_gates(value),
    "payoff": lambda _, value: checked_payoff(value),
    "period": lambda _, value: checked_period(value),
    "kinds": _kinds,
    "fairness": lambda _, value: checked_fairness(value),
    "fairness_ratio": checked_ratio,
    "fairness_thresholds": checked_consent,
    "abstain": checked_risk,
    "tolerance": checked_tolerance,
    "seed": _seed,
    "positive": _class,
    "label_delay": _delay,
}
"""Fields that are not named here are texts."""
