"""Documents of fairness: groups of people, and the models that were compared."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.measurements.scores import Measurement

__all__ = ["Disparity", "FairOption", "Fairness", "Flip", "GroupPair", "GroupRow", "GroupTable"]


@dataclass(frozen=True, kw_only=True)
class GroupRow:
    """One group of people.

    Attributes
    ----------
    group : str
        ``"female"``, ``"19 – 27"``; of an intersection ``"female, 19 – 27"``.
    n : int
        Rows of it.
    measures : tuple of Measurement
        The same, in the same order, for every group of a table.
    shrunk : tuple of (float or None)
        Beside each, what it is taken for when the rows are few: drawn to the mean of the groups (empirical Bayes).
    judged : tuple of bool
        Beside each, whether the group has rows enough for it to be compared with others.
    """

    group: str
    n: int
    measures: tuple[Measurement, ...]
    shrunk: tuple[float | None, ...]
    judged: tuple[bool, ...]


@dataclass(frozen=True, kw_only=True)
class GroupPair:
    """Two groups: the one with the lower value, the one with the higher, and lower over higher, 1 where both are alike.

    The interval of ``ratio`` allows for the number of pairs looked at.
    """

    low: str
    high: str
    ratio: Measurement


@dataclass(frozen=True, kw_only=True)
class Disparity:
    """How far apart the groups of a table are by one measure.

    Attributes
    ----------
    measure : str
        Name of the measure.
    widest : GroupPair or None
        The lowest and the highest of the groups that are compared; None where fewer than two are.
    difference : Measurement or None
        Highest minus lowest.
    below : tuple of GroupPair
        Pairs whose ratio is below the one asked for by more than the noise, the surest first.
    unsure : tuple of GroupPair
        Pairs of which these rows cannot tell whether they are below or not, the one that may be lowest first.
    """

    measure: str
    widest: GroupPair | None
    difference: Measurement | None
    below: tuple[GroupPair, ...] = ()
    unsure: tuple[GroupPair, ...] = ()


@dataclass(frozen=True, kw_only=True)
class GroupTable:
    """The groups of a protected column, or of two together: ``columns`` has one name or two."""

    columns: tuple[str, ...]
    rows: tuple[GroupRow, ...]
    disparities: tuple[Disparity, ...]
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class Flip:
    """What happens when only the value of a protected column is changed.

    Attributes
    ----------
    column : str
    changed : Measurement or None
        Share of the rows that get another decision for at least one other value; of values, the mean largest change.
        None where it was not tried; ``why`` says why.
    why : str
    """

    column: str
    changed: Measurement | None
    why: str = ""


@dataclass(frozen=True, kw_only=True)
class FairOption:
    """A model that was fitted and compared: its score and its ratio on the rows that are reported.

    Attributes
    ----------
    name, text : str
        ``"reweighted"``, and what that is in words.
    score : Measurement
    ratio : GroupPair or None
        The widest pair by the measure that was asked for.
    score_then, ratio_then : float or None
        The same on the rows that chose among the options.
    chosen : bool
    gain : Measurement or None
        By how much the lowest ratio is higher than that of the model as it was, on the rows that are reported, with the
        interval of the pair; None for that one, and where no rate is above 0.
    change : Measurement or None
        By how much its score is better than that of the model as it was, on these rows; below 0 it is worse.
    lost : float or None
        Share of what the model as it was is worth that is lost, on these rows: of what its score gains on a constant,
        or its decisions on acting on everybody or nobody, whichever loses more; of thresholds by group the decisions'.
    why : str
        Why the rows that chose spoke against it; empty where they did not.
    reads : tuple of str
        Protected columns by whose groups it decides: they are needed when the model is used.
    """

    name: str
    text: str
    score: Measurement
    ratio: GroupPair | None
    score_then: float | None
    ratio_then: float | None
    chosen: bool
    gain: Measurement | None = None
    change: Measurement | None = None
    lost: float | None = None
    why: str = ""
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Fairness:
    """Whom the model treats differently.

    Attributes
    ----------
    asked : str
        How groups are compared, as the brief says; empty where it does not.
    measures : tuple of str
        The measures that come of it.
    least : float
        Ratio that is fair enough.
    proposed : bool
        The columns were found by the audit, not named in the brief: they are shown, and not judged.
    tables : tuple of GroupTable
        By column, then by two columns together.
    flips : tuple of Flip
    options : tuple of FairOption
        The model as it was and those that were fitted to be fairer; empty where that was not tried.
    notes : tuple of str
    """

    asked: str
    measures: tuple[str, ...]
    least: float
    proposed: bool
    tables: tuple[GroupTable, ...]
    flips: tuple[Flip, ...] = ()
    options: tuple[FairOption, ...] = ()
    notes: tuple[str, ...] = ()
