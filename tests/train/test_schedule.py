"""The schedule with an engine that runs nothing: only the order, the limits and what becomes of replies."""

from __future__ import annotations

import time

import numpy as np
import pytest

from modelwright.engines.base import Reply
from modelwright.train.ahead import Horizon
from modelwright.train.job import first_repeat
from modelwright.train.journal import Journal
from modelwright.train.keeping import CURVE_FITS, REFIT_MARGIN, refit_seconds
from modelwright.train.memory import MemoryGuard
from modelwright.train.record import Candidate
from modelwright.train.running import Running
from modelwright.train.schedule import Schedule
from modelwright.train.search import Search
from modelwright.train.work import FitResult

from .conftest import make_job

CANDIDATES = tuple(
    Candidate(key=f"{name}/default", learner=name, view="trees", settings={}) for name in ("lightgbm", "linear")
)


class Scripted:
    """Answers each task at the next wait, or never, or with an error."""

    def __init__(self, job, *, n_workers=2, errors=(), silent=()):
        self.job, self.n_workers, self.errors, self.silent = job, n_workers, errors, silent
        self.tasks, self.killed, self._on, self._ended = [], [], {}, {}

    def idle(self):
        return tuple(w for w in range(self.n_workers) if w not in self._on)

    def submit(self, worker, function, task):
        self.tasks.append((worker, task))
        self._on[worker] = task

    def wait(self, timeout):
        replies = [Reply(self._on.pop(w), None, reason, w) for w, reason in self._ended.items()]
        self._ended.clear()
        replies += [self._reply(w, t) for w, t in list(self._on.items()) if t.name not in self.silent]
        if not replies:
            time.sleep(min(timeout, 0.02))
        return tuple(replies)

    def _reply(self, worker, task):
        del self._on[worker]
        if task.name in self.errors:
            return Reply(task, None, "ValueError: no", worker)
        valid = np.full((len(self.job.folds[task.fold][1]), 2), 0.5)
        arrays = {
            "valid": valid,
            "holdout": np.full((len(self.job.holdout), 2), 0.5),
            "train_rows": np.array([], int),
            "train_prediction": np.empty((0, 2)),
        }
        result = FitResult(arrays, 100, 10, "", 0.05, 0.05, "models/x")
        return Reply(task, result, None, worker)

    def kill(self, worker, reason):
        self.killed.append((worker, reason))
        self._ended[worker] = reason

    def memory(self):
        return {}

    def used(self):
        return {}


def schedule_of(job, engine, *, seconds=None, guard=None):
    deadline = None if seconds is None else time.monotonic() + seconds
    return Schedule(
        job,
        engine,
        Journal(job.run_folder, "plan"),
        CANDIDATES,
        folds=3,
        horizon=Horizon(deadline),
        spent=lambda: 1.0,
        tell=lambda *told: None,
        memory_guard=guard or MemoryGuard(None),
    )


def statuses(schedule):
    return {r.candidate.learner: r.status for r in schedule.running}


def test_fits_that_were_finished_count_where_time_ends_before_all_folds(job):
    """A run that was broken off, with little time left: both candidates have two of three folds."""
    names = [f"{c.key}@{fold}" for c in CANDIDATES for fold in range(3)]
    schedule_of(job, Scripted(job)).run()
    journal = job.run_folder / "journal.jsonl"
    kept = [line for line in journal.read_text().splitlines() if "@2" not in line]
    assert len(kept) == len(names) - 2
    journal.write_text("\n".join(kept) + "\n")
    engine = Scripted(job)
    again = schedule_of(job, engine, seconds=0.0)
    again.run()
    assert not engine.tasks and again.resumed == 4
    assert again.folds == 2 and statuses(again) == {"lightgbm": "done", "linear": "done"}


def test_a_candidate_without_the_first_folds_is_stopped_beside_one_that_has_them(job):
    schedule_of(job, Scripted(job)).run()
    journal = job.run_folder / "journal.jsonl"
    gone = ("lightgbm/default@0", "linear/default@2")
    kept = [line for line in journal.read_text().splitlines() if not any(name in line for name in gone)]
    journal.write_text("\n".join(kept) + "\n")
    again = schedule_of(job, Scripted(job), seconds=0.0)
    again.run()
    assert again.folds == 2 and statuses(again) == {"lightgbm": "stopped", "linear": "done"}


def test_all_folds_of_all_candidates_run_once(job):
    engine = Scripted(job)
    schedule = schedule_of(job, engine)
    schedule.run()
    names = [t.name for _, t in engine.tasks]
    assert len(names) == len(set(names)) == 6
    assert statuses(schedule) == {"lightgbm": "done", "linear": "done"}


def test_a_worker_keeps_to_its_folds(job):
    """Encoded views are kept per worker and fold, so the same worker should see the same fold again."""
    engine = Scripted(job)
    schedule_of(job, engine).run()
    at_home = sum(task.fold % 2 == worker for worker, task in engine.tasks)
    assert at_home >= 4


