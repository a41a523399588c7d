"""The training stage: candidates under a deadline, the ensemble, the refit, the learning curve."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from modelwright.brief import Limits
from modelwright.data.columns import Columns
from modelwright.engines.base import Engine
from modelwright.errors import TrainingError
from modelwright.evaluate import metrics
from modelwright.learners.targets import PLAIN, kind_of
from modelwright.train.ahead import Heft, Horizon
from modelwright.train.budget import Budget
from modelwright.train.choosing import Choice, choose
from modelwright.train.job import Job, first_repeat
from modelwright.train.journal import Journal
from modelwright.train.memory import MemoryGuard
from modelwright.train.outcome import LearningSet, Outcome, TrainedMember
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
    seconds = None if deadline is None else deadline - began
    session = Session(
        job=job,
        engine=engine,
        journal=journal,
        budget=budget,
        horizon=Horizon(deadline, after_seconds=after_seconds or 0.0, pace=pace, ships=job.folds_report),
        guard=guard,
        tell=tell,
    )
    size, plan = _planned(session, seconds, only)
    tried = _try(_sized(session, size), plan, size, limits.trials, search=not only)
    if not tried.done:
        raise nothing_finished(tried.schedule.running, seconds)
    choice = _chosen(tried, limits)
    fitted = _fitted(tried, choice, checks)
    return _outcome(tried, choice, fitted, _document(tried, plan, choice, fitted, began))


def _planned(session: Session, seconds: float | None, only: tuple[str, ...]) -> tuple[Size, Plan]:
    """Return what is to be tried, and on how many rows and folds; a session that goes on keeps what was planned."""
    size, plan = session.journal.once("plan", lambda: _plan(session, seconds, only), tuple[Size, Plan])
    if not plan.candidates:
        raise TrainingError("no learner fits this table", fix="use fewer columns or classes", code="MW-T002")
    return size, plan


def _plan(session: Session, seconds: float | None, only: tuple[str, ...]) -> tuple[Size, Plan]:
    job = session.job
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
    return choose_size(job, plan, seconds, session.engine.n_workers, session.horizon.pace.now)


def _sized(session: Session, size: Size) -> Session:
    return replace(session, job=replace(session.job, max_train_rows=size.max_train_rows, most_bytes=size.most_bytes))


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


def _chosen(tried: _Tried, limits: Limits) -> Choice:
    """Return the ensemble; where it leaves time that was kept for others, it is chosen once more after that."""
    choice = choose(tried.session, tried.done, tried.size.folds, limits)
    if not tried.schedule.goes_on([r for r, _ in choice.members]):
        return choice
    return choose(tried.session, tried.done, tried.size.folds, limits, choice.costs)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Fitted:
    """The models of the version, how they were fitted, and the learning curve of the best candidate."""

    members: tuple[TrainedMember, ...]
    note: str
    learning: tuple[LearningSet, ...]


def _fitted(tried: _Tried, choice: Choice, checks: Columns) -> _Fitted:
    """Fit on all rows what was chosen. What is left of the time goes to the learning curve, then to further seeds."""
    session = tried.session
    members, how = refit_members(session, choice.members, checks)
    reports = session.job.folds_report
    learning = learning_curve(session, choice.best, tried.size.folds, choice.hefts) if reports else ()
    members, seeds = more_seeds(session, choice.members, members, checks)
    return _Fitted(members=members, note=how + seeds, learning=learning)


def _document(tried: _Tried, plan: Plan, choice: Choice, fitted: _Fitted, began: float) -> Training:
    job, metric = tried.session.job, metrics.get(tried.session.job.metric)
    return Training(
        metric=job.metric,
        greater_is_better=metric.greater_is_better,
        candidates=results(tried.schedule.running, plan, metric, job, choice.weights, choice.done),
        members=tuple(Member(key=r.candidate.key, weight=w) for r, w in choice.members),
        ensemble_score=float(metric(choice.oof.y, choice.prediction)),
        refit=fitted.note,
        resumed_trials=tried.schedule.resumed,
        seconds=time.monotonic() - began,
        peak_memory_bytes=tried.session.guard.peak,
        notes=tuple(note for note in (tried.size.note, choice.note) if note),
        stood_in=tried.stood_in,
        fold_constants=fold_constants(job, metric, tried.size.folds),
        frontier=tuple(alternative(metric, p, choice.done, i == choice.taken) for i, p in enumerate(choice.points)),
    )


def _outcome(tried: _Tried, choice: Choice, fitted: _Fitted, document: Training) -> Outcome:
    job, oof = tried.session.job, choice.oof
    return Outcome(
        document=document,
        members=fitted.members,
        rows=oof.rows,
        oof=choice.prediction,
        oof_candidates=oof.predictions,
        weights=choice.weights,
        holdout=oof.holdout(choice.weights),
        train_rows=oof.train_rows,
        train_prediction=oof.train_prediction(choice.weights),
        learning=fitted.learning,
        n_all=_refit_rows(job, fitted.members, choice.best),
        fold_members=tuple(_of_fold(job, choice, fold) for fold in first_repeat(job, tried.size.folds)),
        heft=Heft(sum(h.size for h in choice.hefts), sum(h.row_seconds for h in choice.hefts)),
    )


def _of_fold(job: Job, choice: Choice, fold: int) -> tuple[TrainedMember, ...]:
    return tuple(
        TrainedMember(r.candidate.key, weight, (str(job.run_folder / r.lines[fold].files),), None)
        for r, weight in choice.members
    )


def _refit_rows(job: Job, members: tuple[TrainedMember, ...], best: Running) -> int:
    refitted = any(m.key == best.candidate.key and m.native is not None for m in members)
    return min(len(job.y), job.max_train_rows) if refitted else 0
