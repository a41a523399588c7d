"""What is settled on out-of-fold rows once a model is trained: the calibrator and the decision threshold."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.money.deciding import Decided
from modelwright.frame.problem import Problem
from modelwright.running import Run
from modelwright.runtime.calibrators import Calibrator
from modelwright.runtime.group_odds import GroupOdds
from modelwright.train.outcome import Outcome

__all__ = ["Settled", "final", "settle"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Settled:
    """A trained model with what was settled for it.

    Attributes
    ----------
    calibrator : Calibrator or None
        None where no rows could be set aside for it.
    note : str
    decided : Decided
        What is done about its predictions.
    oof, judged : ndarray of float64
        What it says, calibrated, of the out-of-fold rows and of the rows that are reported.
    by_group : GroupOdds or None
        Thresholds of groups of people, which moved what it says.
    """

    calibrator: Calibrator | None
    note: str
    decided: Decided
    oof: np.ndarray
    judged: np.ndarray
    by_group: GroupOdds | None = None

    @property
    def threshold(self) -> float | None:
        """From which probability on the event is predicted, for two classes."""
        return self.decided.threshold


def final(run: Run, raw: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Return what the version says of used rows, given what its members say: calibrated, and moved by group."""
    from modelwright.data.columns import take

    said = raw if run.calibrator is None else run.calibrator(raw)
    odds = run.by_group
    return said if odds is None or not len(rows) else odds(said, take(run.used(odds.columns), rows))


def settle(run: Run, outcome: Outcome) -> Settled:
    """Return what is settled for a trained model; the lockbox takes no part in it."""
    from modelwright.evaluate.calibration import fit_calibrator
    from modelwright.evaluate.money.deciding import asking, decide
    from modelwright.evaluate.money.worth import SWING

    problem: Problem = run.documents["problem"]
    y, has_lockbox = run.y[run.rows][outcome.rows], len(run.folds.holdout) > 0
    few = "not tried: too few rows to set some aside for it"
    calibrator, note = None, few if problem.classes else ""  # of a value there is no probability to put right
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
    asked = asking(run.brief, problem.classes, problem.metric, choosing=has_lockbox)
    decided = decide(y, oof, asked, swing=SWING)
    judged = apply(outcome.holdout) if has_lockbox else oof
    return Settled(calibrator=calibrator, note=note, decided=decided, oof=oof, judged=judged)
