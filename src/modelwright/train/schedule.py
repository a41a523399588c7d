"""The schedule: which trial runs next on which core, under the deadline and the memory limit.

Candidates are taken in the order of the plan, all folds of one before the next, so that whenever time ends nearly
all the work done is usable. A candidate that cannot finish in the time left is skipped; one that can return early is
given its share of it. The time that refitting needs is kept free from the start and follows what fits really take.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np

from modelwright.engines.base import Engine, Reply
from modelwright.train.journal import Journal, Line
from modelwright.train.planning import CostModel
from modelwright.train.record import Candidate
from modelwright.train.work import FitResult, FitTask, Job, first_repeat, fit_fold

__all__ = ["Running", "Schedule"]

FULL_SHARE = 0.8
"""A candidate is let run freely when it needs at most this part of the core-seconds left."""

MOST_SHARE = 0.6
"""Of the core-seconds left, a candidate whose fits take longer than expected gets no more than this."""

LEAST_SHARE = 0.2
"""A candidate that can stop early is started when at least this part of what it wants is left; less makes a model
too weak to enter the ensemble."""

OVERRUN = 4.0
"""A fit may take this many times its estimate before it is told to stop."""

GRACE_S = 1.5
"""Seconds past its limit after which a fit that does not stop is ended from outside."""

OVERHEAD_MARGIN = 1.5
"""Encoding for another family may take this many times longer than what was seen so far."""

REFIT_MARGIN = 1.4
"""Refitting sees 1.25 times the rows of a fold of five, and some members more than expected."""

REFIT_SHARE = 0.35
"""Most of the training time that is kept for the refit and the learning curve."""

CURVE_FITS = 0.7
"""Fits that half of the rows takes, with room to spare, in each fold of a repetition or once for a lockbox: that point
of the learning curve is kept time for."""

REFIT_MEMBERS = 4
"""Members that the time kept for refitting counts on, before the ensemble is known."""


@dataclass
class Running:
    """What is known of a candidate while training."""

    candidate: Candidate
    status: str = "waiting"
    reason: str = ""
    started: dict[int, float] = field(default_factory=dict)
    results: dict[int, dict[str, np.ndarray]] = field(default_factory=dict)
    lines: dict[int, Line] = field(default_factory=dict)
    fold_seconds: float | None = None

    @property
    def seconds(self) -> float:
        return sum(line.seconds for line in self.lines.values())

    @property
    def fit_seconds(self) -> float:
        """Median seconds of a fit."""
        return float(np.median([line.fit_seconds for line in self.lines.values()])) if self.lines else 0.0


class Schedule:
    """Runs fold trials until the candidates or the time are used up.

    Parameters
    ----------
    job : Job
    engine : Engine
    journal : Journal
    candidates : sequence of Candidate
        In order.
    folds : int
        Folds used, from the first.
    deadline : float or None
        `time.monotonic` at which training, the refit included, must be over; None: all candidates run to their end.
    spent : callable
        Seconds of the budget used so far, for the journal.
    tell : callable
        ``tell(done, total, text)`` after each trial.
    """

    def __init__(
        self,
        job: Job,
        engine: Engine,
        journal: Journal,
        candidates: tuple[Candidate, ...],
        *,
        folds: int,
        deadline: float | None,
        spent: Callable[[], float],
        tell: Callable[[int, int, str], None],
        memory_guard: Callable[[Engine], tuple[int, str] | None],
    ) -> None:
        self.job, self.engine, self.journal = job, engine, journal
        self.running = [Running(c) for c in candidates]
        self.folds, self.deadline, self.spent, self.tell = folds, deadline, spent, tell
        self.memory_guard = memory_guard
        n_features = len(job.columns)
        self.cost = CostModel(n_features, job.n_outputs)
        self.resumed = 0
        self.began = time.monotonic()
        self._curve_folds = 1 if len(job.holdout) else len(first_repeat(job, folds))
        self._on: dict[int, tuple[Running, int, float, float | None]] = {}

    def run(self) -> None:
        """Run trials. Afterwards every candidate has a final status."""
        for r in self.running:
            self._take_over(r)
        self.resumed = sum(len(r.results) for r in self.running)
        while True:
            for worker in self.engine.idle():
                self._dispatch(worker)
            if not self._on:
                break
            for reply in self.engine.wait(0.1):
                self._receive(reply)
            self._watch()
        for r in self.running:
            if r.status in {"waiting", "running"}:
                r.status = "stopped" if r.results else "skipped"
                r.reason = r.reason or "the time for training was over"

    # time

    def refit_seconds(self) -> float:
        """Return the seconds kept for refitting the likely members, and for the learning curve.

        None while there is no model, and never more than `REFIT_SHARE` of the training time: the models of the folds
        can stand in for members whose refit would cost more.
        """
        done = sorted((r for r in self.running if r.status == "done"), key=lambda r: -r.fit_seconds)[:REFIT_MEMBERS]
        if not done or self.deadline is None:
            return 0.0
        total = sum(r.fit_seconds for r in done) / self.engine.n_workers
        at_once = -(-min(self._curve_folds, self.folds) // self.engine.n_workers)
        curve = CURVE_FITS * at_once * done[0].fit_seconds if self.job.folds_report else 0.0
        needed = max(total, done[0].fit_seconds) * REFIT_MARGIN + curve + 0.3
        return min(needed, REFIT_SHARE * (self.deadline - self.began))

    def left(self) -> float:
        """Return the seconds left for trials."""
        if self.deadline is None:
            return float("inf")
        return self.deadline - self.refit_seconds() - time.monotonic()

    # choosing

    def _dispatch(self, worker: int) -> None:
        """Give an idle worker its next trial: preferably of a fold whose views it already holds."""
        if self.left() <= 0:
            return
        open_folds: list[tuple[Running, int]] = []
        for r in self.running:
            if r.status == "waiting" and not self._admit(r):
                continue
            if r.status != "running":
                continue
            open_folds += [(r, f) for f in range(self.folds) if f not in r.started and f not in r.results]
            if len({id(r) for r, _ in open_folds}) >= 2:
                break
        if not open_folds:
            return
        n = self.engine.n_workers
        r, fold = min(open_folds, key=lambda item: (item[1] % n != worker % n, self.running.index(item[0]), item[1]))
        seconds = self._fold_limit(r)
        r.started[fold] = time.monotonic()
        limit = None if seconds is None else time.monotonic() + self._kill_after(seconds)
        self._on[worker] = (r, fold, time.monotonic(), limit)
        self.engine.submit(worker, fit_fold, FitTask(r.candidate, fold, seconds))

    def _fold_limit(self, r: Running) -> float | None:
        if self.deadline is None:
            return None
        return max(0.5, min(r.fold_seconds or np.inf, self.left() - self.overhead()))

    def overhead(self) -> float:
        """Return the most seconds that encoding and predicting have taken in a trial."""
        return max((x.seconds - x.fit_seconds for r in self.running for x in r.lines.values()), default=0.0)

    def _kill_after(self, seconds: float) -> float:
        """Return the seconds after which a fit is ended from outside: late, while there is no model at all."""
        if any(r.status == "done" for r in self.running):
            return seconds + OVERHEAD_MARGIN * self.overhead() + GRACE_S
        return max(seconds, self.left()) + GRACE_S

    def _n_train(self) -> int:
        return min(self.job.max_train_rows, int(np.median([len(train) for train, _ in self.job.folds])))

    def _admit(self, r: Running) -> bool:
        """Start a candidate, or skip it with a reason."""
        from modelwright import learners

        r.status = "running"
        if self.deadline is None:
            return True
        per_fold = self.cost.estimate(r.candidate, self._n_train())
        missing = self.folds - len(r.results)
        need = per_fold * missing
        committed = sum(
            self.cost.estimate(o.candidate, self._n_train()) * (self.folds - len(o.results))
            for o in self.running
            if o.status == "running" and o is not r
        )
        have = self.left() * self.engine.n_workers - committed
        if need <= FULL_SHARE * have:
            r.fold_seconds = max(0.5, min(max(OVERRUN * per_fold, 1.0), MOST_SHARE * have / missing))
            return True
        first = not any(o.status == "done" for o in self.running)
        card = learners.get(r.candidate.learner).card
        if card.stoppable and (first or have >= LEAST_SHARE * need) and have > 0:
            r.fold_seconds = max(0.5, MOST_SHARE * have / missing)
            return True
        if first and have > 0:
            r.fold_seconds = max(0.5, self.left())
            return True
        r.status = "skipped"
        r.reason = f"needs about {need / self.engine.n_workers:.0f} s, {max(0.0, self.left()):.0f} s were left"
        return False

    # results

    def _take_over(self, r: Running) -> None:
        """Take the finished trials of a broken session."""
        for fold in range(self.folds):
            line = self.journal.lines.get(FitTask(r.candidate, fold, None).name)
            if line is None:
                continue
            if line.status == "failed":
                r.status, r.reason = "failed", line.reason
                continue
            arrays = self.journal.arrays(line.name)
            if arrays is not None:
                r.results[fold], r.lines[fold] = arrays, line
                self.cost.learn(r.candidate, line.n_train, line.seconds)
        self._finish_if_complete(r)

    def _receive(self, reply: Reply) -> None:
        r, fold, _, _ = self._on.pop(reply.worker)
        task: FitTask = reply.task
        if reply.error is not None:
            if r.status == "running":
                late = reply.error.startswith("the time")
                r.status, r.reason = ("stopped" if late else "failed"), reply.error
            if r.status == "failed":
                self.journal.add(
                    Line(
                        name=task.name, plan=self.journal.plan, status="failed", reason=reply.error, spent=self.spent()
                    )
                )
            self._tell(r, fold)
            return
        result: FitResult = reply.result
        line = Line(
            name=task.name,
            plan=self.journal.plan,
            status="done",
            iterations=result.iterations,
            note=result.note,
            n_train=result.n_train,
            fit_seconds=result.fit_seconds,
            seconds=result.seconds,
            spent=self.spent(),
            files=result.files,
        )
        self.journal.add(line, result.arrays)
        r.lines[fold], r.results[fold] = line, result.arrays
        self.cost.learn(r.candidate, result.n_train, result.seconds)
        self._use_fewer_folds(line.seconds)
        self._finish_if_complete(r)
        self._tell(r, fold)

    def _use_fewer_folds(self, seconds: float) -> None:
        """While there is no model and the first fits take so long that their folds would not fit, use fewer folds."""
        if self.deadline is None or any(r.status == "done" for r in self.running):
            return
        begun = max(len(set(r.started) | set(r.results)) for r in self.running)
        more = int(FULL_SHARE * self.left() * self.engine.n_workers / max(seconds, 1e-3))
        self.folds = min(self.folds, max(1, begun, more))

    def _finish_if_complete(self, r: Running) -> None:
        if all(fold in r.results for fold in range(self.folds)):
            r.status = "done"

    def _tell(self, r: Running, fold: int) -> None:
        done = sum(len(x.results) for x in self.running)
        total = sum(self.folds for x in self.running if x.status in {"waiting", "running", "done"})
        self.tell(done, max(total, done), r.candidate.key)

    def _watch(self) -> None:
        """End fits that are past their limit, and the largest worker when memory runs short."""
        moment = time.monotonic()
        for worker, (_, _, _, limit) in list(self._on.items()):
            if limit is not None and moment > limit:
                self.engine.kill(worker, "the time for this fit was over")
        short = self.memory_guard(self.engine)
        if short is not None and short[0] in self._on:
            self.engine.kill(*short)
