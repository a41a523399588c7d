"""Rows for a retraining say whose they are, forgotten people's are left out, and texts lose the names in the table."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest

from modelwright import documents
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.treating.keys import ENVIRONMENT, fingerprint_of, key_for, pseudonym
from modelwright.data.treating.treatment import Action, Treatment
from modelwright.errors import UsageError
from modelwright.govern.privacy.documents import ColumnPrivacy, Privacy
from modelwright.govern.privacy.subjects import Forgotten, digest_of_pseudonym, keep_subject, with_subject
from modelwright.project import Project, RunState
from modelwright.retrain.arrivals import logged_rows
from modelwright.retrain.tables import gather
from modelwright.serve.log import LogPolicy, PredictionLog

NOW = 1_790_000_000.0
KEY = "00112233445566778899aabbccddeeff"
SPEC = ColumnSpec(
    name="customer",
    kind=Kind.ID,
    treatment=Treatment(action=Action.HASH, salt="customer", fingerprint=fingerprint_of(bytes.fromhex(KEY))),
)
X, Y = ColumnSpec(name="x", kind=Kind.NUMBER), ColumnSpec(name="y", kind=Kind.NUMBER)
READ = Contract(columns=(X,), rows_seen=9)
"""What the model reads: a retraining on rows of the log knows no more than this and the target."""
SEEN = Contract(columns=(X, Y), rows_seen=9)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.create(tmp_path / "p")
    keep_subject(made.path, SPEC)
    return made


def name(person: str) -> str:
    return pseudonym(key_for(None), "customer", person)


def forgotten(project: Project, *people: str) -> None:
    digests = tuple(f"{digest_of_pseudonym(name(p)):016x}" for p in people)
    documents.save(Forgotten(column="customer", digests=digests), project.path / "privacy" / "forgotten.json")


def from_log(folder: Path, n: int, subject: ColumnSpec | None) -> pa.Table:
    log = PredictionLog(folder, with_subject(READ, SPEC), LogPolicy(), key=b"k" * 16)
    for i in range(n):
        log.record(request_id=f"r{i}", route="/predict", version="1", role="champion", received=NOW + i, seconds=0.001,
                   records=[{"x": float(i), "customer": f"P{i % 10}"}], columns=None,
                   answers={"prediction": [1.0]})  # fmt: skip
        log.feedback(f"r{i}", 0, float(i), NOW + i)
    log.close()
    version: Any = SimpleNamespace(
        contract=READ, manifest=SimpleNamespace(target="y"), plan=SimpleNamespace(classes=())
    )
    return logged_rows(version, folder, subject=subject)[0]


def test_rows_of_the_log_say_whose_they_are_and_can_be_forgotten(project: Project, tmp_path: Path) -> None:
    rows = from_log(tmp_path / "log", 300, SPEC)
    assert set(rows.column("customer").to_pylist()) == {name(f"P{i}") for i in range(10)}
    kept = gather(project, "<memory>", rows, SEEN, ())
    assert kept.new == 300 and "customer" in kept.table.column_names
    forgotten(project, "P3")
    left = gather(project, "<memory>", rows, SEEN, ()).table
    assert left.num_rows == 270 and name("P3") not in left.column("customer").to_pylist()
    with pytest.raises(UsageError) as caught:
        gather(project, "<memory>", rows.drop_columns(["customer"]), SEEN, ())
    assert caught.value.code == "MW-U913"


def test_people_in_files_are_forgotten_though_the_last_run_did_not_see_whose_rows_are(project: Project) -> None:
    forgotten(project, "P3")
    rows = pa.table({"customer": [f"P{i % 10}" for i in range(300)], "x": range(300), "y": range(300)})
    left = gather(project, "<memory>", rows, SEEN, ()).table
    assert left.num_rows == 270 and set(left.column("customer").to_pylist()) == {
        name(f"P{i}") for i in range(10) if i != 3
    }


def test_earlier_rows_that_do_not_say_whose_they_are_are_left_out_once_somebody_is_forgotten(
    project: Project, tmp_path: Path
) -> None:
    import pyarrow.csv as csv

    file = tmp_path / "first.csv"
    csv.write_csv(pa.table({"x": range(1000, 1200), "y": range(200)}), file)
    rows = pa.table({"customer": [f"P{i % 10}" for i in range(300)], "x": range(300), "y": range(300)})
    assert gather(project, str(file), rows, SEEN, ()).old == 200
    forgotten(project, "P3")
    after = gather(project, str(file), rows, SEEN, ())
    assert (after.old, after.new) == (0, 270) and any("200 earlier rows" in told for told in after.told)


def test_texts_lose_the_names_that_stand_in_the_column_of_names(project: Project) -> None:
    run = project.run_folder("0001")
    run.mkdir(parents=True)
    documents.save(RunState(status="done", key="", started="2026-01-01T00:00:00Z"), run / "state.json")
    named = ColumnPrivacy(column="who", datum="name", action="drop", why="", decided_by="policy")
    documents.save(Privacy(policy="gdpr", title="", basis="", k=5, columns=(named,)), run / "privacy.json")
    notes = ColumnSpec(name="notes", kind=Kind.TEXT, treatment=Treatment(action=Action.REDACT))
    contract = Contract(columns=(notes, X, Y), rows_seen=9)
    n = 200
    rows = pa.table({"who": ["Zwettler"] * n, "notes": ["spoke with Zwettler today"] * n, "x": range(n), "y": range(n)})
    table = gather(project, "<memory>", rows, contract, ()).table
    assert "who" not in table.column_names
    assert set(table.column("notes").to_pylist()) == {"spoke with [name] today"}
