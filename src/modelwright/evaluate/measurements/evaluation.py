"""The document of the evaluation."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.measurements.fairness import Fairness
from modelwright.evaluate.measurements.money import Worth
from modelwright.evaluate.measurements.privacy import Membership
from modelwright.evaluate.measurements.scores import (
    CalibrationBin,
    Cases,
    Comparison,
    Confusion,
    Curve,
    LearningPoint,
    Measurement,
    Residuals,
    Slice,
)

__all__ = ["Evaluation"]


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
    train_constant : Measurement or None
        Score on the same rows of the constant that suits them; None in evaluations of earlier releases.
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
    worth : Worth or None
        What the decisions bring, and against what; None where no payoff and no capacity was given.
    threshold : float or None
        Decision threshold for two classes.
    threshold_why : str
    cases : Cases or None
        The same in cases; None in evaluations of earlier releases.
    fairness : Fairness or None
        By group of people; None where no column is about them.
    membership : Membership or None
        What the model tells of who was trained on; None where nobody asked.
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
    worth: Worth | None = None
    membership: Membership | None = None
    train_constant: Measurement | None = None

    def against(self, baseline: str) -> Comparison | None:
        """Return the comparison with a baseline, None where there is none."""
        return next((c for c in self.comparisons if c.name == baseline), None)
