"""Every form for every kind of target: it learns, it is what it shows, and a database computes the same."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.explain.simple.additive import fit_additive
from modelwright.explain.simple.cells import edge_between, edge_texts
from modelwright.explain.simple.documents import Cell, Part, SimpleModel
from modelwright.explain.simple.rows import Fit
from modelwright.explain.simple.scoring import predict_simple
from modelwright.explain.simple.sql import notes, to_sql
from modelwright.explain.simple.tree import fit_trees
from modelwright.explain.simple.wording import page_lines, page_of, title_of

from .conftest import CONTRACT, columns_of, made

FORMS = ("points", "linear", "tree")


def largest(form, fit):
    return (fit_trees(fit) if form == "tree" else fit_additive(form, fit))[-1]


def loss(y, prediction):
    if prediction.shape[1] == 1:
        return float(np.mean((y - prediction[:, 0]) ** 2))
    return float(-np.log(np.maximum(prediction[np.arange(len(y)), y.astype(int)], 1e-9)).mean())


def in_a_database(model, columns):
    """Return what SQLite answers to the query, shape (n_rows, n_outputs); it has no moments."""
    import sqlite3

    def raw(column):
        if isinstance(column, Strings):
            return column.to_object().tolist()
        return [None if np.isnan(v) else float(v) for v in column]

    connection = sqlite3.connect(":memory:")
    connection.create_function("EXP", 1, math.exp)  # SQLite has it where it was built with its mathematics
    named = ", ".join(f'"{name}"' for name in columns)
    connection.execute(f'CREATE TABLE "my ""rows""" ({named})')
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f'INSERT INTO "my ""rows""" VALUES ({marks})', zip(*(raw(c) for c in columns.values()), strict=True)
    )
    connection.row_factory = sqlite3.Row
    found = connection.execute(to_sql(model, 'my "rows"')).fetchall()
    names = [f"probability_{c}" for c in model.classes] or ["prediction"]
    return np.array([[row[name] for name in names] for row in found])


@pytest.mark.parametrize("form", FORMS)
def test_it_learns_what_is_there(form, fit):
    model = largest(form, fit)
    target = {"logistic": "binary", "softmax": "classes", "identity": "value", "log": "amount"}[fit.link]
    new = made(target, 2000, seed=9)
    found = predict_simple(model, new.columns)
    constant = np.tile(
        [fit.y.mean()] if not fit.classes else np.bincount(fit.y.astype(int)) / len(fit.y), (len(new.y), 1)
    )
    assert loss(new.y, found) < 0.85 * loss(new.y, constant)
    assert {"age", "region"} <= set(model.columns) and "remark" not in model.columns
    if fit.classes:
        assert np.allclose(found.sum(axis=1), 1) and (found > 0).all()
        assert np.abs(predict_simple(model, fit.columns).mean(axis=0) - constant[0]).max() < 0.02
    else:
        assert predict_simple(model, fit.columns).mean() == pytest.approx(fit.y.mean(), rel=0.02)


@pytest.mark.parametrize("form", FORMS)
def test_a_database_computes_the_same(form, fit):
    timeless = replace(fit, columns={n: c for n, c in fit.columns.items() if n != "since"})
    model = largest(form, timeless)
    columns = columns_of(300, np.random.default_rng(3))
    new = columns["region"].to_object()
    new[:5] = "never seen"
    columns["region"] = Strings.from_values(new)
    columns["age"][7] = np.nan
    known = {name: column for name, column in columns.items() if name != "since"}
    found = in_a_database(model, known)
    assert np.abs(found - predict_simple(model, columns)).max() < 1e-9 * max(1.0, fit.y.max())


