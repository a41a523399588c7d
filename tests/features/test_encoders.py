"""Encoders without the target."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.data.columns import Strings
from modelwright.features.categories import Frequencies, LevelCodes, OneHot
from modelwright.features.dates import CyclicDateEncoder, DateEncoder
from modelwright.features.levels import count_levels
from modelwright.features.numbers import QuantileEncoder, ScaledEncoder
from modelwright.features.texts import TextStatisticsEncoder

NAN = np.nan
COLOURS = Strings.from_values(["red"] * 5 + ["blue"] * 3 + ["green"] + [None])


def test_levels_are_ordered_by_count_then_name() -> None:
    levels = count_levels(Strings.from_values(["b", "a", "c", "c", None]), min_count=1)
    assert levels.names == ("c", "a", "b") and levels.counts.tolist() == [2, 1, 1]
    assert levels.rows.tolist() == [2, 1, 0, 0, 4] and levels.n_missing == 1 and levels.n_rare == 0


def test_levels_that_no_row_has_are_not_counted() -> None:
    column = COLOURS.take(np.arange(5))
    assert count_levels(column).names == ("red",)


def test_codes_count_from_the_most_frequent_and_end_with_other_and_missing() -> None:
    op = LevelCodes(min_count=2, max_levels=9).fit("colour", COLOURS)
    values = op({"colour": Strings.from_values(["red", "blue", "green", "pink", None])})[:, 0]
    assert values.tolist() == [0, 1, 2, 2, 3]
    assert op.names == ("colour",) and op.categorical == (0,)


def test_codes_stop_at_the_most_levels() -> None:
    op = LevelCodes(min_count=1, max_levels=1).fit("colour", COLOURS)
    assert op({"colour": COLOURS})[:, 0].tolist() == [0] * 5 + [1] * 4 + [2]


def test_one_hot_has_an_indicator_for_all_that_occurs() -> None:
    op = OneHot(min_count=2, max_levels=9).fit("colour", COLOURS)
    assert op is not None
    assert op.names == ("colour=red", "colour=blue", "colour:other", "colour:missing")
    out = op({"colour": COLOURS})
    assert out.sum(axis=0).tolist() == [5, 3, 1, 1] and set(out.sum(axis=1)) == {1.0}
    assert op({"colour": Strings.from_values(["pink"])}).tolist() == [[0, 0, 1, 0]]


def test_one_hot_of_two_levels_is_one_indicator() -> None:
    op = OneHot(min_count=1, max_levels=9).fit("sex", Strings.from_values(["f", "f", "m"]))
    assert op is not None and op.names == ("sex=m",)
    assert op({"sex": Strings.from_values(["m", "f", "x", None])})[:, 0].tolist() == [1, 0, 0, 0]


@pytest.mark.parametrize("values", [["a", "a"], [None, None], ["a", "b", "c"]])
def test_one_hot_of_rows_that_look_the_same_is_nothing(values: list) -> None:
    assert OneHot(min_count=2, max_levels=9).fit("c", Strings.from_values(values)) is None


def test_frequencies_are_shares_of_the_training_rows() -> None:
    op = Frequencies().fit("colour", COLOURS)
    out = op({"colour": Strings.from_values(["red", "blue", "green", "pink", None])})[:, 0]
    assert out.tolist() == [0.5, 0.3, 0.1, 0.1, 0.1]


def test_scaled_numbers_have_mean_zero_and_deviation_one() -> None:
    x = np.array([1.0, 2.0, NAN, 10.0, 4.0])
    op = ScaledEncoder().fit(("x",), {"x": x})
    out = op({"x": x})
    assert out[:, 0].mean() == pytest.approx(0) and out[:, 0].std() == pytest.approx(1)
    assert out[:, 1].tolist() == [0, 0, 1, 0, 0]
    assert op.fill.tolist() == [3.0]
    assert op({"x": np.array([1e9])})[0, 0] == out[3, 0]


@pytest.mark.parametrize(
    "x", [[NAN, NAN], [7.0, 7.0], [0.1, 0.1, 0.1], [1e300, -1e300, NAN], [np.inf, 1.0], [5e-324, 0]]
)
def test_numbers_without_a_scale_stay_finite(x: list[float]) -> None:
    columns = {"x": np.array(x)}
    for op in (ScaledEncoder().fit(("x",), columns), QuantileEncoder().fit(("x",), columns)):
        out = op({"x": np.array([*x, 0.0, 1.0, -1e308, np.inf])})
        assert np.isfinite(out).all() and np.abs(out).max() < 1e3


@given(st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=400))
def test_ranks_keep_the_order_and_share_ties(values: list[float]) -> None:
    x = np.array(values)
    out = QuantileEncoder().fit(("x",), {"x": x})({"x": x})[:, 0]
    order = np.argsort(x, kind="stable")
    assert (np.diff(out[order]) >= 0).all() and np.abs(out).max() < 4
    assert len(np.unique(out)) <= len(np.unique(x))


def test_ranks_are_normal_whatever_the_tail() -> None:
    x = np.exp(np.random.default_rng(0).normal(0, 3, 20_000))
    op = QuantileEncoder().fit(("x",), {"x": x})
    out = op({"x": x})[:, 0]
    assert len(op.knots) <= 256
    assert np.quantile(out, [0.025, 0.5, 0.975]) == pytest.approx([-1.96, 0, 1.96], abs=0.05)


class TestDates:
    DAY = 86_400.0
    START = 1_704_067_200.0  # 1 January 2024, a Monday

    def test_only_parts_that_vary_are_kept(self) -> None:
        week = self.START + np.arange(7) * self.DAY
        op = DateEncoder().fit("at", week)
        assert op is not None and op.names == ("at:elapsed", "at:day", "at:day_of_year", "at:weekday")
        assert op({"at": week})[:, 0].tolist() == [0, 1, 2, 3, 4, 5, 6]
        hours = DateEncoder().fit("at", self.START + np.arange(5) * 3_600.0)
        assert hours is not None and hours.names == ("at:elapsed", "at:hour")

    def test_gaps_stay_for_trees_and_are_filled_for_linear_models(self) -> None:
        moments = np.append(self.START + np.arange(300) * self.DAY, NAN)
        trees, linear = DateEncoder().fit("at", moments), CyclicDateEncoder().fit("at", moments)
        assert trees is not None and linear is not None
        assert np.isnan(trees({"at": moments})[-1]).all()
        last = dict(zip(linear.names, linear({"at": moments})[-1], strict=True))
        assert last.pop("at:missing") == 1.0 and set(last.values()) == {0.0}

    def test_time_to_scale_does_not_run_on_into_the_future(self) -> None:
        moments = self.START + np.arange(300) * self.DAY
        op = CyclicDateEncoder().fit("at", moments)
        assert op is not None and op.names[0] == "at:elapsed"
        out = op({"at": np.append(moments, self.START + 1e5 * self.DAY)})[:, 0]
        assert out[-1] == out[-2] and out[:-1].std() == pytest.approx(1)

    @pytest.mark.parametrize("moments", [[START] * 3, [NAN, NAN]])
    def test_one_moment_is_nothing(self, moments: list[float]) -> None:
        assert DateEncoder().fit("at", np.array(moments)) is None
        assert CyclicDateEncoder().fit("at", np.array(moments)) is None


def test_text_statistics_are_to_scale_and_those_that_vary() -> None:
    texts = Strings.from_values(["one", "one two", "one two three 3", None])
    op = TextStatisticsEncoder().fit("t", texts)
    assert op is not None and op.names == ("t:length", "t:words", "t:digits")
    out = op({"t": texts})
    np.testing.assert_allclose(out.mean(axis=0), 0, atol=1e-12)
    np.testing.assert_allclose(out.std(axis=0), 1)
    assert TextStatisticsEncoder().fit("t", Strings.from_values(["same"] * 3)) is None
