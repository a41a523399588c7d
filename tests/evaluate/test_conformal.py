"""Fitting intervals and sets: in worlds whose truth is known they hold what they say, and no more than is needed."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.errors import UsageError
from modelwright.evaluate import conformal
from modelwright.evaluate.conformal import fit_intervals, fit_sets
from modelwright.evaluate.coverage import interval_score, measure_coverage
from modelwright.runtime.intervals import Intervals, Sets
from modelwright.runtime.transform import TargetTransform

WORLDS = {
    "even": lambda p, rng: p + rng.normal(0, 1, len(p)),
    "wider upwards": lambda p, rng: p + rng.normal(0, 0.2 + np.abs(p), len(p)),
    "skewed": lambda p, rng: p + rng.exponential(1.0 + np.abs(p), len(p)) - 1.0 - np.abs(p),
    "heavy tails": lambda p, rng: p + rng.standard_t(2.5, len(p)),
    "whole numbers": lambda p, rng: np.round(p + rng.normal(0, 1.5, len(p))),
}


def world(name: str, n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return truths and predictions."""
    rng = np.random.default_rng(seed)
    prediction = rng.gamma(2.0, 2.0, n) - 2.0
    return WORLDS[name](prediction, rng), prediction


def fitted(y: np.ndarray, prediction: np.ndarray, **more) -> Intervals:
    intervals, _ = fit_intervals(y, prediction, seed=0, **more)
    assert intervals is not None
    return intervals


def inside(intervals: Intervals, y: np.ndarray, prediction: np.ndarray, coverage: float) -> float:
    low, high = intervals(prediction, coverage)
    return float(((low <= y) & (y <= high)).mean())


@pytest.mark.parametrize("name", WORLDS)
def test_the_coverage_is_what_was_asked(name: str) -> None:
    """On average over calibration rows: that is what conformal prediction promises, and more than it costs is waste."""
    new = world(name, 5_000, 1)
    made = [fitted(*world(name, 400, 100 + s)) for s in range(12)]
    for coverage in (0.8, 0.9, 0.95):
        found = np.mean([inside(intervals, *new, coverage) for intervals in made])
        assert coverage - 0.015 < found < coverage + 0.03


def test_few_rows_are_made_up_for() -> None:
    """With 40 rows the plain quantiles of the errors would miss twice as often as asked."""
    new = world("even", 2_000, 1)
    rows = [world("even", 40, 100 + s) for s in range(40)]
    assert np.mean([inside(fitted(*r), *new, 0.95) for r in rows]) > 0.935
    naive = [np.quantile(y - p, [0.025, 0.975]) for y, p in rows]
    held = [((low <= new[0] - new[1]) & (new[0] - new[1] <= high)).mean() for low, high in naive]
    assert np.mean(held) < 0.935


def test_the_simplest_shape_that_fits_is_taken() -> None:
    def shape(name: str) -> str:
        return fit_intervals(*world(name, 3_000, 5), seed=0)[1].partition(",")[0]

    assert shape("even") == "constant width"
    assert shape("wider upwards") in ("width by the size of errors", "quantiles of errors")
    assert shape("skewed") in ("width by the size of errors", "quantiles of errors")


def test_where_errors_grow_intervals_do_and_are_held_at_both_ends() -> None:
    intervals, (y, prediction) = fitted(*world("wider upwards", 4_000, 2)), world("wider upwards", 20_000, 3)
    small, large = prediction < 1.0, prediction > 4.0
    widths = [np.subtract(*intervals(prediction[part], 0.9)[::-1]).mean() for part in (small, large)]
    assert widths[1] > 3 * widths[0]
    assert all(0.85 < inside(intervals, y[part], prediction[part], 0.9) < 0.95 for part in (small, large))


def test_a_skewed_error_gives_a_skewed_interval() -> None:
    low, high = fitted(*world("skewed", 3_000, 4))(np.array([2.0]), 0.9)
    assert high[0] - 2.0 > 1.5 * (2.0 - low[0])