def test_a_failed_fold_ends_its_candidate_and_nothing_else(job):
    engine = Scripted(job, errors=("lightgbm/default@0",))
    schedule = schedule_of(job, engine)
    schedule.run()
    assert statuses(schedule) == {"lightgbm": "failed", "linear": "done"}
    assert schedule.running[0].reason == "ValueError: no"


def test_a_failure_is_remembered_by_a_resumed_run(job):
    schedule_of(job, Scripted(job, errors=("lightgbm/default@0",))).run()
    engine = Scripted(job)
    again = schedule_of(job, engine)
    again.run()
    assert statuses(again) == {"lightgbm": "failed", "linear": "done"} and not engine.tasks


def test_a_fit_past_its_limit_is_ended(job, monkeypatch):
    monkeypatch.setattr("modelwright.train.schedule.GRACE_S", 0.2)
    engine = Scripted(job, silent=("lightgbm/default@0",))
    schedule = schedule_of(job, engine, seconds=3.0)
    began = time.monotonic()
    schedule.run()
    assert time.monotonic() - began < 5
    assert engine.killed and statuses(schedule)["linear"] == "done"
    assert statuses(schedule)["lightgbm"] == "stopped"


def test_a_fit_under_way_tells_how_busy_the_machine_is(job, monkeypatch):
    """It gets a quarter of the processor: what comes after training is then planned to take longer."""
    monkeypatch.setattr("modelwright.train.pace.EVERY_S", 0.1)

    class Slow(Scripted):
        began = time.monotonic()

        def used(self):
            return dict.fromkeys(range(self.n_workers), 0.25 * (time.monotonic() - self.began))

    engine = Slow(job, silent=("lightgbm/default@0",))
    schedule = schedule_of(job, engine, seconds=2.0)
    monkeypatch.setattr(schedule.horizon.pace, "learn", lambda wall, used: told.append((wall, used)))
    told = []
    schedule.run()
    told = [(wall, used) for wall, used in told if used]  # fits that are done before tell themselves
    assert told and all(wall >= 0.1 and used == pytest.approx(0.25 * wall, rel=0.3) for wall, used in told)


def test_without_time_nothing_starts_and_says_why(job):
    engine = Scripted(job)
    schedule = schedule_of(job, engine, seconds=0.0)
    schedule.run()
    assert not engine.tasks
    assert {r.status for r in schedule.running} == {"skipped"} and all(r.reason for r in schedule.running)


def test_short_of_memory_the_largest_worker_goes(job):
    class Short:
        told = False

        def __call__(self, engine):
            if self.told or not engine._on:
                return None
            self.told = True
            return next(iter(engine._on)), "memory: 9 GB held, the limit is 8 GB"

    engine = Scripted(job, silent=tuple(f"lightgbm/default@{f}" for f in range(3)))
    schedule = schedule_of(job, engine, seconds=5.0, guard=Short())
    schedule.run()
    assert engine.killed[0][1].startswith("memory")


@pytest.mark.parametrize("limit", [None, 10**15])
def test_the_guard_follows_the_peak(limit):
    guard = MemoryGuard(limit)
    assert guard(None) is None and guard.peak > 10**6


def test_the_guard_names_the_largest_worker():
    class Engine:
        def memory(self):
            return {0: 10**6, 1: 5 * 10**6}

    worker, reason = MemoryGuard(1)(Engine())
    assert worker == 1 and "limit" in reason


def kept(schedule, most=45.0):
    members = [r for r in schedule.running if r.status == "done" and r.weight]
    return refit_seconds(schedule.job, members, folds=schedule.folds, n_workers=schedule.engine.n_workers, most=most)


def test_time_is_kept_for_the_refit(tmp_path):
    job = make_job(tmp_path)
    schedule = schedule_of(job, Scripted(job), seconds=100.0)
    assert kept(schedule) == 0.0  # while there is no model, everything goes into making one
    schedule.run()
    assert 0.3 <= kept(schedule) < 1.0
    assert (
        kept(schedule, most=0.05) < 0.05
    )  # not even one member could be fitted again: only the curve is kept time for


