"""Scores and what is seen of them. There are no naked scores: a score is a `Measurement`."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "CONSTANT",
    "CalibrationBin",
    "Cases",
    "Comparison",
    "Confusion",
    "Curve",
    "LearningPoint",
    "Measurement",
    "Residuals",
    "Slice",
]

CONSTANT = "constant"
"""Name of the baseline that says the same of every row: what is worth nothing is measured from it."""


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
        How the interval was made: ``"DeLong"``, ``"Wilson"``, ``"bootstrap-t, 999"``; and what it allows for.
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
        The model's score minus its score, signed so that more is better, with the interval of the pair.
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
    """Points of a curve (``"roc"``, ``"precision_recall"``, ``"gain"``, ``"lift"``): at most 200, and thresholds."""

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
    judgement : str
        ``"worse"``; ``"perhaps"``: worse, were it the only slice that was looked at; ``"unknown"``: too few rows to
        tell whether it costs a quarter more; ``"hard"``: its score is lower, and no more than its own probabilities
        promise or than the scale of its values explains; ``"hard, unknown"``: lower, and too few rows to tell whether
        more than that; ``"alike"``. Empty in evaluations of earlier releases.
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
    judgement: str = ""
    added: Measurement | None = None
    same_rows: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LearningPoint:
    """The score with ``n_train`` training rows."""

    n_train: int
    score: Measurement
