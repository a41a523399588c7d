"""After the search: members are fitted on all rows, and the best candidate on fewer, for the learning curve."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Columns
from modelwright.engines.base import Reply
from modelwright.train.ahead import Heft
from modelwright.train.job import Job, first_repeat
from modelwright.train.journal import Line
from modelwright.train.keeping import more_rows
from modelwright.train.outcome import LearningSet, TrainedMember
from modelwright.train.running import Running
from modelwright.train.schedule import GRACE_S
from modelwright.train.session import Session
from modelwright.train.work import FitTask, RefitTask, fit_fold, folder_bytes, refit

__all__ = ["learning_curve", "more_seeds", "refit_members"]

ROUNDS_BY_ROWS = 0.5
"""The rounds that still gain grow with this power of the rows (eight public tables of 600 to 1,000 rows, CatBoost and
LightGBM: a fifth more rounds on a half more rows lost 0.3 % less on average than as many)."""

SEEDS_BYTES = 8_000_000
"""What the models of further seeds may add to a version, whatever the time."""

CURVE_SHARES = (0.125, 0.25, 0.5)
"""Parts of the training rows at which the learning curve is measured."""

CURVE_PART = 0.7
"""A point of the curve is measured when it is expected to take no more than this part of the time left."""


def refit_members(
    session: Session, chosen: Sequence[tuple[Running, float]], checks: Columns
) -> tuple[tuple[TrainedMember, ...], str]:
    """Fit every member on all rows, longest first; where time does not allow it, its fold models stand in: those of as
    many folds as there is time to package.

    Returns
    -------
    tuple of TrainedMember, str
        The members and a sentence that says what was done.
    """
    job, models = session.job, [r.heft for r, _ in chosen]
    fits = _Refits(session, checks, _until(session, models, more_rows(job)))
    fits.run([(r, 0) for r, _ in chosen])
    folds = _folds_shipped(session, models, len(chosen[0][0].lines))
    members: list[TrainedMember] = []
    in_folds: list[str] = []
    for r, weight in chosen:
        found = fits.of(r)
        if found:
            members += _models(job, r, weight, found[:1])
        else:
            in_folds.append(r.candidate.key)
            folders = tuple(str(job.run_folder / r.lines[f].files) for f in sorted(r.lines)[:folds])
            members.append(TrainedMember(r.candidate.key, weight, folders, None))
    included = ", the lockbox included" if len(job.holdout) else ""
    note = f"all members were fitted again on all rows{included}; the scores are those of the models of the folds"
    if in_folds:
        used = "the models of the folds are used together" if folds > 1 else "the model of a fold is used"
        note = f"no time to fit {', '.join(in_folds)} again on all rows: {used}"
        if 1 < folds < len(chosen[0][0].lines):
            note = f"{note}, those of {folds} of {len(chosen[0][0].lines)} folds"
    return tuple(members), note


def _until(session: Session, models: Sequence[Heft], shipped: float) -> float | None:
    """Return by when fits must be over where such models are shipped; None where fits are counted."""
    return session.horizon.until(models, shipped=shipped) if session.timed else None


def _folds_shipped(session: Session, models: Sequence[Heft], folds: int) -> int:
    """Return the models of how many folds there is time to package, at least one's."""
    if not session.timed:
        return folds
    fits = [n for n in range(1, folds + 1) if session.horizon.until(models, shipped=n) >= time.monotonic()]
    return max(fits, default=1)