def test_time_is_kept_for_half_of_the_rows_in_each_fold_of_a_repetition(tmp_path):
    found = []
    for lockbox in (True, False):
        job = make_job(tmp_path / str(lockbox), lockbox=lockbox)
        schedule = schedule_of(job, Scripted(job), seconds=100.0)
        schedule.run()
        folds = 1 if lockbox else len(first_repeat(job, len(job.folds)))
        at_once = -(-folds // 2)  # on two workers
        more_rows = len(job.y) / len(job.folds[0][0])
        found.append(kept(schedule) - CURVE_FITS * at_once * 0.05 - REFIT_MARGIN * more_rows * 0.05)
    assert found[0] == pytest.approx(found[1])
    assert folds > 2


class Poor(Scripted):
    """LightGBM is no better than chance where the linear model, which comes first, is right."""

    def _reply(self, worker, task):
        reply = super()._reply(worker, task)
        if reply.error is None:
            y = self.job.y[self.job.folds[task.fold][1]]
            right = 0.9 if task.candidate.learner == "linear" else 0.5
            event = np.where(y == 1, right, 1 - right)
            reply.result.arrays["valid"] = np.column_stack([1 - event, event])
        return reply


def test_a_candidate_that_promises_nothing_on_its_first_folds_gets_no_other(job, monkeypatch):
    monkeypatch.setattr("modelwright.train.running.TRIAL_ROWS", 100)  # a fold has 64
    engine = Poor(job, n_workers=1)
    schedule = schedule_of(job, engine, seconds=60.0)
    schedule.run()
    assert statuses(schedule) == {"lightgbm": "discarded", "linear": "done"}
    assert [t.fold for _, t in engine.tasks if t.candidate.learner == "lightgbm"] == [0, 1]
    assert "promised too little" in schedule.running[0].reason


def _broken_off(job, *gone):
    """Run all, forget some fits, and come back when there is no time left."""
    schedule_of(job, Poor(job)).run()
    journal = job.run_folder / "journal.jsonl"
    kept = [line for line in journal.read_text().splitlines() if not any(name in line for name in gone)]
    journal.write_text("\n".join(kept) + "\n")
    again = schedule_of(job, Poor(job), seconds=0.0)
    again.run()
    return again


def test_a_far_better_candidate_that_time_cut_short_counts_by_the_folds_it_has(job, monkeypatch):
    monkeypatch.setattr("modelwright.train.schedule.COMPARED_ROWS", 100)  # a fold has 64
    again = _broken_off(job, "linear/default@2")
    assert again.folds == 2 and statuses(again) == {"lightgbm": "done", "linear": "done"}
    weights = {r.candidate.learner: r.weight for r in again.running}
    assert weights["linear"] > 0.9


def test_a_worse_one_does_not_and_neither_does_one_of_few_rows(job, monkeypatch):
    assert _broken_off(job, "linear/default@1").folds == 3  # 64 rows
    monkeypatch.setattr("modelwright.train.schedule.COMPARED_ROWS", 100)
    again = _broken_off(job, "lightgbm/default@2")
    assert again.folds == 3 and statuses(again) == {"lightgbm": "stopped", "linear": "done"}


def test_where_trials_are_counted_none_is_discarded(job):
    schedule = schedule_of(job, Poor(job, n_workers=1))
    schedule.run()
    assert statuses(schedule) == {"lightgbm": "done", "linear": "done"}


def test_a_search_goes_on_after_the_plan_and_is_resumed(job):
    def searching():
        schedule = schedule_of(job, Scripted(job), seconds=1.0)
        schedule.search = Search(("lightgbm", "linear"), 0)
        resumed = schedule.search.resumed(name.split("@")[0] for name in schedule.journal.lines)
        schedule.running += [Running(c) for c in resumed]
        schedule.run()
        return [r.candidate.key for r in schedule.running if r.candidate.key.startswith("lightgbm/drawn")]

    first, second = searching(), searching()
    assert first and second[: len(first)] == first
    assert len(set(second)) == len(second)


def test_no_candidate_is_started_once_enough_are_done(job):
    schedule = schedule_of(job, Scripted(job, n_workers=1), seconds=60.0)
    schedule.most = 1
    schedule.run()
    assert statuses(schedule) == {"lightgbm": "skipped", "linear": "done"}
    assert "support about 1 candidates" in schedule.running[0].reason


def test_what_was_skipped_is_tried_where_the_chosen_members_leave_time(job):
    engine = Scripted(job)
    schedule = schedule_of(job, engine, seconds=60.0)
    schedule.running = schedule.running[:1]
    schedule.run()
    skipped = Running(CANDIDATES[1], status="skipped", reason="it needed more than was left")
    schedule.running.append(skipped)
    chosen = schedule.running[:1]
    assert not schedule.goes_on(chosen) and skipped.status == "skipped"  # nothing is searched for
    schedule.search = Search(("linear",), 0)
    schedule.search.propose = lambda *_: None
    before = len(engine.tasks)
    assert schedule.goes_on(chosen)
    assert {t.candidate.learner for _, t in engine.tasks[before:]} == {"linear"} and skipped.status != "skipped"
    assert not schedule.goes_on(chosen)  # nothing is left to try


def test_no_further_candidate_is_tried_where_little_time_is_left(job):
    engine = Scripted(job)
    schedule = schedule_of(job, engine, seconds=60.0)
    schedule.run()
    schedule.search = Search(("linear",), 0)
    schedule.horizon.deadline = schedule.deadline = time.monotonic()
    before = len(engine.tasks)
    assert not schedule.goes_on(schedule.running[:1]) and len(engine.tasks) == before
    assert [r.left_out for r in schedule.running] == [False, True]
