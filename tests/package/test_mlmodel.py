"""The files for MLflow: what they say, and the loader that they name. MLflow itself runs in `tests/conformance`."""

from __future__ import annotations

import json
import math
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelwright.errors import BundleError, ContractError
from modelwright.package import mlflow_loader
from modelwright.package.bundle import open_version
from modelwright.package.mlflow_loader import PyfuncModel
from modelwright.package.mlmodel import LOADER, mlflow_files
from modelwright.package.writing import Facts, write_version
from modelwright.runtime import Plan
from tests.package.building import PROFILE, classifier, raw_rows, regressor

FILES = {"MLmodel", "python_env.yaml", "requirements.txt"}


def written(folder: Path, plan: Plan, target: str = "deposit") -> Path:
    facts = Facts(version=1, target=target, metric="roc_auc", documents={}, rows={"used": 1000})
    write_version(folder, plan, facts=facts, profile=PROFILE, seed=0)
    return folder


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return written(tmp_path_factory.mktemp("mlmodel") / "1", classifier())


@pytest.fixture(scope="module")
def model(folder: Path) -> PyfuncModel:
    return mlflow_loader._load_pyfunc(str(folder))


def read_yaml(text: str) -> dict[str, Any]:
    """Return what the two-level YAML that is written here says; other YAML fails."""
    found: dict[str, Any] = {}
    at = [found]
    for line in text.splitlines():
        indent, key, value = re.fullmatch(r"((?:  )*)([a-z_]+|MLmodel):(?: (.+))?", line).groups()  # type: ignore[union-attr]
        del at[len(indent) // 2 + 1 :]
        if value is None:
            at[-1][key] = {}
            at.append(at[-1][key])
        elif value.startswith('"'):
            value = re.sub(r"\\U([0-9a-f]{8})", lambda m: chr(int(m[1], 16)), value[1:-1].replace("\\\\", "\x00"))
            at[-1][key] = value.replace('\\"', '"').replace("\x00", "\\")
        else:
            at[-1][key] = None if value == "null" else value
    return found


def test_every_version_has_them_listed_with_digests(folder: Path) -> None:
    assert {entry.name for entry in open_version(folder).manifest.files} >= FILES


def test_mlmodel_names_the_installed_loader_and_no_code(folder: Path) -> None:
    told = read_yaml((folder / "MLmodel").read_text())
    flavour = told["flavors"]["python_function"]
    assert flavour["loader_module"] == LOADER == mlflow_loader.__name__
    assert not {"code", "data", "python_model"} & set(flavour)
    assert flavour["env"]["virtualenv"] == "python_env.yaml"


def test_the_signature_is_the_contract_and_the_answers(folder: Path) -> None:
    told = read_yaml((folder / "MLmodel").read_text())["signature"]
    assert [column["name"] for column in json.loads(told["inputs"])] == list(open_version(folder).contract.names)
    assert {(c["type"], c["required"]) for c in json.loads(told["inputs"])} == {("any", True)}
    assert [(c["name"], c["type"]) for c in json.loads(told["outputs"])] == [
        ("prediction", "string"),
        ("probability_no", "double"),
        ("probability_yes", "double"),
    ]


def test_a_value_is_a_double(tmp_path: Path) -> None:
    text = (written(tmp_path / "1", regressor()) / "MLmodel").read_text()
    assert json.loads(read_yaml(text)["signature"]["outputs"]) == [
        {"type": "double", "name": "prediction", "required": True}
    ]


@pytest.mark.parametrize(
    "target", ['say "no": \\ # x', "naïve\u2028\x85\x7f", "\U0001f600", "a\nb: !!python/name:os.system"]
)
def test_names_cannot_break_out_of_the_yaml(tmp_path: Path, target: str) -> None:
    text = (written(tmp_path / "1", classifier(), target) / "MLmodel").read_text()
    assert text.isascii()
    assert read_yaml(text)["metadata"]["target"] == target


def test_the_same_version_has_the_same_files(folder: Path) -> None:
    version = open_version(folder)
    again = mlflow_files(version.manifest, version.plan)
    assert {name: (folder / name).read_text() for name in FILES} == again


def test_requirements_pin_what_scored(folder: Path) -> None:
    text = (folder / "requirements.txt").read_text()
    assert f"numpy=={np.__version__}" in text and "modelwright==" in text and "mlflow>=" in text


def test_the_loader_imports_neither_mlflow_nor_pandas() -> None:
    code = f"import {LOADER}, sys; print([m for m in ('mlflow', 'pandas', 'pyarrow', 'sklearn') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_changed_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    other = written(tmp_path / "1", classifier())
    (other / "MLmodel").chmod(0o644)
    (other / "MLmodel").write_text((other / "MLmodel").read_text().replace(LOADER, "os.path"))
    with pytest.raises(BundleError, match="MW-B107"):
        mlflow_loader._load_pyfunc(str(other))


def test_what_the_registry_of_mlflow_lays_beside_is_let_be(tmp_path: Path) -> None:
    other = written(tmp_path / "1", classifier())
    (other / "registered_model_meta").write_text("model_name: x\nmodel_version: '1'\n")
    mlflow_loader._load_pyfunc(str(other)).version.verify()
    (other / "model" / "registered_model_meta").write_text("elsewhere it is one file too much")
    with pytest.raises(BundleError, match="MW-B106"):
        open_version(other)


def test_a_frame_gives_a_frame_with_its_index(model: PyfuncModel) -> None:
    rows = raw_rows(20)
    frame = pd.DataFrame(rows, index=range(100, 120))
    got = model.predict(frame, params=None)
    expected, _ = model.version.predict(rows)
    assert list(got.index) == list(frame.index)
    assert list(got.columns) == list(expected)
    assert got["prediction"].tolist() == expected["prediction"].tolist()
    np.testing.assert_array_equal(got["probability_yes"], expected["probability_yes"])


@pytest.mark.parametrize("missing", [None, math.nan, pd.NA, np.nan, pd.NaT, "NA", ""])
@pytest.mark.parametrize("column", ["age", "job"])
def test_every_spelling_of_missing_is_missing(model: PyfuncModel, missing: object, column: str) -> None:
    row = {"age": 40, "balance": 120.5, "job": "student"}
    expected = model.version.predict([{**row, column: None}])[0]["probability_yes"][0]
    other = model.version.predict([row])[0]["probability_yes"][0]
    frame = pd.DataFrame({name: pd.Series([value], dtype=object) for name, value in {**row, column: missing}.items()})
    assert model.predict(frame)["probability_yes"][0] == expected != other
    assert model.predict({**row, column: missing})["probability_yes"][0] == expected


def test_records_columns_and_one_record_are_the_same(model: PyfuncModel) -> None:
    columns = raw_rows(3)
    records = [dict(zip(columns, values)) for values in zip(*columns.values())]
    from_columns = model.predict(columns)
    pd.testing.assert_frame_equal(model.predict(records), from_columns)
    pd.testing.assert_frame_equal(model.predict(records[0]), from_columns.head(1))


@pytest.mark.parametrize("dtype", ["Int64", "int32", "float32", "object", "string"])
def test_dtypes_of_pandas_mean_the_same(model: PyfuncModel, dtype: str) -> None:
    frame = pd.DataFrame({"age": pd.Series([30, 41]).astype(dtype), "balance": [1, 2], "job": ["admin", "astronaut"]})
    expected, _ = model.version.predict({"age": [30, 41], "balance": [1, 2], "job": ["admin", "astronaut"]})
    np.testing.assert_array_equal(model.predict(frame)["probability_yes"], expected["probability_yes"])


def test_categories_and_additional_columns_are_welcome(model: PyfuncModel) -> None:
    rows = raw_rows(12)
    frame = pd.DataFrame({**rows, "job": pd.Categorical(rows["job"]), "more": [object()] * 12})
    np.testing.assert_array_equal(model.predict(frame)["probability_yes"], model.predict(rows)["probability_yes"])


def test_a_missing_column_is_refused(model: PyfuncModel) -> None:
    with pytest.raises(ContractError, match="job"):
        model.predict(pd.DataFrame({"age": [30], "balance": [1.0]}))