def test_amounts_that_err_by_a_factor_are_seen_on_the_logarithm() -> None:
    rng = np.random.default_rng(0)
    prediction = np.exp(rng.normal(5, 2, 3_000))
    y = prediction * np.exp(rng.normal(0, 0.3, 3_000))
    intervals, note = fit_intervals(y, prediction, seed=0)
    assert intervals is not None and "on the logarithm" in note
    low, high = intervals(np.array([10.0, 1e6]), 0.9)
    np.testing.assert_allclose(high / [10.0, 1e6], np.exp(1.645 * 0.3), rtol=0.15)
    assert (low > 0).all()


def test_bounds_of_the_target_are_kept() -> None:
    y, prediction = world("even", 500, 0)
    bounded = np.clip(y, 0, 3)
    low, high = fitted(bounded, np.clip(prediction, 0, 3), transform=TargetTransform(low=0.0, high=3.0))(
        np.array([0.0, 1.0, 3.0]), 0.95
    )
    assert low.min() >= 0 and high.max() <= 3
    never_negative = fitted(np.abs(y), np.abs(prediction))
    assert never_negative.transform.low == 0.0
    assert fitted(y, prediction).transform.low is None


def test_a_coverage_is_offered_only_where_the_rows_support_it() -> None:
    assert fitted(*world("even", 30, 0)).coverages[-1] == 0.925  # 2 / (1 - 0.925) - 1 = 25.7 rows
    with pytest.raises(UsageError, match="MW-U602"):
        fitted(*world("even", 30, 0))(np.zeros(1), 0.95)
    assert fitted(*world("even", 39, 0)).coverages[-1] == 0.95
    assert fitted(*world("even", 199, 0)).coverages[-1] == 0.99


@pytest.mark.parametrize("n", [0, 1, 19])
def test_too_few_rows_give_none_and_say_so(n: int) -> None:
    intervals, note = fit_intervals(*world("even", n, 0), seed=0)
    assert intervals is None and note == f"none: {n} rows or groups with an out-of-fold prediction, 20 are needed"
    sets, note = fit_sets(np.zeros(n), np.full((n, 2), 0.5), seed=0)
    assert sets is None and note.startswith(f"none: {n} rows")


def test_groups_count_as_one_and_stay_on_one_side() -> None:
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 40)
    prediction = rng.normal(size=len(groups))
    y = prediction + rng.normal(0, 2, 60)[groups] + rng.normal(0, 0.2, len(groups))
    intervals = fitted(y, prediction, groups=groups)
    assert intervals.n == 60 and intervals.coverages[-1] == 0.96
    naive = fitted(y, prediction)
    wider = [np.subtract(*made(np.zeros(1), 0.95)[::-1])[0] for made in (intervals, naive)]
    assert wider[0] > wider[1]
    few = np.repeat(np.arange(10), 240)
    assert fit_intervals(y, prediction, seed=0, groups=few)[0] is None


def test_rows_without_a_prediction_are_left_out() -> None:
    y, prediction = world("even", 300, 0)
    holes = prediction.copy()
    holes[::3] = np.nan
    kept = ~np.isnan(holes)
    assert fitted(y, holes).to_json() == fitted(y[kept], prediction[kept]).to_json()


@pytest.mark.parametrize("y", [np.zeros(50), np.full(50, 7.0), np.arange(50.0)], ids=["zero", "same", "perfect"])
def test_errors_of_zero_make_intervals_without_width(y: np.ndarray) -> None:
    low, high = fitted(y, y)(y, 0.9)
    np.testing.assert_allclose(low, y, atol=1e-9)
    np.testing.assert_allclose(high, y, atol=1e-9)


def test_values_beyond_all_sums_are_left_out() -> None:
    y, prediction = world("even", 300, 0)
    wild = y.copy()
    wild[:2] = 1e308, -1e308
    assert fitted(wild, prediction).to_json() == fitted(y[2:], prediction[2:]).to_json()
    assert fit_intervals(np.full(300, 1e308), prediction, seed=0)[0] is None


