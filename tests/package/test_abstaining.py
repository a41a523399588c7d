"""A version that leaves rows to a person says so in a batch, in a row, in every protocol; damaged ones are refused."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from modelwright.brief import Brief
from modelwright.errors import BundleError, UsageError
from modelwright.evaluate.abstaining import Selective, fit_abstention, risk_curve
from modelwright.package.abstaining import ABSTAINING, Abstaining
from modelwright.package.bundle import open_version
from modelwright.package.uncertainty import Uncertainty
from modelwright.package.writing import write_version
from modelwright.runtime import Plan
from modelwright.runtime.abstaining import doubt_of_classes, doubt_of_values
from modelwright.runtime.intervals import Intervals
from modelwright.scoring import score_file
from modelwright.serve.exchange import Asked
from modelwright.serve.models import load_model
from modelwright.steps.abstaining import abstaining, check_asked, told_tolerance
from tests.package.building import PROFILE, classifier, raw_rows, regressor, some_columns
from tests.package.test_bundle import facts
from tests.package.test_hostility import reseal
from tests.package.test_uncertainty import run_of, uncertainty

RISK = 0.12


def leaving(plan: Plan, told: Uncertainty, asked: float | None) -> Abstaining:
    """Of a plan on made-up truths."""
    rng = np.random.default_rng(1)
    prediction = plan.predict(some_columns(800, seed=4))
    tolerance = None
    if plan.classes:
        doubt = doubt_of_classes(prediction, plan.threshold)
        rows = Selective(doubt, rng.random(800) < np.square(doubt / doubt.max()) / 2)
    else:
        assert isinstance(told.fitted, Intervals)
        tolerance = 1.2
        rows = Selective(doubt_of_values(prediction, told.fitted), np.abs(rng.normal(0, 1, 800)) > tolerance)
    fitted, note = fit_abstention(rows, asked=asked, tolerance=tolerance)
    assert fitted is not None
    measured = risk_curve(rows, fitted, risks=(0.05, RISK), answered=None, where="800 rows")
    return Abstaining(fitted=fitted, note=note, measured=measured)


def write(folder: Path, plan: Plan, asked: float | None) -> Path:
    told = uncertainty(plan)
    parts = {ABSTAINING: leaving(plan, told, asked).document()}
    write_version(folder, plan, facts=facts(), profile=PROFILE, seed=0, uncertainty=told, parts=parts)
    return folder


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("asked") / "1", classifier(), RISK)


@pytest.fixture(scope="module")
def silent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("silent") / "1", classifier(), None)


def records(n: int) -> list[dict[str, Any]]:
    rows = raw_rows(n)
    return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


def test_rows_alone_and_together_are_left_alike(asked: Path) -> None:
    version = open_version(asked)
    answers, _ = version.predict(raw_rows(60))
    assert list(answers) == ["prediction", "probability_no", "probability_yes", "abstain"]
    assert answers["abstain"].dtype == bool and 0 < answers["abstain"].mean() < 1
    alone = [version.predict_row(record)[0]["abstain"] for record in records(60)]
    assert alone == answers["abstain"].tolist()
    bodies = [version.predict_body(json.dumps(record).encode()) for record in records(60)]
    assert [found[0]["abstain"] for found in bodies if found] == [
        leaves for leaves, found in zip(alone, bodies, strict=True) if found
    ]
    assert version.self_test().n_rows > 0


@pytest.mark.parametrize("transformed", [False, True])
def test_values_are_left_by_the_width_of_their_interval(tmp_path: Path, transformed: bool) -> None:
    version = open_version(write(tmp_path / "1", regressor(), 0.3 if transformed else 0.25))
    answers, _ = version.predict(raw_rows(30))
    assert [version.predict_row(record)[0]["abstain"] for record in records(30)] == answers["abstain"].tolist()


def test_it_is_told_when_asked_for_and_else_by_the_brief(silent: Path, asked: Path) -> None:
    assert "abstain" not in open_version(silent).predict(raw_rows(5))[0]
    assert "abstain" not in open_version(silent).predict_row(records(1)[0])[0]
    by_risk = [open_version(silent).predict(raw_rows(200), abstain=r)[0]["abstain"] for r in (0.1, 0.15, 0.4)]
    assert all((low | ~high).all() for low, high in pairwise(by_risk))
    assert by_risk[0].sum() > by_risk[-1].sum()
    assert (open_version(asked).predict(raw_rows(200), abstain=0.4)[0]["abstain"] == by_risk[-1]).all()


def test_a_file_has_it_too(asked: Path, tmp_path: Path) -> None:
    import pandas as pd

    version = open_version(asked)
    pd.DataFrame(raw_rows(50)).to_csv(tmp_path / "rows.csv", index=False)
    score_file(version, tmp_path / "rows.csv", tmp_path / "out.parquet")
    written = pd.read_parquet(tmp_path / "out.parquet")
    again, _ = version.predict(tmp_path / "rows.csv")
    assert written["abstain"].tolist() == again["abstain"].tolist()


def test_the_server_answers_it(asked: Path, silent: Path) -> None:
    model = load_model(asked, "bank")
    quick = model.quick(json.dumps(records(1)[0]).encode(), b"id")
    assert quick is not None
    row = json.loads(quick[0])["predictions"][0]
    one = model.score(Asked(records=records(1)))
    many = model.score(Asked(records=records(3)))
    assert row["abstain"] is one.answers["abstain"][0] is many.answers["abstain"][0]
    assert quick[1]["abstain"] is row["abstain"]  # what the log keeps
    other = load_model(silent, "bank").score(Asked(records=records(1), abstain=0.4))
    assert set(other.answers) == set(one.answers)


def test_what_cannot_be_told_is_refused(silent: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"share from 0.001 to 0.5 .* MW-U604"):
        open_version(silent).predict(raw_rows(2), abstain=0.7)
    folder = tmp_path / "1"
    write_version(folder, classifier(), facts=facts(), profile=PROFILE, seed=0)
    with pytest.raises(UsageError, match=r"cannot tell which rows to leave .* MW-U605"):
        open_version(folder).predict(raw_rows(2), abstain=0.1)


DAMAGE: dict[str, tuple[Callable[[dict], object], str]] = {
    "a later format": (lambda d: d.update(format=2), "MW-B103"),
    "more than is known": (lambda d: d.update(code="import os"), "MW-B110"),
    "a limit that is no number": (lambda d: d["fitted"]["limits"].__setitem__(0, "x"), "MW-B404"),
    "limits that fall": (lambda d: d["fitted"]["limits"].reverse(), "MW-B404"),
    "no row behind it": (lambda d: d["fitted"].update(n=0), "MW-B404"),
    "of values": (lambda d: d["fitted"].update(tolerance=1.0), "MW-B132"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_refused(name: str, asked: Path, tmp_path: Path) -> None:
    change, code = DAMAGE[name]
    folder = tmp_path / "1"
    shutil.copytree(asked, folder)
    for path in folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)
    document = json.loads((folder / ABSTAINING).read_text())
    change(document)
    (folder / ABSTAINING).write_text(json.dumps(document))
    reseal(folder)
    with pytest.raises(BundleError, match=code):
        open_version(folder)


def leaves(turn_lockbox: bool = False, **changes: Any) -> Abstaining | None:
    """Of a run in miniature, see `run_of`."""
    run = run_of(classifier(calibrator=None), turn_lockbox)
    run.brief = SimpleNamespace(seed=0, abstain=0.3, tolerance=None)
    run.folds.order = None
    for name, value in changes.items():
        setattr(run, name, value)
    return abstaining(run, None)  # type: ignore[arg-type]


def test_the_lockbox_measures_and_takes_no_part() -> None:
    made, turned = leaves(), leaves(turn_lockbox=True)
    assert made is not None and turned is not None
    assert made.fitted.to_json() == turned.fitted.to_json()
    assert made.fitted.asked == 0.3 and made.fitted.n == 290
    assert made.measured.measured_on == "a lockbox of 100 rows"
    assert made.measured.curve[-1].wrong != turned.measured.curve[-1].wrong


def test_a_tolerance_is_for_values_and_needed_there() -> None:
    def problem(*classes: str) -> Any:
        return SimpleNamespace(target="price", classes=classes)

    with pytest.raises(UsageError, match=r"'price' has classes.* MW-U606"):
        check_asked(Brief(tolerance="5"), problem("a", "b"))
    with pytest.raises(UsageError, match=r"not how far off .* --tolerance.* MW-U606"):
        check_asked(Brief(abstain=0.1), problem())
    check_asked(Brief(abstain=0.1, tolerance="5"), problem())
    check_asked(Brief(abstain=0.1), problem("a", "b"))


def test_a_percentage_is_of_the_median() -> None:
    y = np.array([-10.0, 20.0, 30.0])
    assert told_tolerance("10%", y) == pytest.approx(2.0)
    assert told_tolerance("7.5", y) == 7.5
