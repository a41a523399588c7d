from __future__ import annotations

import time
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest

from modelwright.engines.local import InlineEngine, ProcessEngine
from modelwright.errors import TrainingError
from modelwright.evaluate import metrics
from modelwright.package.assembling import assemble
from modelwright.train.work import FitTask

from .conftest import make_job, run_training


@pytest.mark.parametrize("classes", [0, 2, 4])
@pytest.mark.parametrize("lockbox", [True, False])
def test_an_ensemble_that_has_learned_something(tmp_path, classes, lockbox):
    job = make_job(tmp_path, classes=classes, lockbox=lockbox)
    outcome = run_training(job, InlineEngine(), trials=9)
    metric = metrics.get(job.metric)
    constant = np.full((len(job.y), max(1, classes)), 1 / classes if classes else job.y.mean())
    assert metric.loss(job.y[outcome.rows], outcome.oof) < 0.8 * metric.loss(job.y, constant)
    assert outcome.holdout.shape == (len(job.holdout), max(1, classes))
    assert np.isclose(sum(m.weight for m in outcome.members), 1)
    done = [c for c in outcome.document.candidates if c.status == "done"]
    assert len(done) == 3 and all(len(c.fold_scores) == 3 for c in done)
    assert outcome.document.refit.startswith("all members were fitted again")


def test_out_of_fold_rows_are_those_outside_the_lockbox(job):
    outcome = run_training(job, InlineEngine(), trials=3)
    assert not set(outcome.rows) & set(job.holdout)
    assert len(outcome.rows) + len(job.holdout) == len(job.y)


def test_the_lockbox_takes_part_in_no_choice(tmp_path):
    """Another target in the lockbox changes neither the scores nor the ensemble, nor any prediction of a fold."""
    first = make_job(tmp_path / "a")
    second = make_job(tmp_path / "b")
    second.y[second.holdout] = 1 - second.y[second.holdout]
    one = run_training(first, InlineEngine(), trials=9)
    two = run_training(second, InlineEngine(), trials=9)
    assert (one.oof == two.oof).all() and (one.holdout == two.holdout).all()
    assert one.document.members == two.document.members


def test_the_same_seed_and_trials_give_the_same_bits(tmp_path):
    outcomes = [run_training(make_job(tmp_path / name), InlineEngine(), trials=9) for name in "ab"]
    assert (outcomes[0].oof == outcomes[1].oof).all()
    natives = [[m.native for m in o.members] for o in outcomes]
    assert all((a == b).all() for a, b in zip(*natives, strict=True))


def test_engines_agree(tmp_path):
    inline = run_training(make_job(tmp_path / "a"), InlineEngine(), trials=6)
    engine = ProcessEngine(2)
    try:
        processes = run_training(make_job(tmp_path / "b"), engine, trials=6)
    finally:
        engine.close()
    np.testing.assert_allclose(inline.oof, processes.oof, atol=1e-12)


def test_a_broken_run_goes_on(job, monkeypatch):
    """Trials of the first session are not run again, and the result is that of an unbroken run."""
    whole = run_training(job, InlineEngine(), trials=9, key="whole")

    class Breaks(InlineEngine):
        left = 4

        def submit(self, worker, function, task):
            if self.left == 0:
                raise KeyboardInterrupt
            self.left -= 1
            super().submit(worker, function, task)

    with pytest.raises(KeyboardInterrupt):
        run_training(job, Breaks(), trials=9, key="broken")
    again = run_training(job, InlineEngine(), trials=9, key="broken")
    assert again.document.resumed_trials == 4
    assert (again.oof == whole.oof).all() and again.document.members == whole.document.members


def test_a_failing_learner_is_a_recorded_failure(job, monkeypatch):
    from modelwright.learners import get

    def fail(*args, **kwargs):
        raise ValueError("a learner that cannot")

    first = get("linear")
    monkeypatch.setattr(type(first), "fit", fail)
    document = run_training(job, InlineEngine(), trials=9).document
    (failed,) = [c for c in document.candidates if c.key.startswith("linear")][:1]
    assert failed.status == "failed" and "a learner that cannot" in failed.reason
    assert all(not m.key.startswith("linear") for m in document.members)


