"""After the search: members are fitted on all rows, and the best candidate on fewer, for the learning curve."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from modelwright.data.columns import Columns
from modelwright.engines.base import Engine, Reply
from modelwright.train.journal import Journal, Line
from modelwright.train.memory import MemoryGuard
from modelwright.train.outcome import LearningSet, TrainedMember
from modelwright.train.schedule import GRACE_S, Running
from modelwright.train.work import FitTask, Job, RefitTask, first_repeat, fit_fold, refit

__all__ = ["learning_curve", "refit_members"]

MORE_ROWS = 1.3
"""A refit takes about this many times a fold's fit: all rows instead of four fifths less the lockbox."""

CURVE_SHARES = (0.125, 0.25, 0.5)
"""Parts of the training rows at which the learning curve is measured."""

CURVE_PART = 0.7
"""A point of the curve is measured when it is expected to take no more than this part of the time left."""


def refit_members(
    job: Job,
    engine: Engine,
    journal: Journal,
    chosen: Sequence[tuple[Running, float]],
    checks: Columns,
    deadline: float | None,
    spent: Callable[[], float],
    guard: MemoryGuard,
) -> tuple[tuple[TrainedMember, ...], str]:
    """Fit every member on all rows, longest first; where time does not allow it, its fold models stand in.

    Returns
    -------
    tuple of TrainedMember, str
        The members and a sentence that says what was done.
    """
    waiting: list[Running] = []
    finished: dict[str, tuple[str, np.ndarray]] = {}
    for r, _ in sorted(chosen, key=lambda item: -item[0].fit_seconds):
        line, arrays = journal.lines.get(f"{r.candidate.key}@all"), journal.arrays(f"{r.candidate.key}@all")
        if line is not None and arrays is not None:
            finished[r.candidate.key] = (line.files, arrays["native"])
        else:
            waiting.append(r)
    for reply in _run_all(engine, _refit_tasks(job, waiting, checks, deadline), refit, deadline, guard):
        if reply.error is None:
            done = reply.result
            line = Line(
                name=reply.task.name,
                plan=journal.plan,
                status="done",
                note=done.note,
                n_train=len(job.y),
                fit_seconds=done.seconds,
                seconds=done.seconds,
                spent=spent(),
                files=done.files,
            )
            journal.add(line, done.arrays)
            finished[reply.task.candidate.key] = (done.files, done.arrays["native"])
    members, in_folds = [], []
    for r, weight in chosen:
        key = r.candidate.key
        if key in finished:
            files, native = finished[key]
            members.append(TrainedMember(key, weight, (str(job.run_folder / files),), native))
        else:
            in_folds.append(key)
            folders = tuple(str(job.run_folder / r.lines[f].files) for f in sorted(r.lines))
            members.append(TrainedMember(key, weight, folders, None))
    included = ", the lockbox included" if len(job.holdout) else ""
    note = f"all members were fitted again on all rows{included}; the scores are those of the models of the folds"
    if in_folds:
        note = f"no time to fit {', '.join(in_folds)} again on all rows: the models of the folds are used together"
    return tuple(members), note


def _refit_tasks(
    job: Job, waiting: Sequence[Running], checks: Columns, deadline: float | None
) -> list[tuple[RefitTask, float]]:
    tasks = []
    for r in waiting:
        rounds = [line.iterations for line in r.lines.values() if line.iterations is not None]
        iterations = max(1, int(np.median(rounds))) if rounds else None
        left = None if deadline is None else max(0.1, deadline - time.monotonic())
        tasks.append((RefitTask(r.candidate, iterations, left, checks), MORE_ROWS * r.fit_seconds))
    return tasks


def learning_curve(
    job: Job, engine: Engine, best: Running, folds: int, deadline: float | None, guard: MemoryGuard
) -> tuple[LearningSet, ...]:
    """Measure the best candidate with fewer training rows, as far as time allows, with half of them first.

    The step from half the rows is what the interval of the score needs, see `evaluate.allowances`. With a lockbox the
    training part of one fold is cut and the lockbox predicted, of the fold that trains with about as many rows as all
    do on average; without one every fold of the first repeat is, and the out-of-fold predictions are put together.
    """
    has_lockbox = len(job.holdout) > 0
    used = [_typical_fold(best, folds)] if has_lockbox else first_repeat(job, folds)
    if not has_lockbox and len(used) < 2:
        return ()
    points: list[LearningSet] = []
    for share in reversed(CURVE_SHARES):
        expected = best.fit_seconds * share * len(used) / engine.n_workers + 0.05
        left = np.inf if deadline is None else deadline - time.monotonic()
        if expected > CURVE_PART * left:
            break
        tasks = [(FitTask(best.candidate, fold, None if deadline is None else left, share), 0.0) for fold in used]
        replies = [r for r in _run_all(engine, tasks, fit_fold, deadline, guard) if r.error is None]
        if len(replies) < len(used):
            break
        points.insert(0, _point(job, replies, has_lockbox))
    if points:
        points.append(_full_point(job, best, used, has_lockbox))
    return tuple(points)


def _typical_fold(best: Running, folds: int) -> int:
    """Return the fold whose training rows come nearest to the mean: along time the first has fewest, the last most."""
    rows = np.array([best.lines[fold].n_train for fold in range(folds)])
    return int(np.argmin(np.abs(rows - rows.mean())))


def _point(job: Job, replies: Sequence[Reply], has_lockbox: bool) -> LearningSet:
    n_train = int(np.median([r.result.n_train for r in replies]))
    if has_lockbox:
        return LearningSet(n_train, replies[0].result.arrays["holdout"])
    return LearningSet(n_train, _together(job, {r.task.fold: r.result.arrays["valid"] for r in replies}))


def _full_point(job: Job, best: Running, used: Sequence[int], has_lockbox: bool) -> LearningSet:
    n_train = int(np.median([best.lines[f].n_train for f in used]))
    if has_lockbox:
        return LearningSet(n_train, best.results[used[0]]["holdout"])
    return LearningSet(n_train, _together(job, {f: best.results[f]["valid"] for f in used}))


def _together(job: Job, parts: dict[int, np.ndarray]) -> np.ndarray:
    whole = np.full((len(job.y), job.n_outputs), np.nan)
    for fold, part in parts.items():
        whole[job.folds[fold][1]] = part
    return whole[~np.isnan(whole[:, 0])]


def _run_all(  # type: ignore[no-untyped-def]
    engine: Engine, tasks: Sequence[tuple], function, deadline: float | None, guard: MemoryGuard
) -> list[Reply]:
    """Run tasks, each started only when its expected seconds fit before the deadline; return the replies."""
    queue = list(tasks)
    on: set[int] = set()
    replies: list[Reply] = []
    while queue or on:
        for worker in engine.idle():
            while queue:
                task, expected = queue.pop(0)
                if deadline is not None and time.monotonic() + expected > deadline:
                    continue
                on.add(worker)
                engine.submit(worker, function, task)
                break
        for reply in engine.wait(0.1):
            on.discard(reply.worker)
            replies.append(reply)
        if deadline is not None and time.monotonic() > deadline + GRACE_S:
            for worker in tuple(on):
                engine.kill(worker, "the time for training was over")
            queue = []
        short = guard(engine)
        if short is not None and short[0] in on:
            engine.kill(*short)
    return replies
