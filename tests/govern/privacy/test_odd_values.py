"""Odd values, units and texts do not get around a policy; what is asked for in an impossible way is refused."""

from __future__ import annotations

import time

import numpy as np
import pyarrow as pa
import pytest

from modelwright.brief import Brief
from modelwright.data.canonical import read_column
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.kinds import infer_contract
from modelwright.data.treating.treatment import RARE, Action, Treatment, parse_action
from modelwright.data.treating.values import treater
from modelwright.errors import UsageError
from modelwright.govern.privacy.detecting import detect
from modelwright.govern.privacy.policy import Datum, load_policy
from modelwright.govern.privacy.pooling import base_of, pooled
from modelwright.lifecycle import STAGES, Silent, _go_through
from modelwright.running import Run
from tests.govern.privacy.test_deciding import context

N = 600


def read(columns: dict, policy: str) -> Run:
    rng = np.random.default_rng(1)
    table = pa.table({**columns, "x": rng.normal(size=N), "y": rng.integers(0, 2, N)})
    run = Run(Brief().merged(target="y", privacy=policy), data=table, test=None, started=time.monotonic(),
              listener=Silent())  # fmt: skip
    with run:
        _go_through(run, STAGES[:2], Silent())
    return run


@pytest.mark.parametrize(("odd", "times"), [(230, 1), (999, 40), (-1, 40)])
def test_odd_ages_do_not_turn_the_rule_off(odd, times):
    ages = np.random.default_rng(0).integers(18, 99, N)
    ages[:times] = odd
    found = detect(context({"age": ages, "churn": ["yes", "no"] * (N // 2)}))
    assert found["age"].datum is Datum.AGE


@pytest.mark.parametrize("times", [1, 30, 90])
def test_a_year_of_birth_of_zero_does_not_turn_the_rule_off(times):
    years = np.random.default_rng(0).integers(1920, 2005, N)
    years[:times] = 0
    found = detect(context({"birth_year": years, "churn": ["yes", "no"] * (N // 2)}))
    assert found["birth_year"].datum is Datum.BIRTH_DATE


def test_numbers_that_are_only_called_like_ages_are_none():
    days = np.random.default_rng(0).integers(1, 365, N)
    assert "age" not in detect(context({"age": days, "churn": ["yes", "no"] * (N // 2)}))


def test_a_name_that_can_mean_nothing_else_is_taken_at_its_word_for_small_numbers():
    rng = np.random.default_rng(0)
    columns = {"patient_mrn": rng.integers(1000, 9999, N), "mobile_count": rng.integers(1000, 9999, N)}
    found = detect(context({**columns, "churn": ["yes", "no"] * (N // 2)}))
    assert found["patient_mrn"].datum is Datum.HEALTH_NUMBER and "mobile_count" not in found


def test_one_postal_code_that_is_wrong_does_not_take_the_zeros_from_the_others():
    zips = np.random.default_rng(0).choice([501, 2139, 10001, 94103], N)
    zips[3] = 999_999
    cut = read({"zip": zips}, "gdpr").table.column("zip").to_pylist()
    assert {"005**", "021**", "100**", "941**"} <= set(cut) and not {"501**", "213**"} & set(cut)


def test_ends_of_numbers_with_units_and_of_lengths_of_time_are_pooled():
    rng = np.random.default_rng(0)
    money = [f"{v:.0f} EUR" for v in rng.normal(3000, 300, N - 1)] + ["9999999 EUR"]
    share = [f"{v:.1f}%" for v in rng.uniform(10, 50, N - 1)] + ["99.9%"]
    since = [f"{h}:{m:02d}:00" for h, m in zip(rng.integers(0, 20, N - 1), rng.integers(0, 59, N - 1), strict=True)]
    run = read({"income": money, "share": share, "since": [*since, "900:00:00"]}, "gdpr")
    contract = run.documents["contract"]
    for name, most in (("income", 5000), ("share", 50), ("since", 20 * 3600)):
        column = contract[name]
        assert column.treatment.action is Action.CLIP and column.maximum < most, name
    told = {name: read_column(pa.array([value]), contract[name]).column[0]
            for name, value in (("income", "3000 EUR"), ("share", "20.5%"), ("since", "2:30:00"))}  # fmt: skip
    assert told == {"income": 3000, "share": 20.5, "since": 9000}
    for name, value in told.items():
        assert treater(contract[name].treatment)(value) == value, "treated again, nothing changes"


def test_asked_actions_read_numbers_with_units(monkeypatch):
    table = pa.table({"income": [f"{v} EUR" for v in range(1000, 1400)], "y": [0, 1] * 200})
    brief = Brief().merged(target="y", private={"income": "bucket:100"})
    run = Run(brief, data=table, test=None, started=time.monotonic(), listener=Silent())
    with run:
        _go_through(run, STAGES[:2], Silent())
    assert set(run.table.column("income").to_pylist()) == {1000.0, 1100.0, 1200.0, 1300.0}


def test_texts_that_a_policy_does_not_name_store_no_rare_word(tmp_path):
    own = tmp_path / "own.toml"
    own.write_text('k = 10\n[actions]\nname = "drop"\n')
    said = "the account was closed after customer complained about fee and service quality today please"
    words = np.array(said.split(" "))
    rng = np.random.default_rng(0)
    run = read({"notes": [" ".join(rng.choice(words, 14)) for _ in range(N)]}, str(own))
    spec = run.documents["contract"]["notes"]
    assert spec.kind is Kind.TEXT and spec.treatment.least == 10
    assert base_of(spec.treatment) is None


def test_what_no_rows_share_says_nothing_and_is_looked_at_again_at_a_retraining():
    table = pa.table({"zip_code": [f"{v:05d}" for v in range(10001, 99000, 300)]})
    contract = infer_contract(table, kinds={"zip_code": "category"})
    cut = Treatment(action=Action.PREFIX, size=5.0)
    from modelwright.data.canonical import canonicalise

    found = pooled(contract, canonicalise(table, contract)[0], {"zip_code": cut}, 5, without=())["zip_code"]
    assert found.action is Action.PREFIX and treater(found)("10001") == RARE == treater(found)(RARE)
    assert treater(found)(None) is None and base_of(found) == cut
    few = pa.table({"v": [1.0, 2.0, 3.0]})
    contract = infer_contract(few)
    born = Treatment(action=Action.YEAR, low=1936.0)
    found = pooled(contract, canonicalise(few, contract)[0], {"v": born}, 5, without=())["v"]
    assert treater(found)("1950") == treater(found)("2001") == 1936.0 and base_of(found) == born


def test_a_name_that_the_columns_of_names_took_from_the_texts_of_training_is_in_none_later():
    names = [f"{g} {f}" for g in ("Anna", "Iker", "Lukas") for f in ("Zubeldorf", "Ombrossian", "Skandyssen")]
    rows = [names[i % 9] for i in range(N)]
    contact = [f"{name} <a{i}@mail.example>" for i, name in enumerate(rows)]
    contract = read({"holder": rows, "contact": contact}, "gdpr").documents["contract"]
    spec = contract["contact"]
    assert spec.treatment.action is Action.REDACT and len(spec.levels) < 5
    later = read_column(pa.array(["Iker Vaxumthorpe <b@mail.example>", "Vaxumthorpe <c@mail.example>"]), spec).column
    assert set(later.levels) <= {RARE, *spec.levels}


@pytest.mark.parametrize("text", ["cap:inf", "cap:-inf", "bucket:inf", "cap:nan", "round:1.5", "prefix:2.5"])
def test_numbers_of_actions_are_finite_and_whole_where_they_count(text):
    with pytest.raises(UsageError) as caught:
        parse_action(text, "column 'x'")
    assert caught.value.code == "MW-U902"
    assert parse_action("cap:1.5", "column 'x'") == (Action.CAP, 1.5)


@pytest.mark.parametrize("few", ["5", '"036"', "[36, 59]"])
def test_prefixes_of_few_people_are_a_list_of_texts(few, tmp_path):
    own = tmp_path / "own.toml"
    own.write_text(f'few_people = {few}\n[actions]\nname = "drop"\n')
    with pytest.raises(UsageError) as caught:
        load_policy(str(own))
    assert caught.value.code == "MW-U904" and "few_people" in caught.value.what


def test_how_long_the_log_is_kept_is_refused_by_its_own_name():
    with pytest.raises(UsageError) as caught:
        Brief().merged(target="y", keep_log="x")
    assert caught.value.code == "MW-U900" and "keep_log" in caught.value.what


def test_lengths_of_time_as_objects_are_read():
    import datetime as dt

    spec = ColumnSpec(name="d", kind=Kind.NUMBER, treatment=Treatment(action=Action.CLIP, duration=True, high=60.0))
    assert list(read_column([dt.timedelta(seconds=30), "0:05:00"], spec).column) == [30.0, 60.0]
