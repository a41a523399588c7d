"""What a server imports before it is ready: all of it is waited for, so there is nothing that few requests need."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from .running import make_project

STARTED = r"""
import asyncio, json, sys
from pathlib import Path
import modelwright.cli.commands.serve
from modelwright.serve.access import Access
from modelwright.serve.app import App
from modelwright.serve.deployment import Deployment
from modelwright.serve.routes import Routes, routes_for
from modelwright.serve.server import serve
from modelwright.serve.settings import Settings
from modelwright.serve.state import State

settings = Settings(place=Path(sys.argv[1]))
state = State(settings, Deployment.load(settings), Access.open())
app = App(state, Routes(routes_for({})))

async def first():
    return app.quick({"client": None}, {"host": "localhost"}, sys.argv[2].encode(), ())

answer = asyncio.run(first())
state.close()
print(json.dumps([answer.decode(), sorted(sys.modules)]))
"""

NOT_NEEDED = (
    *(f"modelwright.{part}" for part in ("audit", "explain", "features", "frame", "learners", "monitor", "report")),
    *(f"modelwright.{part}" for part in ("objectives", "retrain", "steps", "train", "runtime.reasons")),
    *("modelwright.brief", "modelwright.evaluate.measurements.evaluation", "modelwright.package.reference"),
    *("modelwright.runtime.shapley", "modelwright.serve.openapi", "modelwright.serve.schemas"),
    *("importlib.metadata", "numpy.ma", "numpy.random", "jinja2", "pandas", "psutil", "pyarrow", "rich"),
)


def test_a_server_that_has_answered_its_first_request_has_imported_nothing_that_few_ask_for(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    row = json.dumps({"age": 41, "balance": 12.5, "job": "student"})
    done = subprocess.run(
        [sys.executable, "-c", STARTED, str(project), row], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    answer, modules = json.loads(done.stdout)
    assert answer.startswith("HTTP/1.1 200 OK")
    assert [m for m in modules if any(m == name or m.startswith(f"{name}.") for name in NOT_NEEDED)] == []
