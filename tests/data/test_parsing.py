"""One value at a time: numbers, moments, durations, booleans, texts."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright.data.parsing.booleans import boolean_tokens, read_boolean
from modelwright.data.parsing.moments import format_reader, read_duration, read_iso, read_moment
from modelwright.data.parsing.numbers import NumberFormat, read_number
from modelwright.data.parsing.texts import is_missing_text, text_of

EURO = NumberFormat(decimal=",", thousands=".", unit="€")


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("1234.5", NumberFormat(), 1234.5),
        (" +7 ", NumberFormat(), 7.0),
        ("1e-3", NumberFormat(), 0.001),
        ("−5", NumberFormat(), -5.0),
        ("1,234", NumberFormat(thousands=","), 1234.0),
        ("12,34,567.5", NumberFormat(thousands=","), 1234567.5),
        ("1,23", NumberFormat(thousands=","), None),
        ("1 234,5", NumberFormat(decimal=",", thousands=" "), 1234.5),
        ("1\u202f234", NumberFormat(thousands=" "), 1234.0),
        ("1’234.5", NumberFormat(thousands="'"), 1234.5),
        ("1.234,56 €", EURO, 1234.56),
        ("€1.234", EURO, 1234.0),
        ("(1.234,56 €)", EURO, -1234.56),
        ("-€5", EURO, -5.0),
        ("€-5", EURO, -5.0),
        ("12,50-", EURO, -12.5),
        ("12,50 €-", EURO, -12.5),
        ("5", EURO, 5.0),
        ("12.5%", NumberFormat(unit="%", scale=0.01), 0.125),
        ("3.5 KG", NumberFormat(unit="kg"), 3.5),
        ("$1.2M", NumberFormat(unit="$", magnitude=True), 1.2e6),
        ("19k", NumberFormat(magnitude=True), 19e3),
        ("3.5 lb", NumberFormat(unit="kg"), None),
        ("abc", NumberFormat(), None),
        ("1_000", NumberFormat(), None),
        ("0x10", NumberFormat(), None),
        ("inf", NumberFormat(), None),
        ("", NumberFormat(), None),
        ("1.2.3", NumberFormat(), None),
        ("-", NumberFormat(), None),
    ],
)
def test_numbers(text, style, expected):
    found = read_number(text, style)
    assert found == expected if expected is None else found == pytest.approx(expected)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_are_read_back_exactly(value):
    assert read_number(repr(value), NumberFormat()) == value
    assert read_number(repr(value).replace(".", ","), NumberFormat(decimal=",")) == value


@given(st.integers(-(10**15), 10**15), st.sampled_from([",", ".", " ", "'"]))
def test_grouped_numbers_are_read_back(value, mark):
    style = NumberFormat(decimal="," if mark == "." else ".", thousands=mark)
    assert read_number(f"{value:,}".replace(",", mark), style) == value


NOON = dt.datetime(2017, 3, 4, 12, 30, 15, tzinfo=dt.UTC).timestamp()
DAY = dt.datetime(2017, 3, 4, tzinfo=dt.UTC).timestamp()


@pytest.mark.parametrize(
    ("text", "style", "expected"),
    [
        ("2017-03-04", "%Y-%m-%d", DAY),
        ("4/3/2017", "%d/%m/%Y", DAY),
        ("03/04/17", "%m/%d/%y", DAY),
        ("20170304", "%Y%m%d", DAY),
        ("4 Mar 2017", "%d %b %Y", DAY),
        ("March 4, 2017", "%B %d, %Y", DAY),
        ("2017-03-04T12:30:15Z", "%Y-%m-%dT%H:%M:%S%z", NOON),
        ("2017-03-04 14:30:15+02:00", "%Y-%m-%d %H:%M:%S%z", NOON),
        ("2017-03-04 12:30:15.250", "%Y-%m-%d %H:%M:%S.%f", NOON + 0.25),
        ("03/04/2017 12:30:15 PM", "%m/%d/%Y %I:%M:%S %p", NOON),
        ("03/04/2017 12:30 am", "%m/%d/%Y %I:%M %p", DAY + 1800),
        ("Mar 2017", "%b %Y", dt.datetime(2017, 3, 1, tzinfo=dt.UTC).timestamp()),
        ("31/02/2017", "%d/%m/%Y", None),
        ("2017-13-01", "%Y-%m-%d", None),
        ("2017-03-04 25:00:00", "%Y-%m-%d %H:%M:%S", None),
        ("4 Mrz 2017", "%d %b %Y", None),
        ("2017-3", "%Y-%m-%d", None),
    ],
)
def test_moments(text, style, expected):
    assert format_reader(style)(text) == expected


def test_two_digit_years_turn_at_69():
    read = format_reader("%d.%m.%y")
    assert dt.datetime.fromtimestamp(read("01.01.68"), dt.UTC).year == 2068
    assert dt.datetime.fromtimestamp(read("01.01.69"), dt.UTC).year == 1969


@given(st.datetimes(dt.datetime(1000, 1, 1), dt.datetime(9999, 12, 31)))
def test_moments_agree_however_they_come(moment):
    expected = float((moment - dt.datetime(1970, 1, 1)) // dt.timedelta(microseconds=1)) / 1e6
    assert read_moment(moment, ()) == expected
    assert read_iso(moment.isoformat()) == expected
    assert read_moment(moment.isoformat(sep=" "), ()) == expected
    assert read_moment(np.datetime64(moment), ()) == expected
    assert read_moment(moment.replace(tzinfo=dt.UTC), ()) == expected
    assert format_reader("%Y-%m-%d %H:%M:%S.%f")(moment.strftime("%Y-%m-%d %H:%M:%S.%f").zfill(26)) == expected


def test_moments_of_numbers():
    assert read_moment(1488630615, ("epoch:s",)) == NOON
    assert read_moment("1488630615000", ("epoch:ms",)) == NOON
    assert read_moment(42798.0, ("excel",)) == DAY
    assert read_moment(20170304, ("%Y%m%d",)) == DAY
    assert read_moment("2017-03-04", ("epoch:s",)) == DAY
    assert read_moment(5, ()) is None
    assert read_moment(True, ("epoch:s",)) is None
    assert read_moment(pd.Timestamp("2017-03-04 13:30:15+01:00"), ()) == NOON
    assert read_moment(dt.date(2017, 3, 4), ()) == DAY


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("01:30:00", 5400),
        ("1:05", 3900),
        ("2 days 03:00:00", 183_600),
        ("-00:00:30", -30),
        ("90 min", 5400),
        ("1h 30m", 5400),
        ("1.5 hours", 5400),
        ("2 weeks", 1_209_600),
        ("P1DT2H", 93_600),
        ("PT90M", 5400),
        ("12.5", 12.5),
        (dt.timedelta(minutes=3), 180),
        (dt.time(0, 3), 180),
        (np.timedelta64(3, "m"), 180),
        (7, 7),
        ("90 metres", None),
        ("3 m", None),
        ("1_000", None),
        ("soon", None),
        ("P", None),
        (True, None),
    ],
)
def test_durations(value, expected):
    assert read_duration(value) == expected


def test_booleans():
    assert boolean_tokens(["Yes", "no", "YES"]) == (("yes",), ("no",))
    assert boolean_tokens(["ja", "nein"]) == (("ja",), ("nein",))
    assert boolean_tokens(["oui", "non"]) and boolean_tokens(["T", "F"]) and boolean_tokens(["sí", "no"])
    assert boolean_tokens(["yes"]) is None
    assert boolean_tokens(["yes", "no", "maybe"]) is None
    assert boolean_tokens(["m", "f"]) is None
    for value in (True, 1, 1.0, "1", "TRUE", " true ", "ja", np.True_, np.int64(1)):
        assert read_boolean(value, ("ja",), ("nein",)) == 1.0
    for value in (False, 0, 0.0, "0", "False", "Nein"):
        assert read_boolean(value, ("ja",), ("nein",)) == 0.0
    for value in (2, "maybe", "yes", 0.5):
        assert read_boolean(value, ("ja",), ("nein",)) is None


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, "1"),
        (1.0, "1"),
        ("1.0", "1"),
        (" 1 ", "1"),
        ("1.00", "1"),
        ("-0.0", "0"),
        (-0.0, "0"),
        (np.int8(3), "3"),
        (np.float32(0.1), "0.1"),
        (0.1, "0.1"),
        ("01.0", "01.0"),
        ("1.10", "1.10"),
        ("007", "007"),
        (True, "True"),
        (2**60, str(2**60)),
        (None, None),
        (math.nan, None),
        (pd.NA, None),
        (pd.NaT, None),
        (np.datetime64("NaT"), None),
        ("cafe\u0301", "café"),
        ("\u00a0x\u00a0", "x"),
        ({"b": 1, "a": [1.5, None]}, '{"a": [1.5, null], "b": 1}'),
        (b"abc", "abc"),
        (dt.date(2020, 1, 2), "2020-01-02"),
    ],
)
def test_texts(value, expected):
    assert text_of(value) == expected


@given(st.text())
def test_a_text_is_its_own_text(text):
    once = text_of(text)
    assert text_of(once) == once


def test_missing_texts():
    for text in ("", "NA", "n/a", "NaN", "NULL", "None", "-", "?", "#N/A", "."):
        assert is_missing_text(text)
    for text in ("0", "no", "unknown", "none of these"):
        assert not is_missing_text(text)
    assert is_missing_text("unknown", ("unknown",))
    assert not is_missing_text("None", (), ("None",))
