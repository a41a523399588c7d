"""The training stage: candidates under a deadline, the ensemble, the refit, the learning curve."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from modelwright.brief import Limits
from modelwright.data.columns import Columns
from modelwright.engines.base import Engine
from modelwright.errors import TrainingError
from modelwright.evaluate import metrics
from modelwright.format import plural
from modelwright.learners.targets import PLAIN, kind_of
from modelwright.train.ahead import Heft, Horizon, seconds_ahead
from modelwright.train.budget import Budget
from modelwright.train.costing import CostTask, costs_of
from modelwright.train.ensemble import greedy_weights
from modelwright.train.frontier import Point, chosen_point, frontier
from modelwright.train.job import Job, first_repeat
from modelwright.train.journal import Journal
from modelwright.train.keeping import more_rows
from modelwright.train.memory import MemoryGuard
from modelwright.train.out_of_fold import OutOfFold
from modelwright.train.outcome import Outcome, TrainedMember
from modelwright.train.pace import Pace
from modelwright.train.planning import Plan, make_plan, most_candidates
from modelwright.train.record import Member, Training
from modelwright.train.refitting import learning_curve, more_seeds, refit_members
from modelwright.train.running import Running
from modelwright.train.schedule import Schedule
from modelwright.train.search import Search, chosen_plan
from modelwright.train.session import Session
from modelwright.train.sizing import Size, choose_size
from modelwright.train.stand_in import stand_in
from modelwright.train.telling import alternative, fold_constants, nothing_finished, results
from modelwright.train.work import setup

__all__ = ["train"]

SEARCH_ROWS = 2_000
"""On fewer rows a search mostly finds what suits the validation rows by luck."""


def train(
    job: Job,
    engine: Engine,
    *,
    budget: Budget,
    after_seconds: float | None,
    limits: Limits,
    journal_key: str,
    checks: Columns,
    guard: MemoryGuard,
    tell: Callable[[int, int, str], None],
    only: tuple[str, ...] = (),
    pace: Pace | None = None,
) -> Outcome:
    """Train candidates, choose and refit the ensemble.

    Parameters
    ----------
    after_seconds : float or None
        Seconds to leave of the budget for what comes after; None where trials are counted instead of time.
    limits : Limits
        Of latency, size and members the ensemble keeps them as far as it can. With ``trials`` so many fits are planned;
        whole candidates are run, at least one.
    journal_key : str
        Digest of what the trials depend on.
    checks : Columns
        Rows for the parity gate.
    only : tuple of str
        Keys of the candidates to try, where it is known which are worth it; nothing is searched for then. Those that
        this table has not are left out; without any that it has, all are tried.
    pace : Pace or None
        How busy the machine is; fits tell it on. None: taken for idle.

    Raises
    ------
    TrainingError
        No candidate finished all its folds.
    """
    began = time.monotonic()
    journal = Journal(job.run_folder, journal_key)
    budget.resume(journal.spent)
    deadline = None if after_seconds is None else budget.deadline - after_seconds
    train_seconds = None if deadline is None else deadline - began
    horizon = Horizon(deadline, after_seconds=after_seconds or 0.0, pace=pace, ships=job.folds_report)
    size, plan = journal.once(
        "plan", lambda: _plan(job, train_seconds, engine.n_workers, horizon.pace.now, only), tuple[Size, Plan]
    )
    if not plan.candidates:
        raise TrainingError("no learner fits this table", fix="use fewer columns or classes", code="MW-T002")
    session = Session(
        job=replace(job, max_train_rows=size.max_train_rows, most_bytes=size.most_bytes),
        engine=engine,
        journal=journal,
        budget=budget,
        horizon=horizon,
        guard=guard,
        tell=tell,
    )
    tried = _try(session, plan, size, limits.trials, search=not only)
    done = tried.done
    if not done:
        raise nothing_finished(tried.schedule.running, train_seconds)
    session, job = tried.session, tried.session.job
    oof = OutOfFold(job, tried.size.folds, done)
    metric = metrics.get(job.metric)
    points, taken, smaller = _weigh(session, metric, oof, done, limits)
    weights = points[taken].weights
    chosen = [(r, float(w)) for r, w in zip(done, weights, strict=True) if w > 0]
    best = done[int(np.argmax(weights))]
    members, refit_note = refit_members(session, chosen, checks)
    hefts = [r.heft for r, _ in chosen]
    learning = learning_curve(session, best, tried.size.folds, hefts) if job.folds_report else ()
    members, seeds_note = more_seeds(session, chosen, members, checks)
    ensemble = np.tensordot(weights, oof.predictions, axes=1)
    document = Training(
        metric=job.metric,
        greater_is_better=metric.greater_is_better,
        candidates=results(tried.schedule.running, plan, metric, job, weights, done),
        members=tuple(Member(key=r.candidate.key, weight=w) for r, w in chosen),
        ensemble_score=float(metric(oof.y, ensemble)),
        refit=refit_note + seeds_note,
        resumed_trials=tried.schedule.resumed,
        seconds=time.monotonic() - began,
        peak_memory_bytes=guard.peak,
        notes=tuple(note for note in (tried.size.note, smaller) if note),
        stood_in=tried.stood_in,
        fold_constants=fold_constants(job, metric, tried.size.folds),
        frontier=tuple(alternative(metric, p, done, i == taken) for i, p in enumerate(points)),
    )
    return Outcome(
        document=document,
        members=members,
        rows=oof.rows,
        oof=ensemble,
        oof_candidates=oof.predictions,
        weights=weights,
        holdout=oof.holdout(weights),
        train_rows=oof.train_rows,
        train_prediction=oof.train_prediction(weights),
        learning=learning,
        n_all=_refit_rows(job, members, best),
        fold_members=tuple(
            tuple(
                TrainedMember(r.candidate.key, w, (str(job.run_folder / r.lines[fold].files),), None) for r, w in chosen
            )
            for fold in first_repeat(job, tried.size.folds)
        ),
        heft=Heft(sum(h.size for h in hefts), sum(h.row_seconds for h in hefts)),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Tried:
    """The candidates after their trials: by what schedule, on how many rows and folds, and what stood in if none was
    done in time."""

    session: Session
    schedule: Schedule
    size: Size
    stood_in: str = ""

    @property
    def done(self) -> list[Running]:
        return [r for r in self.schedule.running if r.status == "done"]


def _try(session: Session, plan: Plan, size: Size, trials: int | None, *, search: bool) -> _Tried:
    """Run the candidates of the plan; where time is left, those that a search proposes."""
    job, timed = session.job, session.timed
    searches = timed and search and len(job.y) >= SEARCH_ROWS
    session.engine.share(setup, job)
    schedule = Schedule(
        job,
        session.engine,
        session.journal,
        plan.candidates if trials is None else plan.candidates[: max(1, trials // size.folds)],
        folds=size.folds,
        horizon=session.horizon,
        spent=session.spent,
        tell=session.tell,
        memory_guard=session.guard,
        search=Search((c.learner for c in plan.candidates), job.seed) if searches else None,
        most=most_candidates(len(job.y)) if timed else None,
    )
    schedule.run()
    if {r.status for r in schedule.running}.isdisjoint(("done", "failed")):
        left_over = schedule.running
        schedule, job, why = stand_in(session, plan)
        schedule.running += [r for r in left_over if r.candidate.key != schedule.running[0].candidate.key]
        size = Size(1, job.max_train_rows, why)
        return _Tried(session=replace(session, job=job), schedule=schedule, size=size, stood_in=why)
    if schedule.folds < size.folds:
        note = f"{schedule.folds} of {len(job.folds)} folds were used: there was no time for more"
        size = replace(size, folds=schedule.folds, note=note)
    return _Tried(session=session, schedule=schedule, size=size)


def _weigh(
    session: Session, metric: metrics.Metric, oof: OutOfFold, done: list[Running], limits: Limits
) -> tuple[tuple[Point, ...], int, str]:
    """Return the ensembles that could be chosen, which is, and what is to be said where time made it a smaller one."""
    job, horizon = session.job, session.horizon
    weights = greedy_weights(metric.loss, oof.y, oof.predictions, seed=job.seed)
    tasks = [
        CostTask(
            r.candidate.key,
            str(job.run_folder / r.lines[0].files),
            seconds_ahead((r.heft,), shipped=more_rows(job), slowness=horizon.pace.now),
        )
        for r, weight in zip(done, weights, strict=True)
        if weight
    ]
    measured = iter(costs_of(job, session.engine, tasks))
    costs = [next(measured) if weight else None for weight in weights]
    points = frontier(metric, oof.y, oof.predictions, weights, costs)
    within = partial(
        chosen_point, points, milliseconds=limits.latency_ms, size=limits.artefact_bytes, members=limits.members
    )
    unhurried = within()
    if not session.timed:
        return points, unhurried, ""
    left = horizon.until((), shipped=0.0) - time.monotonic()
    taken = within(seconds=max(0.0, left))
    if taken == unhurried:
        return points, taken, ""
    best, smaller = points[unhurried], points[taken]
    note = (
        f"{plural(smaller.members, 'candidate')} instead of {best.members}: to explain and package those would take "
        f"about {best.costs.seconds:.0f} s, and {max(0.0, left):.0f} s were left"
    )
    return points, taken, note


def _refit_rows(job: Job, members: tuple[TrainedMember, ...], best: Running) -> int:
    refitted = any(m.key == best.candidate.key and m.native is not None for m in members)
    return min(len(job.y), job.max_train_rows) if refitted else 0


def _plan(
    job: Job, train_seconds: float | None, n_workers: int, slowness: float, only: tuple[str, ...]
) -> tuple[Size, Plan]:
    plan = make_plan(
        objective=job.objective,
        n_rows=len(job.y),
        n_features=len(job.columns),
        n_classes=job.n_classes,
        target=PLAIN if job.n_classes else kind_of(np.delete(job.y, job.holdout)),
        private=job.private,
    )
    if only:
        plan = chosen_plan(plan, only, job.seed)
    return choose_size(job, plan, train_seconds, n_workers, slowness)
