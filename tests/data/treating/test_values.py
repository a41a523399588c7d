"""One value treated: what comes out, and that treating it again changes nothing."""

from __future__ import annotations

import datetime as dt
import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from modelwright.data.treating.keys import ENVIRONMENT, fingerprint_of
from modelwright.data.treating.treatment import MASKED, RARE, Action, Treatment, parse_action
from modelwright.data.treating.values import treated_values, treater
from modelwright.errors import UsageError

KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, KEY)


def once(value, **how):
    return treater(Treatment(**how))(value)


@pytest.mark.parametrize(
    ("value", "how", "expected"),
    [
        ("Ann Lee", {"action": Action.MASK}, MASKED),
        ("1950-03-02", {"action": Action.YEAR}, 1950.0),
        ("02/03/1950", {"action": Action.YEAR, "formats": ("%d/%m/%Y",)}, 1950.0),
        ("1901-03-02", {"action": Action.YEAR, "low": 1936.0}, 1936.0),
        (dt.datetime(1950, 3, 2), {"action": Action.YEAR}, 1950.0),
        (np.datetime64("1950-03-02"), {"action": Action.YEAR}, 1950.0),
        (-625_000_000, {"action": Action.YEAR, "formats": ("epoch:s",)}, 1950.0),
        ("soon", {"action": Action.YEAR}, None),
        (dt.datetime(3000, 1, 1), {"action": Action.YEAR, "formats": ("epoch:s",)}, None),
        (93, {"action": Action.CAP, "size": 90.0}, 90.0),
        ("93", {"action": Action.CAP, "size": 90.0}, 90.0),
        (41, {"action": Action.CAP, "size": 90.0}, 41.0),
        ("90+", {"action": Action.CAP, "size": 90.0}, None),
        ("1.234,5", {"action": Action.BUCKET, "size": 100.0, "decimal": ",", "thousands": "."}, 1200.0),
        (-1, {"action": Action.BUCKET, "size": 10.0}, -10.0),
        (52.51631, {"action": Action.ROUND, "size": 2.0}, 52.52),
        (2139, {"action": Action.PREFIX, "size": 3.0, "width": 5}, "021**"),
        ("02139-4307", {"action": Action.PREFIX, "size": 3.0}, "021**"),
        ("03601", {"action": Action.PREFIX, "size": 3.0, "few": ("036",)}, "000**"),
        ("SW1A 1AA", {"action": Action.PREFIX, "size": 3.0}, "SW1**"),
        ("Fresno", {"action": Action.POOL, "levels": ("Boston", "Fresno")}, "Fresno"),
        ("Zebville", {"action": Action.POOL, "levels": ("Boston", "Fresno")}, RARE),
        ("Zebville moved", {"action": Action.REDACT, "levels": ("[name] moved", "Called")}, "[name] moved"),
        ("Zebville called", {"action": Action.REDACT, "levels": ("[name] moved", "Called")}, RARE),
        ("Zebville moved", {"action": Action.POOL, "levels": ("[name] moved", "Called")}, RARE),
        (12.0, {"action": Action.CLIP, "low": 0.0, "high": 10.0}, 10.0),
        ("-", {"action": Action.POOL, "levels": ("a",)}, "-"),
        ("", {"action": Action.MASK}, ""),
        (None, {"action": Action.MASK}, None),
        (math.nan, {"action": Action.CAP, "size": 1.0}, None),
        ({"name": "Ann"}, {"action": Action.CAP, "size": 1.0}, None),
    ],
)
def test_what_comes_out(value, how, expected):
    assert once(value, **how) == expected


raw = st.one_of(
    st.none(),
    st.text(max_size=40),
    st.integers(-(10**12), 10**12),
    st.floats(allow_nan=True, allow_infinity=True),
    st.booleans(),
    st.datetimes(min_value=dt.datetime(1000, 1, 1)),
    st.sampled_from(["02139", "ab**", "Call Maria Lopez, 12 Mill Road, a@b.de, 030 1234567", "1e5", RARE, "1999"]),
)
treatments = st.sampled_from(
    [
        Treatment(action=Action.MASK),
        Treatment(action=Action.HASH, salt="c"),
        Treatment(action=Action.YEAR, formats=("%d.%m.%Y", "epoch:s"), low=1936.0),
        Treatment(action=Action.CAP, size=90.0),
        Treatment(action=Action.BUCKET, size=0.1),
        Treatment(action=Action.BUCKET, size=7.0, low=-70.0, high=70.0),
        Treatment(action=Action.ROUND, size=2.0),
        Treatment(action=Action.PREFIX, size=3.0, few=("021",), width=5),
        Treatment(action=Action.PREFIX, size=2.0, levels=("02**", "ab**")),
        Treatment(action=Action.REDACT),
        Treatment(action=Action.POOL, levels=("1999", "True")),
        Treatment(action=Action.CLIP, low=-5.0, high=5.5),
    ]
)


