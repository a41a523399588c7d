"""What the operations compute, on values worked out by hand or by another library."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.runtime.ops.dates import PARTS, part
from modelwright.runtime.ops.numbers import Numbers, QuantileNumbers, ScaledNumbers
from modelwright.runtime.ops.texts import MAX_CHARACTERS, STATISTICS, terms, weights

UTC = dt.UTC


@given(st.datetimes(min_value=dt.datetime(1, 1, 1), max_value=dt.datetime(9999, 12, 31, 23, 59, 59)))
def test_parts_of_dates_are_those_of_the_calendar(moment: dt.datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    seconds = np.array([(moment - dt.datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()])
    assert part("year", seconds) == moment.year
    assert part("month", seconds) == moment.month
    assert part("day", seconds) == moment.day
    assert part("day_of_year", seconds) == moment.timetuple().tm_yday
    assert part("weekday", seconds) == moment.weekday()
    assert part("weekend", seconds) == (moment.weekday() >= 5)
    assert part("hour", seconds) == pytest.approx(moment.hour + moment.minute / 60 + moment.second / 3600)


def test_circles_close() -> None:
    midnight = np.array([0.0, 86_400.0])
    for wave in ("sin_day", "cos_day"):
        first, second = part(wave, midnight)
        assert first == pytest.approx(second, abs=1e-12)
    monday = dt.datetime(2024, 1, 1, tzinfo=UTC).timestamp()
    weeks = np.array([monday, monday + 7 * 86_400])
    assert part("sin_week", weeks)[0] == part("sin_week", weeks)[1] == 0.0


@pytest.mark.parametrize("name", PARTS)
def test_a_missing_moment_has_no_parts(name: str) -> None:
    assert np.isnan(part(name, np.array([np.nan, 0.0]))).tolist() == [True, False]


def test_numbers_keep_gaps_and_stay_within_float32() -> None:
    op = Numbers(inputs=("x",), names=("x",))
    values = op({"x": np.array([1.5, np.nan, np.inf, -1e300])})[:, 0]
    assert values[0] == 1.5 and np.isnan(values[1])
    assert np.isfinite(values[2:].astype(np.float32)).all()


def test_scaled_numbers_fill_clip_and_scale() -> None:
    one = np.ones(1)
    op = ScaledNumbers(
        inputs=("x",),
        names=("x", "x:missing"),
        indicators=(0,),
        fill=2 * one,
        low=0 * one,
        high=4 * one,
        center=one,
        factor=10 * one,
    )
    out = op({"x": np.array([np.nan, 3.0, 99.0, -np.inf])})
    assert out.tolist() == [[10.0, 1.0], [20.0, 0.0], [30.0, 0.0], [-10.0, 0.0]]
    assert op.sources == (("x",), ("x",))


def test_quantile_numbers_are_linear_between_knots_and_flat_beyond() -> None:
    op = QuantileNumbers(
        inputs=("x", "y"),
        names=("x", "y"),
        indicators=(),
        starts=(0, 2, 3),
        knots=np.array([0.0, 10.0, 5.0]),
        heights=np.array([-1.0, 1.0, 0.5]),
        fill=np.array([0.25, 0.0]),
    )
    out = op({"x": np.array([5.0, 99.0, np.nan]), "y": np.array([5.0, -7.0, np.nan])})
    assert out[:, 0].tolist() == [0.0, 1.0, 0.25]
    assert out[:, 1].tolist() == [0.5, 0.5, 0.0]


def test_terms_are_words_pairs_and_runs_of_characters() -> None:
    assert terms("Free, FREE entry!", 2, 0) == ["free", "free", "entry", "free free", "free entry"]
    assert terms("abc", 0, 4) == ["\x02abc", "abc\x03"]
    assert terms("a", 1, 4) == ["a", "\x02a\x03"]
    assert terms("", 2, 4) == []
    assert len(terms("ab " * MAX_CHARACTERS, 1, 0)) == -(-MAX_CHARACTERS // 3)


def test_weights_are_sublinear_and_of_length_one() -> None:
    positions, weight = weights(["a", "b", "a", "unknown"], {"b": 0, "a": 1}, np.array([2.0, 1.0]))
    raw = {1: 1 + math.log(2), 0: 2.0}
    norm = math.hypot(*raw.values())
    assert dict(zip(positions.tolist(), weight.tolist(), strict=True)) == pytest.approx(
        {p: w / norm for p, w in raw.items()}
    )
    assert len(weights([], {"a": 0}, np.ones(1))[0]) == 0


def test_weights_are_those_of_scikit_learn() -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")
    texts = ["red red fox", "blue fox runs", "red sky at night", "night fox"]
    reference = text.TfidfVectorizer(sublinear_tf=True).fit(texts)
    index = {t: int(i) for t, i in reference.vocabulary_.items()}
    for line in texts:
        row = np.zeros(len(index))
        positions, weight = weights(terms(line, 1, 0), index, reference.idf_)
        row[positions] = weight
        np.testing.assert_allclose(row, reference.transform([line]).toarray()[0], atol=1e-12)


def test_statistics_count() -> None:
    counts = {name: count("Win 50 EUR now!") for name, count in STATISTICS.items()}
    assert counts == {"length": 15, "words": 4, "digits": 2, "capitals": 4, "punctuation": 1}
