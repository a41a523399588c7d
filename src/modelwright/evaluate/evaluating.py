"""The stage: evidence in, evaluation out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np

from modelwright.brief.money import Money
from modelwright.data.sampling import sample_rows
from modelwright.errors import UsageError
from modelwright.evaluate.allowances import extended, pooled, step_to_all
from modelwright.evaluate.calibration import calibration_bins, calibration_error
from modelwright.evaluate.cases import count_cases, cut_of
from modelwright.evaluate.comparisons import compare, fit_verdict
from modelwright.evaluate.curves import confusion, curves, residuals
from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.intervals import measure
from modelwright.evaluate.learning import learning_curve
from modelwright.evaluate.measurements import Cases, Evaluation, Measurement, Slice
from modelwright.evaluate.metrics import Metric, applicable, get
from modelwright.evaluate.money.worth import measure_worth
from modelwright.evaluate.optimism import Selections, corrected, reselect
from modelwright.evaluate.slices import find_slices
from modelwright.evaluate.threshold import choose_threshold
from modelwright.frame.problem import Problem
from modelwright.objectives.baselines.centres import constant_of
from modelwright.runtime.answers import threshold_or_half

__all__ = ["evaluate", "scores"]

MOST_TRAIN_ROWS = 50_000  # of the training score, which only tells over- from underfitting


def evaluate(
    problem: Problem,
    evidence: Evidence,
    *,
    seed: int,
    told: Money | None = None,
) -> Evaluation:
    """Return how good the model is and how sure we are.

    Parameters
    ----------
    problem : Problem
    evidence : Evidence
        With ``candidates`` and ``select``, scores are corrected for the choice of the ensemble on the same rows.
    seed : int
    told : Money or None
        What the brief says of money.

    Raises
    ------
    UsageError
        The metric is for another objective.
    """
    metric = _metric(problem)
    unit = evidence.unit or _unit(problem, evidence)
    y, prediction = evidence.y, evidence.prediction
    threshold = threshold_or_half(evidence.threshold) if len(problem.classes) == 2 else None
    selections = _selections(evidence, seed)
    measured = scores(
        applicable(problem.objective), evidence, threshold=threshold, unit=unit, seed=seed, selections=selections
    )
    raw, headline = measured[metric.name]
    change = (headline.value or 0.0) - (raw.value or 0.0)
    comparisons = compare(
        metric,
        y,
        prediction,
        evidence.baselines,
        threshold=threshold,
        groups=evidence.groups,
        unit=unit,
        seed=seed,
        change=change,
        inflation=evidence.inflation,
    )
    train, train_constant = _train_scores(metric, evidence, threshold, unit, seed)
    points, note = learning_curve(
        metric, y, evidence.learning, threshold=threshold, groups=evidence.groups, unit=unit, seed=seed
    )
    reported = {name: m for name, (_, m) in measured.items()}
    worth = measure_worth(evidence, told, seed=seed)
    evaluation = Evaluation(
        headline=headline,
        metrics=tuple(reported.values()),
        measured_on=evidence.measured_on,
        comparisons=comparisons,
        train_score=train,
        train_constant=train_constant,
        fit_verdict=fit_verdict(metric, headline, train, comparisons, train_constant),
        slices=_slices(metric, problem, evidence, threshold, unit, seed),
        learning_curve=points,
        learning_note=note,
        calibration_note=evidence.calibration_note,
        threshold=threshold,
        threshold_why=evidence.threshold_why,
        cases=_cases(problem, evidence, reported, selections, threshold, unit, seed),
        worth=worth,
        value_per_row=None if worth is None else worth.value,
    )
    return _with_errors(evaluation, problem, evidence, unit, seed)


def _slices(
    metric: Metric, problem: Problem, evidence: Evidence, threshold: float | None, unit: str, seed: int
) -> tuple[Slice, ...]:
    return find_slices(
        metric,
        evidence.y,
        evidence.prediction,
        {name: column for name, column in evidence.columns.items() if name != problem.target},
        evidence.contract,
        threshold=threshold,
        groups=evidence.groups,
        unit=unit,
        seed=seed,
    )


def _with_errors(evaluation: Evaluation, problem: Problem, evidence: Evidence, unit: str, seed: int) -> Evaluation:
    """Add how the predictions err: the residuals of values; of classes which are mistaken for which, and how the
    chances mean what they say."""
    y, prediction, groups = evidence.y, evidence.prediction, evidence.groups
    if not problem.classes:
        return replace(evaluation, residuals=residuals(y, prediction, groups=groups, unit=unit, seed=seed))
    return replace(
        evaluation,
        confusion=confusion(y, prediction, problem.classes, evaluation.threshold),
        calibration=calibration_bins(y, prediction),
        calibration_error=calibration_error(y, prediction, groups=groups, seed=seed),
        curves=curves(y, prediction),
    )


def _cases(
    problem: Problem,
    evidence: Evidence,
    measured: dict[str, Measurement],
    selections: Selections | None,
    threshold: float | None,
    unit: str,
    seed: int,
) -> Cases | None:
    """Return what the predictions come to in cases, at the threshold or, where that flags next to none, at the top."""
    if threshold is None or not len(evidence.y):
        return count_cases(problem, evidence, measured, unit=unit, seed=seed)
    cut, ranked = cut_of(evidence.prediction, threshold)
    if ranked:
        both = get("recall"), get("precision")
        again = scores(both, evidence, threshold=cut, seed=seed, selections=selections)
        measured = {**measured, **{name: m for name, (_, m) in again.items()}}
    return count_cases(problem, evidence, measured, cut=cut, ranked=ranked, seed=seed)


def _metric(problem: Problem) -> Metric:
    metric = get(problem.metric)
    if problem.objective not in metric.objectives:
        fitting = ", ".join(m.name for m in applicable(problem.objective))
        raise UsageError(
            f"metric '{metric.name}' does not fit the objective '{problem.objective}'",
            fix=f"use one of: {fitting}",
            code="MW-U407",
        )
    return metric


def _unit(problem: Problem, evidence: Evidence) -> str:
    return next((s.unit_of_values for s in evidence.contract.columns if s.name == problem.target), "")


def scores(
    metrics: Iterable[Metric],
    evidence: Evidence,
    *,
    threshold: float | None = None,
    unit: str = "",
    seed: int = 0,
    selections: Selections | None = None,
) -> dict[str, tuple[Measurement, Measurement]]:
    """Return, by metric, the measurement on the rows as they are and the one that is reported.

    The latter is corrected for choosing where the same rows chose, and its interval allows for what the rows alone do
    not show, see `allowances`. ``selections`` are the ensembles chosen on resamples, where they are known already.
    """
    y, groups = evidence.y, evidence.groups
    selections = _selections(evidence, seed) if selections is None else selections
    found = {}
    for metric in metrics:
        inflation, why = _inflation(metric, evidence, threshold)
        plain = measure(
            metric,
            y,
            evidence.prediction,
            groups=groups,
            threshold=threshold,
            unit=unit,
            seed=seed,
            inflation=inflation,
        )
        if why and plain.low is not None:
            plain = replace(plain, method=f"{plain.method}, {why}")
        reported = plain
        if plain.value is not None and selections is not None:
            reported = corrected(plain, y, selections, threshold=threshold)
        if plain.value is not None:
            step = step_to_all(metric, y, evidence.learning, evidence.n_all, threshold=threshold)
            reported = extended(reported, step)
        found[metric.name] = (plain, reported)
    return found


def _selections(evidence: Evidence, seed: int) -> Selections | None:
    if evidence.candidates is None or evidence.select is None or len(evidence.candidates) < 2:
        return None
    return reselect(evidence.candidates, evidence.select, groups=evidence.groups, seed=seed)


def _inflation(metric: Metric, evidence: Evidence, threshold: float | None) -> tuple[float, str]:
    if evidence.unseen is None:
        return evidence.inflation, "models that share rows allowed for" if evidence.inflation > 1 else ""
    y, prediction, groups = evidence.y, evidence.prediction, evidence.groups
    factor = pooled(metric, y, prediction, evidence.unseen, groups=groups, threshold=threshold)
    return factor, "with the spread of rows out of fold" if factor != 1 else ""


def _train_scores(
    metric: Metric, evidence: Evidence, threshold: float | None, unit: str, seed: int
) -> tuple[Measurement | None, Measurement | None]:
    """Return the score on rows that the model was fitted on, and that of the constant that suits these rows."""
    y, prediction = evidence.train_y, evidence.train_prediction
    if y is None or prediction is None or not len(y):
        return None, None
    if len(y) > MOST_TRAIN_ROWS:
        kept = sample_rows(len(y), MOST_TRAIN_ROWS, np.random.default_rng(seed))
        y, prediction = y[kept], prediction[kept]
    constant = np.tile(constant_of(y, metric.name, prediction.shape[1]), (len(y), 1))
    own = choose_threshold(y, constant, metric=metric.name, seed=seed)[0] if metric.tunable else threshold
    return (
        measure(metric, y, prediction, threshold=threshold, unit=unit, seed=seed),
        measure(metric, y, constant, threshold=own, unit=unit, seed=seed),
    )
