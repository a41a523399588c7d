"""The tables ``[payoff]`` and ``[money]`` of a brief: what an outcome is worth."""

from __future__ import annotations

from typing import Any

from modelwright.brief.quantities import bad_value

__all__ = ["PERIODS", "checked_payoff", "checked_period"]

PERIODS = ("hour", "day", "week", "month", "quarter", "year")
"""In which cases come; money is told for one of them."""


def checked_payoff(value: Any) -> dict[str, float]:
    """Return money by outcome; a table in the table is that of a true class, by decision.

    Raises
    ------
    UsageError
        It is no table of numbers (MW-U002).
    """
    found: dict[str, float] = {}
    try:
        for outcome, worth in dict(value).items():
            if isinstance(worth, dict):
                found.update({f"{outcome}>{decision}": float(money) for decision, money in worth.items()})
            else:
                found[str(outcome)] = float(worth)
    except (TypeError, ValueError) as error:
        raise bad_value("payoff", value, "a table of numbers such as tp=80, fp=-5") from error
    return found


def checked_period(value: Any) -> str:
    """Return the period; raises UsageError (MW-U002)."""
    if value not in PERIODS:
        raise bad_value("period", value, f"one of {', '.join(PERIODS)}")
    return str(value)
