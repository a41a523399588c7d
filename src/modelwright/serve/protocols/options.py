"""The options of a request: what is wanted beside the predictions; in the query, or among the parameters of a body.

What is none of them is refused in the query and in our own body: an option that is misspelt would else be an answer
without it. In the parameters of other protocols it is passed over, as they ask.
"""

from __future__ import annotations

import difflib
import math
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from modelwright.bounds import HIGHEST_RISK, LOWEST_RISK
from modelwright.serve.exchange import Asked
from modelwright.serve.protocols import refusals

__all__ = ["MOST_REASONS", "NAMES", "Parameters", "apply", "apply_query", "check_names"]

NAMES = ("probabilities", "interval", "reasons", "abstain", "unusual")
MOST_REASONS = 1_000
LONGEST_NAME = 40  # of a name of the query, so far as it is compared with those that are known

_EXPECTED = {
    "probabilities": "true or false",
    "unusual": "true or false",
    "interval": "a coverage from 0.5 to 0.99",
    "reasons": f"a whole number from 0 to {MOST_REASONS:,}",
    "abstain": f"a risk from {LOWEST_RISK} to {HIGHEST_RISK}",
}
_TRUE, _FALSE = frozenset({"true", "1", "yes"}), frozenset({"false", "0", "no"})


class Parameters(msgspec.Struct):
    """Options as a body gives them; of parameters that are none of ours nothing is built."""

    probabilities: bool | None = None
    interval: float | None = None
    reasons: int | float | None = None
    abstain: float | None = None
    unusual: bool | None = None


def apply(asked: Asked, given: Any) -> Asked:
    """Set the options of a body on what is asked.

    Parameters
    ----------
    given : object with the attributes of `Parameters`

    Raises
    ------
    RequestError
        An option is out of its bounds.
    """
    if given.probabilities is not None:
        asked.probabilities = given.probabilities
    if given.interval is not None:
        asked.interval = _interval(given.interval)
    if given.reasons is not None:
        asked.reasons = _reasons(given.reasons)
    if given.abstain is not None:
        asked.abstain = _risk(given.abstain)
    if given.unusual is not None:
        asked.unusual = given.unusual
    return asked


def check_names(query: Mapping[str, str], known: Sequence[str] = NAMES) -> None:
    """Raise RequestError where the query has an option that is not ``known``."""
    for name in query:
        if name not in known:
            meant = difflib.get_close_matches(name[:LONGEST_NAME], known, n=1)
            raise refusals.unknown_option(known, meant[0] if meant else "")


def apply_query(asked: Asked, query: Mapping[str, str]) -> Asked:
    """Set the options of the query, ``?reasons=3&probabilities=false``; one that is not known is refused."""
    check_names(query)
    if (text := query.get("probabilities")) is not None:
        asked.probabilities = _yes("probabilities", text)
    if (text := query.get("unusual")) is not None:
        asked.unusual = _yes("unusual", text)
    if (text := query.get("interval")) is not None:
        try:
            asked.interval = _interval(float(text))
        except ValueError:
            raise _refused("interval") from None
    if (text := query.get("reasons")) is not None:
        if not (text.isascii() and text.isdigit() and len(text) <= len(str(MOST_REASONS))):
            raise _refused("reasons")
        asked.reasons = _reasons(int(text))
    if (text := query.get("abstain")) is not None:
        try:
            asked.abstain = _risk(float(text))
        except ValueError:
            raise _refused("abstain") from None
    return asked


def _yes(name: str, text: str) -> bool:
    word = text.strip().lower()
    if word not in _TRUE | _FALSE:
        raise _refused(name)
    return word in _TRUE


def _interval(coverage: float) -> float:
    if not (math.isfinite(coverage) and 0.0 < coverage < 1.0):
        raise _refused("interval")
    return coverage


def _reasons(number: int | float) -> int:
    if number not in range(MOST_REASONS + 1):  # 3.0 is in it: to JSON it is the number that 3 is
        raise _refused("reasons")
    return int(number)


def _risk(risk: float) -> float:
    if not LOWEST_RISK <= risk <= HIGHEST_RISK:  # NaN compares as false
        raise _refused("abstain")
    return risk


def _refused(name: str) -> Exception:
    return refusals.wrong_option(name, _EXPECTED[name])
