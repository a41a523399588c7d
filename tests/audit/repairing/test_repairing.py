"""The repaired table, and the script that makes the same from the file."""

from __future__ import annotations

import gzip
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from modelwright.auditing import audit_only
from modelwright.brief import Brief
from modelwright.cli import main
from modelwright.errors import DataError, ProjectError, UsageError

N = 400


def _messy(rng: np.random.Generator) -> pd.DataFrame:
    """A table as people keep it: words for missing values, marks, units, dates, spellings, a leak, an id."""
    size = rng.normal(size=N)
    sold = np.where(size + rng.normal(size=N) > 0, "yes", "no")
    city = rng.choice(["Oslo", "Bergen", "Tromsø", "Hamar"], N).astype(object)
    city[:12] = rng.choice(["oslo", " Oslo", "BERGEN"], 12)
    price = np.round(np.exp(size + 8), 2)
    days = pd.Timestamp("2021-01-01") + pd.to_timedelta(rng.integers(0, 900, N), "D")

    return pd.DataFrame(
        {
            "id": [f"K{i:06d}" for i in rng.permutation(N)],
            "city": city,
            "price": [f"{int(p):,}".replace(",", ".") + f",{round(100 * (p % 1)):02d} €" for p in price],
            "share": [f"{v:.1f}%" for v in 100 * rng.random(N)],
            "rooms": np.where(rng.random(N) < 0.05, -999, rng.integers(1, 9, N)),
            "area": [f"{v:.3f}" if u > 0.1 else "unknown" for v, u in zip(50 + 10 * size, rng.random(N), strict=True)],
            "seen": [f"{d:%d.%m.%Y}" for d in days],
            "new": rng.choice(["ja", "nein"], N),
            "loss": [f"({v:.2f})" if v > 1 else f"{v:.2f}" for v in rng.exponential(size=N)],
            "note": [f"a note of {rng.integers(10, 99)} words, “{c}”" for c in city],
            "outcome_code": np.where(sold == "yes", "S1", "S0"),
            "sold": np.where(rng.random(N) < 0.03, "", sold),
        }
    )


