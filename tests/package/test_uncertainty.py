"""Intervals, sets and reasons of a version: asked for beside the predictions, kept with it, refused when damaged."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from modelwright.errors import BundleError, UsageError
from modelwright.evaluate.conformal import fit_intervals, fit_sets
from modelwright.evaluate.coverage import measure_coverage
from modelwright.package.bundle import Version, open_version
from modelwright.package.uncertainty import INTERVALS, Uncertainty
from modelwright.package.writing import write_version
from modelwright.runtime import Plan
from modelwright.steps import sureness
from tests.package.building import PROFILE, classifier, raw_rows, regressor, some_columns
from tests.package.test_bundle import facts
from tests.package.test_hostility import reseal


def uncertainty(plan: Plan) -> Uncertainty:
    """Of a plan on made-up truths."""
    rng = np.random.default_rng(0)
    prediction = plan.predict(some_columns(300, seed=1))
    if plan.classes:
        y = (rng.random(300) < prediction[:, 1]).astype(float)
        fitted, note = fit_sets(y, prediction, seed=0)
    else:
        y = prediction[:, 0] + rng.normal(0, 1, 300)
        fitted, note = fit_intervals(y, prediction[:, 0], seed=0)
    assert fitted is not None
    measured = measure_coverage(fitted, y, prediction)
    return Uncertainty(fitted=fitted, note=note, measured=measured, measured_on="300 rows")


def write(folder: Path, plan: Plan, told: Uncertainty | None) -> Path:
    write_version(folder, plan, facts=facts(), profile=PROFILE, seed=0, uncertainty=told)
    return folder


@pytest.fixture(scope="module")
def values(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = regressor()
    return write(tmp_path_factory.mktemp("values") / "1", plan, uncertainty(plan))


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    plan = classifier()
    return write(tmp_path_factory.mktemp("classes") / "1", plan, uncertainty(plan))


def test_intervals_come_beside_the_predictions(values: Path) -> None:
    version = open_version(values)
    plain, _ = version.predict(raw_rows(20))
    answers, _ = version.predict(raw_rows(20), interval=0.9)
    assert list(answers) == ["prediction", "low", "high"]
    np.testing.assert_array_equal(answers["prediction"], plain["prediction"])
    assert (answers["low"] < plain["prediction"]).all() and (plain["prediction"] < answers["high"]).all()
    wider, _ = version.predict(raw_rows(20), interval=0.95)
    assert (wider["high"] - wider["low"] > answers["high"] - answers["low"]).all()


def test_sets_come_beside_the_probabilities_and_hold_the_predicted_class(classes: Path) -> None:
    answers, _ = open_version(classes).predict(raw_rows(40), interval=0.8)
    assert list(answers) == ["prediction", "probability_no", "probability_yes", "set"]
    assert all(p in s for p, s in zip(answers["prediction"], answers["set"], strict=True))
    assert {tuple(s) for s in answers["set"]} <= {("no",), ("yes",), ("no", "yes")}


@pytest.mark.parametrize("rows", [0, 1, 2, 7])
def test_reasons_come_beside_the_predictions(rows: int, classes: Path) -> None:
    answers, _ = open_version(classes).predict(raw_rows(rows), reasons=2, interval=0.8)
    assert answers["reasons"].shape == answers["set"].shape == (rows,)
    for told in answers["reasons"]:
        assert len(told) <= 2 and {r["column"] for r in told} <= {"age", "balance", "job"}
        json.dumps(told)


def test_reasons_are_those_of_the_plan(values: Path) -> None:
    version = open_version(values)
    found = version.explain(some_columns(5))
    answers, _ = version.predict(some_columns_as_raw(5), reasons=3)
    assert [[r["column"] for r in row] for row in answers["reasons"]] == [
        [r["column"] for r in row] for row in found.strongest(3)
    ]
    np.testing.assert_allclose(found.outcome, version.plan.predict(some_columns(5))[:, 0])


def some_columns_as_raw(rows: int) -> dict[str, list]:
    columns = some_columns(rows)
    return {
        "age": [None if np.isnan(v) else float(v) for v in columns["age"]],  # type: ignore[union-attr]
        "balance": columns["balance"].tolist(),  # type: ignore[union-attr]
        "job": columns["job"].to_object().tolist(),  # type: ignore[union-attr]
    }


def test_what_was_measured_is_kept(values: Path) -> None:
    kept = open_version(values).uncertainty
    assert kept is not None and kept.measured_on == "300 rows"
    made = uncertainty(regressor())
    assert (kept.note, kept.measured) == (made.note, made.measured)
    assert kept.fitted.to_json() == made.fitted.to_json()


def test_a_version_without_intervals_says_so(tmp_path: Path) -> None:
    version: Version = open_version(write(tmp_path / "1", regressor(), None))
    assert version.uncertainty is None and not (tmp_path / "1" / INTERVALS).exists()
    with pytest.raises(UsageError, match=r"version 1 has no intervals: .* · fix: train again, .* · MW-U603"):
        version.predict(raw_rows(2), interval=0.9)
    assert len(version.predict(raw_rows(2), reasons=1)[0]["reasons"]) == 2


def test_too_high_a_coverage_is_refused(values: Path) -> None:
    with pytest.raises(UsageError, match="MW-U601"):
        open_version(values).predict(raw_rows(2), interval=0.999)


DAMAGE: dict[str, tuple[Callable[[dict], object], str]] = {
    "no JSON of ours": (lambda d: d.clear(), "MW-B103"),
    "a later format": (lambda d: d.update(format=2), "MW-B103"),
    "more than is known": (lambda d: d.update(code="import os"), "MW-B110"),
    "nothing fitted": (lambda d: d.pop("fitted"), "MW-B110"),
    "a bound that is no number": (lambda d: d["fitted"]["low"][0].__setitem__(0, "x"), "MW-B403"),
    "not nested": (lambda d: d["fitted"]["high"].reverse(), "MW-B403"),
    "of classes": (lambda d: d.update(fitted=uncertainty(classifier()).fitted.to_json()), "MW-B130"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_refused_before_the_version_is_used(name: str, values: Path, tmp_path: Path) -> None:
    change, code = DAMAGE[name]
    folder = tmp_path / "1"
    shutil.copytree(values, folder)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    document = json.loads((folder / INTERVALS).read_text())
    change(document)
    (folder / INTERVALS).write_text(json.dumps(document))
    with pytest.raises(BundleError, match="MW-B107"):
        open_version(folder)
    reseal(folder)
    with pytest.raises(BundleError, match=code):
        open_version(folder)


def run_of(plan: Plan, turn_lockbox: bool = False, n_rows: int = 400, n_lockbox: int = 100) -> SimpleNamespace:
    """What the step reads of a run: out-of-fold predictions of most rows, none of the first ten, and a lockbox."""
    rng = np.random.default_rng(3)
    prediction = plan.predict(some_columns(n_rows, seed=2))
    y = (rng.random(n_rows) < prediction[:, -1]) if plan.classes else prediction[:, 0] + rng.normal(0, 1, n_rows)
    y = y.astype(float)
    lockbox, rows = np.arange(n_rows - n_lockbox, n_rows), np.arange(10, n_rows - n_lockbox)
    if turn_lockbox:
        y[lockbox] = 1 - y[lockbox] if plan.classes else -99.0
    return SimpleNamespace(
        outcome=SimpleNamespace(rows=rows, oof=prediction[rows], holdout=prediction[lockbox]),
        folds=SimpleNamespace(holdout=lockbox, groups=None),
        y=y,
        rows=np.arange(n_rows),
        plan=plan,
        calibrator=plan.calibrator,
        by_group=None,
        brief=SimpleNamespace(seed=0, interval_by=None),
        decide=lambda *told, **more: None,
    )


@pytest.mark.parametrize("plan", [classifier(calibrator=None), regressor()], ids=["classes", "values"])
def test_the_lockbox_measures_and_takes_no_part(plan: Plan) -> None:
    made, turned = (sureness.uncertainty(run_of(plan, turn)) for turn in (False, True))  # type: ignore[arg-type]
    assert made is not None and turned is not None
    assert made.fitted.to_json() == turned.fitted.to_json()
    assert made.fitted.n == 290  # the rows with an out-of-fold prediction
    assert made.measured_on == "a lockbox of 100 rows"
    shares = [[m.value for m in told.measured] for told in (made, turned)]
    assert len(shares[0]) == 3 and shares[0] != shares[1]


def test_without_a_lockbox_nothing_is_measured_and_with_few_rows_nothing_is_fitted() -> None:
    made = sureness.uncertainty(run_of(regressor(), n_lockbox=0))  # type: ignore[arg-type]
    assert made is not None and made.measured == () and made.measured_on == ""
    assert sureness.uncertainty(run_of(regressor(), n_rows=29, n_lockbox=0)) is None  # type: ignore[arg-type]
