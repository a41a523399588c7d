"""The model on a page beside the shipped one: chosen, measured on the same rows, and told which to take."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from modelwright import format as fmt
from modelwright.evaluate.comparisons import compare
from modelwright.evaluate.measurements import Comparison, Measurement
from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.threshold import choose_threshold
from modelwright.explain.simple.choosing import MOST_ROWS, Chosen, choose
from modelwright.explain.simple.documents import FORMS, Simple
from modelwright.explain.simple.rows import Fit

__all__ = ["Against", "simple_model"]

NO_COLUMN = "no column of numbers or levels tells the rows apart: what there is are texts, ids or constants"


@dataclass(frozen=True, kw_only=True, eq=False)
class Against:
    """The shipped model's predictions of the rows that are reported, and how they are measured; see `Evidence`.

    ``lockbox`` says whether the rows chose nothing; otherwise the folds judged by them. ``constant`` is what a constant
    predicts of them, shape as ``prediction``; None: the page is not held against one.
    """

    rows: np.ndarray
    prediction: np.ndarray
    lockbox: bool
    threshold: float | None = None
    groups: np.ndarray | None = None
    unit: str = ""
    inflation: float = 1.0
    constant: np.ndarray | None = None


def simple_model(
    fit: Fit,
    folds: Sequence[tuple[np.ndarray, np.ndarray]],
    against: Against,
    metric: Metric,
    *,
    seed: int,
    deadline_s: float,
    most_rows: int = MOST_ROWS,
) -> Simple:
    """Return the model on a page, what it scores, and what the shipped model is better by.

    Parameters
    ----------
    fit : Fit
        All rows of the run.
    folds : sequence of (train, valid)
        Those of the run, of one repeat.
    against : Against
    metric : Metric
        Of the problem.
    deadline_s : float
        After so many seconds no further fold is begun.
    most_rows : int
        Of a fold, to fit on and to judge by.
    """
    chosen = choose(
        fit,
        folds,
        against.rows,
        metric,
        lockbox=against.lockbox,
        seed=seed,
        deadline=time.monotonic() + deadline_s,
        most_rows=most_rows,
    )
    if chosen is None:
        return Simple(why_not=NO_COLUMN)
    found, constant = _compared(fit.y[against.rows], chosen, against, metric, seed)
    useless = constant is not None and not constant.better
    take = not useless and found.gain.low is not None and found.gain.low <= 0
    return Simple(
        model=chosen.model,
        score=found.score,
        gain=found.gain,
        take=take,
        over_constant=None if constant is None else constant.gain,
        advice=_useless(found, constant, metric, len(chosen.model.columns))
        if constant is not None and useless
        else _advice(found, metric, len(chosen.model.columns), take),
        candidates=chosen.candidates,
        measured_on=f"{chosen.known.sum():,} rows, the model on the same ones",
    )


def _compared(
    y: np.ndarray, chosen: Chosen, against: Against, metric: Metric, seed: int
) -> tuple[Comparison, Comparison | None]:
    """Return the page beside the shipped model and, where one is given, a constant beside the page."""
    known = chosen.known
    measured = partial(
        compare,
        metric,
        y[known],
        groups=None if against.groups is None else against.groups[known],
        unit=against.unit,
        seed=seed,
        inflation=against.inflation,
    )
    page = chosen.judged[known]
    (found,) = measured(
        against.prediction[known], {"simple": (FORMS[chosen.model.form], page)}, threshold=against.threshold
    )
    if against.constant is None:
        return found, None
    own = against.threshold
    if metric.tunable and page.shape[1] == 2:
        own = choose_threshold(y[known], page, metric=metric.name, seed=seed)[0]
    (constant,) = measured(page, {CONSTANT: ("a constant", against.constant[known])}, threshold=own)
    return found, constant


def _useless(found: Comparison, constant: Comparison, metric: Metric, n_columns: int) -> str:
    """Return that the page is not worth having, and what the model does better."""
    page = f"a {found.text} of {fmt.plural(n_columns, 'column')}"
    told = (
        f"Do not take the page: {page} is no better than a constant, beyond the noise ({metric.title} "
        f"{fmt.measured(found.score)}, a constant {fmt.measured(constant.score)})"
    )
    if found.gain.value is None or found.gain.low is None or found.gain.low <= 0:
        return f"{told}; nor is the model clearly better than the page."
    return f"{told}; the model is better than the page by {cost(found.gain, metric)}."


def _advice(found: Comparison, metric: Metric, n_columns: int, take: bool) -> str:
    """Return which to take, in one sentence with the numbers."""
    gain, page = found.gain, f"a {found.text} of {fmt.plural(n_columns, 'column')}"
    if gain.value is None:
        return f"Which is better cannot be told: {metric.title} is {gain.method}."
    if gain.high is not None and gain.high < 0:
        return f"Take the simple one: {page} is better by {cost(fmt.turned(gain), metric)}."
    if take:
        leads = "leads" if gain.value > 0 else "trails"
        by = cost(gain if gain.value > 0 else fmt.turned(gain), metric)
        return (
            f"Take the simple one: {page} is as good within the noise of {fmt.plural(gain.n, 'row')}; the model "
            f"{leads} by {by}, which may as well be luck."
        )
    return f"{cost(gain, metric)[:1].upper()}{cost(gain, metric)[1:]} buys you {page}."


def cost(gain: Measurement, metric: Metric) -> str:
    """Return a difference of scores as people say it: ``0.4 points of ROC AUC (0.1 to 0.7)``; shares are in points."""
    if metric.scale != "positive":
        scaled = _times(gain, 100.0)
        between = fmt.bounds(scaled)
        return f"{fmt.amount(scaled)} points of {metric.title}" + (f" ({between})" if between else "")
    between = fmt.bounds(gain)
    return f"{fmt.amount(gain)} of {metric.title}" + (f" ({between})" if between else "")


def _times(m: Measurement, factor: float) -> Measurement:
    low, high = (None if b is None else b * factor for b in (m.low, m.high))
    return replace(m, value=None if m.value is None else m.value * factor, low=low, high=high)