def _run(script: Path) -> None:
    done = subprocess.run([sys.executable, "-W", "error", str(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def _same(ours: Path, theirs: Path) -> None:
    a, b = pq.read_table(ours), pq.read_table(theirs)
    assert a.column_names == b.column_names
    for name in a.column_names:
        left, right = a[name].to_pylist(), b[name].cast(a[name].type).to_pylist()
        if left and isinstance(next((v for v in left if v is not None), None), float):
            assert [v is None for v in left] == [v is None for v in right], name
            left, right = ([v for v in side if v is not None] for side in (left, right))
            assert left == pytest.approx(right, rel=1e-12), name
        else:
            assert left == right, name


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(11)


@pytest.mark.parametrize(("suffix", "sep"), [("csv", ","), ("csv", ";"), ("tsv", "\t"), ("parquet", "")])
def test_the_script_makes_the_table_that_was_written(
    tmp_path: Path, rng: np.random.Generator, suffix: str, sep: str
) -> None:
    file, fixed, script = (tmp_path / n for n in (f"messy.{suffix}", "fixed.parquet", "fix.py"))
    frame = _messy(rng)
    if sep:
        frame.to_csv(file, sep=sep, index=False)
    else:
        frame.to_parquet(file)
    found = audit_only(Brief(source=str(file), target="sold"), fix=fixed, script=script)
    fixed.rename(tmp_path / "ours.parquet")
    _run(script)
    _same(tmp_path / "ours.parquet", fixed)
    table = pq.read_table(fixed).to_pandas()
    dropped = {c for f in found.audit.findings if f.action.value == "drop column" for c in f.columns}
    assert {"id", "outcome_code"} <= dropped and not dropped & set(table)
    assert pd.api.types.is_float_dtype(table["price"]) and table["price"].gt(100).all()
    assert table["rooms"].min() == 1 and table["rooms"].isna().any()
    assert str(table["seen"].dtype).startswith("datetime64") and set(table["new"]) == {True, False}
    assert table["area"].isna().any() and pd.api.types.is_float_dtype(table["area"])
    assert table["sold"].notna().all() and len(table) < N
    assert set(table["city"]) == {"Oslo", "Bergen", "Tromsø", "Hamar"}


ODD = {
    "rows too long, too short and empty": lambda lines: [*lines[:9], lines[9] + ";x;y", "1;2", "", *lines[10:]],
    "lines in two encodings": lambda lines: lines,
    "rows too long in two encodings": lambda lines: [*lines[:9], lines[9] + ";x", *lines[10:]],
    "a comment among rows": lambda lines: [*lines[:50], "# from here on by hand", *lines[50:]],
    "lines before the header": lambda lines: ["Sales of houses", "", *lines],
    "lines before a ragged table": lambda lines: ["Sales of houses", "", *lines[:9], lines[9] + ";x", *lines[10:]],
    "a total and notes at the end": lambda lines: [
        *lines,
        "Total" + ";" * lines[0].count(";") + "999999",
        "* preliminary" + ";" * lines[0].count(";"),
    ],
    "a delimiter at the end": lambda lines: [line + ";" for line in lines],
}


@pytest.mark.parametrize(("name", "suffix"), [*((name, "csv") for name in ODD), (next(iter(ODD)), "csv.gz")])
def test_a_script_reads_the_rows_that_we_read(tmp_path: Path, rng: np.random.Generator, name: str, suffix: str) -> None:
    file, fixed, script = (tmp_path / n for n in (f"messy.{suffix}", "fixed.parquet", "fix.py"))
    text = "\n".join(ODD[name](_messy(rng).to_csv(sep=";", index=False).splitlines())) + "\n"
    content = text.encode()
    if "encodings" in name:
        content = b"".join(line.encode("cp1252" if i % 2 else "utf-8") for i, line in enumerate(text.splitlines(True)))
    file.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
    audit_only(Brief(source=str(file), target="sold"), fix=fixed, script=script)
    fixed.rename(tmp_path / "ours.parquet")
    _run(script)
    _same(tmp_path / "ours.parquet", fixed)
    assert pq.read_metadata(fixed).num_rows > 0.9 * N


def test_a_script_reads_the_file_of_data_in_an_archive(tmp_path: Path, rng: np.random.Generator) -> None:
    file, fixed, script = (tmp_path / n for n in ("messy.zip", "fixed.parquet", "fix.py"))
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("export/it's.csv", _messy(rng).to_csv(index=False))
        archive.writestr("__MACOSX/._it's.csv", "?")
    audit_only(Brief(source=str(file), target="sold"), fix=fixed, script=script)
    fixed.rename(tmp_path / "ours.parquet")
    _run(script)
    _same(tmp_path / "ours.parquet", fixed)


def test_a_script_of_nested_values_is_refused(tmp_path: Path, rng: np.random.Generator) -> None:
    file = tmp_path / "messy.parquet"
    _messy(rng).assign(tags=[["a"], ["b", "c"]] * (N // 2)).to_parquet(file)
    with pytest.raises(UsageError, match=r"'tags'.*MW-U014"):
        audit_only(Brief(source=str(file), target="sold"), script=tmp_path / "fix.py")
    audit_only(Brief(source=str(file), target="sold"), fix=tmp_path / "fixed.parquet")
    assert set(pq.read_table(tmp_path / "fixed.parquet")["tags"].to_pylist()) == {'["a"]', '["b", "c"]'}


def test_what_is_overruled_stays(tmp_path: Path, rng: np.random.Generator) -> None:
    fixed = tmp_path / "fixed.csv"
    frame = _messy(rng)
    audit_only(Brief(source="<memory>", target="sold", allow=("A013", "A006:id")), data=frame, fix=fixed)
    assert {"id", "outcome_code"} <= set(pd.read_csv(fixed))


def test_the_command(tmp_path: Path, rng: np.random.Generator, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "messy.csv"
    _messy(rng).to_csv(file, index=False)
    asked = ["--fix", str(tmp_path / "f.parquet"), "--script", str(tmp_path / "s.py"), "--quiet"]
    assert main(["audit", str(file), "--target", "sold", *asked]) == 0
    assert (tmp_path / "f.parquet").exists() and "A013" in (tmp_path / "s.py").read_text()


def test_refusals_write_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    frame, fixed = _messy(rng), tmp_path / "fixed.parquet"
    with pytest.raises(UsageError, match="MW-U014"):
        audit_only(Brief(target="sold"), data=frame, fix=fixed, script=tmp_path / "fix.py")
    frame.to_csv(tmp_path / "messy.csv", index=False)
    brief = Brief(source=str(tmp_path / "messy.csv"), target="sold")
    with pytest.raises(UsageError, match="MW-U013"):
        audit_only(brief, fix=tmp_path / "fixed.xlsx", script=tmp_path / "fix.py")
    with pytest.raises(UsageError, match="MW-U118"):
        audit_only(brief, fix=tmp_path / "fixed.docx")
    with pytest.raises(ProjectError, match="MW-P004"):
        audit_only(brief, script=tmp_path / "nowhere" / "fix.py")
    assert not (tmp_path / "fix.py").exists() and not list(tmp_path.glob("fixed.*"))


def test_hostile_names_end_no_string(tmp_path: Path, rng: np.random.Generator) -> None:
    frame = _messy(rng).rename(columns={"rooms": 'a\'"\n"""; import os #', "id": "\\N{x}'''"})
    file, fixed, script = (tmp_path / n for n in ("messy.parquet", "fixed.parquet", "fix.py"))
    frame.to_parquet(file)
    audit_only(Brief(source=str(file), target="sold"), fix=fixed, script=script)
    fixed.rename(tmp_path / "ours.parquet")
    _run(script)
    _same(tmp_path / "ours.parquet", fixed)


@pytest.mark.slow
def test_a_sample_is_not_called_the_table(tmp_path: Path, rng: np.random.Generator) -> None:
    file = tmp_path / "large.csv"
    pd.concat([_messy(rng)] * 2_000).to_csv(file, index=False)
    brief = Brief().merged(source=str(file), target="sold", memory="256MB")
    with pytest.raises(DataError, match="MW-D602"):
        audit_only(brief, fix=tmp_path / "fixed.parquet")
