"""The schedule: which trial runs next on which core, under the deadline and the memory limit.

The anchors run all their folds first. Of every other candidate one fold is tried; only where it promises something for
the ensemble do the other folds follow. Candidates come by what they are likely to add per second, and once the plan is
through, a search goes on around it. One that can return early is given its share of the time, one that cannot finish
in what is left is skipped. The time that refitting needs is kept free and follows what fits really take.

Where trials are counted instead of time, all folds of all candidates run in the order of the plan: what is tried must
not depend on the clock.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np

from modelwright.engines.base import Engine, Reply
from modelwright.evaluate import metrics
from modelwright.train.ahead import Heft, Horizon
from modelwright.train.job import Job
from modelwright.train.journal import Journal, Line
from modelwright.train.keeping import REFIT_SHARE, expected_heft, expected_overhead, refit_seconds, shipped_times
from modelwright.train.planning import CostModel, in_order
from modelwright.train.record import Candidate
from modelwright.train.running import Running, trial_folds
from modelwright.train.search import Search
from modelwright.train.standing import Standing
from modelwright.train.under_way import UnderWay
from modelwright.train.work import FitResult, FitTask

__all__ = ["GRACE_S", "Schedule"]

FULL_SHARE = 0.8
"""A candidate is let run freely when it needs at most this part of the core-seconds left."""

MOST_SHARE = 0.6
"""Of the core-seconds left, the first candidate gets no more than this."""

FAIR_SHARE = 0.35
"""Of the core-seconds left, any other gets no more than this: a boosting that still gains is worth more than its
estimate, but not everything."""

LEAST_SHARE = 0.5
"""A candidate that can stop early is started when at least this part of what it wants is left; less makes a model
too weak to enter the ensemble."""

LEAST_GAIN = 1e-4
"""Part of the loss on its first fold that a candidate must take off the ensemble for its other folds to be run, if they
cost nothing."""

GAIN_FOR_ALL = 0.01
"""The same for a candidate whose other folds would take all the time that is left."""

GRACE_S = 1.5
"""Seconds past its limit after which a fit that does not stop is ended from outside."""

WORTH_GOING_ON = 0.15
"""Of the time for training: what must be left once the ensemble is chosen, as choosing once more takes some, too."""

FAR_BETTER, COMPARED_ROWS = 0.1, 200
"""Part of the loss that a candidate takes off the ensemble on the first folds, and their rows, from which on all are
judged by these folds alone, where there was no time for its others: a better model measured on fewer rows."""

OVERHEAD_MARGIN = 1.5
"""Encoding for another family may take this many times longer than what was seen so far."""


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
    horizon : Horizon
        By when training, the refit included, must be over; without a deadline all candidates run to their end.
    spent : callable
        Seconds of the budget used so far, for the journal.
    tell : callable
        ``tell(done, total, text)`` after each trial.
    search : Search or None
        Proposes more where time is left; None: the candidates are all.
    most : int or None
        No further candidate is started once so many are done; where time stops nothing, None.
    """

    def __init__(
        self,
        job: Job,
        engine: Engine,
        journal: Journal,
        candidates: tuple[Candidate, ...],
        *,
        folds: int,
        horizon: Horizon,
        spent: Callable[[], float],
        tell: Callable[[int, int, str], None],
        memory_guard: Callable[[Engine], tuple[int, str] | None],
        search: Search | None = None,
        most: int | None = None,
    ) -> None:
        self.job, self.engine, self.journal, self.search, self.most = job, engine, journal, search, most
        self.running = [Running(c) for c in candidates]
        if search is not None:
            self.running += [Running(c) for c in search.resumed(line.split("@")[0] for line in journal.lines)]
        self.folds, self.horizon, self.spent, self.tell = folds, horizon, spent, tell
        self.deadline = horizon.deadline
        self.cost = CostModel(len(job.columns), job.n_outputs, horizon.pace.now)
        self.resumed = 0
        self.began = time.monotonic()
        truth = {f: job.y[job.folds[f][1]] for f in range(folds)}
        self._standing = Standing(metrics.get(job.metric).loss, truth)
        self._under_way = UnderWay(engine, horizon.pace, memory_guard)

    def run(self) -> None:
        """Run trials. Afterwards every candidate has a final status."""
        for r in self.running:
            self._take_over(r)
        self.resumed = sum(len(r.results) for r in self.running)
        self._run_trials()
        self._settle_for_fewer_folds()
        self._settle_for_what_is_far_better()
        self._end_all()

    def goes_on(self, members: Sequence[Running]) -> bool:
        """Go on where these candidates, which are to be fitted again, leave much of the time; return whether it did.

        Until they were chosen, time was kept for all that had a weight.
        """
        if self.search is None or self.deadline is None:
            return False
        for r in self.running:
            r.left_out = r.status == "done" and all(r is not m for m in members)
        if self.left() < WORTH_GOING_ON * (self.deadline - self.began):
            return False
        for r in self.running:
            if r.status == "skipped":
                r.status, r.reason = "waiting", ""
        before = sum(len(r.results) for r in self.running)
        self._run_trials()
        self._end_all()
        return sum(len(r.results) for r in self.running) > before

    def _run_trials(self) -> None:
        while True:
            for worker in self.engine.idle():
                self._dispatch(worker)
            if not self._under_way:
                break
            for reply in self.engine.wait(0.1):
                self._receive(reply)
            self._under_way.watch()

    def _end_all(self) -> None:
        for r in self.running:
            if r.status in {"waiting", "running"}:
                r.end("stopped" if r.results else "skipped", r.reason or self._why_not())

    def _why_not(self) -> str:
        if self._enough():
            return f"{len(self.job.y):,} rows support about {self.most} candidates"
        return "the time for training was over"

    def _enough(self) -> bool:
        return self.most is not None and sum(r.status == "done" for r in self.running) >= self.most

    @property
    def _has_model(self) -> bool:
        return any(r.status == "done" for r in self.running)

    # time

    def left(self) -> float:
        """Return the seconds left for trials: the refit needs some, and what comes after training."""
        if self.deadline is None:
            return float("inf")
        members = [r for r in self.running if r.status == "done" and r.weight and not r.left_out]
        models = [r.heft for r in members] or [self._heft(r) for r in self.running if r.status == "running"]
        kept = refit_seconds(
            self.job,
            members,
            folds=self.folds,
            n_workers=self.engine.n_workers,
            most=REFIT_SHARE * (self.deadline - self.began),
        )
        until = self.horizon.until(models, shipped=shipped_times(self.job))
        return until - kept - time.monotonic()

    # choosing

    def _dispatch(self, worker: int) -> None:
        """Give an idle worker its next trial: preferably of a fold whose views it already holds."""
        if self.left() <= (self.overhead() if self._has_model else 0.0):  # encoding alone would take what is left
            return
        tried = trial_folds(self.job, self.folds)
        trials = [(r, f) for r in self.running for f in r.open_folds(tried, self.folds, worker)]
        while not trials:
            r = self._next()
            if r is None:
                return
            if self._admit(r):
                trials = [(r, f) for f in r.open_folds(tried, self.folds, worker)]
            elif r.drawn:  # the next would need as much
                self.running.remove(r)
                return
        n = self.engine.n_workers
        r, fold = min(trials, key=lambda item: (item[1] % n != worker % n, self.running.index(item[0]), item[1]))
        seconds = self._fold_limit(r)
        most = None if seconds is None else self._kill_after(seconds)
        self._under_way.start(worker, r, fold, seconds=seconds, most=most)

    def _next(self) -> Running | None:
        """Return the candidate to start next: of the plan, by worth per second as it is known now, or a new one."""
        waiting = [r for r in self.running if r.status == "waiting"]
        if self._enough():
            return None
        if self.deadline is None:
            return waiting[0] if waiting else None
        if waiting:
            first = in_order([r.candidate for r in waiting], self.cost, self._n_train())[0]
            return next(r for r in waiting if r.candidate is first)
        drawn = None if self.search is None else self.search.propose(self.cost, self._n_train())
        if drawn is None:
            return None
        self.running.append(Running(drawn, drawn=True))
        return self.running[-1]

    def _fold_limit(self, r: Running) -> float | None:
        if self.deadline is None:
            return None
        return max(0.5, min(r.fold_seconds or np.inf, self.left() - self.overhead()))

    def overhead(self) -> float:
        """Return the most seconds that encoding and predicting have taken in a trial, or are expected to."""
        seen = [x.seconds - x.fit_seconds for r in self.running for x in r.lines.values()]
        under_way = (self._heft(r) for r in self.running if r.status == "running" and not seen)
        expected = (expected_overhead(self.job, heft, self.horizon.pace.now) for heft in under_way)
        return max([*seen, *expected], default=0.0)

    def _heft(self, r: Running) -> Heft:
        return r.heft if r.size else expected_heft(self.job, r.candidate, self.horizon.pace.now)

    def _kill_after(self, seconds: float) -> float:
        """Return the seconds after which a fit is ended from outside: late, while there is no model at all."""
        if self._has_model:
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
        first = not self._has_model
        r.on_trial = not first and self.folds > 1 and not r.results
        missing = self.folds - len(r.results)
        need = self.cost.estimate(r.candidate, self._n_train()) * missing
        have = self.left() * self.engine.n_workers - self._committed(r)
        share = MOST_SHARE if first else FAIR_SHARE
        can_stop = learners.get(r.candidate.learner).card.stoppable
        if have > 0 and (need <= FULL_SHARE * have or (can_stop and (first or have >= LEAST_SHARE * need))):
            r.fold_seconds = max(0.5, share * have / missing)
            return True
        if first and have > 0:
            r.fold_seconds = max(0.5, self.left())
            return True
        r.end("skipped", f"needs about {need / self.engine.n_workers:.0f} s, {max(0.0, self.left()):.0f} s were left")
        return False

    def _committed(self, but: Running) -> float:
        """Return the core-seconds that the candidates under way still need."""
        return sum(
            self.cost.estimate(o.candidate, self._n_train())
            * ((trial_folds(self.job, self.folds) if o.on_trial else self.folds) - len(o.results))
            for o in self.running
            if o.status == "running" and o is not but
        )

    # results

    def _take_over(self, r: Running) -> None:
        """Take the finished trials of a broken session."""
        for line in r.take_over(self.journal, self.folds):
            self.cost.learn(r.candidate, line.n_train, line.seconds)
        self._finish_if_complete(r)

    def _receive(self, reply: Reply) -> None:
        fit = self._under_way.take(reply)
        r, fold = fit.running, fit.fold
        if reply.error is not None:
            self._fail(r, reply.task, reply.error)
        else:
            self._keep(r, fold, reply)
            self._judge(r, fold)
        done = sum(len(x.results) for x in self.running)
        total = sum(self.folds for x in self.running if x.status in {"waiting", "running", "done"})
        self.tell(done, max(total, done), r.candidate.key)

    def _fail(self, r: Running, task: FitTask, error: str) -> None:
        if r.status == "running":
            r.end("stopped" if error.startswith("the time") else "failed", error)
        if r.status == "failed":
            self.journal.add(
                Line(name=task.name, plan=self.journal.plan, status="failed", reason=error, spent=self.spent())
            )

    def _keep(self, r: Running, fold: int, reply: Reply) -> None:
        result: FitResult = reply.result
        line = Line(
            name=reply.task.name,
            plan=self.journal.plan,
            status="done",
            iterations=result.iterations,
            note=result.note,
            n_train=result.n_train,
            fit_seconds=result.fit_seconds,
            seconds=result.seconds,
            spent=self.spent(),
            files=result.files,
            row_seconds=result.row_seconds,
        )
        r.weigh_down(self.job.run_folder, result.files)
        self.journal.add(line, result.arrays)
        r.lines[fold], r.results[fold] = line, result.arrays
        self.cost.learn(r.candidate, result.n_train, result.seconds)

    def _judge(self, r: Running, fold: int) -> None:
        """Let a candidate go on, end it after its first fold, or take it into the ensemble."""
        self._use_fewer_folds(r.lines[fold].seconds)
        if r.on_trial and r.status == "running" and len(r.results) >= trial_folds(self.job, self.folds):
            r.on_trial = False
            gain = self._standing.gain({f: told["valid"] for f, told in r.results.items()})
            if gain < self._least_gain(r):
                r.end("discarded", f"its first folds promised too little for the ensemble ({-gain:+.2%} loss)")
                self._learn(r, 0.0)
        self._finish_if_complete(r)

    def _least_gain(self, r: Running) -> float:
        """Return the part of the loss that a candidate on trial must take off to be worth its other folds."""
        need = self.cost.estimate(r.candidate, self._n_train()) * (self.folds - len(r.results))
        have = self.left() * self.engine.n_workers
        return LEAST_GAIN + GAIN_FOR_ALL * min(1.0, need / have if have > 0 else 1.0)

    def _use_fewer_folds(self, seconds: float) -> None:
        """While there is no model and the first fits take so long that their folds would not fit, use fewer folds."""
        if self.deadline is None or self._has_model:
            return
        begun = max(len(set(r.started) | set(r.results)) for r in self.running)
        more = int(FULL_SHARE * self.left() * self.engine.n_workers / max(seconds, 1e-3))
        self.folds = min(self.folds, max(1, begun, more))

    def _settle_for_fewer_folds(self) -> None:
        """Where time ended before any candidate had all folds: those that have the first ones are done with these.

        Finished fits are worth more than what could stand in for them. As many folds count as the candidate with most
        of them has.
        """
        if self.deadline is None or self._has_model:
            return
        under_way = [r for r in self.running if r.status in {"waiting", "running", "stopped"}]
        most = max((r.leading for r in under_way), default=0)
        if most:
            self.folds = most
            for r in under_way:
                self._finish_if_complete(r)

    def _settle_for_what_is_far_better(self) -> None:
        """Where time ended before a candidate had all folds that is far better on the first ones: these count for all.

        Otherwise the first candidate that is done would be shipped, however poor, because it was the first.
        """
        if self.deadline is None or not self._has_model:
            return
        begun = [r for r in self.running if r.status in {"waiting", "running", "stopped"}]
        cut = [r for r in begun if 0 < r.leading < self.folds]
        gains = {r.leading: 0.0 for r in cut if self._rows_of(r.leading) >= COMPARED_ROWS}
        for r in cut:
            if r.leading in gains:
                gain = self._standing.gain({f: r.results[f]["valid"] for f in range(r.leading)})
                gains[r.leading] = max(gains[r.leading], gain)
        enough = [folds for folds, gain in gains.items() if gain >= FAR_BETTER]
        if enough:
            self.folds = max(enough)
            for r in cut:
                self._finish_if_complete(r)

    def _rows_of(self, folds: int) -> int:
        return sum(len(self.job.folds[f][1]) for f in range(folds))

    def _finish_if_complete(self, r: Running) -> None:
        if r.status in {"failed", "discarded"} or not all(fold in r.results for fold in range(self.folds)):
            return
        r.status = "done"
        if self.deadline is None:
            return
        r.weigh_down(self.job.run_folder, r.lines[0].files)
        done = [o for o in self.running if o.status == "done"]
        weights, gain = self._standing.update(
            [{f: o.results[f]["valid"] for f in range(self.folds)} for o in done], range(self.folds)
        )
        for o, weight in zip(done, weights, strict=True):
            o.weight = float(weight)
        self._learn(r, gain)

    def _learn(self, r: Running, gain: float) -> None:
        if self.search is not None:
            self.search.learn(r.candidate, gain)
