"""What training hands to the next stages: the document, and the arrays behind it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.train.ahead import Heft
from modelwright.train.record import Training

__all__ = ["LearningSet", "Outcome", "TrainedMember"]


@dataclass(frozen=True)
class TrainedMember:
    """A member of the ensemble: one model fitted on all rows, or the models of the folds.

    Attributes
    ----------
    key : str
    weight : float
    folders : tuple of str
        A folder per model, with its view and scorer.
    native : ndarray or None
        What the library predicts on the check rows, for a refitted model.
    """

    key: str
    weight: float
    folders: tuple[str, ...]
    native: np.ndarray | None


@dataclass(frozen=True)
class LearningSet:
    """Predictions of the best candidate fitted on ``n_train`` rows, on ``rows`` it did not see."""

    n_train: int
    prediction: np.ndarray


@dataclass(frozen=True)
class Outcome:
    """What training came to.

    Attributes
    ----------
    document : Training
    members : tuple of TrainedMember
        The version's models.
    rows : ndarray of int
        Used rows with out-of-fold predictions.
    oof : ndarray, shape (n_oof, n_outputs)
        The ensemble's.
    oof_candidates : ndarray, shape (n_candidates, n_oof, n_outputs)
        Of every finished candidate.
    weights : ndarray, shape (n_candidates,)
    holdout : ndarray, shape (n_holdout, n_outputs)
        The ensemble of fold models on the lockbox.
    train_rows, train_prediction : ndarray
        A sample of rows and what models fitted on them say.
    learning : tuple of LearningSet
        Empty where time did not allow it.
    n_all : int
        Rows that the candidate of ``learning`` was fitted on again; 0 where the models of its folds stand in.
    fold_members : tuple of (tuple of TrainedMember)
        For each fold of the first repeat its models: they have seen neither its validation rows nor the lockbox.
    heft : Heft
        Of the models of a fold together.
    """

    document: Training
    members: tuple[TrainedMember, ...]
    rows: np.ndarray
    oof: np.ndarray
    oof_candidates: np.ndarray
    weights: np.ndarray
    holdout: np.ndarray
    train_rows: np.ndarray
    train_prediction: np.ndarray
    learning: tuple[LearningSet, ...]
    n_all: int
    fold_members: tuple[tuple[TrainedMember, ...], ...]
    heft: Heft
