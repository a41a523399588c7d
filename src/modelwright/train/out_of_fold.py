"""What the finished candidates say of rows that did not train them."""

from __future__ import annotations

import numpy as np

from modelwright.train.job import Job
from modelwright.train.running import Running

__all__ = ["OutOfFold"]


class OutOfFold:
    """Predictions of the finished candidates on rows that did not train them, averaged over repeats."""

    def __init__(self, job: Job, folds: int, done: list[Running]) -> None:
        n, k = len(job.y), job.n_outputs
        counts = np.zeros(n)
        for _, valid in job.folds[:folds]:
            counts[valid] += 1
        self.rows = np.flatnonzero(counts)
        self.y = job.y[self.rows]
        self.predictions = np.empty((len(done), len(self.rows), k))
        for i, r in enumerate(done):
            total = np.zeros((n, k))
            for fold in range(folds):
                total[job.folds[fold][1]] += r.results[fold]["valid"]
            self.predictions[i] = total[self.rows] / counts[self.rows, None]
        self.holdout_predictions = np.stack(
            [np.mean([r.results[f]["holdout"] for f in range(folds)], axis=0) for r in done]
        )
        self._done = done
        self.train_rows = done[0].results[0]["train_rows"]

    def holdout(self, weights: np.ndarray) -> np.ndarray:
        """Return the ensemble's predictions of the lockbox: fold models averaged."""
        return np.tensordot(weights, self.holdout_predictions, axes=1)

    def train_prediction(self, weights: np.ndarray) -> np.ndarray:
        """Return what the first fold's models say of rows they were fitted on."""
        parts = [r.results[0]["train_prediction"] for r in self._done]
        return np.tensordot(weights, np.stack(parts), axes=1)
