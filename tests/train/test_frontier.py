from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.engines.local import InlineEngine
from modelwright.evaluate import metrics
from modelwright.train.ensemble import greedy_weights
from modelwright.train.frontier import FREE, Costs, chosen_point, frontier

from .conftest import make_job, run_training


@pytest.fixture(scope="module")
def points():
    """Three candidates with errors of their own, the third of them next to useless."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=4_000)
    predictions = np.stack([truth + s * rng.normal(size=len(truth)) for s in (0.5, 0.6, 2.0)])[:, :, None]
    metric = metrics.get("rmse")
    weights = greedy_weights(metric.loss, truth, predictions)
    costs = [Costs(0.1, 1e6), Costs(0.2, 5e6), Costs(1.0, 9e6)]
    return frontier(metric, truth, predictions, weights, costs)


def test_smaller_ensembles_cost_less_and_lose_more(points):
    assert [p.members for p in points] == sorted((p.members for p in points), reverse=True)
    assert points[-1].members == 1 and np.argmax(points[-1].weights) == 0
    assert all(p.weights.sum() == pytest.approx(1) for p in points)
    losses, times = [p.loss for p in points], [p.costs.milliseconds for p in points]
    assert losses == sorted(losses) and times == sorted(times, reverse=True)
    assert points[0].noise == 0 and all(p.noise > 0 for p in points[1:])


def test_what_is_free_is_saved_and_limits_are_kept(points):
    assert chosen_point(points) == max(i for i, p in enumerate(points) if p.loss <= points[0].loss * (1 + FREE))
    assert points[chosen_point(points, members=1)].members == 1
    assert points[chosen_point(points, milliseconds=0.15)].costs.milliseconds <= 0.15
    assert points[chosen_point(points, size=2e6)].costs.size <= 2e6
    assert chosen_point(points, milliseconds=1e-9) == len(points) - 1  # none is quick enough: the quickest


def test_time_to_package_is_kept_within_the_limits(points):
    timed = [replace(p, costs=replace(p.costs, seconds=5.0 * p.members)) for p in points]
    assert points[chosen_point(timed, seconds=5.0)].members == 1
    assert chosen_point(timed, seconds=100.0) == chosen_point(points)
    assert points[chosen_point(timed, seconds=0.0)].members == 1  # none is quick enough: the one that takes least


def test_a_job_keeps_to_the_members_asked_for(tmp_path):
    whole = run_training(make_job(tmp_path / "a"), InlineEngine(), trials=15)
    one = run_training(make_job(tmp_path / "b"), InlineEngine(), trials=15, members=1)
    assert len(whole.document.members) > 1 and len(one.document.members) == len(one.members) == 1
    (chosen,) = [a for a in one.document.frontier if a.chosen]
    assert chosen.members == one.document.members
    assert all(a.milliseconds > 0 and a.megabytes > 0 for a in one.document.frontier)
