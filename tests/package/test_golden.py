"""Golden requests: readable by the contract, about nobody, and hostile where they say so."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.canonical import canonicalise
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.package.golden import HOSTILE, Golden, golden_rows, largest_difference
from modelwright.package.rendering import raw_value

JUNE = datetime(2024, 6, 1, tzinfo=UTC).timestamp()
SPECS = (
    ColumnSpec(name="plain", kind=Kind.NUMBER, storage="double", minimum=0.0, maximum=1.0),
    ColumnSpec(name="whole", kind=Kind.NUMBER, storage="int64", minimum=-5.0, maximum=50.0),
    ColumnSpec(name="text", kind=Kind.NUMBER, minimum=0.001, maximum=1e9),
    ColumnSpec(name="comma", kind=Kind.NUMBER, minimum=0.5, maximum=12345.5, decimal=",", thousands="."),
    ColumnSpec(name="percent", kind=Kind.NUMBER, minimum=0.0, maximum=1.0, unit="%", scale=0.01),
    ColumnSpec(name="constant", kind=Kind.NUMBER, minimum=7.0, maximum=7.0),
    ColumnSpec(name="unknown range", kind=Kind.NUMBER),
    ColumnSpec(name="flag", kind=Kind.BOOLEAN, storage="bool"),
    ColumnSpec(name="yes", kind=Kind.BOOLEAN, true_tokens=("ja",), false_tokens=("nein",)),
    ColumnSpec(name="day", kind=Kind.DATETIME, formats=("%d.%m.%Y",), minimum=JUNE - 1e8, maximum=JUNE),
    ColumnSpec(name="moment", kind=Kind.DATETIME, storage="timestamp[us]", minimum=JUNE - 1e8, maximum=JUNE),
    ColumnSpec(name="iso", kind=Kind.DATETIME, minimum=JUNE - 1e8, maximum=JUNE),
    ColumnSpec(name="epoch", kind=Kind.DATETIME, storage="int64", formats=("epoch:ms",), minimum=0.0, maximum=JUNE),
    ColumnSpec(name="lasted", kind=Kind.DURATION, storage="double", minimum=0.0, maximum=3600.0),
    ColumnSpec(name="lat", kind=Kind.GEO, storage="double", geo="latitude", minimum=47.0, maximum=55.0),
    ColumnSpec(name="job", kind=Kind.CATEGORY, levels=("admin", "none of these"), n_levels=2),
    ColumnSpec(name="zip", kind=Kind.CATEGORY, storage="int64", levels=("10115", "80331"), n_levels=2),
    ColumnSpec(name="note", kind=Kind.TEXT),
    ColumnSpec(name="key", kind=Kind.ID),
)
CONTRACT = Contract(columns=SPECS, rows_seen=100)
PROFILE = Profile(
    n_rows=100,
    columns=(
        ColumnProfile(
            name="plain", kind="number", n_missing=0, n_distinct=9, quantiles=(0.0, 0.1, 0.1, 0.1, 0.1, 0.1, 1.0)
        ),
    ),
)


def test_ordinary_rows_keep_the_contract_in_every_column() -> None:
    about, rows = golden_rows(CONTRACT, PROFILE, np.random.default_rng(0))
    ordinary = {name: values[: about.count("ordinary")] for name, values in rows.items()}
    columns, violations = canonicalise(ordinary, CONTRACT, required=CONTRACT.names)
    assert violations == ()
    for spec in SPECS:
        column = columns[spec.name]
        if spec.kind.numeric:
            assert np.isfinite(column).all(), spec.name
        else:
            assert (column.codes >= 0).all(), spec.name


def test_hostile_rows_are_what_they_say() -> None:
    about, rows = golden_rows(CONTRACT, PROFILE, np.random.default_rng(0))
    columns, violations = canonicalise(rows, CONTRACT, required=CONTRACT.names)
    assert not [v for v in violations if v.what == "wrong type"]
    place = {name: about.index(name) for name in HOSTILE}
    assert all(values[place["all missing"]] is None for values in rows.values())
    assert columns["plain"][place["far above"]] > 50 and columns["plain"][place["far below"]] < -50
    assert columns["job"].to_object()[place["new levels"]] not in ("admin", "none of these")
    assert ("new level", "job") in {(v.what, v.column) for v in violations}


def test_rows_are_json_and_the_same_for_the_same_seed() -> None:
    first = golden_rows(CONTRACT, PROFILE, np.random.default_rng(5))
    second = golden_rows(CONTRACT, PROFILE, np.random.default_rng(5))
    assert json.loads(json.dumps(first[1])) == first[1] == second[1]
    assert golden_rows(CONTRACT, PROFILE, np.random.default_rng(6))[1] != first[1]


def test_values_follow_the_profile_where_there_is_one() -> None:
    about, rows = golden_rows(CONTRACT, PROFILE, np.random.default_rng(0))
    values = rows["plain"][: about.count("ordinary")]
    assert sum(v == 0.1 for v in values) > len(values) / 2


@settings(max_examples=200)
@given(st.floats(-1e15, 1e15), st.sampled_from([s for s in SPECS if s.kind is Kind.NUMBER]))
def test_a_number_survives_being_written_as_in_the_source(value: float, spec: ColumnSpec) -> None:
    raw = raw_value(spec, value)
    columns, _ = canonicalise({spec.name: [raw]}, Contract(columns=(spec,), rows_seen=1))
    slack = 0.5 if spec.storage == "int64" else max(1e-9 * abs(value), 1e-11)
    assert math.isclose(float(columns[spec.name][0]), value, rel_tol=1e-9, abs_tol=slack)


def test_only_numbers_are_compared() -> None:
    golden = Golden(about=("ordinary",), rows={"a": [1]}, answers={"prediction": ["yes"], "probability_yes": [0.5]})
    same = {"prediction": np.array(["no"], object), "probability_yes": np.array([0.5])}
    assert largest_difference(same, golden) == 0.0
    assert largest_difference({**same, "probability_yes": np.array([0.75])}, golden) == 0.25
    assert largest_difference({"prediction": np.array([1.0])}, golden) == math.inf
    assert largest_difference({**same, "probability_yes": np.array([math.nan])}, golden) == math.inf


@pytest.mark.parametrize("seconds", [-1e12, 0.0, 1e12])
def test_moments_stay_in_the_years_that_every_reader_knows(seconds: float) -> None:
    for spec in SPECS:
        if spec.kind is Kind.DATETIME:
            columns, violations = canonicalise(
                {spec.name: [raw_value(spec, seconds)]}, Contract(columns=(spec,), rows_seen=1)
            )
            assert np.isfinite(columns[spec.name]).all(), spec.name
            assert not [v for v in violations if v.what == "wrong type"]


def test_between_numbers_further_apart_than_any_number_values_are_drawn_all_the_same() -> None:
    contract = Contract(
        columns=(ColumnSpec(name="x", kind=Kind.NUMBER, storage="double", minimum=-1e308, maximum=1e308),), rows_seen=9
    )
    for quantiles in ((), tuple(np.linspace(-1, 1, 7) * 1e308)):
        column = ColumnProfile(name="x", kind="number", n_missing=0, n_distinct=9, quantiles=quantiles)
        _, rows = golden_rows(contract, Profile(n_rows=9, columns=(column,)), np.random.default_rng(0))
        drawn = [v for v in rows["x"] if v is not None]
        assert np.isfinite(drawn).all() and min(drawn) < 0 < max(drawn) and len(set(drawn)) > 10
