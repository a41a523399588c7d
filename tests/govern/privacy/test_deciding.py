"""Which columns are personal, and what is done to each, as the policy, the brief and the key say."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from modelwright.audit.context import make_context
from modelwright.brief import Brief
from modelwright.data.canonical import canonicalise
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.kinds import infer_contract
from modelwright.data.profile import make_profile
from modelwright.data.treating.keys import ENVIRONMENT
from modelwright.data.treating.treatment import RARE, Action, Treatment
from modelwright.errors import UsageError
from modelwright.govern.privacy.deciding import decide
from modelwright.govern.privacy.detecting import Found, detect
from modelwright.govern.privacy.policy import Datum, load_policy
from modelwright.govern.privacy.pooling import base_of, pooled
from tests.govern.privacy.people import people

KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def no_key(monkeypatch):
    monkeypatch.delenv(ENVIRONMENT, raising=False)


def context(columns: dict, target: str = "churn"):
    table = pa.table(columns)
    contract = infer_contract(table, target=target)
    canonical, _ = canonicalise(table, contract)
    return make_context(table=table, columns=canonical, contract=contract, profile=make_profile(canonical, contract),
                        brief=Brief(target=target), y=None, classes=(), test=None, seed=0)  # fmt: skip


def test_what_people_are_known_by_is_found():
    found = detect(context(people(300).columns))
    assert {name: f.datum for name, f in found.items()} == {
        "customer_id": Datum.IDENTIFIER, "full_name": Datum.NAME, "email": Datum.EMAIL, "phone": Datum.PHONE,
        "address": Datum.ADDRESS, "ssn": Datum.NATIONAL_ID, "card_number": Datum.CARD, "ip_address": Datum.NETWORK,
        "birth_date": Datum.BIRTH_DATE, "zip": Datum.POSTCODE, "city": Datum.PLACE, "age": Datum.AGE,
        "note": Datum.TEXT,
    }  # fmt: skip


def test_few_rows_are_taken_by_their_names():
    found = detect(context(people(12).columns))
    assert {"full_name", "email", "phone", "ssn"} <= set(found)


def test_what_only_sounds_personal_is_not():
    rng = np.random.default_rng(0)
    n = 400
    columns = {
        "phone_service": rng.choice(["yes", "no"], n).tolist(),
        "email_domain": rng.choice(["a.com", "b.com", "c.com"], n).tolist(),
        "contact": rng.choice(["cellular", "telephone"], n).tolist(),
        "street_surface": rng.choice(["paved", "gravel"], n).tolist(),
        "street": rng.choice(["paved", "gravel"], n).tolist(),
        "birth_weight": rng.normal(3400, 400, n).tolist(),
        "mobile": rng.integers(0, 9, n).tolist(),
        "amount": rng.lognormal(8, 1, n).tolist(),
        "churn": rng.choice(["yes", "no"], n).tolist(),
    }
    assert detect(context(columns)) == {}


def spec(name: str, kind: Kind = Kind.CATEGORY, **more) -> ColumnSpec:
    return ColumnSpec(name=name, kind=kind, **more)


def decided(spec: ColumnSpec, datum: Datum | None, policy: str | None = "gdpr", before=None, **brief):
    contract = Contract(columns=(spec,), rows_seen=100)
    found = {} if datum is None else {spec.name: Found(datum=datum, why="it says so")}
    out = decide(Brief().merged(target="y", **brief), None if policy is None else load_policy(policy), contract, found,
                 year=2026, before=before)  # fmt: skip
    return out.columns[0] if out.columns else out


@pytest.mark.parametrize("name", ["Nachname", "last_name", "surname", "Vorname Kunde"])
def test_a_few_names_that_come_again_and_again_are_names(name):
    team = ["Zwickelhuber", "Öttl", "Brandstetter", "Kreuzpaintner"] * 50
    found = detect(context({name: team, "churn": ["yes", "no"] * 100}))
    assert found[name].datum is Datum.NAME


@pytest.mark.parametrize(
    ("name", "values"), [("login", ["sso", "password", "card", "none"]), ("surname_length", ["4", "5", "6", "7"])]
)
def test_few_levels_under_another_name_single_nobody_out(name, values):
    assert detect(context({name: values * 50, "churn": ["yes", "no"] * 100})) == {}


def test_a_policy_decides_by_kind():
    assert decided(spec("e"), Datum.EMAIL).action == "drop"
    born = decided(spec("b", Kind.DATETIME, formats=("%d.%m.%Y",)), Datum.BIRTH_DATE).treatment
    assert born is not None and born.action is Action.YEAR and born.low == 1936.0 and born.formats == ("%d.%m.%Y",)
    zips = decided(spec("z", Kind.NUMBER, minimum=501.0, maximum=99950.0), Datum.POSTCODE, "hipaa").treatment
    assert zips is not None and zips.width == 5 and "036" in zips.few
    kept = decided(spec("d", Kind.DATETIME), Datum.DATE)
    assert kept.columns == () and [(c.column, c.action) for c in kept.judged] == [("d", "keep")]
    assert decided(spec("d", Kind.DATETIME), Datum.DATE, "hipaa").action == "year"
    assert decided(spec("b", Kind.TEXT), Datum.BIRTH_DATE).action == "drop", "its values cannot be read"


def test_pseudonyms_take_a_key(monkeypatch):
    without = decided(spec("id", Kind.ID), Datum.IDENTIFIER)
    assert without.action == "drop" and "no key" in without.why
    with pytest.raises(UsageError) as caught:
        decided(spec("id", Kind.ID), Datum.IDENTIFIER, group="id")
    assert caught.value.code == "MW-U910"
    monkeypatch.setenv(ENVIRONMENT, KEY)
    assert decided(spec("id", Kind.ID), Datum.IDENTIFIER).action == "hash"
    grouped = decided(spec("mail"), Datum.EMAIL, group="mail")
    assert grouped.action == "hash" and "grouped by it" in grouped.why
    assert decided(spec("id", Kind.ID), None, None, subject="id").action == "hash"


def test_the_brief_wins():
    own = decided(spec("age", Kind.NUMBER), Datum.AGE, private={"age": "bucket:10"})
    assert (own.action, own.decided_by) == ("bucket:10", "user")
    assert decided(spec("e"), Datum.EMAIL, private={"e": "keep"}).kept == ("e",)
    assert decided(spec("e"), None, None, private={"e": "mask"}).action == "mask"


@pytest.mark.parametrize(
    ("column", "brief", "code"),
    [
        (spec("y"), {"private": {"y": "drop"}}, "MW-U905"),
        (spec("y"), {"subject": "y"}, "MW-U905"),
        (spec("mail"), {"protected": ("mail",)}, "MW-U906"),
        (spec("mail"), {"time": "mail"}, "MW-U906"),
        (spec("mail"), {"subject": "mail", "private": {"mail": "drop"}}, "MW-U907"),
        (spec("mail"), {"private": {"mail": "bucket:10"}}, "MW-U908"),
        (spec("mail"), {"private": {"mail": "year"}}, "MW-U908"),
        (spec("mail"), {"private": {"mail": "burn"}}, "MW-U901"),
    ],
)
def test_what_does_not_go_together(column, brief, code):
    with pytest.raises(UsageError) as caught:
        decided(column, Datum.EMAIL, **brief)
    assert caught.value.code == code


def test_what_was_done_before_is_done_again():
    before = {"born": Treatment(action=Action.YEAR, formats=("%d.%m.%Y",), low=1936.0)}
    again = decided(spec("born", Kind.NUMBER), None, before=before)
    assert again.treatment == before["born"]


def test_what_few_rows_share_is_pooled():
    n = 100
    table = pa.table(
        {
            "city": ["Boston"] * 60 + ["Fresno"] * 37 + ["Zebville"] * 3,
            "income": [float(i) for i in range(99)] + [1e7],
            "flag": [0.0, 1.0] * (n // 2),
            "kept": ["a"] * 99 + ["b"],
        }
    )
    contract = infer_contract(table)
    columns, _ = canonicalise(table, contract)
    found = pooled(contract, columns, {}, 5, without={"kept"})
    assert set(found) == {"city", "income"}
    assert found["city"].action is Action.POOL and found["city"].levels == ("Boston", "Fresno")
    assert (found["income"].low, found["income"].high) == (4.0, 95.0)
    assert base_of(found["city"]) is None and base_of(found["income"]) is None
    cut = Treatment(action=Action.PREFIX, size=3.0, levels=("021**",), few=("036",))
    assert base_of(cut) == Treatment(action=Action.PREFIX, size=3.0, few=("036",))


def test_nothing_stays_of_a_column_that_nobody_shares():
    table = pa.table({"code": [f"c{i}" for i in range(40)], "v": [1.0, 2.0] * 20})
    contract = infer_contract(table, kinds={"code": "category"})
    columns, _ = canonicalise(table, contract)
    assert pooled(contract, columns, {}, 5, without=())["code"] == Treatment(action=Action.POOL, levels=(RARE,))