@pytest.mark.parametrize("written", [("Yes", "no"), (True, False), (1.0, 0.0), ("1", "0")])
def test_truths_are_read_as_the_data_write_them(written):
    import sqlite3

    part = Part(
        column="member",
        kind="boolean",
        cells=(
            Cell(text="no", adds=(-1.0,), high=0.5),
            Cell(text="yes", adds=(1.0,), low=0.5),
            Cell(text="missing", adds=(9.0,), missing=True),
        ),
    )
    model = SimpleModel(form="points", link="identity", target="t", base=(0.0,), parts=(part,))
    spec = ColumnSpec(name="member", kind=Kind.BOOLEAN, true_tokens=("yes",), false_tokens=("no",))
    contract = Contract(columns=(spec,), rows_seen=9)
    connection = sqlite3.connect(":memory:")
    connection.execute("CREATE TABLE rows (member)")
    connection.executemany("INSERT INTO rows VALUES (?)", [(w,) for w in (*written, None)])
    found = connection.execute(to_sql(model, contract=contract)).fetchall()
    assert [row[-1] for row in found] == [1.0, -1.0, 9.0]
    assert notes("SELECT 1", contract) == "-- Standard SQL.\n"


def test_other_spellings_of_a_level_are_that_level():
    part = Part(
        column="power",
        kind="category",
        cells=(Cell(text="", adds=(1.0,), levels=("9nm",)), Cell(text="", adds=(2.0,), rest=True, missing=True)),
    )
    model = SimpleModel(form="points", link="identity", target="t", base=(0.0,), parts=(part,))
    spec = ColumnSpec(name="power", kind=Kind.CATEGORY, same_levels=(("9Nm", "9nm"), ("8Nm", "8nm")))
    query = to_sql(model, contract=Contract(columns=(spec,), rows_seen=9))
    assert """"power" IN ('9nm', '9Nm')""" in query and "8Nm" not in query


def test_what_a_query_asks_of_the_table_stands_above_it():
    specs = (
        ColumnSpec(name="Betrag\n; DROP", kind=Kind.NUMBER, decimal=",", thousands=".", unit="€"),
        ColumnSpec(name="age", kind=Kind.NUMBER),
        ColumnSpec(name="since", kind=Kind.DATETIME),
        ColumnSpec(name="member", kind=Kind.BOOLEAN),
    )
    told = notes("SELECT EXP(1), EXTRACT(EPOCH FROM x)", Contract(columns=specs, rows_seen=9)).splitlines()
    assert told == [
        "-- Standard SQL with EXP and EXTRACT; SQLite has no moments.",
        "-- The table must hold numbers, not texts, in: Betrag ; DROP (1.234,5 € as 1234.5)",
        "-- and timestamps in: since",
        "-- and true or false in: member",
    ]
    assert notes("SELECT 1", Contract(columns=specs[1:2], rows_seen=9)) == "-- Standard SQL.\n"


def test_moments_are_timestamps_in_the_query():
    part = Part(
        column="since",
        kind="datetime",
        cells=(
            Cell(text="before", adds=(0.0,), high=86_400.0),
            Cell(text="from", adds=(1.0,), low=86_400.0, missing=True),
        ),
    )
    model = SimpleModel(form="points", link="identity", target="t", base=(2.0,), parts=(part,))
    assert "WHEN \"since\" < TIMESTAMP '1970-01-02 00:00:00.000000' THEN 0 ELSE 1 END" in to_sql(model)


@pytest.mark.parametrize("form", FORMS)
def test_it_is_whole_in_its_document(form, fit):
    model = largest(form, fit)
    again = msgspec.convert(msgspec.json.decode(msgspec.json.encode(model)), SimpleModel)
    assert again == model
    assert (predict_simple(again, fit.columns) == predict_simple(model, fit.columns)).all()


@pytest.mark.parametrize("form", FORMS)
def test_it_fits_on_a_page(form, fit):
    model = largest(form, fit)
    lines = list(page_lines(model))
    assert len(lines) <= 65 and model.size <= 50
    assert title_of(model).startswith("A ") and all(name in "\n".join(lines) for name in model.columns)


