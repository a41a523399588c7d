"""Writing answers, sampling rows, and profiles."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from modelwright.data.canonical import canonicalise
from modelwright.data.kinds import infer_contract
from modelwright.data.profile import make_profile
from modelwright.data.reading import read_table
from modelwright.data.sampling import Reservoir, sample_rows
from modelwright.data.writing import check_writable, write_table
from modelwright.errors import ProjectError, UsageError

ANSWERS = {
    "prediction": np.array(["yes", "no", None], dtype=object),
    "probability": np.array([0.25, np.nan, 1.0]),
    "note": ["a,b", 'say "hi"', "line\nline"],
}


@pytest.mark.parametrize("suffix", ["csv", "tsv", "csv.gz", "parquet", "arrow", "feather", "jsonl", "xlsx"])
def test_what_is_written_is_read_back(tmp_path, suffix):
    path = tmp_path / f"answers.{suffix}"
    write_table(ANSWERS, path)
    table, _ = read_table(path)
    columns, _ = canonicalise(table, infer_contract(table, kinds={"prediction": "category", "note": "text"}))
    assert columns["prediction"].to_object().tolist() == ["yes", "no", None]
    np.testing.assert_array_equal(columns["probability"], ANSWERS["probability"])
    assert columns["note"].to_object().tolist() == ANSWERS["note"]
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_refused_paths_change_nothing(tmp_path):
    with pytest.raises(UsageError, match=r"\.csv.*MW-U118"):
        write_table(ANSWERS, tmp_path / "answers.pdf")
    with pytest.raises(ProjectError, match="MW-P004"):
        write_table(ANSWERS, tmp_path / "absent" / "answers.csv")
    with pytest.raises(ProjectError, match="MW-P004"):
        check_writable(tmp_path / "absent" / "answers.csv")
    with pytest.raises(UsageError, match="MW-U118"):
        check_writable(tmp_path / "answers")
    (tmp_path / "folder.csv").mkdir()
    for refused in (check_writable, lambda p: write_table(ANSWERS, p)):
        with pytest.raises(ProjectError, match="MW-P006"):
            refused(tmp_path / "folder.csv")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.csv"]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "answers.csv"
    write_table({"a": [1]}, path)

    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.replace", full)
    with pytest.raises(ProjectError, match=r"No space left.*MW-P005"):
        write_table({"a": [2]}, path)
    assert "1" in path.read_text()
    assert [p.name for p in tmp_path.iterdir()] == ["answers.csv"]


def test_sample_rows():
    rng = np.random.default_rng(0)
    assert sample_rows(5, 9, rng).tolist() == [0, 1, 2, 3, 4]
    rows = sample_rows(1000, 100, rng)
    assert len(set(rows.tolist())) == 100
    assert (np.diff(rows) > 0).all()


def test_the_reservoir_is_uniform():
    hits = np.zeros(60)
    for seed in range(400):
        reservoir = Reservoir(10, seed)
        for start in range(0, 60, 7):
            reservoir.add(pa.table({"i": np.arange(start, min(start + 7, 60))}))
        rows = reservoir.result().column("i").to_numpy()
        assert len(rows) == 10
        assert reservoir.n_seen == 60
        hits[rows] += 1
    expected = 400 * 10 / 60
    assert (np.abs(hits - expected) < 5 * np.sqrt(expected)).all()


def profile_of(**columns):
    table = pa.table(columns)
    contract = infer_contract(table)
    return make_profile(canonicalise(table, contract)[0], contract)


def test_profiles():
    rng = np.random.default_rng(0)
    x = rng.exponential(size=1000)
    x[:100] = np.nan
    profile = profile_of(
        x=pa.array(x, from_pandas=True), c=["a", "b", "b", None] * 250, zeros=[0.0] * 900 + [1.5] * 100
    )
    column = profile["x"]
    present = x[100:]
    assert (column.n_missing, column.n_distinct, profile.n_rows) == (100, 900, 1000)
    assert column.mean == pytest.approx(present.mean())
    assert column.std == pytest.approx(present.std())
    assert column.quantiles[0] == column.minimum == column.edges[0] == present.min()
    assert column.quantiles[-1] == column.maximum == column.edges[-1] == present.max()
    assert column.quantiles[3] == pytest.approx(np.median(present))
    assert sum(column.counts) == 900
    assert len(column.counts) == 20 == len(column.edges) - 1
    assert max(column.counts) - min(column.counts) <= 1
    assert profile["c"].top == (("b", 500), ("a", 250))
    assert profile["c"].n_missing == 250
    assert sum(profile["zeros"].counts) == 1000


def test_profiles_of_special_columns():
    text = [f"some words are here, number {i}" for i in range(60)]
    profile = profile_of(
        text=text, id=[f"k{i}" for i in range(60)], none=pa.nulls(60), same=[1] * 60, huge=[1e308] * 59 + [-1e308]
    )
    assert profile["text"].top == profile["id"].top == ()
    assert profile["text"].mean_length == pytest.approx(np.mean([len(t) for t in text]))
    assert profile["none"].n_missing == 60
    assert profile["same"].top == (("1", 60),)
    assert profile["huge"].std is None
