"""The tables ``[payoff]`` and ``[money]`` of a brief: what an outcome is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from modelwright.brief.quantities import bad_value

if TYPE_CHECKING:
    from modelwright.brief import Brief

__all__ = ["PERIODS", "Money", "checked_payoff", "checked_period"]

PERIODS = ("hour", "day", "week", "month", "quarter", "year")
"""In which cases come; money is told for one of them."""


@dataclass(frozen=True, kw_only=True)
class Money:
    """What is said of money, by a brief or by who asks again; None where nothing is.

    Attributes
    ----------
    payoff : mapping or None
        Money by outcome, as it was given: `checked_payoff` reads it.
    currency : str or None
    cases, capacity : int or None
        That come, and that can be acted on, in a ``period``.
    period : str or None
    """

    payoff: Mapping[str, Any] | None = None
    currency: str | None = None
    cases: int | None = None
    period: str | None = None
    capacity: int | None = None

    @classmethod
    def of(cls, brief: Brief) -> Money:
        """Return what a brief says."""
        return cls(
            payoff=brief.payoff or None,
            currency=brief.currency,
            cases=brief.cases,
            period=brief.period,
            capacity=brief.capacity,
        )

    def given(self) -> dict[str, Any]:
        """Return those fields that say anything, as fields of a brief."""
        return {name: value for name, value in asdict(self).items() if value is not None and value != {}}


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