def more_seeds(
    session: Session,
    chosen: Sequence[tuple[Running, float]],
    members: tuple[TrainedMember, ...],
    checks: Columns,
) -> tuple[tuple[TrainedMember, ...], str]:
    """Fit refitted members with further seeds while there is time, the weightiest first; their mean varies less.

    Returns
    -------
    tuple of TrainedMember, str
        The members and a sentence that says what was done, empty where nothing was.
    """
    from modelwright import learners

    job = session.job
    again = [
        (r, weight)
        for (r, weight), member in zip(chosen, members, strict=True)
        if member.native is not None and learners.get(r.candidate.learner).card.chancy
    ]
    if not session.timed or job.seeds < 2 or not again:
        return members, ""
    again.sort(key=lambda item: -item[1])
    fits = _Refits(session, checks, None)
    size = sum(folder_bytes(job.run_folder / files) for r, _ in again for files, _ in fits.of(r)[:1])
    seeds = min(job.seeds, 1 + int(SEEDS_BYTES // max(1, size)))
    fits.deadline = _until(session, [r.heft for r, _ in chosen], seeds * more_rows(job))
    fits.run([(r, seed) for seed in range(1, seeds) for r, _ in again])
    grown = {r.candidate.key: _models(job, r, weight, fits.of(r)) for r, weight in again}
    most = max(map(len, grown.values()))
    note = f"; with up to {most} seeds each, of which the mean is taken" if most > 1 else ""
    return tuple(model for m in members for model in grown.get(m.key, (m,))), note


class _Refits:
    """Fits on all rows: done before or now, by candidate and seed."""

    def __init__(self, session: Session, checks: Columns, deadline: float | None) -> None:
        self.session, self.checks, self.deadline = session, checks, deadline
        self.job, self.journal = session.job, session.journal

    def of(self, r: Running) -> list[tuple[str, np.ndarray]]:
        """Return files and library's predictions of every fit of a candidate, the first seed first."""
        found = []
        for seed in range(self.job.seeds):
            name = self._task(r, seed).name
            line, arrays = self.journal.lines.get(name), self.journal.arrays(name)
            if line is not None and arrays is not None:
                found.append((line.files, arrays["native"]))
        return found

    def run(self, wanted: Sequence[tuple[Running, int]]) -> None:
        """Fit what is not there yet, of one seed the longest first, as far as the time goes."""
        waiting = [(r, seed) for r, seed in wanted if self._task(r, seed).name not in self.journal.lines]
        if len({seed for _, seed in waiting}) == 1:
            waiting.sort(key=lambda item: -item[0].fit_seconds)
        times = more_rows(self.job)
        tasks = [(self._task(r, seed), times * r.fit_seconds) for r, seed in waiting]
        for reply in _run_all(self.session, tasks, refit, self.deadline):
            if reply.error is None:
                self._keep(reply)

    def _task(self, r: Running, seed: int) -> RefitTask:
        rounds = [line.iterations for line in r.lines.values() if line.iterations is not None]
        iterations = max(1, round(float(np.median(rounds)) * _more_rounds(self.job, r))) if rounds else None
        left = None if self.deadline is None else max(0.1, self.deadline - time.monotonic())
        return RefitTask(r.candidate, iterations, left, self.checks, seed)

    def _keep(self, reply: Reply) -> None:
        done = reply.result
        line = Line(
            name=reply.task.name,
            plan=self.journal.plan,
            status="done",
            note=done.note,
            n_train=len(self.job.y),
            fit_seconds=done.seconds,
            seconds=done.seconds,
            spent=self.session.spent(),
            files=done.files,
        )
        self.journal.add(line, done.arrays)


def _models(job: Job, r: Running, weight: float, found: Sequence[tuple[str, np.ndarray]]) -> list[TrainedMember]:
    """Return the models of a candidate, one a seed, that share its weight."""
    return [
        TrainedMember(
            f"{r.candidate.key}+{seed}" if seed else r.candidate.key,
            weight / len(found),
            (str(job.run_folder / files),),
            native,
        )
        for seed, (files, native) in enumerate(found)
    ]


def _more_rounds(job: Job, r: Running) -> float:
    """Return how many times the rounds of a fold a refit gets: with more rows, more of them still gain."""
    fold = float(np.median([line.n_train for line in r.lines.values()]))
    return (min(job.max_train_rows, len(job.y)) / max(1.0, fold)) ** ROUNDS_BY_ROWS if fold else 1.0


def learning_curve(session: Session, best: Running, folds: int, models: Sequence[Heft]) -> tuple[LearningSet, ...]:
    """Measure the best candidate with fewer training rows, as far as time allows, with half of them first.

    The step from half the rows is what the interval of the score needs, see `evaluate.allowances`. With a lockbox the
    training part of one fold is cut and the lockbox predicted, of the fold that trains with about as many rows as all
    do on average; without one every fold of the first repeat is, and the out-of-fold predictions are put together.
    ``models`` are those that will be shipped.
    """
    job, deadline = session.job, _until(session, models, more_rows(session.job))
    has_lockbox = len(job.holdout) > 0
    used = [_typical_fold(best, folds)] if has_lockbox else first_repeat(job, folds)
    if not has_lockbox and len(used) < 2:
        return ()
    points: list[LearningSet] = []
    for share in reversed(CURVE_SHARES):
        expected = best.fit_seconds * share * len(used) / session.engine.n_workers + 0.05
        left = np.inf if deadline is None else deadline - time.monotonic()
        if expected > CURVE_PART * left:
            break
        tasks = [(FitTask(best.candidate, fold, None if deadline is None else left, share), 0.0) for fold in used]
        replies = [r for r in _run_all(session, tasks, fit_fold, deadline) if r.error is None]
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
    session: Session, tasks: Sequence[tuple], function, deadline: float | None
) -> list[Reply]:
    """Run tasks, each started only when its expected seconds fit before the deadline; return the replies."""
    engine = session.engine
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
        short = session.guard(engine)
        if short is not None and short[0] in on:
            engine.kill(*short)
    return replies
