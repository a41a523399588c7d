"""The export as a whole: the gate, the documents, names that are odd."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from modelwright.data.columns import Columns
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import BundleError, MissingExtra
from modelwright.package.exports import export
from modelwright.package.exports.onnx import converting
from modelwright.package.exports.onnx.converting import Converted, convert
from modelwright.package.exports.onnx.gate import Session, check_agreement, differences
from modelwright.package.exports.onnx.probing import N_RANDOM, probes
from modelwright.runtime import Plan, PlanMember, TargetTransform
from modelwright.runtime.calibrators import Isotonic, from_json
from modelwright.runtime.decisions import Moved
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.ops.numbers import Numbers
from modelwright.runtime.views import ViewPlan
from tests.package.building import PROFILE, classifier, linear, regressor, some_columns
from tests.package.exports.graphs import agreement, answers, version_of

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def written(folder: Path, name: str) -> dict:
    return json.loads((folder / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("transform", [{}, {"low": 0.0, "high": 2.0}, {"name": "log1p"}, {"name": "log1p", "low": 0.0}])
def test_targets_are_brought_back_to_their_unit(transform: dict) -> None:
    plan = regressor(TargetTransform(**transform))
    assert agreement(plan, some_columns(60)).max_difference <= 1e-12


def test_the_weighted_mean_of_members_of_several_views() -> None:
    assert agreement(classifier(), some_columns(60)).max_difference <= 1e-15


def test_a_graph_is_valid_and_named_after_the_columns() -> None:
    model = onnx.load_from_string(convert(classifier()).model)
    onnx.checker.check_model(model, full_check=True)
    assert [i.name for i in model.graph.input] == ["age", "balance", "job"]
    assert {o.domain: o.version for o in model.opset_import} == {"": 21, "ai.onnx.ml": 5}
    assert model.graph.output[0].name == "uncalibrated"


@pytest.mark.parametrize("names", [("v1", "uncalibrated"), ("", "v"), ("größe ✓", "a b\nc"), ("x:lower", "x")])
def test_columns_may_be_called_like_parts_of_the_graph(names: tuple[str, str]) -> None:
    first, second = names
    contract = Contract(
        columns=(ColumnSpec(name=first, kind=Kind.NUMBER), ColumnSpec(name=second, kind=Kind.NUMBER)), rows_seen=1
    )
    plan = Plan(
        contract=contract,
        objective="regress",
        classes=(),
        views={"n": ViewPlan((Numbers(inputs=names, names=names),))},
        members=(PlanMember(name="m", view="n", scorer=linear(2, 0), weight=1.0),),
    )
    got, expected, converted = answers(plan, {first: np.array([30.0, np.nan]), second: np.array([50.0, 7.0])})
    np.testing.assert_allclose(got, expected, rtol=1e-14)
    assert converted.output not in {one.name for one in converted.inputs}


# --- the gate --------------------------------------------------------------------------------------------------------


def drifted(plan: Plan) -> Plan:
    """The same plan with a model that answers a little otherwise."""
    member = plan.members[1]
    scorer = linear(4, 2, 1)
    scorer.intercept = scorer.intercept + 1e-4
    return replace(plan, members=(plan.members[0], replace(member, scorer=scorer), plan.members[2]))


def test_a_graph_that_answers_otherwise_is_refused_with_the_size_of_it() -> None:
    plan = classifier()
    with pytest.raises(BundleError, match=r"differ by up to \d\.\de-0\d on \d+ of 60 rows .* MW-B603"):
        check_agreement(plan, convert(drifted(plan)), some_columns(60))


def test_the_member_that_differs_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    real = converting.convert_scorer

    def wrong(site: object, scorer: object) -> str:
        answer = real(site, scorer)  # type: ignore[arg-type]
        off = getattr(scorer, "coef", np.empty(0)).size == 4
        graph = site.graph  # type: ignore[attr-defined]
        return graph.add("Add", answer, graph.constant([1e-3])) if off else answer

    monkeypatch.setattr(converting, "convert_scorer", wrong)
    version = version_of(classifier(), tmp_path)
    with pytest.raises(BundleError, match=r"most: 'linear/b', 1\.0e-03"):
        export(version, "onnx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_what_does_not_run_is_refused() -> None:
    converted = Converted(model=b"no model", inputs=(), output="y", domains=(), tolerance=1e-6)
    with pytest.raises(BundleError, match="MW-B602"):
        Session(converted)


@pytest.mark.parametrize(
    ("got", "expected", "apart"),
    [
        ([[1.0, 2.0]], [[1.0, 2.5]], [0.2]),
        ([[1e-9]], [[2e-9]], [0.5]),  # where all answers are small, small differences count
        ([[0.0], [0.5]], [[1e-7], [0.5]], [2e-7, 0.0]),
        ([[np.nan]], [[1.0]], [np.inf]),
        ([[1.0]], [[1.0], [2.0]], [np.inf, np.inf]),
    ],
)
def test_differences(got: list, expected: list, apart: list) -> None:
    np.testing.assert_allclose(differences(np.array(got), np.array(expected)), apart, rtol=1e-9)


def test_rows_stand_at_every_threshold_and_beside_it() -> None:
    plan = classifier()
    cut = 41.7
    rows: Columns = probes(plan, PROFILE, some_columns(20), {"numbers": {0: np.array([cut])}}, np.random.default_rng(0))
    age = rows["age"]
    assert isinstance(age, np.ndarray) and len(age) > N_RANDOM
    for value in (cut, np.nextafter(cut, 99), np.nextafter(cut, 0), float(np.float32(cut))):
        assert (age == value).sum() > 10
    assert np.isnan(age).any()


def test_without_the_libraries_the_extra_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    version = version_of(classifier(), tmp_path)
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"modelwright\[onnx\]"):
        export(version, "onnx", tmp_path / "out")
    assert not (tmp_path / "out").exists()


# --- the documents ---------------------------------------------------------------------------------------------------


def test_the_folder_says_all_that_is_needed(tmp_path: Path) -> None:
    calibrator = Isotonic(x=(0.0, 0.5, 1.0), y=(0.01, 0.6, 0.99))
    version = version_of(classifier(calibrator=calibrator), tmp_path)
    told = export(version, "onnx", tmp_path / "out")
    assert told.files == ("README.md", "model.json", "model.onnx", "test.json")
    facts, test = written(tmp_path / "out", "model.json"), written(tmp_path / "out", "test.json")
    assert [(i["name"], i["type"], i["missing"]) for i in facts["inputs"]] == [
        ("age", "double", "NaN"),
        ("balance", "double", "NaN"),
        ("job", "string", ""),
    ]
    assert facts["classes"] == ["no", "yes"] and facts["threshold"] == 0.4
    assert from_json(facts["calibrator"]) == calibrator
    assert facts["digest"] == version.digest
    assert facts["agreement"]["max_difference"] <= facts["agreement"]["tolerance"] == 1e-6
    uncalibrated = np.array(test["uncalibrated"])
    np.testing.assert_allclose(calibrator(uncalibrated), test["calibrated"], rtol=1e-14)
    answered = version.predict(test["rows"])[0]
    np.testing.assert_allclose(answered["probability_yes"], np.array(test["calibrated"])[:, 1], rtol=1e-14)
    assert answered["prediction"].tolist() == test["answers"]["prediction"]
    assert any(value is None for value in test["inputs"]["age"]) and "" in test["inputs"]["job"]
    readme = (tmp_path / "out" / "README.md").read_text()
    assert "isotonic" in readme and version.digest in readme and "before calibration" in readme


def test_the_test_rows_run_as_they_stand(tmp_path: Path) -> None:
    import onnxruntime

    export(version_of(regressor(), tmp_path), "onnx", tmp_path / "out")
    facts, test = written(tmp_path / "out", "model.json"), written(tmp_path / "out", "test.json")
    session = onnxruntime.InferenceSession(str(tmp_path / "out" / "model.onnx"), providers=["CPUExecutionProvider"])
    kinds = {"double": np.float64, "string": object}
    tensors = {
        i["name"]: np.array(test["inputs"][i["name"]], dtype=kinds[i["type"]]).reshape(-1, 1) for i in facts["inputs"]
    }
    (got,) = session.run([facts["output"]["name"]], tensors)
    np.testing.assert_allclose(got, test["uncalibrated"], rtol=1e-13)
    assert facts["classes"] == [] and facts["calibrator"] is None and facts["threshold"] is None
    assert facts["decision"] is None


def test_a_decision_can_be_taken_by_what_is_written(tmp_path: Path) -> None:
    plan = replace(regressor(), decision=Moved(1.5, 2.0))
    export(version_of(plan, tmp_path), "onnx", tmp_path / "out")
    facts, test = written(tmp_path / "out", "model.json"), written(tmp_path / "out", "test.json")
    assert facts["decision"] == {"kind": "moved", "factor": 1.5, "shift": 2.0}
    values = np.array(test["answers"]["prediction"])
    np.testing.assert_allclose(test["answers"]["decision"], 1.5 * values + 2.0)
    assert "`factor` times the value" in (tmp_path / "out" / "README.md").read_text()


def test_the_same_version_gives_the_same_bytes(tmp_path: Path) -> None:
    version = version_of(classifier(), tmp_path)
    for name in ("one", "two"):
        export(version, "onnx", tmp_path / name)
    for name in ("model.onnx", "model.json", "test.json", "README.md"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_a_level_called_like_the_missing_one_moves_the_missing_one() -> None:
    contract = Contract(columns=(ColumnSpec(name="c", kind=Kind.CATEGORY),), rows_seen=1)
    op = Lookup(inputs=("c",), names=("x",), levels=("", "∅"), table=np.array([[1.0], [2.0], [3.0], [4.0]]))
    plan = Plan(
        contract=contract,
        objective="regress",
        classes=(),
        views={"v": ViewPlan((op,))},
        members=(PlanMember(name="m", view="v", scorer=linear(1, 0), weight=1.0),),
    )
    missing = convert(plan).inputs[0].missing
    assert missing not in op.levels
    from modelwright.data.columns import Strings

    assert agreement(plan, {"c": Strings.from_values(["", "∅", None, "b"])}).max_difference <= 1e-15
