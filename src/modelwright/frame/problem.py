"""The problem: objective, metric and split, with who decided each and why."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from modelwright.evaluate.measurements import Measurement

__all__ = ["Choice", "Optimism", "Problem", "SplitKind"]


class SplitKind(StrEnum):
    """How rows are kept apart."""

    RANDOM = "random"
    STRATIFIED = "stratified"
    GROUP = "group"
    TIME = "time"
    GROUP_TIME = "group_time"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """One decision of the framing.

    Attributes
    ----------
    question : str
        ``"objective"``, ``"metric"``, ``"split"``, ``"holdout"``, ``"positive class"``, …
    value : str
    alternatives : tuple of str
    decided_by : str
        ``"user"``, the code of a finding (``"A012"``), or ``"default"``.
    why : str
        In plain words, with the numbers that settled it.
    """

    question: str
    value: str
    alternatives: tuple[str, ...]
    decided_by: str
    why: str


@dataclass(frozen=True, kw_only=True)
class Optimism:
    """How much too good a random split would have looked, by quick models; see `modelwright.frame.naive`.

    Attributes
    ----------
    naive : Measurement
        The metric under a random split.
    fair : Measurement
        The metric on what comes next: other groups, or a stretch of later time with half as many rows as came before.
    excess : Measurement
        By how much the random split looks better; its interval is one for the mean over groups, or for a further
        stretch of time.
    """

    fair: Measurement
    naive: Measurement
    excess: Measurement


@dataclass(frozen=True, kw_only=True)
class Problem:
    """What is to be learned and how it will be judged.

    Attributes
    ----------
    objective : str
        Name in the registry of objectives: ``"classify"``, ``"regress"``.
    target : str
    classes : tuple of str
        Class names by number, for classification; empty otherwise. For two classes the event is number 1.
    metric : str
        Name in `modelwright.evaluate.metrics`.
    split : SplitKind
    group, time : str or None
        Columns the split uses.
    time_parts : tuple of str
        Columns that together say when a row came about, the year first, where no one column does. A split by time
        without a column goes by the order of the rows.
    label_delay : float
        How long labels take, in the unit of the canonical time column; see `modelwright.frame.delay`.
    n_folds, n_repeats : int
    holdout : float
        Share of rows in the lockbox; 0: none, and the estimate is corrected for the optimism of choosing.
    features : tuple of str
        Columns the model may use, in the order of the table.
    n_rows : int
        Rows used, after rows without a target and duplicates are left out.
    choices : tuple of Choice
    optimism : Optimism or None
        None where the split is random, or it could not be measured.
    """

    objective: str
    target: str
    classes: tuple[str, ...]
    metric: str
    split: SplitKind
    group: str | None
    time: str | None
    n_folds: int
    n_repeats: int
    holdout: float
    features: tuple[str, ...]
    n_rows: int
    choices: tuple[Choice, ...]
    optimism: Optimism | None = None
    label_delay: float = 0.0
    time_parts: tuple[str, ...] = ()

    @property
    def clock(self) -> tuple[str, ...]:
        """The columns by which the split goes along time: one, several parts of a date, or none."""
        return (self.time,) if self.time else self.time_parts
