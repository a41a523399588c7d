"""What monitoring says of a window of rows: its alarms, what the loss is believed to be, and what it really was."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from modelwright.evaluate.measurements import Measurement

__all__ = ["GRAVITY", "Alarm", "Alert", "ColumnState", "Judgement", "Monitoring", "by_gravity", "worst"]


class Judgement(StrEnum):
    """What a change means for the model.

    ``BROKEN``: the feed is wrong (a column turned null, a unit changed, levels were renamed); such rows must not be
    learned from. ``HARMFUL``: the loss rose beyond noise, really or by estimate. ``UNKNOWN``: what moved leaves
    the estimate without ground, and there are no labels. ``HARMLESS``: moved, and the loss did not. ``QUIET``: neither.
    """

    QUIET = "quiet"
    HARMLESS = "harmless"
    HARMFUL = "harmful"
    BROKEN = "broken"
    UNKNOWN = "cannot tell"


GRAVITY = (Judgement.QUIET, Judgement.HARMLESS, Judgement.UNKNOWN, Judgement.HARMFUL, Judgement.BROKEN)
"""From the least to the gravest."""


def worst(judgements: list[Judgement]) -> Judgement:
    """Return the gravest of some judgements; quiet where there is none."""
    return max(judgements, key=GRAVITY.index, default=Judgement.QUIET)


@dataclass(frozen=True, kw_only=True)
class Alarm:
    """Something moved by more than chance and the training data's own variation explain.

    Attributes
    ----------
    check : str
        ``"contract"``, ``"missing"``, ``"unit"``, ``"levels"``, ``"stuck"``, ``"drift"``, ``"joint"``,
        ``"prediction"``, ``"loss"``, ``"labels"``, ``"estimate"``, ``"calibration"``, ``"slice"``, ``"fairness"``.
    column : str or None
        None where it is about the whole window.
    judgement : Judgement
    moved : Measurement
        By how much, in the unit of the check.
    evidence : float
        E-value against "as in training": the larger, the less is it chance.
    use : float or None
        Share of the model's use that falls to the column, 0 to 1; None where it is not known.
    sentence : str
        What moved, how much, whether it matters and what to do.
    """

    check: str
    column: str | None
    judgement: Judgement
    moved: Measurement
    evidence: float
    use: float | None = None
    sentence: str


def by_gravity(alarms: Iterable[Alarm]) -> tuple[Alarm, ...]:
    """Return alarms, gravest first, and of the same gravity those about the whole window."""
    return tuple(sorted(alarms, key=lambda a: (-GRAVITY.index(a.judgement), a.column is not None, -(a.use or 0.0))))


@dataclass(frozen=True, kw_only=True)
class ColumnState:
    """One column of the window beside the reference.

    ``distance`` is the share of rows that would have to move for the two to be alike, ``p`` how often training itself
    varies as much, ``outside`` the share of rows beyond the range or the levels of training.
    """

    name: str
    missing: float
    outside: float
    distance: float
    p: float | None
    evidence: float
    use: float | None


@dataclass(frozen=True, kw_only=True)
class Monitoring:
    """One window of rows, judged.

    Attributes
    ----------
    version : str
        Number of the version that was watched.
    rows : int
    seen : bool
        The rows were judged before, and their labels have come since.
    start, end : str or None
        UTC, ISO 8601: of the first and the last row, where times are known.
    judgement : Judgement
        The gravest of the alarms.
    alarms : tuple of Alarm
        Gravest first.
    expected : Measurement or None
        The loss that training leads to expect, with what a window of this size may differ by.
    estimated : Measurement or None
        The loss without labels; None where it cannot be told, and ``told`` says why.
    real : Measurement or None
        The loss on the rows whose labels are known.
    labelled : int
        Rows of them.
    strange_labels : int
        Labels that the target cannot have, and that count as unknown; ``told`` says more.
    scores : tuple of Measurement
        Metrics on the labelled rows, that of the problem first.
    columns : tuple of ColumnState
        Those used most come first.
    seconds : Measurement or None
        Median time of the answers, from the log.
    errors : Measurement or None
        Share of cells that could not be read.
    told : tuple of str
        What else a reader has to know, a sentence each.
    undelivered : tuple of str
        Whom the alert of the look did not reach, and why; it is tried again at the next look.
    """

    version: str
    rows: int
    seen: bool = False
    start: str | None = None
    end: str | None = None
    judgement: Judgement
    alarms: tuple[Alarm, ...] = ()
    expected: Measurement | None = None
    estimated: Measurement | None = None
    real: Measurement | None = None
    labelled: int = 0
    strange_labels: int = 0
    scores: tuple[Measurement, ...] = ()
    columns: tuple[ColumnState, ...] = ()
    seconds: Measurement | None = None
    errors: Measurement | None = None
    told: tuple[str, ...] = ()
    undelivered: tuple[str, ...] = ()

    @property
    def may_be_learned(self) -> bool:
        """Whether a model may be trained on these rows."""
        return self.judgement is not Judgement.BROKEN


@dataclass(frozen=True, kw_only=True)
class Alert:
    """What somebody is told.

    Attributes
    ----------
    project, version : str
    judgement : Judgement
    windows, rows : int
        That were alarmed.
    start, end : str or None
    sentences : tuple of str
        At most ten, gravest first; ``left_out`` says how many there are beside.
    key : str
        The same for the same alarms: what is known already.
    """

    project: str
    version: str
    judgement: Judgement
    windows: int
    rows: int
    start: str | None
    end: str | None
    sentences: tuple[str, ...]
    left_out: int
    key: str

    @property
    def title(self) -> str:
        """One line."""
        return f"{self.project}: version {self.version} is {self.judgement.value}"
