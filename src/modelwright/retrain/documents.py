"""Documents of maintenance: a challenge, what to train on, and what a retraining came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from modelwright.evaluate.measurements import Measurement

__all__ = [
    "BY",
    "PROPOSED",
    "RETRAINED",
    "Challenge",
    "Policy",
    "Retrained",
    "SliceChange",
    "Span",
    "SpanTrial",
    "Trigger",
]

RETRAINED, PROPOSED = "retrained", "proposed"
"""Events of the ledger."""

BY = "maintenance"
"""Who did what is done without a person."""


class Policy(StrEnum):
    """What becomes of a challenger that wins.

    ``MANUAL``: it is a version, and a person promotes it. ``PROPOSE``: the same, and the ledger asks for it.
    ``AUTOMATIC``: it is promoted, and taken back when later labels speak against it.
    """

    MANUAL = "manual"
    PROPOSE = "propose"
    AUTOMATIC = "automatic"


class Trigger(StrEnum):
    """Why a model is trained again."""

    REQUEST = "request"
    HARM = "harmful drift"
    LOSS = "loss"
    SCHEDULE = "schedule"
    ROWS = "new rows"
    GAIN = "more to learn"


class Span(StrEnum):
    """Which rows a new model learns from: all; the later half; older rows thinned out the more the older they are;
    those since the champion's losses changed."""

    ALL = "all rows"
    HALF = "the later half"
    FADING = "older rows thinned out"
    CHANGE = "since the change"


@dataclass(frozen=True, kw_only=True)
class SpanTrial:
    """A span tried on later rows: how many rows it holds, and its gain over all rows (more is better)."""

    span: Span
    rows: int
    gain: Measurement | None


@dataclass(frozen=True, kw_only=True)
class SliceChange:
    """Mean loss of the champion minus that of the challenger on part of the rows; ``worse``: beyond the noise."""

    column: str
    value: str
    gain: Measurement
    worse: bool


@dataclass(frozen=True, kw_only=True)
class Challenge:
    """A challenger against the champion, on rows that neither was fitted on.

    Attributes
    ----------
    champion, challenger : int
        Versions.
    rows : int
    metric : str
    champion_score, challenger_score : Measurement
    gain : Measurement
        Of the challenger over the champion, paired; more is better.
    loss_gain : Measurement
        The champion's mean loss of a row minus the challenger's: log loss for classes, else the error's square or size.
    slices : tuple of SliceChange
        Those where the challenger is worse, beyond the noise for all slices looked at.
    slices_seen : int
    gates : tuple of str
        What blocks the challenger, a sentence each.
    wins : bool
    why : str
        In one sentence with the numbers.
    """

    champion: int
    challenger: int
    rows: int
    metric: str
    champion_score: Measurement
    challenger_score: Measurement
    gain: Measurement
    loss_gain: Measurement
    slices: tuple[SliceChange, ...]
    slices_seen: int
    gates: tuple[str, ...]
    wins: bool
    why: str


@dataclass(frozen=True, kw_only=True)
class Retrained:
    """What a retraining came to.

    Attributes
    ----------
    run : str
    version : int
        The challenger.
    trigger : Trigger
    policy : Policy
    new_rows, rows : int
        Rows that came, and rows learned from.
    span : Span
    spans : tuple of SpanTrial
    candidates : tuple of str
        Recipes tried: those of the champion.
    challenge : Challenge
    promoted : bool
    champion : int
        The version that serves now.
    told : tuple of str
    """

    run: str
    version: int
    trigger: Trigger
    policy: Policy
    new_rows: int
    rows: int
    span: Span
    spans: tuple[SpanTrial, ...]
    candidates: tuple[str, ...]
    challenge: Challenge
    promoted: bool
    champion: int
    told: tuple[str, ...] = ()
