import math

import numpy as np
import pytest

from modelwright.data.contract import Contract
from modelwright.evaluate.allowances import POWER, Unseen, extended, pooled, shared_training, step_to_all
from modelwright.evaluate.evaluating import scores
from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.intervals import gain, measure
from modelwright.evaluate.metrics import get
from modelwright.evaluate.scales import SCALES

from .worlds import binary, values


def _width(metric, found):
    there = SCALES[get(metric).scale].there
    return there(found.high) - there(found.low)


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "f1"])
def test_inflation_is_of_the_variance(metric):
    y, p = binary(np.random.default_rng(0), 800)
    plain, wider = measure(metric, y, p), measure(metric, y, p, inflation=1.25)
    assert wider.value == plain.value
    assert _width(metric, wider) == pytest.approx(_width(metric, plain) * math.sqrt(1.25), rel=0.03)


def test_gains_are_inflated_as_scores_are():
    y, p = binary(np.random.default_rng(7), 800)
    other = 0.5 * p + 0.5 * p.mean(axis=0)
    plain, wider = (gain("brier", y, p, other, inflation=f) for f in (1.0, 1.25))
    assert wider.value == plain.value
    assert wider.high - wider.low == pytest.approx((plain.high - plain.low) * math.sqrt(1.25))


def test_inflated_shares_are_those_of_fewer_rows():
    y, p = binary(np.random.default_rng(1), 1000)
    assert measure("accuracy", y, p, inflation=4.0).low < measure("accuracy", y, p).low
    half = measure("accuracy", np.tile(y, 4), np.tile(p, (4, 1)), inflation=4.0)
    assert (half.low, half.high) == pytest.approx((measure("accuracy", y, p).low, measure("accuracy", y, p).high))


def test_folds_count_for_as_many_rows_as_train():
    assert shared_training(1000, 800, 200) == pytest.approx(1000 / 800)
    one_fold = shared_training(200, 800, 200)  # the same is added to a larger variance
    assert (one_fold - 1) / 200 == pytest.approx((1000 / 800 - 1) / 1000)


def test_allowances_hold_the_truth_where_models_take_much_from_few_rows():
    """Ridge regression with 15 columns on 100 rows, judged by five folds; the truth is that of a fit on all rows."""
    rng = np.random.default_rng(2)
    weights, rmse = rng.normal(size=15), get("rmse")
    fold = np.arange(100) % 5

    def drawn(n):
        x = rng.normal(size=(n, 15))
        return x, x @ weights + 2 * rng.normal(size=n)

    def predicted(x, y, new):
        return new @ np.linalg.solve(x.T @ x + np.eye(15), x.T @ y)

    by_rows, allowed = [], []
    new_x, new_y = drawn(20_000)
    for _ in range(300):
        x, y = drawn(100)
        whole, half = np.empty((100, 1)), np.empty((100, 1))
        for f in range(5):
            train, held = np.flatnonzero(fold != f), fold == f
            whole[held, 0] = predicted(x[train], y[train], x[held])
            half[held, 0] = predicted(x[train[::2]], y[train[::2]], x[held])
        truth = rmse(new_y, predicted(x, y, new_x).reshape(-1, 1))
        rows = measure(rmse, y, whole)
        wider = measure(rmse, y, whole, inflation=shared_training(100, 80, 20))
        wider = extended(wider, step_to_all(rmse, y, ((40, half), (80, whole)), 100))
        by_rows.append(rows.low <= truth <= rows.high)
        allowed.append(wider.low <= truth <= wider.high)
    assert np.mean(by_rows) < 0.9
    assert 0.92 < np.mean(allowed) < 0.97


def test_a_lucky_lockbox_gets_the_spread_of_all_unseen_rows_and_an_unlucky_one_keeps_its_own():
    rng = np.random.default_rng(3)
    y, p = values(rng, 2500)
    p[rng.choice(2500, 25, replace=False)] += 30  # a few rows are far off
    near = np.flatnonzero(np.abs(y - p[:, 0]) < 10)[:500]
    rest = np.setdiff1d(np.arange(2500), near)
    metric, unseen = get("rmse"), Unseen(y[rest], p[rest])
    assert pooled(metric, y[near], p[near], unseen) > 2
    far = np.setdiff1d(np.arange(2500), near[:-50])
    assert pooled(metric, y[far], p[far], Unseen(y[near], p[near])) == 1.0


def test_pooling_copies_of_the_same_rows_changes_nothing():
    y, p = binary(np.random.default_rng(4), 400)
    unseen = Unseen(np.tile(y, 5), np.tile(p, (5, 1)))
    assert pooled(get("log_loss"), y, p, unseen) == pytest.approx(1.0, rel=0.01)
    assert pooled(get("accuracy"), y, p, unseen) == 1.0
    groups = np.repeat(np.arange(80), 5)
    by_five = (groups + 80 * np.arange(5)[:, None]).ravel()
    many = Unseen(np.tile(y, 5), np.tile(p, (5, 1)), by_five)
    assert pooled(get("log_loss"), y, p, many, groups=groups) == pytest.approx(1.0, rel=0.02)


