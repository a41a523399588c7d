"""Documents of the evaluation. There are no naked scores: a score is a `Measurement`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CalibrationBin",
    "Cases",
    "Comparison",
    "Confusion",
    "Curve",
    "Disparity",
    "Evaluation",
    "FairOption",
    "Fairness",
    "Flip",
    "GroupPair",
    "GroupRow",
    "GroupTable",
    "LearningPoint",
    "Measurement",
    "Residuals",
    "Slice",
]


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """A number with its uncertainty.

    Attributes
    ----------
    name : str
        Name of the metric.
    value : float or None
        None where it is not defined on these rows; ``method`` then says why.
    low, high : float or None
        Bounds of the interval at ``level``.
    n : int
        Rows it was measured on.
    method : str
        How the interval was made: ``"DeLong"``, ``"Wilson"``, ``"bootstrap BCa, 1000"``, ``"BBC-CV"``.
    greater_is_better : bool
    unit : str
        ``""`` for shares and probabilities, the target's unit for errors where known.
    level : float
    """

    name: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    greater_is_better: bool = True
    unit: str = ""
    level: float = 0.95


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """The model against something simpler, on the same rows.

    Attributes
    ----------
    name : str
        What it is compared with: ``"constant"``, ``"one rule"``, ``"linear"``.
    text : str
        What that is in words: "always predicts 'no'".
    score : Measurement
        Its score.
    gain : Measurement
        The model's score minus its score, signed so that more is better, with the interval of a paired bootstrap.
    better : bool
        The interval of the gain lies above zero.
    """

    name: str
    text: str
    score: Measurement
    gain: Measurement
    better: bool


@dataclass(frozen=True, kw_only=True)
class Cases:
    """What the predictions come to, case by case. None where it is not asked of such a target, or is not defined.

    Attributes
    ----------
    events, flagged : Measurement or None
        Two classes: of all rows, the share with the event, and the share that is flagged.
    found, hit : Measurement or None
        Of the rows with the event, the share that is flagged; of the flagged ones, the share with the event.
    ranked : bool
        Flagged are the rows ranked highest, as the decision threshold flags next to none.
    right, right_without : Measurement or None
        More than two classes: of all rows, the share given the right class, by the model and by a constant.
    worst, taken_for : str
        The class found least often, where that is beyond the noise, and what it is mostly taken for; else empty.
    worst_found, taken : Measurement or None
        Of its rows, the share found, and the share taken for that.
    half, most : Measurement or None
        Values: half of the predictions, and nine of ten, are off by no more than this.
    half_without, most_without : Measurement or None
        The same for a constant.
    """

    events: Measurement | None = None
    flagged: Measurement | None = None
    found: Measurement | None = None
    hit: Measurement | None = None
    ranked: bool = False
    right: Measurement | None = None
    right_without: Measurement | None = None
    worst: str = ""
    worst_found: Measurement | None = None
    taken_for: str = ""
    taken: Measurement | None = None
    half: Measurement | None = None
    most: Measurement | None = None
    half_without: Measurement | None = None
    most_without: Measurement | None = None


@dataclass(frozen=True, kw_only=True)
class Confusion:
    """Counts by true class (rows) and predicted class (columns), at ``threshold`` for two classes."""

    classes: tuple[str, ...]
    counts: tuple[tuple[int, ...], ...]
    threshold: float | None = None


@dataclass(frozen=True, kw_only=True)
class CalibrationBin:
    """Rows with similar predicted probability: mean prediction, observed share and its Wilson interval, count."""

    predicted: float
    observed: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, kw_only=True)
class Curve:
    """Points of a curve (``"roc"``, ``"precision_recall"``, ``"gain"``), at most 200, with ``thresholds`` beside."""

    name: str
    x_label: str
    y_label: str
    x: tuple[float, ...]
    y: tuple[float, ...]
    thresholds: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Residuals:
    """Residuals (true minus predicted) of a regression.

    ``predicted`` and ``actual`` are a sample of at most 1000 rows; ``edges`` and ``counts`` the histogram of all
    residuals; ``by_level`` the mean residual with interval by tenth of the prediction.
    """

    predicted: tuple[float, ...]
    actual: tuple[float, ...]
    edges: tuple[float, ...]
    counts: tuple[int, ...]
    by_level: tuple[Measurement, ...]


@dataclass(frozen=True, kw_only=True)
class Slice:
    """The score on part of the rows.

    Attributes
    ----------
    column, value : str
        ``"contact"``, ``"unknown"``; for numbers a range, ``"30 – 45"``.
    score : Measurement
    gap : float
        Score of the slice minus the score of the other rows, signed so that negative is worse; for log loss, of what
        it is beyond the loss that the probabilities themselves lead one to expect.
    worse : bool
        Worse by more than the noise, after correction for the number of slices looked at.
    added : Measurement or None
        Share of the loss of all rows that would be gone if these rows were like the others; None in evaluations of
        earlier releases.
    same_rows : tuple of str
        Other parts that are nearly the same rows: ``"month = mar"``.
    """

    column: str
    value: str
    score: Measurement
    gap: float
    worse: bool
    added: Measurement | None = None
    same_rows: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LearningPoint:
    """The score with ``n_train`` training rows."""

    n_train: int
    score: Measurement


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
    """

    measure: str
    widest: GroupPair | None
    difference: Measurement | None
    below: tuple[GroupPair, ...] = ()


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
    """

    name: str
    text: str
    score: Measurement
    ratio: GroupPair | None
    score_then: float | None
    ratio_then: float | None
    chosen: bool


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


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """How good the model is and how sure we are.

    Attributes
    ----------
    headline : Measurement
        The metric of the problem.
    metrics : tuple of Measurement
        All metrics people expect, the headline among them.
    measured_on : str
        ``"lockbox"`` or ``"repeated cross-validation"``, in words, with the number of rows.
    comparisons : tuple of Comparison
        Against every baseline.
    train_score : Measurement or None
        Score on rows the model was fitted on; far above the headline means overfitting.
    fit_verdict : str
        "fits well", "overfits", "underfits", in one sentence with the numbers.
    confusion : Confusion or None
    calibration : tuple of CalibrationBin
    calibration_error : Measurement or None
        Expected calibration error after calibration.
    calibration_note : str
        What was done: "isotonic, ECE 0.041 → 0.012", or why nothing.
    curves : tuple of Curve
    residuals : Residuals or None
    slices : tuple of Slice
        Those that are worse first, by what they add to the loss; at most 20.
    learning_curve : tuple of LearningPoint
    learning_note : str
        What more rows would buy, in one sentence.
    value_per_row : Measurement or None
        Money per decision under the payoff of the brief.
    threshold : float or None
        Decision threshold for two classes.
    threshold_why : str
    cases : Cases or None
        The same in cases; None in evaluations of earlier releases.
    fairness : Fairness or None
        By group of people; None where no column is about them.
    """

    headline: Measurement
    metrics: tuple[Measurement, ...]
    measured_on: str
    comparisons: tuple[Comparison, ...]
    train_score: Measurement | None
    fit_verdict: str
    confusion: Confusion | None = None
    calibration: tuple[CalibrationBin, ...] = ()
    calibration_error: Measurement | None = None
    calibration_note: str = ""
    curves: tuple[Curve, ...] = ()
    residuals: Residuals | None = None
    slices: tuple[Slice, ...] = ()
    learning_curve: tuple[LearningPoint, ...] = ()
    learning_note: str = ""
    value_per_row: Measurement | None = None
    threshold: float | None = None
    threshold_why: str = ""
    cases: Cases | None = None
    fairness: Fairness | None = None
