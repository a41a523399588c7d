"""How much each column moves a prediction: the mean size of its reasons over rows (global SHAP, Lundberg et al. 2020).

Shuffling asks what the score loses without a column; this asks how far predictions move with it, whether they get
better by it or not. A column that moves them much and is worth little has the model learn noise.
"""

from __future__ import annotations

import time

import numpy as np

from modelwright.data.columns import Columns, n_rows, take
from modelwright.runtime.plan import Plan
from modelwright.runtime.shapley.explainer import Explainer

__all__ = ["mean_reasons"]

MOST_ROWS = 200
"""A mean of so many sizes is exact to about a twentieth of itself."""

LEAST_ROWS = 30
"""Fewer are not told."""

BATCH = 10


def mean_reasons(plan: Plan, reference: Columns, columns: Columns, deadline: float) -> dict[str, float]:
    """Return the mean size of each column's effects against the reference, in the unit of the answer.

    Of several classes: the probability that a column moves from some to others.

    Parameters
    ----------
    plan : Plan
    reference : Columns
        One canonical row.
    columns : Columns
        Rows that the plan's models were not fitted on, in an order that means nothing.
    deadline : float
        `time.monotonic`; where it comes before a few dozen rows are explained, nothing is returned.
    """
    explainer, sizes = Explainer(plan, reference), []
    rows = min(MOST_ROWS, n_rows(columns))
    for start in range(0, rows, BATCH):
        if time.monotonic() > deadline:
            break
        effects = explainer(take(columns, np.arange(start, min(start + BATCH, rows)))).effects
        sizes.append(np.abs(effects).sum(axis=2) / (2.0 if plan.n_outputs > 1 else 1.0))
    if sum(map(len, sizes)) < min(LEAST_ROWS, rows) or not sizes:
        return {}
    return {name: float(size) for name, size in zip(explainer.columns, np.concatenate(sizes).mean(axis=0), strict=True)}
