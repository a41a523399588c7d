"""The job of training: the rows, the question, and how both are parted."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.contract import Contract
from modelwright.train.balancing import Balance

__all__ = ["Job", "first_repeat"]


@dataclass(frozen=True)
class Job:
    """The rows and the question. Row numbers in folds and tasks count from 0 over the used rows.

    Attributes
    ----------
    columns : Columns
        Canonical columns of the features.
    contract : Contract
        Of the features only.
    y : ndarray of float64
    objective : str
    n_classes : int
    metric : str
    folds : tuple of (train, valid)
    holdout : ndarray of int
        The lockbox.
    groups : ndarray of int or None
    order : ndarray of float64 or None
        Rank of each row in time, where the split goes from past to future.
    seed : int
    run_folder : Path
    memory_bytes : int
        Of one worker.
    max_train_rows : int
        Larger training parts are sampled down to this.
    folds_report : bool
        Whether anything is reported: without a lockbox, the validation rows then must not stop fits early. False for
        the estimators, which report nothing.
    seeds : int
        Most models of a member in the version, of which the mean is taken, where time allows more than one.
    balance : Balance or None
        Weighs the rows that are fitted so that groups of people and classes are independent; None: all alike.
    private : bool
        No model may hold rows that it learned from.
    most_bytes : int or None
        Of a model of a fold; what is larger would take too long to package. None: no limit.
    """

    columns: Columns
    contract: Contract
    y: np.ndarray
    objective: str
    n_classes: int
    metric: str
    folds: tuple[tuple[np.ndarray, np.ndarray], ...]
    holdout: np.ndarray
    groups: np.ndarray | None
    order: np.ndarray | None
    seed: int
    run_folder: Path
    memory_bytes: int
    max_train_rows: int
    folds_report: bool = True
    seeds: int = 1
    balance: Balance | None = None
    private: bool = False
    most_bytes: int | None = None

    @property
    def n_outputs(self) -> int:
        return max(1, self.n_classes)


def first_repeat(job: Job, folds: int) -> list[int]:
    """Return the leading folds, of so many, whose validation rows do not overlap."""
    seen = np.zeros(len(job.y), bool)
    chosen = []
    for fold in range(folds):
        valid = job.folds[fold][1]
        if seen[valid].any():
            break
        seen[valid] = True
        chosen.append(fold)
    return chosen