def test_many_rows_are_sampled_by_whole_groups(monkeypatch):
    monkeypatch.setattr("modelwright.evaluate.allowances.MOST_UNSEEN", 300)
    y, groups = np.arange(1000.0), np.repeat(np.arange(100), 10)
    rows = Unseen(y, y.reshape(-1, 1)).some(0)
    assert len(rows.y) == 300 and (rows.y == rows.prediction[:, 0]).all() and rows.groups is None
    whole = Unseen(y, y.reshape(-1, 1), groups).some(0)
    assert len(whole.y) == 300 and (np.unique(whole.groups, return_counts=True)[1] == 10).all()
    few = Unseen(y[:300], y[:300].reshape(-1, 1))
    assert few.some(0) is few


def test_no_comparison_no_pooling():
    y, p = binary(np.random.default_rng(5), 100)
    perfect = np.column_stack([1 - y, y])
    assert pooled(get("roc_auc"), y, perfect, Unseen(y, p)) == 1.0
    assert pooled(get("roc_auc"), y, p, Unseen(np.zeros(100), p)) == 1.0


def test_the_step_follows_the_power_law_it_assumes():
    """RMSE that falls as n^-½: on the logarithmic scale the law holds about, for steps that are small."""
    y = np.zeros(10_000)

    def at(n):
        return n, np.full((10_000, 1), 10 + 4 * n**-POWER)

    step = step_to_all(get("rmse"), y, (at(200), at(400), at(800)), 1000)
    assert step == pytest.approx(math.log((10 + 4 * 800**-POWER) / (10 + 4 * 1000**-POWER)), rel=0.02)


def test_no_step_without_a_curve_that_rises_and_ends_early():
    y = np.zeros(100)
    worse, better = np.full((100, 1), 2.0), np.full((100, 1), 1.0)
    rmse = get("rmse")
    assert step_to_all(rmse, y, (), 1000) == 0
    assert step_to_all(rmse, y, ((800, better),), 1000) == 0
    assert step_to_all(rmse, y, ((400, better), (800, worse)), 1000) == 0
    assert step_to_all(rmse, y, ((400, worse), (800, better)), 800) == 0
    assert step_to_all(rmse, y, ((400, worse), (800, better)), 0) == 0
    assert step_to_all(rmse, y, ((400, worse), (800, 0 * better)), 1000) == 0
    assert step_to_all(rmse, y, ((400, worse), (800, better)), 1000) > 0


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss"])
def test_only_the_better_end_reaches_further(metric):
    y, p = binary(np.random.default_rng(6), 300)
    found = measure(metric, y, p)
    further = extended(found, 0.2)
    assert further.value == found.value
    if found.greater_is_better:
        assert further.low == found.low and found.high < further.high < 1
    else:
        assert further.high == found.high and 0 < further.low < found.low
    assert "learning curve" in further.method
    assert extended(found, 0.0) == found


def _reported(y, p, **more):
    evidence = Evidence(
        y=y, prediction=p, columns={}, contract=Contract(columns=(), rows_seen=len(y)), measured_on="", **more
    )
    return scores([get("log_loss")], evidence)["log_loss"][1]


def test_reported_scores_say_what_their_intervals_allow_for():
    y, p = binary(np.random.default_rng(8), 600)
    weak = 0.7 * p + 0.3 * p.mean(axis=0)
    curve = ((200, weak), (400, p))
    alone = _reported(y, p)
    folds = _reported(y, p, inflation=1.25, learning=curve, n_all=500)
    sure = p**3 / (p**3).sum(axis=1, keepdims=True)
    boxed = _reported(y, p, unseen=Unseen(np.tile(y, 4), np.tile(sure, (4, 1))), learning=curve, n_all=400)
    assert alone.value == folds.value == boxed.value
    assert folds.low < alone.low < alone.high < folds.high
    assert "share rows" in folds.method and "learning curve" in folds.method
    assert "out of fold" in boxed.method and "learning curve" not in boxed.method
    assert alone.method == measure("log_loss", y, p).method


@pytest.mark.parametrize("name", ["recall", "precision", "f1", "accuracy"])
def test_chances_that_moved_across_a_threshold_are_nothing_learned(name: str) -> None:
    """A model of few rows says less: hardly anything reaches a threshold that was chosen for the model of all."""
    rng = np.random.default_rng(0)
    y = (rng.random(2000) < 0.1).astype(float)
    told = np.clip(0.1 + 0.03 * (y - 0.1) + rng.normal(0, 0.03, 2000), 0.01, 0.99)
    few = 0.1 + 0.6 * (told - 0.1)
    curve = tuple((n, np.column_stack([1 - p, p])) for n, p in ((800, few), (1600, told)))
    assert step_to_all(get(name), y, curve, 2000, threshold=0.13) == 0
    assert step_to_all(get("log_loss"), y, curve, 2000, threshold=0.13) > 0
