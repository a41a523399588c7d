"""What is settled on out-of-fold rows once a model is trained: the calibrator and the decision threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwright.frame.problem import Problem
from modelwright.running import Run
from modelwright.runtime.calibrators import Calibrator
from modelwright.train.outcome import Outcome

__all__ = ["Settled", "settle"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Settled:
    """A trained model with what was settled for it.

    Attributes
    ----------
    calibrator : Calibrator or None
        None where no rows could be set aside for it.
    note : str
    threshold : float or None
        For two classes.
    why : str
    oof, judged : ndarray of float64
        What it says, calibrated, of the out-of-fold rows and of the rows that are reported.
    """

    calibrator: Calibrator | None
    note: str
    threshold: float | None
    why: str
    oof: np.ndarray
    judged: np.ndarray


def settle(run: Run, outcome: Outcome) -> Settled:
    """Return what is settled for a trained model; the lockbox takes no part in it."""
    from modelwright.evaluate.calibration import fit_calibrator

    problem: Problem = run.documents["problem"]
    y, has_lockbox = run.y[run.rows][outcome.rows], len(run.folds.holdout) > 0
    calibrator, note = None, "not tried: too few rows to set some aside for it"
    if problem.classes and has_lockbox:
        calibrator, note = fit_calibrator(
            y,
            outcome.oof,
            metric=problem.metric,
            seed=run.brief.seed,
            groups=None if run.folds.groups is None else run.folds.groups[outcome.rows],
        )
    apply: Callable[[np.ndarray], np.ndarray] = calibrator or (lambda p: p)
    oof = apply(outcome.oof)
    threshold, why = _threshold(run, y, oof, has_lockbox)
    judged = apply(outcome.holdout) if has_lockbox else oof
    return Settled(calibrator=calibrator, note=note, threshold=threshold, why=why, oof=oof, judged=judged)


def _threshold(run: Run, y: np.ndarray, oof: np.ndarray, has_lockbox: bool) -> tuple[float | None, str]:
    from modelwright.evaluate.threshold import choose_threshold

    problem: Problem = run.documents["problem"]
    if len(problem.classes) != 2:
        return None, ""
    if not has_lockbox:
        # The rows that would choose it also measure; only the threshold that follows from the payoff is free of that.
        return choose_threshold(y[:0], oof[:0], metric="log_loss", payoff=run.brief.payoff)
    return choose_threshold(y, oof, metric=problem.metric, payoff=run.brief.payoff)
