"""The stage that explains the model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from modelwright.data.columns import Columns, take
from modelwright.explain.reasons import Explanation
from modelwright.explain.sampling import MAX_ROWS
from modelwright.explain.simple.documents import FORMS, Simple, SimpleCandidate
from modelwright.format import plural
from modelwright.frame.problem import Problem
from modelwright.running import Run
from modelwright.runtime.plan import Plan
from modelwright.steps.opening import fold_plan
from modelwright.steps.pacing import UNTIMED_S, allowed, page_seconds, rows_for, tell_shrunk

__all__ = ["explain", "simple_told"]

LEAST_SECONDS = 0.1
"""To explain, whatever is left: a few rows are asked about."""

LEAST_ROWS = 500
"""That the model on a page is chosen from where time does not go round: it has few numbers."""

REASONS_SHARE = 0.15
"""Of the time to explain, what asking how far columns move predictions may take."""

OPENING_SHARE = 0.15
"""Of that, what opening the models of further folds may take."""


def explain(run: Run) -> Explanation:
    """Measure what drives the model, by the models of the folds, each on rows that it has not seen."""
    from modelwright.evaluate import metrics
    from modelwright.explain.explaining import explain as explaining
    from modelwright.explain.folds import MODEL, ByModel, rows_to_ask

    problem: Problem = run.documents["problem"]
    simple = _simple(run, _page_seconds(run))
    seconds = max(LEAST_SECONDS, allowed(run, "explain"))
    deadline = time.monotonic() + seconds
    plans = _plans(run, time.monotonic() + OPENING_SHARE * seconds)
    asked = rows_to_ask(
        run.folds.holdout,
        [run.folds.folds[fold][1] for fold in range(len(plans))],
        MAX_ROWS,
        np.random.default_rng([run.brief.seed, 23]),
    )
    features, unread = _read(_features(run), plans)
    columns = take({name: run.columns[name] for name in features}, run.rows[asked.rows])
    reasons_s = REASONS_SHARE * (deadline - time.monotonic())
    explanation = explaining(
        ByModel([plan.predict for plan in plans]),
        {**columns, MODEL: asked.model.astype(float)},
        run.y[run.rows][asked.rows],
        contract=run.documents["contract"].only(features),
        features=features,
        metric=metrics.get(problem.metric),
        seed=run.brief.seed,
        deadline_s=max(LEAST_SECONDS, deadline - reasons_s - time.monotonic()),
        measured_on=_measured_on(len(asked.rows), asked.n_lockbox),
        classes=problem.classes,
        target=problem.target,
        threshold=run.threshold,
        row_seconds=run.outcome.heft.row_seconds,
    )
    tell_shrunk(run, "explain", seconds, f"columns were ranked on {explanation.measured_on}")
    own = np.random.default_rng(run.brief.seed).permutation(np.flatnonzero(asked.model == 0))
    moves = _moves(run, plans[0], take(columns, own), time.monotonic() + reasons_s)
    importances = tuple(replace(i, moves=moves.get(i.column, 0.0) if moves else None) for i in explanation.importances)
    notes = (*explanation.notes, *unread)
    return replace(explanation, importances=importances, notes=notes, simple=simple)


def _read(features: tuple[str, ...], plans: Sequence[Plan]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the columns that some of the models read, and what is to be said of the others: of a wide table most."""
    read = frozenset(name for plan in plans for name in plan.contract.names)
    asked = tuple(n for n in features if n in read)
    left = len(features) - len(asked)
    if not left:
        return features, ()
    return asked, (
        f"{left:,} of {plural(len(features), 'column')} were not asked about: none of the models reads them.",
    )


def _moves(run: Run, plan: Plan, columns: Columns, deadline: float) -> dict[str, float]:
    from modelwright.explain.by_reasons import mean_reasons
    from modelwright.runtime.reasons import typical_row

    return mean_reasons(plan, typical_row(plan.contract, run.documents["profile"]), columns, deadline)


def _features(run: Run) -> tuple[str, ...]:
    return tuple(n for n in run.documents["problem"].features if n not in run.withheld)


def _simple(run: Run, seconds: float) -> Simple:
    """Fit the model on a page and hold it against the ensemble, on the rows that are reported."""
    from modelwright.evaluate import metrics
    from modelwright.explain.simple.choosing import MOST_ROWS
    from modelwright.explain.simple.measuring import Against, simple_model
    from modelwright.explain.simple.rows import Fit, link_of
    from modelwright.learners.targets import AMOUNT, kind_of

    problem: Problem = run.documents["problem"]
    features, y, evidence = _features(run), run.y[run.rows], run.evidence
    lockbox = run.folds.holdout
    amount = not problem.classes and kind_of(np.delete(y, lockbox)) == AMOUNT
    fit = Fit(
        {n: run.columns[n] for n in features},
        y,
        run.documents["contract"].only(features),
        problem.classes,
        problem.target,
        link_of(problem.classes, amount=amount),
        index=run.rows,
    )
    simple = simple_model(
        fit,
        run.folds.folds[: len(run.outcome.fold_members)],
        Against(
            rows=lockbox if len(lockbox) else run.outcome.rows,
            prediction=evidence.prediction,
            lockbox=len(lockbox) > 0,
            threshold=evidence.threshold,
            groups=evidence.groups,
            unit=evidence.unit,
            inflation=evidence.inflation,
            constant=evidence.constant,
        ),
        metrics.get(problem.metric),
        seed=run.brief.seed,
        deadline_s=seconds,
        most_rows=rows_for(run, "explain", MOST_ROWS, least=LEAST_ROWS),
    )
    if simple.take:
        run.listener.note(simple.advice)
    if simple.model is not None:
        run.decide(
            "explain",
            "model on a page",
            f"{FORMS[simple.model.form]}, {plural(len(simple.model.columns), 'column')}",
            simple.advice,
            decided_by="measurement",
            alternatives=tuple(_told(c) for c in simple.candidates if not c.chosen),
            measurement=simple.score,
        )
    return simple


def simple_told(simple: Simple | None) -> dict[str, Any] | None:
    """Return what the model on a page came to, for machines; None where there is none."""
    if simple is None or simple.model is None:
        return None
    model = simple.model
    return {"form": model.form, "columns": list(model.columns), "take": simple.take, "advice": simple.advice}


def _told(candidate: SimpleCandidate) -> str:
    columns = plural(candidate.columns, "column")
    return f"{FORMS[candidate.form]}, {columns} (mean loss {candidate.loss:.4g} over the folds)"


def _page_seconds(run: Run) -> float:
    """Return the seconds for the model on a page, no more than half of what there is for all that explains."""
    return min(page_seconds(run), 0.5 * allowed(run, "explain")) if run.budget.timed else UNTIMED_S["explain"]


def _plans(run: Run, until: float) -> Sequence[Plan]:
    """Return the models of the folds, as many as can be opened in time and at least the first's."""
    plans = []
    for fold in range(len(run.outcome.fold_members)):
        plans.append(fold_plan(run, fold))
        if time.monotonic() > until:
            break
    return plans


def _measured_on(n: int, n_lockbox: int) -> str:
    """Say which rows these are: those of the lockbox, those that judged the folds, or both."""
    if n == n_lockbox:
        return f"{n:,} rows that the models explained were not fitted on"
    judges = f"{n - n_lockbox:,} that judged the folds"
    whole = f"{n:,} rows (the lockbox of {n_lockbox:,}, and {judges})" if n_lockbox else f"{n:,} rows that judged folds"
    return f"{whole}, each asked of models that were not fitted on it"
