"""Runtime and server do without everything that unpickles, and without the libraries that trained the models."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from modelwright.package.compiling import compile_plan
from modelwright.package.writing import write_version
from modelwright.project import Project
from tests.package.building import PROFILE
from tests.package.fitting import TABLE, fitted, table
from tests.package.test_bundle import facts

GUARDED = r"""
import asyncio, importlib.abc, json, os, sys
import pickle  # what the standard library and numpy load anyway; nobody may use it

FORBIDDEN = {"joblib", "cloudpickle", "dill", "shelve", "pandas", "sklearn", "scipy", "pyarrow", "torch", "lightgbm",
             "xgboost", "catboost", "matplotlib", "duckdb", "jinja2"}
asked = []

class Watch(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in FORBIDDEN - {"lightgbm"}:  # its library is looked for, never imported
            raise ImportError(f"{name} is not here")
        if name.split(".")[0] in {"pickle", "_pickle", "marshal"}:
            asked.append(name)
        return None

sys.meta_path.insert(0, Watch())

def listen(event, arguments):
    if event == "pickle.find_class":
        os._exit(77)

sys.addaudithook(listen)
for name in ("load", "loads", "Unpickler", "_Unpickler", "_load", "_loads"):
    setattr(pickle, name, lambda *a, **k: os._exit(78))

from pathlib import Path
from modelwright.serve.access import Access
from modelwright.serve.app import App
from modelwright.serve.deployment import Deployment
from modelwright.serve.disarming import disarm
from modelwright.serve.routes import Routes, routes_for
from modelwright.serve.server import serve
from modelwright.serve.settings import Settings
from modelwright.serve.state import State

settings = Settings(place=Path(sys.argv[1]))
state = State(settings, Deployment.load(settings), Access.open())
app = App(state, Routes(routes_for({})))
row = json.loads(sys.argv[2])
bodies = {"/predict": {"rows": [row, row], "reasons": 2}, "/score": row, "/invocations": {"dataframe_records": [row]},
          "/v1/models/p:predict": {"instances": [row]}}
found = []

async def ask(method, path, body=b""):
    sent = []
    async def send(message): sent.append(message)
    async def receive(): return {"type": "http.request", "body": body, "more_body": False}
    scope = {"type": "http", "method": method, "path": path, "query_string": b"", "client": ("127.0.0.1", 1),
             "headers": [(b"host", b"localhost")]}
    await app(scope, receive, send)
    found.append((path, sent[0]["status"]))

async def main():
    for path, body in bodies.items():
        await ask("POST", path, json.dumps(body).encode())
    for route in app.routes.table:
        if route.method == "GET" and "{" not in route.template:
            await ask("GET", route.template)

asyncio.run(main())
state.close()
disarm()
try:
    pickle.loads(pickle.dumps(1))
    found.append(("disarmed", 500))
except RuntimeError:
    found.append(("disarmed", 200))
print(json.dumps({"found": found, "loaded": sorted(FORBIDDEN & set(sys.modules)), "asked": asked}))
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose champion is an ensemble of every kind of model."""
    folder = tmp_path_factory.mktemp("mixed") / "p"
    plan, rows, _ = fitted(
        ("lightgbm", "xgboost", "catboost", "extra_trees", "linear", "mlp", "neighbours", "kernel"), 2
    )
    made = Project.create(folder)
    write_version(folder / "versions" / "1", compile_plan(plan, rows), facts=facts(), profile=PROFILE, seed=0)
    made.promote(1)
    return folder


def test_a_server_of_every_kind_of_model_unpickles_nothing_and_imports_no_trainer(project: Path) -> None:
    raw, _ = table(1)
    row = {name: raw[name][0] for name in TABLE.names}
    done = subprocess.run(
        [sys.executable, "-c", GUARDED, str(project), json.dumps(row)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["loaded"] == []
    assert told["asked"] == []  # of ours nobody asks for it: what was there before us is all there is
    assert {status for _, status in told["found"]} == {200}


def test_a_row_alone_and_in_a_batch_get_the_same_from_every_kind_of_model(project: Path) -> None:
    version = Project(project).version()
    raw, _ = table(60, seed=5)
    raw["area"][:6] = [None, float("nan"), "NA", "", "n/a", 1e300]  # type: ignore[list-item]
    raw["job"][:6] = [None, "", "NULL", "a job never seen", "cook ", 7]  # type: ignore[list-item]
    raw["since"][:3] = [None, "2021-02-30", "1999-12-31T23:59:59Z"]
    together, _ = version.predict(raw)
    for i in range(60):
        alone, _ = version.predict_row({name: values[i] for name, values in raw.items()})
        assert alone["prediction"] == together["prediction"][i]
        for name in ("probability_a", "probability_b"):
            assert abs(alone[name] - together[name][i]) <= 1e-12