def test_a_constant_prediction_has_intervals() -> None:
    rng = np.random.default_rng(0)
    assert 0.85 < inside(fitted(rng.normal(size=500), np.zeros(500)), rng.normal(size=4000), np.zeros(4000), 0.9) < 0.95


def test_the_same_rows_give_the_same_intervals_and_many_are_sampled(monkeypatch: pytest.MonkeyPatch) -> None:
    y, prediction = world("skewed", 3_000, 0)
    assert fitted(y, prediction).to_json() == fitted(y, prediction).to_json()
    monkeypatch.setattr(conformal, "MOST_ROWS", 500)
    assert fitted(y, prediction).n == 500


def test_the_interval_score_is_least_for_the_true_quantiles() -> None:
    y = np.random.default_rng(0).normal(size=50_000)
    score = {z: interval_score(y, np.full(len(y), -z), np.full(len(y), z), 0.9).mean() for z in (1.2, 1.645, 2.2)}
    assert min(score, key=score.__getitem__) == 1.645
    assert interval_score(np.array([3.0]), np.array([0.0]), np.array([1.0]), 0.9)[0] == pytest.approx(1 + 20 * 2)


def classes(n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return class numbers, one of them rare, and probabilities that are good but not calibrated."""
    rng = np.random.default_rng(seed)
    y = rng.choice(3, n, p=[0.7, 0.25, 0.05])
    scores = rng.normal(size=(n, 3)) + 2.0 * np.eye(3)[y] + np.array([1.0, 0.3, -1.0])
    powers = np.exp(scores)
    return y.astype(float), powers / powers.sum(axis=1, keepdims=True)


def test_sets_cover_every_class_by_itself() -> None:
    y, prediction = classes(40_000, 1)
    made = [fit_sets(*classes(1_500, 10 + seed), seed=0)[0] for seed in range(8)]
    for coverage in (0.8, 0.9, 0.95):
        held = np.zeros(3)
        for sets in made:
            assert isinstance(sets, Sets)
            within = sets(prediction, coverage)[np.arange(len(y)), y.astype(int)]
            held += np.array([within[y == k].mean() for k in range(3)]) / len(made)
        assert (held > coverage - 0.015).all()
        assert (held[1:] < coverage + 0.03).all()  # a frequent class is the likeliest, and so in the set, more often


def test_a_class_with_too_few_rows_is_in_every_set() -> None:
    y, prediction = classes(400, 0)
    few = (y != 2) | (np.cumsum(y == 2) <= 3)
    sets, _ = fit_sets(y[few], prediction[few], seed=0)
    assert sets is not None and sets(prediction, 0.9)[:, 2].all() and not sets(prediction, 0.7)[:, 2].all()
    never = y != 2
    sets, _ = fit_sets(y[never], prediction[never], seed=0)
    assert sets is not None and sets(prediction, 0.5)[:, 2].all()


def test_coverage_is_measured_with_its_interval() -> None:
    intervals = fitted(*world("even", 1_000, 0))
    y, prediction = world("even", 1_000, 9)
    found = measure_coverage(intervals, y, prediction[:, None])
    assert [m.name for m in found] == ["coverage_80", "coverage_90", "coverage_95"]
    for m, coverage in zip(found, (0.8, 0.9, 0.95), strict=True):
        assert m.value == pytest.approx(inside(intervals, y, prediction, coverage)) and m.n == 1_000
        assert m.low is not None and m.high is not None and m.value is not None and m.low < m.value < m.high
    by_group = measure_coverage(intervals, y, prediction[:, None], groups=np.arange(1_000) % 20)
    assert all(a.high - a.low > b.high - b.low for a, b in zip(by_group, found))  # type: ignore[operator]
    assert "20 groups" in by_group[0].method
    sets, _ = fit_sets(*classes(500, 0), seed=0)
    assert sets is not None and len(measure_coverage(sets, *classes(300, 1))) == 3
    assert len(measure_coverage(fitted(*world("even", 25, 0)), y, prediction[:, None])) == 2
