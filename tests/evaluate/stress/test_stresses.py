"""Each stress: what it changes, that it leaves alone what it does not name, and where it does not apply."""

import numpy as np
import pytest

from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.evaluate.stress import STRESSES, stresses
from modelwright.evaluate.stress.base import Rows, spread
from modelwright.evaluate.stress.together import families
from modelwright.evaluate.stress.typos import mistyped

N = 400
DAY = 86400.0


def _rows(*names: str, ranked: tuple[str, ...] | None = None) -> Rows:
    rng = np.random.default_rng(0)
    city = Strings(rng.integers(0, 3, N).astype(np.int32), np.array(["Oslo", "Rome", "Bern"], dtype=object))
    text = Strings.from_values([f"a long remark about the order number {i}" for i in range(N)])
    columns = {
        "weight": rng.normal(70, 10, N),
        "bill_first": rng.normal(100, 30, N),
        "bill_second": rng.normal(100, 30, N),
        "city": city,
        "remark": text,
        "since": DAY * rng.integers(18_000, 18_900, N),
        "member": rng.integers(0, 2, N).astype(float),
    }
    kinds = {"city": Kind.CATEGORY, "remark": Kind.TEXT, "since": Kind.DATETIME, "member": Kind.BOOLEAN}
    stored = {"city": "string", "remark": "string", "since": "string", "member": "bool"}
    specs = tuple(
        ColumnSpec(
            name=n,
            kind=kinds.get(n, Kind.NUMBER),
            storage=stored.get(n, "double"),
            levels=("Oslo", "Rome", "Bern") if n == "city" else (),
            formats=("%Y-%m-%d",) if n == "since" else (),
            minimum=0.0,
            maximum=2e9,
        )
        for n in (names or columns)
    )
    own = {s.name: columns[s.name] for s in specs}
    return Rows(own, Contract(columns=specs, rows_seen=N), tuple(own) if ranked is None else ranked)


def _cases(name: str, rows: Rows):
    stress = next(s for s in stresses() if s.name == name)
    return list(stress.cases(rows))


def _changed(case, rows: Rows):
    """Return the changed columns as the contract reads them."""
    raw = case.change(np.random.default_rng(1))
    assert set(raw) == set(case.columns), "a case changes what it names"
    columns, _ = canonicalise(dict(raw), rows.contract.only(case.columns), required=case.columns)
    return columns


def _moved(before, after) -> float:
    """Return the share of the rows whose value is another."""
    if isinstance(before, Strings):
        return float(np.mean([a != b for a, b in zip(before.to_object(), after.to_object(), strict=True)]))
    return float(np.mean(~np.isclose(before, after, equal_nan=True)))


def test_the_table_names_each_by_its_name():
    assert [s.name for s in stresses()] == list(STRESSES)


@pytest.mark.parametrize("name", STRESSES)
def test_every_case_changes_something_and_the_same_again(name):
    rows = _rows()
    cases = _cases(name, rows)
    assert cases and len({c.words for c in cases}) == len(cases)
    for case in cases:
        if case.words.endswith("instead of its own format") or "blanks around" in case.words:
            continue  # what the contract makes of these is its own business
        first, again = _changed(case, rows), _changed(case, rows)
        assert any(_moved(rows.columns[c], first[c]) > 0 for c in case.columns), case.words
        assert all(_moved(first[c], again[c]) == 0 for c in case.columns), "one generator, one result"


@pytest.mark.parametrize(
    ("name", "columns"),
    [
        ("unit slip", ("city", "member")),
        ("shift", ("city", "since")),
        ("noise", ("city", "member", "since")),
        ("stale categories", ("weight", "remark")),
        ("typos", ("weight", "since")),
        ("spelling", ("weight", "since")),
        ("dates", ("weight", "city")),
        ("columns missing", ("weight", "city")),
    ],
)
def test_it_does_not_apply_to_other_kinds(name, columns):
    assert _cases(name, _rows(*columns)) == []


@pytest.mark.parametrize("name", ["column missing", "unit slip", "shift", "stale categories", "dates"])
def test_columns_that_do_not_matter_are_left_alone(name):
    assert _cases(name, _rows(ranked=())) == []


def test_sizes_are_those_of_the_words():
    rows = _rows()
    weight = rows.columns["weight"]
    by = {c.words: _changed(c, rows) for c in _cases("unit slip", rows) if c.columns == ("weight",)}
    thousand, some, tenth = by.values()
    np.testing.assert_allclose(thousand["weight"], 1000 * weight)
    np.testing.assert_allclose(tenth["weight"], weight / 10)
    assert 0.02 < _moved(weight, some["weight"]) < 0.09
    half, little = (_changed(c, rows)["weight"] - weight for c in _cases("noise", rows))
    assert half.std() == pytest.approx(0.5 * spread(weight), rel=0.15)
    assert little.std() == pytest.approx(0.1 * spread(weight), rel=0.15)
    much, few = (_changed(c, rows)["member"] for c in _cases("gaps", rows))
    assert np.isnan(much).mean() == pytest.approx(0.3, abs=0.08) and np.isnan(few).mean() == pytest.approx(
        0.1, abs=0.06
    )
    up, down = (_changed(c, rows)["weight"] - weight for c in _cases("shift", rows) if c.columns == ("weight",))
    np.testing.assert_allclose(up, spread(weight))
    np.testing.assert_allclose(down, -spread(weight))


def test_dates_move_as_said():
    rows = _rows()
    since = rows.columns["since"]
    _, swapped, _ = _cases("dates", rows)
    late = _changed(swapped, rows)["since"]
    days = np.array([np.datetime64(int(s), "s") for s in since]).astype("datetime64[D]")
    day = (days - days.astype("datetime64[M]")).astype(int) + 1
    assert (late[day > 12] == since[day > 12]).all() and (late[day <= 12] != since[day <= 12]).mean() > 0.8


def test_renamed_levels_are_new_to_the_contract():
    rows = _rows("city")
    every, first = _cases("stale categories", rows)
    assert set(_changed(every, rows)["city"].levels).isdisjoint({"Oslo", "Rome", "Bern"})
    kept = _changed(first, rows)["city"]
    assert "Rome" in kept.levels and "Oslo" not in kept.levels and first.words.startswith("“Oslo”, the most frequent")


def test_families_are_named_alike_and_matter():
    names = ("bill_first", "bill_second", "payFirst", "paySecond", "age", "zip_code")
    assert families(names, ("paySecond", "age")) == [("payFirst", "paySecond")]
    assert families(("bill_a", "bill_b"), ("bill_a",)) == [], "all columns together are no family"


@pytest.mark.parametrize("text", ["ab", "Oslo", "a long remark about the order number 17"])
def test_a_slip_changes_little(text):
    rng = np.random.default_rng(0)
    slips = 1 + len(text) // 20
    for _ in range(50):
        assert abs(len(mistyped(text, rng)) - len(text)) <= slips
    assert mistyped("x", rng) == "x"
