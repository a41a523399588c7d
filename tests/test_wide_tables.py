"""A table of more columns than rows, from the file to a version that reads those that tell."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

import modelwright as mw

N_ROWS, N_COLUMNS = 160, 320


def wide(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    made = {f"n{i:03d}": rng.normal(size=n_rows).round(3) for i in range(N_COLUMNS - 1)}
    frame = pd.DataFrame(made)
    frame["colour"] = rng.choice(["red", "green", "blue"], n_rows)
    signal = 2 * frame["n005"] - 2 * frame["n123"] + 3 * (frame["colour"] == "red")
    frame["bought"] = np.where(signal - 1 + 0.5 * rng.logistic(size=n_rows) > 0, "yes", "no")
    return frame


@pytest.mark.slow
def test_a_wide_table_gets_a_version_that_reads_what_tells(tmp_path):
    project = mw.run(wide(N_ROWS, 0), target="bought", trials=10, project=str(tmp_path / "made"))
    read = project.version(1).plan.contract.names
    assert {"n005", "n123", "colour"} <= set(read) and len(read) < N_COLUMNS / 4

    new = wide(400, 1)
    answers = project.predict(new[[*read]])
    assert (answers["prediction"].to_numpy() == new["bought"].to_numpy()).mean() > 0.8

    folder = project.run_folder("0001")
    explanation = json.loads((folder / "explanation.json").read_text())["body"]
    assert {i["column"] for i in explanation["importances"][:3]} == {"n005", "n123", "colour"}
    assert any("none of the models reads them" in note for note in explanation["notes"])
    told = [d for d in project.why("package") if d.question == "columns"]
    assert f"of {N_COLUMNS}" in told[0].choice
