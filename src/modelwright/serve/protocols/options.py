"""The options of a request: probabilities, interval, reasons; in the query, or among the parameters of a body."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from modelwright.serve.exchange import Asked, ModelFacts
from modelwright.serve.protocols import refusals

__all__ = ["MOST_REASONS", "NAMES", "Parameters", "apply", "apply_query"]

NAMES = ("probabilities", "interval", "reasons")
MOST_REASONS = 1_000

_EXPECTED = {
    "probabilities": "true or false",
    "interval": "a coverage from 0.5 to 0.99, for a model that predicts values",
    "reasons": f"a whole number from 0 to {MOST_REASONS:,}",
}
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


class Parameters(msgspec.Struct):
    """Options as a body gives them; of parameters that are none of ours nothing is built."""

    probabilities: bool | None = None
    interval: float | None = None
    reasons: int | float | None = None


def apply(asked: Asked, given: Any, facts: ModelFacts) -> Asked:
    """Set the options of a body on what is asked.

    Parameters
    ----------
    given : object with the attributes of `Parameters`

    Raises
    ------
    RequestError
        An option is out of its bounds, or an interval is asked of a model that predicts classes.
    """
    if given.probabilities is not None:
        asked.probabilities = given.probabilities
    if given.interval is not None:
        asked.interval = _interval(given.interval, facts)
    if given.reasons is not None:
        asked.reasons = _reasons(given.reasons)
    return asked


def apply_query(asked: Asked, query: Mapping[str, str], facts: ModelFacts) -> Asked:
    """Set the options of the query, ``?reasons=3&probabilities=false``; other names are not looked at."""
    if (text := query.get("probabilities")) is not None:
        word = text.strip().lower()
        if word not in _TRUE | _FALSE:
            raise _refused("probabilities")
        asked.probabilities = word in _TRUE
    if (text := query.get("interval")) is not None:
        try:
            asked.interval = _interval(float(text), facts)
        except ValueError:
            raise _refused("interval") from None
    if (text := query.get("reasons")) is not None:
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_REASONS))):
            raise _refused("reasons")
        asked.reasons = _reasons(int(text))
    return asked


def _interval(coverage: float, facts: ModelFacts) -> float:
    if facts.classes or not (math.isfinite(coverage) and 0.0 < coverage < 1.0):
        raise _refused("interval")
    return coverage


def _reasons(number: int | float) -> int:
    if number not in range(MOST_REASONS + 1):  # 3.0 is in it: to JSON it is the number that 3 is
        raise _refused("reasons")
    return int(number)


def _refused(name: str) -> Exception:
    return refusals.wrong_option(name, _EXPECTED[name])
