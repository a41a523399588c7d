"""A version folder in MLflow itself: loaded, served and taken through its registry, with the numbers of the version."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.package.bundle import open_version
from modelwright.package.writing import Facts, write_version
from modelwright.runtime.calibrators import Sigmoid
from tests.conformance.environments import Environment, environment, free_port, pinned, serving
from tests.conformance.made import ODD
from tests.package.fitting import fitted, table
from tests.package.make_frozen import PROFILE

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

TOLERANCE = 1e-9

LOADED = """
import json, sys
import numpy as np, pandas as pd, mlflow

folder, rows = sys.argv[1], json.load(open(sys.argv[2]))
assert mlflow.__version__.startswith("3.17."), mlflow.__version__
model = mlflow.pyfunc.load_model(folder)
count = len(next(iter(rows.values())))
records = [{name: values[i] for name, values in rows.items()} for i in range(count)]
objects = pd.DataFrame({name: pd.Series(values, dtype=object) for name, values in rows.items()})
shapes = {
    "frame": pd.DataFrame(rows),
    "objects": objects,
    "NaN": objects.where(objects.notna(), np.nan),
    "pd.NA": objects.where(objects.notna(), pd.NA),
    "more columns": objects.assign(more=1),
    "records": records,
    "columns": rows,
}
said = {name: model.predict(given).to_dict("list") for name, given in shapes.items()}
alone = pd.concat([model.predict(pd.DataFrame([record])) for record in records])
said["row by row"] = alone.to_dict("list")
typed = objects[["area", "rooms"]].apply(pd.to_numeric).convert_dtypes()
said["typed"] = model.predict(objects.assign(**typed)).to_dict("list")
json.dump(said, sys.stdout)
"""

REGISTERED = """
import json, sys
import mlflow, pandas as pd

folder, rows, store = sys.argv[1], json.load(open(sys.argv[2])), sys.argv[3]
mlflow.set_tracking_uri(f"sqlite:///{store}")
mlflow.set_registry_uri(f"sqlite:///{store}")
mlflow.register_model(f"file://{folder}", "bank")
model = mlflow.pyfunc.load_model("models:/bank/1")
json.dump(model.predict(pd.DataFrame(rows)).to_dict("list"), sys.stdout)
"""


@pytest.fixture(scope="module")
def mlflow() -> Environment:
    return environment("mlflow", ("mlflow==3.17.*", *pinned("numpy", "pandas", "msgspec", "lightgbm")))


@pytest.fixture(scope="module")
def rows() -> dict[str, list[Any]]:
    raw, _ = table(40, seed=5)
    return {name: values + ODD[name] for name, values in raw.items()}


@pytest.fixture(scope="module", params=["classes", "values"])
def folder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp(request.param) / "1"
    plan, _, _ = fitted(("lightgbm", "linear"), 2 if request.param == "classes" else 0, iterations=8)
    if request.param == "classes":
        plan = replace(plan, calibrator=Sigmoid(1.2, 0.1), threshold=0.45)
    facts = Facts(version=1, target="deposit", metric="rmse", documents={}, rows={"used": 200})
    write_version(made, plan, facts=facts, profile=PROFILE, seed=0)
    return made


def assert_same(said: dict[str, list[Any]], expected: dict[str, np.ndarray], about: str = "") -> None:
    assert list(said) == list(expected), about
    for name, values in expected.items():
        if values.dtype.kind == "f":
            np.testing.assert_allclose(said[name], values, rtol=TOLERANCE, atol=TOLERANCE, err_msg=f"{about} {name}")
        else:
            assert said[name] == values.tolist(), about


def test_loaded_by_mlflow(mlflow: Environment, folder: Path, rows: dict[str, list[Any]], tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    (tmp_path / "loaded.py").write_text(LOADED)
    said = json.loads(mlflow.run("loaded.py", folder, "rows.json", folder=tmp_path))
    expected, _ = open_version(folder).predict(rows)
    assert len(said) == 9
    for about, answers in said.items():
        assert_same(answers, expected, about)


def test_through_the_registry(mlflow: Environment, folder: Path, rows: dict[str, list[Any]], tmp_path: Path) -> None:
    (tmp_path / "rows.json").write_text(json.dumps(rows))
    (tmp_path / "registered.py").write_text(REGISTERED)
    said = json.loads(mlflow.run("registered.py", folder, "rows.json", tmp_path / "mlflow.db", folder=tmp_path))
    assert_same(said, open_version(folder).predict(rows)[0])


@pytest.fixture
def invocations(mlflow: Environment, folder: Path, tmp_path: Path) -> Iterator[str]:
    port = free_port()
    command = (str(mlflow.folder / "bin" / "mlflow"), "models", "serve", "-m", str(folder), "--env-manager", "local")
    where = f"http://127.0.0.1:{port}"
    with serving(mlflow, (*command, "-h", "127.0.0.1", "-p", str(port)), ready=f"{where}/ping", folder=tmp_path):
        yield f"{where}/invocations"


def asked(url: str, body: dict[str, Any]) -> dict[str, list[Any]]:
    request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=60) as answer:
        records = json.load(answer)["predictions"]
    return {name: [record[name] for record in records] for name in records[0]}


def test_served_by_mlflow(invocations: str, folder: Path, rows: dict[str, list[Any]]) -> None:
    expected, _ = open_version(folder).predict(rows)
    records = [dict(zip(rows, values)) for values in zip(*rows.values())]
    split = {"columns": list(rows), "data": [list(record.values()) for record in records]}
    assert_same(asked(invocations, {"dataframe_split": split}), expected, "split")
    assert_same(asked(invocations, {"dataframe_records": records}), expected, "records")
    assert_same(asked(invocations, {"inputs": rows}), expected, "inputs")
    for i, record in enumerate(records[-12:], len(records) - 12):  # a null alone is None, not NaN: it must not matter
        one = {name: values[i : i + 1] for name, values in expected.items()}
        assert_same(asked(invocations, {"dataframe_records": [record]}), one, f"row {i} alone")