@settings(deadline=None)
@given(value=raw, treatment=treatments)
def test_treating_again_changes_nothing(value, treatment):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(ENVIRONMENT, KEY)
        treat = treater(treatment)
        first = treat(value)
        assert treat(first) == first


def test_pseudonyms_are_equal_for_equal_values_and_differ_by_column_and_key(monkeypatch):
    how = Treatment(action=Action.HASH, salt="customer")
    one = treater(how)("K17")
    assert one.startswith("#") and len(one) == 33 and "K17" not in one
    assert treater(how)(" K17") == one and treater(how)("K18") != one
    assert treater(Treatment(action=Action.HASH, salt="other"))("K17") != one
    monkeypatch.setenv(ENVIRONMENT, KEY[::-1])
    assert treater(how)("K17") != one
    assert treater(how)(one) == one, "a pseudonym needs no key"


def test_a_pseudonym_needs_the_right_key(monkeypatch, tmp_path):
    how = Treatment(action=Action.HASH, salt="c", fingerprint=fingerprint_of(bytes.fromhex(KEY)))
    monkeypatch.setenv(ENVIRONMENT, KEY[::-1])
    with pytest.raises(UsageError) as caught:
        treater(how)("K17")
    assert caught.value.code == "MW-U912" and "K17" not in str(caught.value)
    monkeypatch.delenv(ENVIRONMENT)
    with pytest.raises(UsageError) as caught:
        treater(how)("K17")
    assert caught.value.code == "MW-U910"
    (tmp_path / "key").write_text("no key")
    with pytest.raises(UsageError) as caught:
        treater(Treatment(action=Action.HASH, key_file=str(tmp_path / "key")))("K17")
    assert caught.value.code == "MW-U911"
    (tmp_path / "key").write_text(KEY + "\n")
    assert treater(Treatment(action=Action.HASH, salt="c", key_file=str(tmp_path / "key")))("K17").startswith("#")


@settings(deadline=None)
@given(
    numbers=st.lists(st.one_of(st.none(), st.floats(width=64), st.integers(-(10**6), 10**6)), min_size=1, max_size=20),
    treatment=st.sampled_from(
        [
            Treatment(action=Action.CAP, size=90.0),
            Treatment(action=Action.BUCKET, size=0.1),
            Treatment(action=Action.BUCKET, size=7.0, low=-70.0, high=70.0),
            Treatment(action=Action.CLIP, low=-5.0, high=5.5),
        ]
    ),
)
@example(numbers=[1.7e307], treatment=Treatment(action=Action.BUCKET, size=0.1))
def test_columns_of_numbers_are_treated_at_once_as_one_by_one(numbers, treatment):
    treat = treater(treatment)
    expected = [np.nan if (v := treat(n)) is None else v for n in numbers]
    column = pa.array([None if n is None else float(n) for n in numbers], pa.float64())
    plain = [None if n is None or not math.isfinite(n) else n for n in numbers]
    texts = pa.array([None if n is None else repr(n) for n in plain], pa.string())
    assert np.array_equal(treated_values(pa.chunked_array([column]), treatment), expected, equal_nan=True)
    from_texts = treated_values(pa.chunked_array([texts]), treatment)
    one_by_one = [treat(None if n is None else repr(n)) for n in plain]
    assert [None if v is None or v != v else v for v in from_texts] == one_by_one


def test_columns_are_treated_as_their_values_are():
    values = ["93", None, "12", "93", "?"]
    assert treated_values(values, Treatment(action=Action.CAP, size=90.0)) == [90.0, None, 12.0, 90.0, None]


@pytest.mark.parametrize(
    ("text", "code"), [("burn", "MW-U901"), ("bucket", "MW-U902"), ("drop:3", "MW-U902"), ("prefix:0", "MW-U902")]
)
def test_actions_that_make_no_sense(text, code):
    with pytest.raises(UsageError) as caught:
        parse_action(text, "column 'age'")
    assert caught.value.code == code


def test_actions_are_read():
    assert parse_action("bucket:10", "column 'age'") == (Action.BUCKET, 10.0)
    assert parse_action("drop", "column 'age'") == (Action.DROP, None)
