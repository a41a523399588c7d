"""Documents of training: the plan, the trials, and what came out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

__all__ = ["Alternative", "Candidate", "CandidateResult", "Member", "Training"]


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A recipe to try.

    Attributes
    ----------
    key : str
        ``"lightgbm/default"``; unique in a run.
    learner : str
        Name in the registry of learners.
    view : str
        The encoding it sees.
    settings : dict
        Hyper-parameters.
    why : str
        Why it is in the plan.
    pace : float
        How many times faster than usual its settings were made to fit the budget.
    """

    key: str
    learner: str
    view: str
    settings: dict[str, Any]
    why: str = ""
    pace: float = 1.0


@dataclass(frozen=True, kw_only=True)
class CandidateResult:
    """What became of a candidate.

    Attributes
    ----------
    key, learner, view : str
    status : str
        ``"done"``, ``"failed"``, ``"skipped"`` (never started), ``"stopped"`` (not all folds in time) or
        ``"discarded"`` (its first fold promised too little).
    reason : str
        Why it is not done.
    score : float or None
        Mean score over the validation folds, in the metric's own sign. It chose, so it is never the headline.
    fold_scores : tuple of float
    seconds : float
        Fitting and predicting, all folds, summed.
    iterations : int or None
        Median over the folds.
    weight : float
        In the ensemble.
    """

    key: str
    learner: str
    view: str
    status: str
    reason: str = ""
    score: float | None = None
    fold_scores: tuple[float, ...] = ()
    seconds: float = 0.0
    iterations: int | None = None
    weight: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Member:
    """A candidate in the ensemble, with its share."""

    key: str
    weight: float


@dataclass(frozen=True, kw_only=True)
class Alternative:
    """An ensemble that could have been chosen.

    Attributes
    ----------
    members : tuple of Member
    score : float
        Out of fold.
    noise : float
        Standard error of the difference between its score and that of the largest ensemble.
    milliseconds : float
        For one row, measured member by member on models of the folds.
    megabytes : float
        On disk, of the same models.
    chosen : bool
    """

    members: tuple[Member, ...]
    score: float
    noise: float
    milliseconds: float
    megabytes: float
    chosen: bool = False


@dataclass(frozen=True, kw_only=True)
class Training:
    """What training came to.

    Attributes
    ----------
    metric : str
    greater_is_better : bool
    candidates : tuple of CandidateResult
        Best first, then those that did not finish.
    members : tuple of Member
        Weights sum to 1.
    ensemble_score : float
        Out-of-fold score of the ensemble.
    refit : str
        ``"all rows"`` or ``"fold models"``, and why.
    resumed_trials : int
        Trials taken over from an earlier, broken session of this run.
    seconds : float
    peak_memory_bytes : int
        Largest sum over all processes.
    notes : tuple of str
    stood_in : str
        What stands in for a model that there was no time for; empty where candidates finished.
    fold_constants : tuple of float
        Score on each fold of the constant that suits the rows the fold learns from; empty in earlier releases.
    frontier : tuple of Alternative
        The best ensemble and smaller ones, the largest first.
    """

    metric: str
    greater_is_better: bool
    candidates: tuple[CandidateResult, ...]
    members: tuple[Member, ...]
    ensemble_score: float
    refit: str
    resumed_trials: int
    seconds: float
    peak_memory_bytes: int
    notes: tuple[str, ...] = ()
    stood_in: str = ""
    frontier: tuple[Alternative, ...] = ()
    fold_constants: tuple[float, ...] = ()

    @property
    def folds_used(self) -> int:
        """Folds that judged what became the model, of all repeats: fewer than planned where time was short."""
        return max((len(c.fold_scores) for c in self.candidates if c.weight > 0), default=0)

    @property
    def n_measured(self) -> int:
        """Candidates that were scored on rows they did not learn from, on one fold at least."""
        return sum(c.score is not None for c in self.candidates)
