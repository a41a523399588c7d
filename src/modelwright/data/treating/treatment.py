"""The document: what is done to the values of one column."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from modelwright.errors import UsageError, did_you_mean

__all__ = ["ACTIONS", "MASKED", "RARE", "Action", "Treatment", "parse_action"]

MASKED = "masked"
"""What stands in the place of every value of a masked column."""

RARE = "(rare)"
"""What stands in the place of a level that few rows have."""


class Action(StrEnum):
    """What can be done to a value. `DROP` and `KEEP` leave nothing to do where values are read."""

    KEEP = "keep"
    DROP = "drop"
    MASK = "mask"
    HASH = "hash"
    YEAR = "year"
    CAP = "cap"
    BUCKET = "bucket"
    ROUND = "round"
    PREFIX = "prefix"
    REDACT = "redact"
    POOL = "pool"
    CLIP = "clip"


@dataclass(frozen=True, kw_only=True)
class Treatment:
    """What is done to each value of a column that is not missing.

    Attributes
    ----------
    action : Action
        ``mask``: one word for all. ``hash``: a pseudonym, the HMAC of the value by a key. ``year``: of a date.
        ``cap``: numbers above ``size`` are ``size``. ``bucket``: down to a multiple of ``size``. ``round``: to ``size``
        decimal places. ``prefix``: the first ``size`` characters and two stars. ``redact``: texts without names,
        addresses and numbers. ``pool`` and ``clip``: nothing but what follows.
    size : float or None
    low, high : float or None
        Bounds of numbers and years; what lies outside is the bound.
    levels : tuple of str
        Levels that stay, others are `RARE`; empty: all stay.
    few : tuple of str
        Prefixes of too few people, for which zeros stand.
    formats : tuple of str
        How dates are written, as in `ColumnSpec`.
    decimal, thousands : str
    unit : str or None
    magnitude : bool
        How numbers are written, as `NumberFormat` reads them; a percent sign is a unit here, and 5 % are 5.
    duration : bool
        Whether they are lengths of time: seconds are what is left of them.
    width : int
        Digits that a number is filled up to with zeros before its prefix is taken; 0: none.
    salt : str
        Goes into hashes, so that a value cannot be followed from column to column: the column's name.
    key_file : str or None
        Where the key is looked for when the environment has none.
    fingerprint : str
        Tells the right key from another one; it does not tell the key.
    least : int
        Rows that must share a word of texts that is stored.
    """

    action: Action
    size: float | None = None
    low: float | None = None
    high: float | None = None
    levels: tuple[str, ...] = ()
    few: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    decimal: str = "."
    thousands: str = ""
    unit: str | None = None
    magnitude: bool = False
    duration: bool = False
    width: int = 0
    salt: str = ""
    key_file: str | None = None
    fingerprint: str = ""
    least: int = 1

    @property
    def leaves_alone(self) -> tuple[float, float]:
        """Between which bounds numbers stay as they are; an empty range where none is known to."""
        if self.action not in (Action.CLIP, Action.CAP):
            return 1.0, 0.0
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        return low, min(high, self.size) if self.action is Action.CAP and self.size is not None else high


_WHOLE = frozenset({Action.ROUND, Action.PREFIX})

ACTIONS: dict[Action, tuple[float, float] | None] = {
    Action.KEEP: None,
    Action.DROP: None,
    Action.MASK: None,
    Action.HASH: None,
    Action.YEAR: None,
    Action.CAP: (-math.inf, math.inf),
    Action.BUCKET: (1e-9, math.inf),
    Action.ROUND: (0, 12),
    Action.PREFIX: (1, 64),
    Action.REDACT: None,
}
"""What a brief or a policy may ask for, and the bounds of the number that belongs to it."""

_EXAMPLES = {Action.CAP: "cap:90", Action.BUCKET: "bucket:10", Action.ROUND: "round:2", Action.PREFIX: "prefix:3"}


def parse_action(text: str, where: str) -> tuple[Action, float | None]:
    """Return an action and its number: ``"drop"``, ``"bucket:10"``.

    Parameters
    ----------
    text : str
    where : str
        For the message: ``"column 'age'"``.

    Raises
    ------
    UsageError
        There is no such action (MW-U901), or its number is missing, too much or out of bounds (MW-U902).
    """
    name, _, number = str(text).partition(":")
    if name.strip() not in {a.value for a in ACTIONS}:
        raise UsageError(
            f"there is no privacy action '{name}', asked for {where}",
            fix=did_you_mean(name, [a.value for a in ACTIONS]),
            code="MW-U901",
        )
    action = Action(name.strip())
    bounds = ACTIONS[action]
    try:
        size = float(number) if number.strip() else None
    except ValueError:
        size = math.nan
    if (bounds is None) != (size is None) or (bounds and size is not None and not _fits(action, size, bounds)):
        raise UsageError(
            f"the privacy action for {where} is '{text}'",
            fix=f"write {_EXAMPLES.get(action, action.value)}",
            code="MW-U902",
        )
    return action, size


def _fits(action: Action, size: float, bounds: tuple[float, float]) -> bool:
    """Return whether a number can be what belongs to an action; JSON has no infinite ones."""
    whole = action not in _WHOLE or size == int(size) if math.isfinite(size) else False
    return whole and bounds[0] <= size <= bounds[1]
