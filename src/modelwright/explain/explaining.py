"""The stage that explains: what drives the model, measured on rows it was not trained on."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Columns, take
from modelwright.data.contract import Contract
from modelwright.evaluate.metrics import Metric
from modelwright.explain.effects import measure_effects, outcome_of
from modelwright.explain.folds import MODEL
from modelwright.explain.importance import REPEATS, measure_together, note_order, promising_first, rank_columns
from modelwright.explain.interactions import measure_interactions
from modelwright.explain.likeness import alike, note_alike, sets_of
from modelwright.explain.reasons import Explanation
from modelwright.explain.sampling import FEWEST_ROWS, MAX_ROWS, MIN_ROWS, Predict, Prober, draw_rows, repeat

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
    rows, prediction, row_seconds = _rows_and_prediction(predict, needed, y, len(features), deadline, rng, row_seconds)
    base, truth = take(needed, rows), y[rows]
    ranked_until = deadline - TIME_FOR_EFFECTS * max(deadline - time.monotonic(), 0.0)
    order = promising_first(base, features, prediction)
    copy_s = row_seconds * len(rows)
    importances, doubts = rank_columns(
        Prober(predict, base, ranked_until, copy_s), truth, prediction, order, metric, threshold=threshold, rng=rng
    )
    ranked = [i.column for i in importances]
    output, outcome = outcome_of(prediction, truth, classes, target)
    effects = measure_effects(
        Prober(predict, base, deadline, copy_s),
        (ranked or list(order))[:EFFECTS],
        contract,
        output,
        prediction=prediction,
        rng=rng,
    )
    interactions = measure_interactions(
        Prober(predict, base, deadline, copy_s),
        ranked[:PAIRED],
        output,
        spread=float(prediction[:, output].std()),
        rng=np.random.default_rng(seed),
    )
    sets = sets_of(alike(base, ranked[:LOOKED_AT_FOR_LIKENESS]))
    together = measure_together(
        Prober(predict, base, deadline, copy_s),
        truth,
        prediction,
        sets,
        metric,
        threshold=threshold,
        rng=np.random.default_rng([seed, 1]),
    )
    notes = [*note_order(importances), *doubts, *note_alike(sets, together)]
    if not ranked and (why := metric.undefined(truth, prediction)):
        notes.append(f"The columns could not be ranked: {metric.title} is not defined on these rows ({why}).")
    elif len(ranked) < len(features):
        left = len(features) - len(ranked)
        notes.append(f"{left:,} of {len(features):,} columns were left out for lack of time, the least promising ones.")
    on = measured_on if len(rows) == len(y) else f"{len(rows):,} rows drawn from {measured_on}"
    return Explanation(
        importances=importances,
        effects=effects,
        measured_on=on,
        outcome=outcome,
        interactions=interactions,
        notes=tuple(notes),
        together=together,
    )


def _rows_and_prediction(
    predict: Predict,
    columns: Columns,
    y: np.ndarray,
    n_features: int,
    deadline: float,
    rng: np.random.Generator,
    known: float,
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return the rows to measure on, the model's prediction of them, and the seconds that a row takes.

    A first call on few rows measures the cost; with a slow model or many columns fewer rows are taken, so that every
    column gets its turn.
    """
    first = MEASURING * max(deadline - time.monotonic(), 0.0) / known if known else MIN_ROWS
    few = draw_rows(len(y), int(min(max(first, FEWEST_ROWS), MIN_ROWS)), rng)
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
    if most <= len(few) or len(few) == len(y):
        return few, prediction, per_row
    rows = draw_rows(len(y), most, rng)
    return rows, predict(take(columns, rows)), per_row
