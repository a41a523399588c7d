"""Rows unlike training are told, with the columns that make them so; alone as in a batch; damaged files are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import BundleError, UsageError
from modelwright.package.bundle import open_version
from modelwright.package.unusual.contrast import _complete
from modelwright.package.unusual.documents import UNUSUAL_FILE, Unusual
from modelwright.package.unusual.fitting import ALARMS, SURE, _limit, fit_detector
from modelwright.package.writing import write_version
from modelwright.runtime.unusual import Detector
from modelwright.scoring import score_file
from modelwright.serve.exchange import Asked
from modelwright.serve.models import load_model
from tests.package.building import CONTRACT, PROFILE, classifier, raw_rows, some_columns
from tests.package.test_bundle import facts
from tests.package.test_hostility import reseal

TABLE = Contract(
    columns=(
        ColumnSpec(name="length", kind=Kind.NUMBER),
        ColumnSpec(name="width", kind=Kind.NUMBER),
        ColumnSpec(name="price", kind=Kind.NUMBER, nullable=True),
        ColumnSpec(name="when", kind=Kind.DATETIME),
        ColumnSpec(name="kind", kind=Kind.CATEGORY),
        ColumnSpec(name="grade", kind=Kind.CATEGORY),
        ColumnSpec(name="words", kind=Kind.TEXT),
        ColumnSpec(name="key", kind=Kind.ID),
    ),
    rows_seen=1000,
)


def drawn(n: int, seed: int) -> Columns:
    """Rows in which width follows length, and the grade the kind."""
    rng = np.random.default_rng(seed)
    length = rng.lognormal(3, 0.4, n)
    price = rng.lognormal(6, 1, n)
    price[rng.random(n) < 0.1] = np.nan
    kind = rng.choice(["oak", "ash", "elm", "fir"], n, p=[0.4, 0.3, 0.2, 0.1])
    grade = np.where(rng.random(n) < 0.95, np.char.add("fine ", kind), "plain")
    return {
        "length": length,
        "width": length * 0.5 + rng.normal(0, 0.3, n),
        "price": price,
        "when": 1.6e9 + rng.uniform(0, 1e7, n),
        "kind": Strings.from_values(kind.tolist()),
        "grade": Strings.from_values(grade.tolist()),
        "words": Strings.from_values(["x" * int(k) for k in rng.integers(20, 60, n)]),
        "key": Strings.from_values([f"{seed}-{i}" for i in range(n)]),
    }


@pytest.fixture(scope="module")
def detector() -> Detector:
    made, note = fit_detector(drawn(2_000, 0), TABLE, seed=0)
    assert made is not None and note.startswith("7 columns and ")
    return made


def test_rows_like_those_of_training_are_seldom_unusual(detector: Detector) -> None:
    shares = [float(detector(drawn(2_000, seed))[0].mean()) for seed in (1, 2, 3)]
    assert 0.2 * ALARMS < np.mean(shares) < 1.3 * ALARMS


@pytest.mark.parametrize("rows", [60, 150, 1_000])
def test_the_limit_keeps_the_alarms_in_nine_tables_of_ten(rows: int) -> None:
    rng = np.random.default_rng(rows)
    alarms = 1 - np.array([_limit(rng.random(rows)) for _ in range(1_000)])  # scores that are even: what is above
    assert SURE - 0.03 < (alarms <= ALARMS).mean() < 0.99
    assert alarms.mean() > 0.3 * ALARMS


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("price", 1e7),
        ("length", -50.0),
        ("width", 30.0),  # within its range, but not for so short a length
        ("kind", "balsa"),
        ("grade", "fine fir"),  # of another kind
        ("words", "x" * 4_000),
        ("when", 9e9),
    ],
)
def test_what_is_odd_is_told_and_where(detector: Detector, column: str, value: Any) -> None:
    row = take(drawn(2_000, 0), np.array([3]))
    row |= {"length": np.array([20.0]), "width": np.array([10.0]), "kind": Strings.from_values(["oak"])}
    row |= {"grade": Strings.from_values(["fine oak"]), "price": np.array([400.0])}
    assert detector(row) == (np.array([False]), [[]])
    row[column] = Strings.from_values([value]) if isinstance(value, str) else np.array([value])
    odd, named = detector(row)
    assert odd[0] and column in named[0]


def test_dates_after_training_are_as_they_should_be(detector: Detector) -> None:
    later = drawn(1_000, 4)
    later["when"] = later["when"] + 5e6  # type: ignore[operator]
    assert detector(later)[0].mean() < 2 * ALARMS


def test_missing_values_where_there_were_none_are_odd(detector: Detector) -> None:
    rows = drawn(200, 5)
    rows["length"] = np.full(200, np.nan)
    odd, named = detector(rows)
    assert odd.mean() > 0.9 and all("length" in names for names, told in zip(named, odd, strict=True) if told)


def test_rows_alone_get_what_they_get_together(detector: Detector) -> None:
    rows = drawn(120, 6)
    rows["price"] = rows["price"] * np.where(np.arange(120) % 3 == 0, 1000.0, 1.0)  # type: ignore[operator]
    odd, named = detector(rows)
    assert 0 < odd.sum() < 120
    for i in range(120):
        assert detector(take(rows, np.array([i]))) == (odd[[i]], [named[i]])
    scores, _ = detector.scores(take(rows, np.arange(0)))
    assert scores.shape == (0,)


def test_more_decimals_than_ever_are_odd_and_rounding_is_not() -> None:
    rng = np.random.default_rng(0)
    columns = tuple(ColumnSpec(name=c, kind=Kind.NUMBER) for c in ("whole", "cents", "any"))
    contract = Contract(columns=columns, rows_seen=1000)

    def rows(n: int) -> Columns:
        cents = rng.integers(100, 9_999, n) / 100
        return {"whole": rng.integers(10, 90, n).astype(float), "cents": cents, "any": rng.normal(size=n)}

    made, _ = fit_detector(rows(1000), contract, seed=0)
    assert made is not None
    assert [c.step for c in made.shapes.columns] == [1.0, 0.01, 0.0]
    assert made(rows(1000))[0].mean() < 2 * ALARMS
    one = {"whole": np.full(4, 40.0), "cents": np.full(4, 50.5), "any": np.full(4, 0.1)}
    one["whole"][1], one["cents"][2], one["cents"][3] = 40.5, 50.505, 0.1 + 50.2
    odd, named = made(one)
    assert odd.tolist() == [False, True, True, False] and named[1] == ["whole"] and named[2] == ["cents"]
    few, _ = fit_detector({**rows(60), "whole": np.where(np.arange(60) % 2, np.nan, 5.0)}, contract, seed=0)
    assert few is not None and few.shapes.columns[0].step == 0.0, "few values say nothing"


def _sides(n: int, seed: int) -> Columns:
    """Two columns of one range that have nothing to do with each other, and one that says which of them is larger."""
    rng = np.random.default_rng(seed)
    low, high = rng.uniform(0, 1, n), rng.uniform(0, 1, n)
    side = np.where(low < high, "right", "left")
    return {"low": low, "high": high, "side": Strings.from_values(side.tolist())}


def test_exchanged_columns_of_one_range_are_told_by_trees_that_were_shown_such_rows() -> None:
    contract = Contract(
        columns=(
            *(ColumnSpec(name=c, kind=Kind.NUMBER) for c in ("low", "high")),
            ColumnSpec(name="side", kind=Kind.CATEGORY),
        ),
        rows_seen=1500,
    )
    made, note = fit_detector(_sides(1_500, 0), contract, seed=0)
    assert made is not None and made.contrast is not None
    assert "trees that were shown such rows with values exchanged" in note
    rows = _sides(1_500, 1)
    changed = {**rows, "low": rows["high"], "high": rows["low"]}
    assert made(rows)[0].mean() < 1.5 * ALARMS
    odd, named = made(changed)
    without, _ = replace(made, contrast=None, rows=made.rows[:4])(changed)
    assert odd.mean() > without.mean() + 0.2
    told = [names for names, one in zip(named, odd, strict=True) if one]
    assert np.mean([bool({"low", "high"} & set(names)) for names in told]) > 0.8


def _written_apart(n: int, seed: int) -> Columns:
    """Two columns of one range that have nothing to do with each other: most of one are whole, few of the other."""
    rng = np.random.default_rng(seed)
    age, share = rng.integers(10, 60, n).astype(float), rng.integers(100, 600, n) / 10
    return {"age": np.where(rng.random(n) < 0.03, age + 0.25, age), "share": share}


def test_exchanged_columns_of_one_range_are_told_by_how_they_are_written() -> None:
    columns = tuple(ColumnSpec(name=c, kind=Kind.NUMBER) for c in ("age", "share"))
    made, _ = fit_detector(_written_apart(1_500, 0), Contract(columns=columns, rows_seen=1500), seed=0)
    assert made is not None and made.contrast is not None
    assert [c.steps for c in made.shapes.columns] == [(1.0, 0.1, 0.01), (1.0, 0.1)]
    rows = _written_apart(1_500, 1)
    assert made(rows)[0].mean() < 1.5 * ALARMS
    assert made({"age": rows["share"], "share": rows["age"]})[0].mean() > 0.8, "nine of ten shares are not whole"
    narrow = {name: np.asarray(values, np.float32).astype(str).astype(float) for name, values in rows.items()}
    assert made(narrow)[0].tolist() == made(rows)[0].tolist()


def test_trees_say_what_the_booster_says_and_what_columns_add_comes_to_it() -> None:
    from lightgbm import LGBMClassifier

    rng = np.random.default_rng(0)
    seen = rng.normal(size=(400, 5)).round(2)
    model = LGBMClassifier(n_estimators=8, max_depth=4, num_leaves=9, min_child_samples=5, verbosity=-1, n_jobs=1)
    model.fit(seen, (seen[:, 0] * seen[:, 1] + seen[:, 2] > 0).astype(int))
    trees = _complete([t["tree_structure"] for t in model.booster_.dump_model()["tree_info"]])
    assert trees.depth == 4
    said = trees(seen)
    assert said == pytest.approx(model.predict(seen, raw_score=True), abs=1e-3), "values are kept to four digits"
    roots = sum(values[0] for values in trees.values)
    assert roots + trees.by_feature(seen).sum(axis=1) == pytest.approx(said, abs=1e-9)
    assert trees(seen[:0]).shape == (0,)


def test_few_rows_have_a_detector_without_trees() -> None:
    made, note = fit_detector(drawn(110, 0), TABLE, seed=0)
    assert made is not None and made.contrast is None and len(made.rows) == 4 and "trees" not in note


def test_few_rows_and_columns_that_say_nothing_make_none() -> None:
    assert fit_detector(drawn(50, 0), TABLE, seed=0) == (None, "none: 50 rows, 60 are needed")
    made, note = fit_detector(drawn(500, 0), TABLE.only(["key"]), seed=0)
    assert made is None and note.startswith("none: the model reads no column")


def test_numbers_further_apart_than_any_number_have_finite_units() -> None:
    rng = np.random.default_rng(0)
    columns: Columns = {"x": rng.choice([-1.0, 1.0], 600) * rng.uniform(0.5, 1.7, 600) * 1e308}
    contract = Contract(columns=(ColumnSpec(name="x", kind=Kind.NUMBER),), rows_seen=600)
    detector, _ = fit_detector(columns, contract, seed=0)
    assert detector is not None
    assert np.isfinite(detector.shapes.columns[0].units).all() and min(detector.shapes.columns[0].units) > 0


def test_columns_without_a_value_and_with_one_do_no_harm() -> None:
    n = 300
    columns = (ColumnSpec(name="a", kind=Kind.NUMBER), ColumnSpec(name="b", kind=Kind.NUMBER))
    contract = Contract(columns=columns, rows_seen=n)
    made, _ = fit_detector({"a": np.full(n, np.nan), "b": np.full(n, 7.0)}, contract, seed=0)
    assert made is not None
    assert not made({"a": np.full(9, np.nan), "b": np.full(9, 7.0)})[0].any()
    assert made({"a": np.full(9, np.nan), "b": np.full(9, 7e5)})[0].all()


def write(folder: Path) -> Path:
    detector, note = fit_detector(some_columns(800, seed=3), CONTRACT, seed=0)
    assert detector is not None
    parts = {UNUSUAL_FILE: Unusual(detector=detector, note=note).document()}
    write_version(folder, classifier(), facts=facts(), profile=PROFILE, seed=0, parts=parts)
    return folder


@pytest.fixture(scope="module")
def version_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("unusual") / "1")


def odd_rows() -> dict[str, list[Any]]:
    rows = raw_rows(12)
    return {**rows, "balance": [1e9 if i % 2 else 900.0 for i in range(12)]}


def test_a_version_tells_it_when_asked(version_folder: Path, tmp_path: Path) -> None:
    import pandas as pd

    version = open_version(version_folder)
    assert "unusual" not in version.predict(odd_rows())[0]
    answers, _ = version.predict(odd_rows(), unusual=True)
    assert answers["unusual"][1::2].all() and answers["unusual_columns"][1][0] == "balance"
    pd.DataFrame(odd_rows()).to_csv(tmp_path / "rows.csv", index=False)
    for name in ("out.jsonl", "out.csv"):
        score_file(version, tmp_path / "rows.csv", tmp_path / name, unusual=True)
    lines = [json.loads(line) for line in (tmp_path / "out.jsonl").read_text().splitlines()]
    assert [line["unusual"] for line in lines] == answers["unusual"].tolist()
    assert [line["unusual_columns"] for line in lines] == answers["unusual_columns"].tolist()
    written = pd.read_csv(tmp_path / "out.csv")
    assert [json.loads(names) for names in written["unusual_columns"]] == answers["unusual_columns"].tolist()


def test_the_server_tells_it_when_asked(version_folder: Path) -> None:
    rows = odd_rows()
    record = {name: values[1] for name, values in rows.items()}
    model = load_model(version_folder, "bank")
    scored = model.score(Asked(records=[record], unusual=True))
    assert scored.answers["unusual"] == [True] and scored.answers["unusual_columns"][0][0] == "balance"
    assert "unusual" not in model.score(Asked(records=[record])).answers


def test_a_version_that_cannot_tell_says_so(tmp_path: Path) -> None:
    write_version(tmp_path / "1", classifier(), facts=facts(), profile=PROFILE, seed=0)
    with pytest.raises(UsageError, match="version 1 cannot tell unusual rows"):
        open_version(tmp_path / "1").predict(raw_rows(2), unusual=True)


def _of_levels(document: dict) -> dict:
    return next(c for c in document["shapes"]["columns"] if c["levels"])


DAMAGE: dict[str, tuple[Callable[[dict], object], str]] = {
    "a later format": (lambda d: d.update(format=2), "MW-B103"),
    "more than is known": (lambda d: d.update(code="import os"), "MW-B110"),
    "of another column": (lambda d: d["shapes"]["columns"][0].update(name="x"), "MW-B133"),
    "a bin too few": (lambda d: d["shapes"]["columns"][0]["nats"].pop(), "MW-B133"),
    "a bin of no pair": (lambda d: d["shapes"]["columns"][0]["coarse"].__setitem__(0, 99), "MW-B133"),
    "quantiles that fall": (lambda d: d["shapes"]["columns"][0]["knots"].reverse(), "MW-B133"),
    "a pair of nothing": (
        lambda d: d["shapes"].update(pairs=[[0, 9]], tables=[[0.0] * 100]),
        "MW-B133",
    ),
    "steps that rise": (lambda d: d["shapes"]["columns"][0].update(steps=[0.1, 1.0]), "MW-B133"),
    "steps of no number": (lambda d: _of_levels(d).update(steps=[1.0]), "MW-B133"),
    "a score without a scale": (lambda d: d["parts"].pop(), "MW-B133"),
    "a scale that falls": (lambda d: d["rows"][0]["at"].reverse(), "MW-B133"),
    "trees that are not complete": (lambda d: d["contrast"]["values"][0].pop(), "MW-B133"),
    "no tree": (lambda d: d["contrast"].update(features=[], limits=[], values=[]), "MW-B133"),
    "a limit too few": (lambda d: d["contrast"]["limits"].pop(), "MW-B133"),
    "a tree that asks for nothing": (lambda d: d["contrast"]["features"][0].__setitem__(0, 99), "MW-B133"),
    "no scale for the trees": (lambda d: d["rows"].pop(), "MW-B133"),
    "no row behind it": (lambda d: d.update(n=0), "MW-B133"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_refused(name: str, version_folder: Path, tmp_path: Path) -> None:
    change, code = DAMAGE[name]
    folder = tmp_path / "1"
    shutil.copytree(version_folder, folder)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    document = json.loads((folder / UNUSUAL_FILE).read_text())
    change(document)
    (folder / UNUSUAL_FILE).write_text(json.dumps(document))
    reseal(folder)
    with pytest.raises(BundleError, match=code):
        open_version(folder).predict(raw_rows(2), unusual=True)
