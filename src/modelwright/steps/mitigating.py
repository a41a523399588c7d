"""Fitting the champion's recipes again so that groups are treated more alike, and choosing by what the brief asks.

Each option goes through the whole training: the same folds, a calibrator and a threshold of its own. None of the models
reads a protected column, so that none is needed when the model is used; but for thresholds by group, which are tried
only where the brief allows them. How options are compared and chosen is told in `modelwright.steps.fairer`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.errors import TrainingError
from modelwright.frame.problem import Problem
from modelwright.govern.fairness.groups import Grouping, cells_of
from modelwright.running import Run
from modelwright.steps.fairer import (
    Tried,
    acting_of,
    aim_of,
    chosen,
    judgement,
    measured,
    measures,
    options,
    surely,
    told,
    why_chosen,
    with_thresholds,
)
from modelwright.steps.fairness import groups_of, protected_names
from modelwright.train.balancing import Balance
from modelwright.train.job import Job
from modelwright.train.outcome import Outcome

__all__ = ["WORTH_TRYING", "make_fairer", "next_strength", "options", "reserve", "why_not_tried"]

RESERVED = 0.4
"""Of the time that is left when training begins, for the options; where none is needed it is saved."""

WORTH_TRYING = frozenset({"selection", "opportunity", "errors"})
"""Comparisons that weights can bring about. Calibration by group is that of the data as they are: weights undo it."""

AS_IT_WAS, WITHOUT, CONSTRAINED = "as it was", "without the columns", "constrained"
WITHOUT_TEXT = "the same recipes without the protected columns"
COSTS_S = 2.0
"""Seconds that finding costs takes on 4,000 rows with the processor to itself."""
FITS = 4
"""Options at most: one that only leaves the columns out, and three with weights of a strength that is searched for."""
FULL = 1.0
STRONGEST = 12.0
STEP = 4.0
"""Times as strong, at most, as the strongest weights before."""
MARGIN = 1.2
"""Of the step that a straight line says: what weights do falls off."""
NEAR = 0.3
"""Strengths closer than this are much the same."""


def _asked(run: Run) -> bool:
    """Return whether fairer models are to be tried: two classes, a measure that weights can change, named columns."""
    problem: Problem = run.documents["problem"]
    return len(problem.classes) == 2 and run.brief.fairness in WORTH_TRYING and not protected_names(run)[1]


def why_not_tried(run: Run) -> str:
    """Return why no fairer model can be tried though fairness is asked for, empty where it can be or is not asked."""
    if run.brief.fairness is None:
        return ""
    if len(run.documents["problem"].classes) != 2:
        return "No fairer model was tried: rows can be weighted so that groups are independent of two classes only."
    if run.brief.fairness not in WORTH_TRYING:
        return "No fairer model was tried: weights change who is selected, and would make chances mean less."
    if run.outcome.document.stood_in:
        return "No fairer model was trained: there was hardly time for one model. Give a larger --budget."
    return ""


def reserve(run: Run) -> float:
    """Return the seconds of the training time to leave for fairer models."""
    return RESERVED * max(run.budget.left - run.after_seconds, 0.0) if _asked(run) else 0.0


def make_fairer(run: Run, job: Job) -> None:
    """Where the model is less fair than asked, fit it again in several ways and go on with the one that serves best."""
    if not _asked(run):
        return
    names, _ = protected_names(run)
    groups = groups_of(run, names)
    least = run.brief.fairness_ratio
    first = measured(run, AS_IT_WAS, "the model as it was trained", run.outcome, groups)
    if first.ratio is None or first.ratio >= least:
        return
    tried = [first]
    if not run.outcome.document.stood_in:
        tried += _trained(run, job, first, groups, names, least)
    readable = tuple(n for n in names if n in job.columns)
    for base in dict.fromkeys((first, chosen(tried, least))):
        if surely(base) < least:
            tried += with_thresholds(run, base, first, groups, readable)
    best = chosen(tried, least)
    run.fairer = tuple(replace(t, chosen=t is best) for t in tried)
    if best is not first:
        run.outcome, run.settled = _as_first(first.outcome, best), best.settled
        run.withheld = tuple(n for n in names if best.outcome is not first.outcome and n not in best.reads)
    _decide(run, tried, best, least)


def _trained(
    run: Run, job: Job, first: Tried, groups: tuple[Grouping, ...], names: tuple[str, ...], least: float
) -> list[Tried]:
    """Return the recipes trained again: without the columns, and with weights of a strength that is searched for, those
    of a constraint or, where there are none, those that make groups and classes independent."""
    tried, costs = [first], None
    cells, strength = _cells(run, names), 0.0
    for number in range(1, FITS + 1):
        balance = Balance(cells, strength, costs=costs) if strength else None
        outcome = _fit(run, job, names, balance, number)
        if outcome is None and strength:
            break
        if outcome is not None:
            name, text = (WITHOUT, WITHOUT_TEXT) if balance is None else _called(balance)
            tried.append(measured(run, name, text, outcome, groups, first=first, strength=strength))
        following = next_strength([(t.strength, surely(t)) for t in tried if t.ratio is not None], least)
        if following is None:
            break
        if number == 1:
            costs = _costs(run, job, first, names, cells)
        strength = following
    return tried[1:]


def _costs(run: Run, job: Job, first: Tried, names: tuple[str, ...], cells: np.ndarray) -> np.ndarray | None:
    """Return what errors about each group must cost, None where that cannot be found; the ledger has the reason."""
    from modelwright.govern.fairness.constraining import costs_by_group, numbers_of

    features = [n for n in job.columns if n not in names]
    rows = run.outcome.rows
    left = run.budget.left - run.after_seconds
    if run.budget.timed and left < COSTS_S * run.slowness:
        found: np.ndarray | str = "there is no time left for it"
    elif not features:
        found = "no other columns are left"
    else:
        matrix = numbers_of([job.columns[n] for n in features])[rows]
        acting = acting_of(first)
        found = costs_by_group(
            matrix, job.y[rows], cells[rows], acting, measures(run), aim_of(run), seed=run.brief.seed
        )
    if isinstance(found, str):
        run.decide("train", "model under a constraint", "not tried", found)
        return None
    costs = np.ones((int(cells.max()) + 1, 2))  # groups that have no row among these count as they are
    costs[: len(found)] = found
    return costs


def next_strength(found: list[tuple[float, float]], least: float) -> float | None:
    """Return which strength to try next to find the smallest that reaches ``least``; None where the search is over.

    ``found`` are the strengths so far with their ratios. Between two that lie on either side a straight line tells;
    beyond the strongest, the line through the ends.
    """
    best = {strength: max(r for s, r in found if s == strength) for strength, _ in found}
    points = sorted(best.items())
    enough = next((p for p in points if p[1] >= least), None)
    if enough is not None:
        below = [p for p in points if p[0] < enough[0]]
        if not below or enough[0] - below[-1][0] < NEAR:
            return None
        (s0, r0), (s1, r1) = below[-1], enough
        between = s0 + (s1 - s0) * min(MARGIN * (least - r0) / (r1 - r0), 0.9)
        return round(between, 1)
    if len(points) < 2:
        return FULL
    (s0, r0), (s1, r1) = points[0], points[-1]
    slope = (r1 - r0) / (s1 - s0)
    wanted = s1 + MARGIN * (least - r1) / slope if slope > 0 else STEP * s1
    following = round(min(max(wanted, s1 + NEAR), STEP * s1, STRONGEST), 1)
    return following if following > s1 else None


def _called(balance: Balance) -> tuple[str, str]:
    """Return what a model trained with weights is called, and what they are."""
    power = f"to the power of {balance.strength:g}; without the columns"
    if balance.costs is None:
        text = f"rows weighted towards independence of group and class, {power}"
        return f"reweighted × {balance.strength:g}", text
    text = f"rows weighted by what errors about each group must cost so that groups are treated alike, {power}"
    return f"{CONSTRAINED} × {balance.strength:g}", text


def _fit(run: Run, job: Job, names: tuple[str, ...], balance: Balance | None, number: int) -> Outcome | None:
    """Train an option in its share of the time; None where there is nothing to fit or no time for it."""
    from modelwright.steps.learning import check_rows
    from modelwright.train.training import train

    features = [n for n in job.columns if n not in names]
    keys = _keys(run, weighing=balance is not None)
    if not features or not keys or (balance is None and len(features) == len(job.columns)):
        return None
    assert run.engine is not None
    columns = {n: job.columns[n] for n in features}
    own = replace(
        job,
        columns=columns,
        contract=job.contract.only(features),
        run_folder=job.run_folder / "models" / f"fairer-{number}",
        balance=balance,
        max_train_rows=len(job.y),
        seeds=1,
    )
    left = run.budget.left - run.after_seconds
    weights = "none" if balance is None else f"{balance.strength}"
    if balance is not None and balance.costs is not None:
        weights += f" of {balance.costs.round(3).tolist()}"
    try:
        outcome = train(
            own,
            run.engine,
            budget=run.budget,
            after_seconds=run.after_seconds + left * (1 - 1 / (FITS + 1 - number)) if run.budget.timed else None,
            limits=run.brief.limits,
            journal_key=f"{weights} {keys}",
            checks=check_rows(run),
            guard=run.guard,
            tell=run.tell,
            only=keys,
            pace=run.pace,
        )
    except TrainingError as error:
        run.decide("train", f"fairer model, weights {weights}", "not fitted", error.what)
        return None
    return None if outcome.document.stood_in else outcome


def _keys(run: Run, *, weighing: bool) -> tuple[str, ...]:
    """Return the champion's recipes; of those whose fits must honour weights, else the best that does."""
    from modelwright import learners

    done = [c for c in run.outcome.document.candidates if c.status == "done"]
    fitting = [c for c in done if not weighing or learners.get(c.learner).card.weighs]
    members = tuple(c.key for c in fitting if c.weight)
    return members or tuple(c.key for c in fitting[:1])


def _cells(run: Run, names: tuple[str, ...]) -> np.ndarray:
    return cells_of(run.used(names), names, run.documents["contract"])


def _as_first(first: Outcome, best: Tried) -> Outcome:
    """Return the outcome of an option; its document goes on telling what was tried before."""
    document, own = first.document, best.outcome.document
    note = f"The model is the fairer one, {best.name}: {best.text}."
    if best.outcome is first:
        return replace(first, document=replace(document, notes=(*document.notes, note)))
    weights = {m.key: m.weight for m in own.members}
    told = replace(
        document,
        candidates=tuple(replace(c, weight=weights.get(c.key, 0.0)) for c in document.candidates),
        members=own.members,
        ensemble_score=own.ensemble_score,
        refit=own.refit,
        frontier=own.frontier,
        notes=(*document.notes, note),
    )
    return replace(best.outcome, document=told)


def _decide(run: Run, tried: list[Tried], best: Tried, least: float) -> None:
    run.decide(
        "train",
        "fairer model",
        told(best),
        why_chosen(best, tried, least),
        decided_by="measurement",
        alternatives=tuple(
            f"{told(t)}{': ' if (no := judgement(t, tried[0], least)) else ''}{no}" for t in tried if t is not best
        ),
    )
