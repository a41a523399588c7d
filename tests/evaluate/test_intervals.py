import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.evaluate.intervals import MOST_BEYOND_PERCENTILE, gain, mean_measurement, measure, moved
from modelwright.evaluate.metrics import METRICS, applicable, get
from modelwright.evaluate.scales import wilson

from .worlds import binary, multiclass, values


def _delong_by_definition(y, score):
    """DeLong's variance with all pairs: the slow twin."""
    above, below = score[y == 1], score[y == 0]
    wins = (above[:, None] > below) + 0.5 * (above[:, None] == below)
    return wins.mean(axis=1).var(ddof=1) / len(above) + wins.mean(axis=0).var(ddof=1) / len(below)


def test_influences_of_roc_auc_give_delongs_variance():
    y, p = binary(np.random.default_rng(0), 150)
    p = np.round(p, 1)
    influence, _ = get("roc_auc").influence(y, p)
    assert influence @ influence == pytest.approx(_delong_by_definition(y, p[:, 1]), rel=1e-10)


def test_wilson_by_the_book():
    low, high = wilson(81, 263)
    assert (low, high) == pytest.approx((0.2553, 0.3662), abs=1e-4)  # Newcombe 1998, table I
    assert wilson(0, 20)[0] == 0.0
    assert wilson(20, 20)[1] == 1.0
    assert wilson(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize("name", list(METRICS))
@pytest.mark.parametrize("k", [2, 4])
def test_interval_holds_the_value_and_shrinks_with_rows(name, k):
    rng = np.random.default_rng(3)
    widths = []
    for n in (100, 4000):
        if name in {m.name for m in applicable("regress")}:
            y, p = values(rng, n)
        else:
            y, p = binary(rng, n) if k == 2 else multiclass(rng, n, k)
        found = measure(name, y, p)
        assert found.low < found.value < found.high
        assert found.n == n and found.name == name and found.method
        widths.append(found.high - found.low)
    assert widths[1] < widths[0] / 3


@pytest.mark.parametrize("name", [m.name for m in applicable("classify")])
@pytest.mark.parametrize("case", ["all right", "all wrong", "constant", "one class", "one row"])
def test_degenerate_predictions(name, case):
    y = np.array([0.0, 1.0] * 20)
    event = {"all right": y, "all wrong": 1 - y}.get(case, np.full(40, 0.5))
    if case == "one class":
        y = np.zeros(40)
    if case == "one row":
        y, event = y[:1], event[:1]
    found = measure(name, y, np.column_stack([1 - event, event]))
    if found.value is None:
        assert found.low is None and found.high is None and found.method.startswith("not defined: ")
    elif found.low is None:
        assert found.method.startswith("no interval: ")
    else:
        assert found.low <= found.value <= found.high
        if case == "all right" and found.greater_is_better:
            assert found.value == 1 == found.high and 0.6 < found.low < 0.95


@pytest.mark.parametrize("name", [m.name for m in applicable("regress")])
@pytest.mark.parametrize("case", ["exact", "constant target", "one row", "infinite"])
def test_degenerate_values(name, case):
    y = np.arange(1.0, 31.0)
    p = {"infinite": np.full(30, np.inf)}.get(case, y.copy())
    if case == "constant target":
        y = np.full(30, 2.0)
    if case == "one row":
        y, p = y[:1], p[:1]
    found = measure(name, y, p[:, None])
    assert found.value is None or np.isfinite(found.value)
    assert found.method
    if found.low is not None:
        assert found.low <= found.value <= found.high


def test_groups_widen_the_interval():
    rng = np.random.default_rng(4)
    y, p = binary(rng, 100)
    many = np.repeat(np.arange(100), 5)
    for name in ("roc_auc", "accuracy", "log_loss", "f1"):
        alone = measure(name, y[many], p[many])
        grouped = measure(name, y[many], p[many], groups=many)
        assert 1.8 < (grouped.high - grouped.low) / (alone.high - alone.low) < 3.0  # about the square root of 5
        assert "clustered" in grouped.method
    one = measure("roc_auc", y, p, groups=np.zeros(100, dtype=int))
    assert one.value is not None and one.low is None and "one group" in one.method


def test_same_seed_same_bits():
    y, p = values(np.random.default_rng(0), 5000)
    assert measure("rmse", y, p, seed=1) == measure("rmse", y, p, seed=1)


def test_gain_is_paired_and_signed():
    rng = np.random.default_rng(6)
    y, p = values(rng, 1000)
    worse = p + rng.normal(size=p.shape) * 0.4
    found = gain("rmse", y, p, worse)
    assert found.low > 0 and found.greater_is_better
    alone = measure("rmse", y, p), measure("rmse", y, worse)
    assert found.value == pytest.approx(alone[1].value - alone[0].value)
    assert found.high - found.low < 0.7 * (alone[0].high - alone[0].low)  # what is common to both is gone
    same = gain("rmse", y, p, p)
    assert (same.value, same.low, same.high) == (0, 0, 0)


def test_the_gain_over_a_constant_ranking_is_known_as_well_as_the_score_where_groups_are_few():
    rng = np.random.default_rng(3)
    y = rng.integers(0, 2, 800).astype(float)
    event = 1 / (1 + np.exp(-(y - 0.5 + rng.normal(size=800))))
    prediction, constant = np.column_stack([1 - event, event]), np.full((800, 2), 0.5)
    groups = np.arange(800) // 200
    score = measure("roc_auc", y, prediction, groups=groups)
    more = gain("roc_auc", y, prediction, constant, groups=groups)
    assert score.low > 0.5 and more.low > 0
    assert more.high - more.low == pytest.approx(score.high - score.low, rel=0.2)


def test_gain_by_metric_with_thresholds():
    y, p = binary(np.random.default_rng(1), 2000, share=0.1)
    found = gain("f1", y, p, p, threshold=0.25, other_threshold=0.5)
    assert found.value == pytest.approx(get("f1")(y, p, 0.25) - get("f1")(y, p, 0.5))
    assert gain("roc_auc", np.zeros(10), p[:10], p[:10]).value is None


def test_mean_measurement():
    rows = np.random.default_rng(1).exponential(size=500)
    found = mean_measurement("value_per_row", rows)
    assert found.low < 1 < found.high
    assert found.high - found.value > found.value - found.low  # skewed to the right
    assert mean_measurement("x", np.ones(5)).low == 1
    assert mean_measurement("x", np.ones(1)).low is None


@settings(max_examples=60, deadline=None)
@given(st.floats(0.01, 0.99), st.floats(-0.5, 0.5))
def test_moved_stays_within_bounds(value, change):
    y, p = binary(np.random.default_rng(0), 200)
    found = moved(measure("roc_auc", y, p), change)
    assert 0 <= found.low <= found.value <= found.high <= 1


def test_a_hundred_thousand_rows_in_a_moment():
    y, p = binary(np.random.default_rng(0), 100_000)
    start = time.process_time()
    for metric in applicable("classify"):
        measure(metric, y, p)
    assert time.process_time() - start < 3


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2"])
def test_heavy_tails_leave_intervals_in_reach_of_the_percentile_bootstrap(metric):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        y = np.exp(rng.normal(size=400) * 5)
        prediction = (y * np.exp(rng.normal(size=400)))[:, None]
        found = measure(metric, y, prediction, seed=seed)
        draws = [get(metric)(y[i], prediction[i]) for i in rng.integers(0, 400, (300, 400))]
        least, most = np.quantile(draws, [0.025, 0.975])
        reach = max(most - found.value, found.value - least)
        assert found.low <= found.value <= found.high
        # The bootstrap of the influences is linear: beside the one of the metric it may reach twice as far.
        assert found.high - found.value <= 2 * MOST_BEYOND_PERCENTILE * reach
        assert np.isfinite(found.low)


def test_a_bounded_interval_says_so():
    rng = np.random.default_rng(0)
    rows = np.exp(rng.normal(size=60) * 6)
    found = measure("mae", rows, np.zeros((60, 1)))
    assert "bounded by the percentile bootstrap" in found.method
    assert found.high < 12 * found.value