def test_nothing_finishes(job, monkeypatch):
    from modelwright import learners

    def fail(*args, **kwargs):
        raise ValueError("none can")

    for name in learners.LEARNERS:
        monkeypatch.setattr(type(learners.get(name)), "fit", fail)
    with pytest.raises(TrainingError, match="none can"):
        run_training(job, InlineEngine(), trials=9)


def test_the_deadline_is_kept(job):
    began = time.monotonic()
    outcome = run_training(job, InlineEngine(), seconds=6.0, after=1.0)
    assert time.monotonic() - began < 7.5  # the time asked for, one late fit, and noise
    assert outcome.document.members


def test_the_plan_predicts_what_the_libraries_do(job):
    outcome = run_training(job, InlineEngine(), trials=9)
    facts = {
        "contract": job.contract,
        "objective": "classify",
        "classes": ("no", "yes"),
        "calibrator": None,
        "threshold": None,
    }
    plan = assemble(outcome.members, facts)
    checks = {
        n: c.take(np.arange(20)) if hasattr(c, "take") and not isinstance(c, np.ndarray) else c[:20]
        for n, c in job.columns.items()
    }
    expected = sum(m.weight * m.native for m in outcome.members)
    np.testing.assert_allclose(plan.predict(checks), expected, atol=1e-6)


def test_task_names_tell_candidate_and_fold(job):
    from modelwright.train.planning import make_plan

    plan = make_plan(objective="classify", n_rows=400, n_features=3, n_classes=2)
    assert FitTask(plan.candidates[0], 2, None).name == f"{plan.candidates[0].key}@2"
    assert len({c.key for c in plan.candidates}) == len(plan.candidates)


@pytest.mark.parametrize("lockbox", [True, False])
@pytest.mark.parametrize("classes", [0, 3])
def test_a_quick_model_stands_in_where_no_time_was_left(tmp_path, classes, lockbox):
    job = make_job(tmp_path, classes=classes, lockbox=lockbox)
    outcome = run_training(job, InlineEngine(), seconds=1.0, after=5.0)
    (member,) = outcome.document.members
    done = [c for c in outcome.document.candidates if c.status == "done"]
    assert [c.key for c in done] == [member.key] and len(outcome.document.candidates) > 1
    assert "the time for training was over before any candidate was ready" in outcome.document.notes[0]
    assert np.isfinite(outcome.oof).all() and len(outcome.rows)
    assert len(outcome.members) == 1


def test_the_learning_curve_is_of_a_fold_like_all_where_folds_go_forward(tmp_path):
    job = make_job(tmp_path)
    rest = np.setdiff1d(np.arange(len(job.y)), job.holdout)
    cuts = [len(rest) * part // 6 for part in (2, 3, 4, 5, 6)]
    folds = tuple((rest[:a], rest[a:b]) for a, b in pairwise(cuts))
    outcome = run_training(replace(job, folds=folds), InlineEngine(), trials=4)
    assert outcome.learning[-1].n_train in {len(folds[1][0]), len(folds[2][0])}  # 3 or 4 of 6 parts: 3.5 on average


def test_models_that_would_take_too_long_to_package_are_few_and_it_is_told(job, monkeypatch):
    monkeypatch.setattr("modelwright.train.ahead.SHIPPING_S", 1e-3)  # a thousandth of a second a byte
    outcome = run_training(job, InlineEngine(), seconds=12.0)
    assert [len(member.folders) for member in outcome.members] == [1]
    assert "the model of a fold is used" in outcome.document.refit
    assert sum(c.status == "done" for c in outcome.document.candidates) >= 1


def test_what_rows_and_models_take_later_is_measured_in_the_fits(job):
    outcome = run_training(job, InlineEngine(), trials=6)
    assert outcome.heft.size > 1_000 and 0 < outcome.heft.row_seconds < 0.1
