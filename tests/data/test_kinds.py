"""What kinds are inferred, and why."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.canonical import canonicalise
from modelwright.data.contract import Kind
from modelwright.data.kinds import MAX_LEVELS_KEPT, SAMPLE_ROWS, infer_contract, with_missing, with_scale
from modelwright.errors import UsageError

RNG = np.random.default_rng(0)


def spec_of(values, name="x", **options):
    table = pa.table({name: values if isinstance(values, pa.Array) else pa.array(values)})
    return infer_contract(table, **options)[name]


def texts(values):
    return [str(v) for v in values]


PRICES = RNG.lognormal(7, 1, 200).round(2)


@pytest.mark.parametrize(
    ("values", "decimal", "thousands", "unit", "scale"),
    [
        (texts(PRICES), ".", "", None, 1.0),
        ([f"{v:,.2f}" for v in PRICES * 10], ".", ",", None, 1.0),
        ([f"{v:,.2f} €".translate(str.maketrans(",.", ".,")) for v in PRICES * 10], ",", ".", "€", 1.0),
        ([f"{v:.2f}".replace(".", ",") for v in PRICES], ",", "", None, 1.0),
        ([f"{v:,.0f}" for v in PRICES * 100], ".", ",", None, 1.0),
        ([f"{v:,.0f}".replace(",", ".") for v in range(100, 4000, 10)], ",", ".", None, 1.0),
        ([f"{v:,.0f}".replace(",", " ") for v in PRICES * 10], ".", " ", None, 1.0),
        ([f"{v:,.1f}".replace(",", "'") for v in PRICES * 10], ".", "'", None, 1.0),
        ([f"${v:,.2f}" for v in PRICES * 10], ".", ",", "$", 1.0),
        ([f"{v % 100:.1f}%" for v in PRICES], ".", "", "%", 1.0),
        ([f"{v:.1f} kg" for v in PRICES], ".", "", "kg", 1.0),
        ([f"{v % 90:.0f}cm" for v in PRICES], ".", "", "cm", 1.0),
        ([f"{v}-" if i % 3 else str(v) for i, v in enumerate(PRICES)], ".", "", None, 1.0),
        ([f" {v} months" for v in [36, 60] * 20], ".", "", "months", 1.0),
        ([f"({v})" if i % 3 else str(v) for i, v in enumerate(PRICES)], ".", "", None, 1.0),
    ],
)
def test_numbers_in_disguise(values, decimal, thousands, unit, scale):
    spec = spec_of(values)
    assert spec.kind is Kind.NUMBER
    assert (spec.decimal, spec.thousands, spec.unit, spec.scale) == (decimal, thousands, unit, scale)
    columns, violations = canonicalise({"x": values}, infer_contract(pa.table({"x": values})))
    assert not np.isnan(columns["x"]).any()
    assert not violations


def test_values_of_numbers_in_disguise():
    values = ["1.234,56 €", "(12,00 €)", "7 €", "1.000.000 €", "-3,5 €"] * 5
    columns, _ = canonicalise({"x": values}, infer_contract(pa.table({"x": values})))
    assert columns["x"][:5].tolist() == [1234.56, -12.0, 7.0, 1e6, -3.5]


@pytest.mark.parametrize("unit", ["%", "kg", "€"])
def test_a_plain_number_is_on_the_scale_that_the_training_data_wrote(unit):
    contract = infer_contract(pa.table({"x": [f"{v} {unit}" for v in PRICES]}))
    spec = contract["x"]
    assert (spec.minimum, spec.maximum) == (float(min(PRICES)), float(max(PRICES)))
    columns, _ = canonicalise({"x": [10, "10", f"10 {unit}", f"10{unit}"]}, contract)
    assert columns["x"].tolist() == [10.0] * 4


def test_a_percentage_of_an_earlier_release_keeps_its_scale():
    new = infer_contract(pa.table({"x": [f"{v} %" for v in range(30)], "y": ["a", "b", "c"] * 10}))
    old = with_scale(with_scale(new, "x", 0.01), "y", 0.01)
    assert (old["x"].scale, old["x"].minimum, old["x"].maximum) == (0.01, 0.0, 0.29)
    assert old["x"].as_written(0.29) == pytest.approx(29.0) and old["x"].unit_of_values == ""
    assert old["y"] == new["y"] and with_scale(old, "x", 1.0)["x"].maximum == pytest.approx(29.0)


def test_numbers_of_hundreds_of_digits_are_texts():
    digits = [f"{i}" + "7" * 400 for i in range(100, 200)]
    assert spec_of(digits).kind is Kind.ID
    assert spec_of([digits[i % 4] for i in range(100)]).kind is Kind.CATEGORY
    assert spec_of([f"{d} €" for d in digits]).kind is Kind.ID
    assert spec_of([f"{i}.5" for i in range(99)] + digits[:1]).kind is Kind.NUMBER


def test_magnitudes():
    values = [f"${v:.1f}{'KM'[i % 2]}" for i, v in enumerate(np.linspace(1, 99, 60))]
    spec = spec_of(values)
    assert (spec.kind, spec.unit, spec.formats) == (Kind.NUMBER, "$", ("magnitude",))
    assert spec.maximum == pytest.approx(99e6)


def test_more_than_one_unit_is_not_merged():
    spec = spec_of([f"{i} {'kg' if i % 3 else 'lb'}" for i in range(100)])
    assert spec.kind in (Kind.CATEGORY, Kind.ID)
    assert "more than one unit" in spec.why


def test_a_word_among_numbers_means_missing():
    spec = spec_of([*texts(PRICES), *["varies"] * 30])
    assert (spec.kind, spec.missing_tokens) == (Kind.NUMBER, ("varies",))


def test_codes_with_letters_are_no_numbers():
    assert spec_of([*"123453212345" * 20, *"UUU"]).kind is Kind.CATEGORY
    assert spec_of(["1A", "2A", "3A", "2A"] * 20).kind is Kind.CATEGORY
    assert spec_of(["1stFlr", "2ndFlr"] * 20).kind is Kind.CATEGORY
    assert spec_of(["10-20", "20-30", "30-40"] * 20).kind is Kind.CATEGORY
    assert spec_of([f"192.168.{i}.{i + 7}" for i in range(90)]).kind is not Kind.NUMBER


@pytest.mark.parametrize(
    ("style", "expected"),
    [
        ("%Y-%m-%d", None),
        ("%d/%m/%Y", None),
        ("%m/%d/%Y", None),
        ("%d.%m.%y", None),
        ("%m-%d-%y %H:%M", None),
        ("%d %B %Y", None),
        ("%b %d, %Y", None),
        ("%Y-%m-%dT%H:%M:%S", None),
        ("%Y-%m-%d %H:%M:%S.%f", None),
        ("%Y-%m-%dT%H:%M:%S+01:00", "%Y-%m-%dT%H:%M:%S%z"),
        ("%m/%d/%Y %I:%M:%S %p", None),
        ("%a %b %d %H:%M:%S %Y", None),
        ("%Y%m%d", None),
        ("%Y/%m", None),
        ("%b %Y", None),
        ("%d/%b/%Y:%H:%M:%S", None),
    ],
)
def test_dates(style, expected):
    moments = [dt.datetime(2015, 1, 1) + dt.timedelta(hours=37 * i) for i in range(300)]
    spec = spec_of([m.strftime(style) for m in moments])
    assert spec.kind is Kind.DATETIME
    assert spec.formats == (expected or style,)


def test_day_first_or_month_first_by_all_values():
    few = [f"{d:02d}/03/2020" for d in range(1, 13)] * 20
    assert spec_of([*few, "25/03/2020"]).formats == ("%d/%m/%Y",)
    assert spec_of([*few, "03/25/2020"]).formats == ("%m/%d/%Y",)
    ordered = [f"{d:02d}/{m:02d}/2020" for m in range(1, 13) for d in range(1, 13)]
    assert spec_of(ordered).formats == ("%d/%m/%Y",)
    assert "in order of time" in spec_of(ordered).why
    shuffled = np.random.default_rng(0).permutation(ordered).tolist()
    assert "cannot be told apart" in spec_of(shuffled).why


def test_the_rest_of_the_rows_corrects_the_order():
    n = SAMPLE_ROWS * 2
    values = np.array(["03/04/2020", "05/04/2020"] * (n // 2), dtype=object)
    values[7] = "25/04/2020"
    spec = spec_of(pa.array(values))
    assert spec.formats == ("%d/%m/%Y",)


def test_two_formats():
    values = [f"2020-01-{d:02d}" for d in range(1, 29)] + [f"{d}.2.2020" for d in range(1, 29)]
    assert set(spec_of(values).formats) == {"%Y-%m-%d", "%d.%m.%Y"}


def test_dates_in_numbers():
    days = [20150101 + 100 * m + d for m in range(12) for d in range(28)]
    assert spec_of(days).formats == ("%Y%m%d",)
    assert spec_of(RNG.integers(10_000_000, 99_999_999, 300)).kind is Kind.NUMBER
    seconds = RNG.integers(1.4e9, 1.5e9, 300)
    assert spec_of(seconds, "created_at").formats == ("epoch:s",)
    assert spec_of(seconds * 1000, "timestamp").formats == ("epoch:ms",)
    assert spec_of(seconds, "population").kind is Kind.NUMBER
    assert spec_of(RNG.integers(1990, 2020, 300), "year").kind is Kind.NUMBER
    assert spec_of([201500 + m for m in range(1, 13)] * 3, "month").formats == ("%Y%m",)


def test_things_that_are_no_dates():
    assert spec_of(["1-2", "3-4", "5-6"] * 20).kind is Kind.CATEGORY
    assert spec_of([f"{i}.{i % 10}" for i in range(100)]).kind is Kind.NUMBER
    assert spec_of([f"{i:05d}-{i % 97:02d}" for i in range(100)]).kind is Kind.ID


def test_durations():
    assert spec_of([f"{i // 60:02d}:{i % 60:02d}:00" for i in range(100)]).kind is Kind.DURATION
    assert spec_of([f"{i} min" for i in range(100)]).kind is Kind.DURATION
    assert spec_of([f"{i}h {i % 60}m" for i in range(1, 100)]).maximum == 99 * 3600 + 39 * 60
    assert spec_of(pa.array([1000, 2000, None], pa.duration("ms"))).kind is Kind.DURATION
    assert spec_of(["2D", "3D"] * 50).kind is not Kind.DURATION


def test_booleans():
    for pair in (("yes", "no"), ("True", "False"), ("t", "f"), ("Y", "N"), ("ja", "nein"), ("да", "нет")):
        assert spec_of([*pair] * 10).kind is Kind.BOOLEAN
    assert spec_of([True, False, None]).kind is Kind.BOOLEAN
    assert spec_of([0, 1] * 10, "is_open").kind is Kind.BOOLEAN
    assert spec_of([0, 1] * 10).kind is Kind.NUMBER
    assert spec_of([0, 1] * 200).kind is Kind.BOOLEAN
    assert spec_of([0, 1] * 200, "num_children").kind is Kind.NUMBER
    assert spec_of([1, 2] * 200).kind is Kind.NUMBER
    assert spec_of(["yes", None] * 10).kind is Kind.CATEGORY


def test_a_rare_value_beyond_the_sample_is_seen():
    values = np.zeros(3 * SAMPLE_ROWS, dtype=np.int64)
    values[::2] = 1
    values[5] = 2
    assert spec_of(values).kind is Kind.NUMBER
    assert spec_of(values).maximum == 2
    lone = np.zeros(3 * SAMPLE_ROWS, dtype=np.int64)
    lone[5] = 1
    assert spec_of(lone).kind is not Kind.CONSTANT


def test_ids():
    n = 200
    numbers = RNG.permutation(10**6)[:n]
    assert spec_of(np.arange(n)).kind is Kind.ID
    assert spec_of(RNG.permutation(n) + 1).kind is Kind.ID
    assert spec_of(numbers, "customerID").kind is Kind.ID
    assert spec_of(numbers, "population").kind is Kind.NUMBER
    assert spec_of(numbers, "price").kind is Kind.NUMBER
    assert spec_of(RNG.normal(size=n)).kind is Kind.NUMBER
    assert spec_of(np.arange(1800, 2000), "year").kind is Kind.NUMBER
    assert spec_of(np.arange(n), "time").kind is Kind.NUMBER
    assert spec_of([f"C-{i:06x}" for i in numbers]).kind is Kind.ID
    assert spec_of(np.repeat(numbers, 20), "customer_id").kind is Kind.CATEGORY
    assert spec_of([1, 2, 3]).kind is Kind.NUMBER
    assert spec_of([1, 2, 3], "id").kind is Kind.ID


def test_a_counter_of_many_rows():
    assert spec_of(np.arange(2 * SAMPLE_ROWS)).kind is Kind.ID
    assert spec_of([f"u{i // 3}" for i in range(3 * SAMPLE_ROWS)]).kind is Kind.CATEGORY


def test_codes_and_counts():
    codes = RNG.integers(1, 9, 300)
    for name in ("Pclass", "store_id", "zip", "MSSubClass", "market_segment", "sex", "product type"):
        assert spec_of(codes, name).kind is Kind.CATEGORY, name
    for name in ("rooms", "number_of_stores", "age_group_size", "carrier_delay", "quality", "n_types", "x3"):
        assert spec_of(codes, name).kind is Kind.NUMBER, name
    assert spec_of([f"{v:05d}" for v in RNG.integers(1000, 99_999, 40)] * 5, "area").kind is Kind.CATEGORY
    assert spec_of(["0.5", "0", "1"] * 20).kind is Kind.NUMBER


def test_texts():
    words = ["the", "quick", "brown", "fox", "jumps", "over", "a", "lazy", "dog", "and", "runs", "away", "from", "here"]
    rows = [" ".join(RNG.choice(words, 8)) for _ in range(100)]
    assert spec_of(rows).kind is Kind.TEXT
    assert spec_of(["今天天气很好我们去公园" + str(i) for i in range(60)]).kind is Kind.TEXT
    assert spec_of(["existing paid back duly", "no credits at all taken"] * 50).kind is Kind.CATEGORY
    assert spec_of([f"+49 170 {i * 7919}" for i in range(60)]).kind is Kind.ID
    assert spec_of([f"0{i * 97:04d}" for i in range(60)], "zip").kind is Kind.CATEGORY
    assert spec_of([f"user{i}@example.org" for i in range(60)]).kind is Kind.ID


def test_geo_needs_a_pair():
    lat, lon = RNG.uniform(40, 60, 50), RNG.uniform(-10, 30, 50)
    contract = infer_contract(pa.table({"pickup_lat": lat, "pickup_lng": lon, "latitude": lat}))
    assert [s.geo for s in contract.columns] == ["latitude", "longitude", None]
    assert [s.kind for s in contract.columns] == [Kind.GEO, Kind.GEO, Kind.NUMBER]
    far = infer_contract(pa.table({"lat": lat * 10, "lon": lon}))
    assert {s.kind for s in far.columns} == {Kind.NUMBER}


def test_constants():
    assert spec_of(["a"] * 5).kind is Kind.CONSTANT
    assert spec_of([3.0] * 5).kind is Kind.CONSTANT
    assert spec_of(pa.nulls(5, pa.string())).kind is Kind.CONSTANT
    assert spec_of(["?", "NA", ""]).kind is Kind.CONSTANT
    assert spec_of(["pool", None] * 5).kind is Kind.CATEGORY


def test_missing_tokens_that_are_values():
    spec = spec_of(["+", "-"] * 20)
    assert (spec.kind, spec.kept_tokens, spec.n_levels) == (Kind.CATEGORY, ("-",), 2)
    classes = ["None"] * 50 + ["Apnea"] * 20 + ["Insomnia"] * 20
    assert spec_of(classes, target="x").levels == ("None", "Apnea", "Insomnia")
    assert spec_of(classes).levels == ("Apnea", "Insomnia")
    assert spec_of(["?"] * 50 + ["a", "b"] * 20, target="x").n_levels == 2


def test_the_target_stays_a_class_or_a_value():
    def kind(values, name="x"):
        return spec_of(values, name, target=name).kind

    assert kind(["yes", "no"] * 10) is Kind.CATEGORY
    assert kind([True, False] * 10) is Kind.CATEGORY
    assert kind([f"C{i}" for i in range(50)]) is Kind.CATEGORY
    assert kind(np.arange(100)) is Kind.NUMBER
    assert kind(np.arange(100), "id") is Kind.NUMBER
    assert kind([0, 1] * 300) is Kind.NUMBER
    assert kind([1, 2, 3] * 30, "class") is Kind.CATEGORY
    assert kind(["a"] * 10) is Kind.CATEGORY
    assert kind([5.0] * 10) is Kind.NUMBER
    assert kind([f"{i} €" for i in range(100)]) is Kind.NUMBER


def test_what_the_brief_says():
    spec = spec_of([1, 2, 3] * 10, kinds={"x": "category"})
    assert (spec.kind, spec.why, spec.levels) == (Kind.CATEGORY, "the brief says so", ("1", "2", "3"))
    assert spec_of(["1,5", "2,5"], kinds={"x": "number"}).decimal == ","
    assert spec_of([0, 1, 1], kinds={"x": "boolean"}).kind is Kind.BOOLEAN
    assert spec_of([1.4e9, 1.5e9], kinds={"x": "datetime"}).formats == ("epoch:s",)
    assert spec_of(["a", "b"], kinds={"x": "text"}).kind is Kind.TEXT
    for kind in ("number", "datetime", "boolean"):
        with pytest.raises(UsageError, match=rf"cannot be read as {kind}.*MW-U117"):
            spec_of(["red", "green", "blue"], kinds={"x": kind})
    with pytest.raises(UsageError, match=r"kind 'numbr'.*did you mean 'number'.*MW-U116"):
        spec_of([1], kinds={"x": "numbr"})
    with pytest.raises(UsageError, match="MW-U101"):
        spec_of([1], kinds={"y": "number"})
    with pytest.raises(UsageError, match="MW-U101"):
        spec_of([1], target="y")


def test_ranges_levels_and_nullability():
    contract = infer_contract(pa.table({"n": [1.5, None, 9.0], "c": ["b", "a", "b"], "d": ["x", "?", "x"]}))
    assert (contract["n"].minimum, contract["n"].maximum, contract["n"].nullable) == (1.5, 9.0, True)
    assert (contract["c"].levels, contract["c"].n_levels, contract["c"].nullable) == (("b", "a"), 2, False)
    assert contract["d"].nullable
    assert contract.rows_seen == 3
    many = spec_of([f"k{i % 3000}" for i in range(9000)])
    assert len(many.levels) == MAX_LEVELS_KEPT < many.n_levels


def test_with_missing():
    spec = with_missing(spec_of([1.0, 2.0, -999.0, 5.0]), numbers=[-999])
    assert spec.missing_numbers == (-999.0,)
    assert spec.nullable
    assert spec.minimum is None
    _, violations = canonicalise({"x": [1.0, -999, "-999", 7]}, infer_contract(pa.table({"x": [1.0, 9.0]})))
    assert len(violations) == 1
    spec = with_missing(spec_of(["a", "unknown", "b"] * 5), tokens=["unknown"])
    assert spec.levels == ("a", "b")
    assert spec.n_levels == 2


def test_every_column_has_a_reason():
    table = pa.table({"a": [1, 2], "b": ["x", "y"], "c": [None, None], "d": [1.5, 2.5], "e": [True, False]})
    assert all(s.why for s in infer_contract(table).columns)


odd = st.one_of(
    st.none(),
    st.text(max_size=10),
    st.sampled_from(["1", "2.5", "NA", "yes", "no", "2020-01-02", "5 kg", "1:30", "007", "-", "+", "1,5", "3 %"]),
    st.integers(-5, 5).map(str),
)


@settings(max_examples=200, deadline=None)
@given(
    st.one_of(
        st.lists(odd, min_size=1, max_size=40),
        st.lists(st.one_of(st.none(), st.floats()), min_size=1, max_size=40),
        st.lists(st.one_of(st.none(), st.integers(-(2**62), 2**62)), min_size=1, max_size=40),
        st.lists(st.one_of(st.none(), st.datetimes()), min_size=1, max_size=40),
    ),
    st.booleans(),
)
def test_any_column_fits_the_contract_inferred_from_it(values, is_target):
    table = pa.table({"x": pa.array(values)})
    contract = infer_contract(table, target="x" if is_target else None)
    _, violations = canonicalise(table, contract)
    assert not [v for v in violations if v.what != "wrong type"]
    if contract["x"].kind in (Kind.BOOLEAN, Kind.CATEGORY, Kind.ID, Kind.TEXT, Kind.CONSTANT):
        assert not violations
