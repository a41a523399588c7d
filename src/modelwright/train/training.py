"""The training stage: candidates under a deadline, the ensemble, the refit, the learning curve."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from modelwright.brief import Limits
from modelwright.data.columns import Columns
from modelwright.engines.base import Engine
from modelwright.errors import TrainingError
from modelwright.evaluate import metrics
from modelwright.learners.targets import PLAIN, kind_of
from modelwright.train.budget import Budget
from modelwright.train.costing import serving_costs
from modelwright.train.ensemble import greedy_weights
from modelwright.train.frontier import Point, chosen_point, frontier
from modelwright.train.journal import Journal
from modelwright.train.memory import MemoryGuard
from modelwright.train.outcome import Outcome, TrainedMember
from modelwright.train.planning import Plan, make_plan, most_candidates
from modelwright.train.record import Alternative, Candidate, CandidateResult, Member, Training
from modelwright.train.refitting import learning_curve, more_seeds, refit_members
from modelwright.train.schedule import Running, Schedule
from modelwright.train.search import Search, chosen_plan
from modelwright.train.sizing import Size, choose_size
from modelwright.train.stand_in import stand_in
from modelwright.train.work import Job, setup

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
    size, plan = journal.once("plan", lambda: _plan(job, train_seconds, engine.n_workers, only), tuple[Size, Plan])
    if not plan.candidates:
        raise TrainingError("no learner fits this table", fix="use fewer columns or classes", code="MW-T002")
    job = replace(job, max_train_rows=size.max_train_rows)
    candidates = plan.candidates if limits.trials is None else plan.candidates[: max(1, limits.trials // size.folds)]
    engine.share(setup, job)
    schedule = Schedule(
        job,
        engine,
        journal,
        candidates,
        folds=size.folds,
        deadline=deadline,
        spent=lambda: budget.spent,
        tell=tell,
        memory_guard=guard,
        search=None
        if deadline is None or len(job.y) < SEARCH_ROWS or only
        else Search((c.learner for c in plan.candidates), job.seed),
        most=None if deadline is None else most_candidates(len(job.y)),
    )
    schedule.run()
    stood_in = ""
    if {r.status for r in schedule.running}.isdisjoint(("done", "failed")):
        left_over = schedule.running
        schedule, job, stood_in = stand_in(
            job, engine, journal, plan, spent=lambda: budget.spent, tell=tell, guard=guard
        )
        schedule.running += [r for r in left_over if r.candidate.key != schedule.running[0].candidate.key]
        size = Size(1, job.max_train_rows, stood_in)
    elif schedule.folds < size.folds:
        note = f"{schedule.folds} of {len(job.folds)} folds were used: fits took longer than expected"
        size = replace(size, folds=schedule.folds, note=note)
    done = [r for r in schedule.running if r.status == "done"]
    if not done:
        raise _nothing_finished(schedule.running, train_seconds)
    oof = OutOfFold(job, size.folds, done)
    metric = metrics.get(job.metric)
    points, taken = _weigh(job, metric, oof, done, limits)
    weights = points[taken].weights
    chosen = [(r, float(w)) for r, w in zip(done, weights, strict=True) if w > 0]
    members, refit_note = refit_members(job, engine, journal, chosen, checks, deadline, lambda: budget.spent, guard)
    best = done[int(np.argmax(weights))]
    learning = learning_curve(job, engine, best, size.folds, deadline, guard) if job.folds_report else ()
    members, seeds_note = more_seeds(
        job, engine, journal, chosen, members, checks, deadline, lambda: budget.spent, guard
    )
    ensemble = np.tensordot(weights, oof.predictions, axes=1)
    document = Training(
        metric=job.metric,
        greater_is_better=metric.greater_is_better,
        candidates=_results(schedule.running, plan, metric, job, weights, done),
        members=tuple(Member(key=r.candidate.key, weight=w) for r, w in chosen),
        ensemble_score=float(metric(oof.y, ensemble)),
        refit=refit_note + seeds_note,
        resumed_trials=schedule.resumed,
        seconds=time.monotonic() - began,
        peak_memory_bytes=guard.peak,
        notes=(size.note,) if size.note else (),
        stood_in=stood_in,
        frontier=tuple(_alternative(metric, p, done, i == taken) for i, p in enumerate(points)),
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
        first_fold=tuple(
            TrainedMember(r.candidate.key, w, (str(job.run_folder / r.lines[0].files),), None) for r, w in chosen
        ),
    )


def _weigh(
    job: Job, metric: metrics.Metric, oof: OutOfFold, done: list[Running], limits: Limits
) -> tuple[tuple[Point, ...], int]:
    """Return the ensembles that could be chosen, and which is."""
    weights = greedy_weights(metric.loss, oof.y, oof.predictions, seed=job.seed)
    costs = [
        serving_costs(job, r.candidate.key, str(job.run_folder / r.lines[0].files)) if weight else None
        for r, weight in zip(done, weights, strict=True)
    ]
    points = frontier(metric, oof.y, oof.predictions, weights, costs)
    taken = chosen_point(points, milliseconds=limits.latency_ms, size=limits.artefact_bytes, members=limits.members)
    return points, taken


def _alternative(metric: metrics.Metric, point: Point, done: list[Running], chosen: bool) -> Alternative:
    return Alternative(
        members=tuple(
            Member(key=r.candidate.key, weight=float(w)) for r, w in zip(done, point.weights, strict=True) if w
        ),
        score=1.0 - point.loss if metric.greater_is_better else point.loss,
        noise=point.noise,
        milliseconds=point.costs.milliseconds,
        megabytes=point.costs.size / 1e6,
        chosen=chosen,
    )


def _refit_rows(job: Job, members: tuple[TrainedMember, ...], best: Running) -> int:
    refitted = any(m.key == best.candidate.key and m.native is not None for m in members)
    return min(len(job.y), job.max_train_rows) if refitted else 0


def _plan(job: Job, train_seconds: float | None, n_workers: int, only: tuple[str, ...]) -> tuple[Size, Plan]:
    plan = make_plan(
        objective=job.objective,
        n_rows=len(job.y),
        n_features=len(job.columns),
        n_classes=job.n_classes,
        target=PLAIN if job.n_classes else kind_of(np.delete(job.y, job.holdout)),
    )
    if only:
        plan = chosen_plan(plan, only, job.seed)
    return choose_size(job, plan, train_seconds, n_workers)


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


def _results(
    running: list[Running], plan: Plan, metric: metrics.Metric, job: Job, weights: np.ndarray, done: list[Running]
) -> tuple[CandidateResult, ...]:
    weight_of = {r.candidate.key: float(w) for r, w in zip(done, weights, strict=True)}
    results = []
    for r in running:
        scores = tuple(float(metric(job.y[job.folds[f][1]], r.results[f]["valid"])) for f in sorted(r.results))
        finite = [s for s in scores if np.isfinite(s)]
        rounds = [line.iterations for line in r.lines.values() if line.iterations is not None]
        results.append(
            CandidateResult(
                key=r.candidate.key,
                learner=r.candidate.learner,
                view=r.candidate.view,
                status=r.status,
                reason=r.reason or next((line.note for line in r.lines.values() if line.note), ""),
                score=float(np.mean(finite)) if finite else None,
                fold_scores=tuple(finite),
                seconds=r.seconds,
                iterations=int(np.median(rounds)) if rounds else None,
                weight=weight_of.get(r.candidate.key, 0.0),
            )
        )
    sign = -1 if metric.greater_is_better else 1
    results.sort(key=lambda c: (c.status != "done", sign * c.score if c.score is not None else np.inf))
    left_out = tuple(_left_out(candidate, reason) for candidate, reason in plan.left_out)
    return tuple(results) + left_out


def _left_out(candidate: Candidate, reason: str) -> CandidateResult:
    return CandidateResult(
        key=candidate.key, learner=candidate.learner, view=candidate.view, status="skipped", reason=reason
    )


def _nothing_finished(running: list[Running], seconds: float | None) -> TrainingError:
    failed = next((r for r in running if r.status == "failed"), None)
    if failed is not None:
        return TrainingError(
            f"every candidate failed; the first, {failed.candidate.key}, with: {failed.reason}",
            fix="look at the journal of the run, and drop or correct the columns it names",
            code="MW-T003",
        )
    return TrainingError(
        f"no candidate finished in the {max(0.0, seconds or 0.0):.0f} s that were left for training",
        fix="give a larger --budget, or fewer rows or columns",
        code="MW-T004",
    )
