"""Documents of maintenance: a challenge, what to train on, and what a retraining came to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from modelwright.evaluate.measurements import Measurement

__all__ = [
    "BY",
    "PROPOSED",
    "RETRAINED",
    "Burden",
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


class Burden(StrEnum):
    """What a challenger has to show on the rows that judge.

    ``PROOF``: that it is better by more than the noise. ``LIKELIER``: a lower mean loss; enough for the champion's
    recipes that have learned from all rows and newer ones, which make a model better as a rule. ``NOT_WORSE``: that it
    is worse by no more than the noise and what a probe found the newest rows to be worth; enough for them where the
    probe has proven that what newer rows hold carries over to later ones. Those that judge are the newest: the model
    that is judged has not learned from them, and the version that would serve has.
    """

    PROOF = "proof"
    LIKELIER = "likelier"
    NOT_WORSE = "not worse"


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
    burden : Burden
        What the challenger had to show.
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
    burden: Burden = Burden.PROOF


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