def test_points_are_whole_and_few():
    model = largest("points", made("binary"))
    points = [cell.adds[0] for part in model.parts for cell in part.cells]
    assert all(p == int(p) and 0 <= p <= 10 for p in points) and max(points) == 10
    assert all(min(c.adds[0] for c in part.cells) == 0 for part in model.parts)


def test_what_the_page_says_is_what_is_predicted():
    """Adding up the points of the page by hand gives the chance that stands below it."""
    model, fit = largest("points", made("binary")), made("binary")
    page = page_of(model)
    told = {(row.column, row.text): float(row.adds[0]) for row in page.rows}
    most = sum(max(v for (c, _), v in told.items() if c == name) for name in model.columns)
    assert page.totals[-1][0] == f"{most:.0f}"
    highest = f"{predict_simple(model, fit.columns)[:, 1].max():.0%}"
    assert int(highest[:-1]) <= int(page.totals[-1][1][:-1])


def test_ranges_begin_at_round_numbers():
    model = largest("points", made("value", 4000))
    part = next(p for p in model.parts if p.column == "age")
    assert any(cell.low == 41.0 or cell.high == 41.0 for cell in part.cells)
    assert any("41" in cell.text for cell in part.cells)


def test_missing_has_its_own_row_where_it_says_something():
    model = largest("points", made("value", 4000))
    part = next(p for p in model.parts if p.column == "income")
    missing = next(c for c in part.cells if c.missing)
    assert missing.text == "missing" and missing.adds[0] == max(c.adds[0] for c in part.cells)


def test_levels_that_do_the_same_are_told_together():
    rng = np.random.default_rng(0)
    fit = made("value", 4000)
    high = fit.columns["shop"].codes % 2 == 1
    fit = Fit(fit.columns, np.where(high, 10.0, 0.0) + rng.normal(size=4000), CONTRACT, (), "t", "identity")
    (part,) = (p for p in largest("points", fit).parts if p.column == "shop")
    assert len(part.cells) <= 6 and max(len(c.levels) for c in part.cells) >= 10


@pytest.mark.parametrize(
    ("below", "above", "edge"),
    [
        (37, 38, 38),
        (40, 41, 41),
        (15_312, 16_871, 16_000),
        (0.0123, 0.0131, 0.013),
        (-3, 2, 0),
        (1234.5, 1234.6, 1234.6),
    ],
)
def test_the_roundest_number_between_two(below, above, edge):
    found = edge_between(np.array([below, above], float), 0, Kind.NUMBER)
    assert found == edge and below < found <= above


def test_an_equation_can_be_worked_out_by_hand():
    """Begin, and add so many times the step for each column: what stands on the page is the prediction."""
    fit = made("value", 2000)
    model = fit_additive("linear", fit)[0]
    (part, *others) = model.parts
    row = next(row for row in page_of(model).rows if row.column == part.column)
    if part.cells:
        pytest.skip("the first column is one of levels")
    step, middle = re.fullmatch(r"each (\S+) above (\S+) \(below: the opposite\), .*", row.text).groups()
    columns = columns_of(2, np.random.default_rng(0))
    for other in (other for other in others if other.slope):
        columns[other.column] = np.full(2, other.middle)
    columns[part.column] = np.array([float(middle), float(middle) + float(step)])
    columns |= {n: c.take(np.array([0, 0])) for n, c in columns.items() if isinstance(c, Strings)}
    columns["member"] = np.zeros(2)
    first, second = predict_simple(model, columns)[:, 0]
    assert second - first == pytest.approx(float(row.adds[0].replace("−", "-")), rel=0.01)


def test_years_are_written_as_years_and_amounts_are_not():
    assert edge_texts([1955.0, 1993.0], Kind.NUMBER) == ["1955", "1993"]
    assert edge_texts([1500.0, 1993.0], Kind.NUMBER) == ["1,500", "1,993"]
    assert edge_texts([1993.5], Kind.NUMBER) == ["1,993.5"]
