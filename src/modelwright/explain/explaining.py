"""The stage that explains: what drives the model, measured on rows it was not trained on."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Columns, take
from modelwright.data.contract import Contract
from modelwright.data.sampling import sample_rows
from modelwright.evaluate.metrics import Metric
from modelwright.explain.effects import measure_effects, outcome_of
from modelwright.explain.folds import MODEL
from modelwright.explain.importance import REPEATS, measure_together, note_order, promising_first, rank_columns
from modelwright.explain.interactions import measure_interactions
from modelwright.explain.likeness import alike, note_alike, sets_of
from modelwright.explain.reasons import Explanation
from modelwright.explain.sampling import FEWEST_ROWS, MAX_ROWS, MIN_ROWS, Predict, Prober, repeat

__all__ = ["explain"]

EFFECTS = 6
# The first columns, of which every pair is asked about.
PAIRED = 5
# Rows of the first call.
WARMING = 10
# Copies of the first rows in one call, and the part of the time that asking about them may take.
COPIES, MEASURING = 8, 0.1
# Part of the time that is kept for the effects, which cost little and say most.
TIME_FOR_EFFECTS = 0.2
# Columns looked at for carrying the same information: the ones whose bars are read.
LOOKED_AT_FOR_LIKENESS = 20


def explain(
    predict: Predict,
    columns: Columns,
    y: np.ndarray,
    *,
    contract: Contract,
    features: Sequence[str],
    metric: Metric,
    seed: int,
    deadline_s: float,
    measured_on: str,
    classes: Sequence[str] = (),
    target: str = "",
    threshold: float | None = None,
    row_seconds: float = 0.0,
) -> Explanation:
    """Return what drives the model, within about ``deadline_s`` seconds.

    Parameters
    ----------
    predict : callable
        Columns to predictions, float64 of shape (n_rows, n_outputs).
    columns : Columns
        Rows that were not trained on; must hold ``features``.
    y : ndarray of float64, shape (n_rows,)
    metric : Metric
        The metric of the problem.
    deadline_s : float
        Seconds this may take. When they run out, intervals are wider, then columns are left out, the least promising
        first; the notes say so.
    measured_on : str
        Which rows these are, in words.
    classes, target : sequence of str, str
        Only for words.
    threshold : float or None
        Decision threshold of the model, for metrics of labels.
    row_seconds : float
        What a row is known to take; 0: nothing is known.
    """
    deadline = time.monotonic() + deadline_s
    rng = np.random.default_rng(seed)
    needed = {name: columns[name] for name in (*features, MODEL) if name in columns}
    if not features or not len(y):
        return Explanation(importances=(), effects=(), measured_on=measured_on)
    asked = _ask(predict, needed, y, len(features), deadline, rng, row_seconds)
    truth, prediction = asked.truth, asked.prediction
    ranked_until = deadline - TIME_FOR_EFFECTS * max(deadline - time.monotonic(), 0.0)
    order = promising_first(asked.columns, features, prediction)
    importances, doubts = rank_columns(
        asked.prober(ranked_until), truth, prediction, order, metric, threshold=threshold, rng=rng
    )
    ranked = [i.column for i in importances]
    output, outcome = outcome_of(prediction, truth, classes, target)
    effects = measure_effects(
        asked.prober(deadline), (ranked or list(order))[:EFFECTS], contract, output, prediction=prediction, rng=rng
    )
    spread = float(prediction[:, output].std())
    interactions = measure_interactions(
        asked.prober(deadline), ranked[:PAIRED], output, spread=spread, rng=np.random.default_rng(seed)
    )
    sets = sets_of(alike(asked.columns, ranked[:LOOKED_AT_FOR_LIKENESS]))
    rng = np.random.default_rng([seed, 1])
    together = measure_together(asked.prober(deadline), truth, prediction, sets, metric, threshold=threshold, rng=rng)
    return Explanation(
        importances=importances,
        effects=effects,
        measured_on=measured_on if len(truth) == len(y) else f"{len(truth):,} rows drawn from {measured_on}",
        outcome=outcome,
        interactions=interactions,
        notes=(
            *note_order(importances),
            *doubts,
            *note_alike(sets, together),
            *_note_unranked(len(features), len(ranked), metric.title, metric.undefined(truth, prediction)),
        ),
        together=together,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Asked:
    """The rows that the model is asked about, what came of them, and what it says of them."""

    predict: Predict
    columns: Columns
    truth: np.ndarray
    prediction: np.ndarray
    row_seconds: float

    def prober(self, until: float) -> Prober:
        return Prober(self.predict, self.columns, until, self.row_seconds * len(self.truth))


def _note_unranked(n_features: int, n_ranked: int, title: str, undefined: str) -> Iterator[str]:
    if not n_ranked and undefined:
        yield f"The columns could not be ranked: {title} is not defined on these rows ({undefined})."
    elif n_ranked < n_features:
        left = n_features - n_ranked
        yield f"{left:,} of {n_features:,} columns were left out for lack of time, the least promising ones."


def _ask(
    predict: Predict,
    columns: Columns,
    y: np.ndarray,
    n_features: int,
    deadline: float,
    rng: np.random.Generator,
    known: float,
) -> _Asked:
    """Return the model asked about the rows to measure on; ``known`` are the seconds of a row, 0 where nobody knows.

    A first call on few rows measures the cost; with a slow model or many columns fewer rows are taken, so that every
    column gets its turn.
    """
    first = MEASURING * max(deadline - time.monotonic(), 0.0) / known if known else MIN_ROWS
    few = sample_rows(len(y), int(min(max(first, FEWEST_ROWS), MIN_ROWS)), rng)
    predict(take(columns, few[:: max(1, len(few) // WARMING)]))  # the first call makes tables, and says nothing of rows
    started = time.monotonic()
    prediction = predict(take(columns, few))
    took = time.monotonic() - started
    per_row = took / len(few)
    if COPIES * took < MEASURING * (deadline - time.monotonic()):  # a call costs much by itself, and copies share it
        started = time.monotonic()
        predict({name: repeat(column, COPIES) for name, column in take(columns, few).items()})
        per_row = max((time.monotonic() - started) / COPIES, took / COPIES) / len(few)
    affordable = (
        max(deadline - time.monotonic(), 0.0) * (1 - TIME_FOR_EFFECTS) / max(per_row * n_features * REPEATS, 1e-12)
    )
    most = int(min(max(affordable, len(few)), MAX_ROWS))
    rows = few
    if most > len(few) and len(few) < len(y):
        rows = sample_rows(len(y), most, rng)
        prediction = predict(take(columns, rows))
    return _Asked(
        predict=predict, columns=take(columns, rows), truth=y[rows], prediction=prediction, row_seconds=per_row
    )
