"""Numbers as people read them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelwright import format as fmt
from modelwright.evaluate.measurements import Measurement


def measurement(value, low=None, high=None, unit=""):
    return Measurement(name="x", value=value, low=low, high=high, n=10, method="m", unit=unit)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (12, "12"),
        (1234567.0, "1,234,567"),
        (0.04567, "0.0457"),
        (-3.14159, "−3.14"),
        (1.5e-7, "1.50 × 10⁻⁷"),
        (2e15, "2.00 × 10¹⁵"),
        (None, "—"),
        (float("nan"), "—"),
    ],
)
def test_number(value, text):
    assert fmt.number(value) == text


@pytest.mark.parametrize(
    ("m", "text"),
    [
        (measurement(0.9312, 0.9105, 0.9518), "0.93 (0.91 to 0.95)"),
        (measurement(0.8001, 0.7877, 0.8125), "0.800 (0.788 to 0.812)"),
        (measurement(27412, 23511, 31313, "€"), "27,000 (24,000 to 31,000) €"),
        (measurement(0.71), "0.710"),
        (measurement(None), "—"),
        (measurement(-0.00004, -0.001, 0.001), "−4.0 × 10⁻⁵ (−0.0010 to 0.0010)"),
    ],
)
def test_measured(m, text):
    assert fmt.measured(m) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.5, "50%"), (0.004, "0.4%"), (0.9997, "99.97%"), (0, "0%"), (1, "100%"), (0.117, "12%"), (None, "—")],
)
def test_share(value, text):
    assert fmt.share(value) == text


@given(st.floats(1e-9, 1 - 1e-9))
def test_share_never_claims_all_or_nothing_above_its_digits(value):
    text = fmt.share(value)
    if 1e-6 < value < 1 - 1e-6:
        assert text not in ("0%", "100%")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.00021, "0.21 ms"),
        (0.085, "85 ms"),
        (4.21, "4.2 s"),
        (59.6, "1 min"),
        (200, "3 min 20 s"),
        (3900, "1 h 5 min"),
        (90000, "1 d 1 h"),
        (None, "—"),
    ],
)
def test_duration(seconds, text):
    assert fmt.duration(seconds) == text


@pytest.mark.parametrize(
    ("n", "text"), [(1, "1 byte"), (912, "912 bytes"), (2_430_000, "2.4 MB"), (1.93e9, "1.9 GB"), (999_700, "1.0 MB")]
)
def test_size(n, text):
    assert fmt.size(n) == text


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_everything_takes_any_number(value):
    for f in (fmt.number, fmt.share, fmt.duration):
        assert f(value)
    for kind in ("number", "datetime", "duration", "boolean", "geo"):
        assert fmt.value_of(value, kind)


@given(st.floats(-1e9, 1e9), st.floats(1e-6, 1e9))
def test_interval_keeps_its_width_to_a_third(value, half):
    decimals = fmt.decimals_for(value, value - half, value + half)
    if decimals < 6:
        assert 10.0**-decimals <= half * 1.01 and half <= 20.5 * 10.0**-decimals
    assert math.isfinite(decimals)


def test_long_texts_are_told_apart_by_what_they_do_not_share():
    notes = [f"Kunde [name] möchte {what} finanzieren." for what in ("Auto", "Dach", "Küche")]
    assert fmt.told_apart([*notes, "(rare)"], 20) == ["…Auto…", "…Dach…", "…Küche…", "(rare)"]
    assert fmt.told_apart([notes[0]] * 2, 20) == [fmt.short(notes[0], 20)] * 2
    assert fmt.told_apart(["cook", "clerk"], 20) == ["cook", "clerk"]


def test_texts():
    assert fmt.joined(["a", "b", "c"]) == "a, b and c"
    assert fmt.joined("abcdefgh", 4) == "a, b, c and 5 more"
    assert fmt.short("neighbourhood by the river", 12) == "neighb…river"
    assert fmt.plural(1, "row") == "1 row" and fmt.plural(2000, "row") == "2,000 rows"
    assert fmt.when("2026-03-05T09:30:00Z") == "5 March 2026, 09:30 UTC"
    assert fmt.when("yesterday") == "yesterday"
    assert fmt.value_of(1.2e9, "datetime") == "2008-01-10"


def test_a_year_is_written_without_a_separator():
    told = [fmt.value_of(value, "number") for value in (1941.0, -1500.0, 9999.4, 9999.6, 12_000.0, 1234.5)]
    assert told == ["1941", "−1500", "9999", "10,000", "12,000", "1234"]
    assert fmt.value_of(1941.0, "number", beside=(1941.0, 12_000.0)) == "1,941"


def _wide(value, low, high):
    return Measurement(name="mae", value=value, low=low, high=high, n=9, method="")


def _read(text):
    text = text.replace(",", "").replace("−", "-")
    if "×" in text:
        mantissa, power = text.split(" × 10")
        exponent = power.translate(str.maketrans("⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "-0123456789"))
        return float(f"{mantissa}e{exponent}")
    return float(text)


@given(st.floats(-1e15, 1e15), st.floats(0, 1e15), st.floats(0, 1e15))
def test_a_wide_interval_never_swallows_the_value(value, below, above):
    m = _wide(value, value - below, value + above)
    if abs(value) > 1e-300:
        assert _read(fmt.amount(m)) == pytest.approx(value, rel=0.05)
    assert fmt.measured(m).startswith(fmt.amount(m))


@pytest.mark.parametrize(
    ("value", "low", "high", "text"),
    [
        (10_406, -348, 23_600, "10,000 (−350 to 24,000)"),
        (-10_406, -23_600, -348, "−10,000 (−24,000 to −350)"),
        (10_406, 348, 23_600, "10,000 (350 to 24,000)"),
        (10_406, -1e-9, 23_600, "10,000 (0 to 24,000)"),
    ],
)
def test_an_interval_says_on_which_sides_of_zero_it_lies(value, low, high, text):
    assert fmt.measured(Measurement(name="gain", value=value, low=low, high=high, n=9, method="")) == text


def test_a_wide_interval_reads_well():
    assert fmt.amount(_wide(1234567.0, 0.0, 3.1e8)) == "1,200,000"
    assert fmt.measured(_wide(0.034, 0.001, 2.3)) == "0.034 (0.0010 to 2.3)"
    assert fmt.measured(_wide(0.9312, 0.91, 0.95)) == "0.931 (0.910 to 0.950)"
