"""The functions of the package: from scripts, threads, and with tables in memory."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

import modelwright as mw
from modelwright.errors import DataError, UsageError
from modelwright.lifecycle import STAGES

from .cli.helpers import environment, table
from .cli.test_resume import wide


def frame(rows: int = 60, seed: int = 0) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(table(rows, target="number", seed=seed)))


MADE = {
    "pandas": lambda f: f,
    "pandas with an index": lambda f: f.set_index(pd.date_range("2024-01-01", periods=len(f), name="day")),
    "polars": pl.from_pandas,
    "Arrow": lambda f: pa.Table.from_pandas(f, preserve_index=False),
    "mapping": lambda f: {name: list(f[name]) for name in f},
}


@pytest.mark.parametrize("kind", MADE)
def test_tables_in_memory(tmp_path, kind):
    made = MADE[kind](frame())
    project = mw.run(made, target="target", trials=1, project=tmp_path / "made")
    answers = project.predict(made)
    assert len(answers) == 60 and np.isfinite(answers["prediction"]).all()
    np.testing.assert_array_equal(answers["prediction"], project.predict(frame())["prediction"])


def test_a_file_and_its_frame_give_the_same_model(tmp_path):
    (tmp_path / "data.csv").write_text(table(60, target="number"))
    here = mw.run(tmp_path / "data.csv", target="target", trials=1, project=str(tmp_path / "file"))
    frames = mw.run(frame(), target="target", trials=1, project=tmp_path / "frame")
    answers = [p.predict(frame())["prediction"].to_numpy() for p in (here, frames)]
    np.testing.assert_allclose(answers[0], answers[1], rtol=1e-9)


def test_the_frame_is_not_changed(tmp_path):
    given = frame()
    before = given.copy(deep=True)
    mw.run(given, target="target", trials=1, project=tmp_path / "made")
    pd.testing.assert_frame_equal(given, before)


def test_a_brief_from_a_file_an_object_and_fields(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "data.csv").write_text(table(60, target="number"))
    (tmp_path / "brief.toml").write_text(
        'source = "data.csv"\ntarget = "target"\nmetric = "mae"\ndrop = ["age"]\n[limits]\ntrials = 1\n'
    )
    project = mw.run(brief="brief.toml")
    assert project.path.name == "data-target" and project.result["score"]["metric"] == "mae"
    other = mw.run(brief=mw.Brief(source="data.csv", target="target"), metric="rmse", trials=1, project="other")
    assert other.result["score"]["metric"] == "rmse"
    assert "age" in other.version().contract.names and "age" not in project.version().contract.names
    assert mw.run(brief=project.path / "brief.toml", project="again").result["score"] == project.result["score"]


def test_the_listener_is_told(tmp_path):
    told: dict[str, list[object]] = {"stage": [], "progress": [], "note": []}

    class Listener:
        def stage(self, title: str) -> None:
            told["stage"].append(title)

        def progress(self, done: int, total: int, text: str) -> None:
            told["progress"].append((done, total))

        def note(self, text: str) -> None:
            told["note"].append(text)

    mw.run(frame(), target="target", trials=1, project=tmp_path / "made", listener=Listener())
    assert told["stage"][0] == "Reading the data" and len(told["stage"]) == len(STAGES)
    assert told["progress"] and told["progress"][-1][0] == told["progress"][-1][1]


@pytest.mark.parametrize(
    ("fields", "error", "words"),
    [
        ({"traget": "target"}, UsageError, "no field 'traget'.*did you mean 'target'"),
        ({"target": "targt"}, UsageError, "did you mean 'target'"),
        ({"target": "target", "budget": "soon"}, UsageError, "budget"),
        ({"target": "target", "drop": 3}, UsageError, "a list of names"),
        ({"target": 3}, UsageError, "give text"),
    ],
)
def test_wrong_fields(tmp_path, monkeypatch, fields, error, words):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(error, match=words):
        mw.run(frame(), **fields)
    assert not list(tmp_path.iterdir())


def test_no_data():
    with pytest.raises(UsageError, match=r"no data.*MW-U0\d\d"):
        mw.run(target="target")
    with pytest.raises(UsageError, match=r"no data.*MW-U0\d\d"):
        mw.audit_data()
    with pytest.raises(UsageError, match="is no table"):
        mw.run(3, target="target")


def test_audit_data():
    rows = frame().assign(same=1)
    audit = mw.audit_data(rows, target="target")
    assert [f.columns for f in audit.findings if f.code == "A005"] == [("same",)]
    without = mw.audit_data(rows)
    assert {f.code for f in without.findings} >= {"A005"}
    assert all(o.why for o in without.outcomes if o.answer == "not applicable")


def test_from_a_thread_of_a_script_without_a_guard(tmp_path):
    """Worker processes must not run the caller's script again, and live as long as the thread that uses them."""
    (tmp_path / "data.csv").write_text(wide())
    (tmp_path / "script.py").write_text(
        "print('the script runs')\n"
        "import threading\n"
        "import modelwright as mw\n"
        "def work():\n"
        "    print(mw.run('data.csv', target='target', trials=5, project='made').result['version'])\n"
        "thread = threading.Thread(target=work)\n"
        "thread.start()\n"
        "thread.join()\n"
    )
    done = subprocess.run(
        [sys.executable, "script.py"], cwd=tmp_path, capture_output=True, text=True, timeout=120, env=environment()
    )
    assert done.stdout == "the script runs\n1\n" and done.stderr == "", done.stderr


def test_the_state_of_the_process_is_left_alone(tmp_path):
    """No seed, no warning filter, no variable, no folder of the caller changes."""
    import random

    random.seed(1)
    np.random.seed(1)  # noqa: NPY002 - the caller's global state, not ours
    before = (random.getstate(), np.random.get_state()[1].tobytes(), list(warnings.filters), dict(os.environ))  # noqa: NPY002
    folder, errors = os.getcwd(), np.geterr()
    mw.run(frame(), target="target", trials=1, project=tmp_path / "made")
    after = (random.getstate(), np.random.get_state()[1].tobytes(), list(warnings.filters), dict(os.environ))  # noqa: NPY002
    assert before == after and os.getcwd() == folder and np.geterr() == errors


def test_errors_are_of_one_family():
    assert issubclass(DataError, mw.ModelwrightError) and issubclass(DataError, ValueError)
