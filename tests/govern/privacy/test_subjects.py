"""Forgotten people are left out whatever a later run is told, or the run is refused."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from modelwright import documents
from modelwright.brief import Brief
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.treating.keys import ENVIRONMENT, fingerprint_of, key_file_named, key_for, place_of_key, pseudonym
from modelwright.data.treating.treatment import Action, Treatment
from modelwright.documents import digest_of
from modelwright.errors import ProjectError, UsageError
from modelwright.forgetting import forget
from modelwright.govern.privacy.subjects import (
    Forgotten,
    digest_of_pseudonym,
    keep_subject,
    subject_of,
    without_forgotten,
)
from modelwright.lifecycle import STAGES, Silent, _go_through
from modelwright.project import Project
from modelwright.project.secrets import note_key
from modelwright.running import Run
from modelwright.steps.privacy import refuse_forgotten_since

KEY = "00112233445566778899aabbccddeeff"
SPEC = ColumnSpec(
    name="customer",
    kind=Kind.ID,
    treatment=Treatment(action=Action.HASH, salt="customer", fingerprint=fingerprint_of(bytes.fromhex(KEY))),
)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENVIRONMENT, KEY)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project.create(tmp_path / "p")
    keep_subject(made.path, SPEC)
    return made


def people(n: int = 120) -> pa.Table:
    x = np.random.default_rng(0).normal(size=n)
    return pa.table({"customer": [f"P{i % 40:03d}" for i in range(n)], "x": x, "y": np.where(x > 0, "yes", "no")})


def read(project: Project, **more) -> Run:
    """A run whose data is read and treated, and nothing more."""
    brief = Brief().merged(target="y", **more)
    run = Run(brief, data=people(), test=None, started=time.monotonic(), listener=Silent())
    run.home = project.path
    with run:
        _go_through(run, STAGES[:2], Silent())
    return run


def code_of(call) -> str:
    with pytest.raises((UsageError, ProjectError)) as caught:
        call()
    return caught.value.code


def test_rows_that_say_in_plain_whose_they_are_are_refused():
    name = pseudonym(key_for(None), "customer", "P1")
    forgotten = Forgotten(column="customer", digests=(f"{digest_of_pseudonym(name):016x}",))
    assert code_of(lambda: without_forgotten(pa.table({"customer": ["P1", "P2"]}), forgotten)) == "MW-U913"
    assert code_of(lambda: without_forgotten(pa.table({"customer": [1, 2]}), forgotten)) == "MW-U913"
    rows = pa.table({"customer": [name, None, "", "NA", "#" + "0" * 32]})
    assert without_forgotten(rows, forgotten).num_rows == 4


def test_a_run_that_is_not_told_whose_its_rows_are_learns_from_nobody_who_was_forgotten(project: Project):
    assert read(project).table.num_rows == 120
    forget(project, "customer", "P003")
    assert code_of(lambda: read(project)) == "MW-U913"
    assert read(project, subject="customer").table.num_rows == 117


def test_a_project_stays_with_its_key(project: Project, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(ENVIRONMENT, KEY[::-1])
    assert code_of(lambda: read(project, subject="customer")) == "MW-U912"
    assert code_of(lambda: read(project, private={"customer": "hash"})) == "MW-U912"


def test_who_is_forgotten_while_the_data_is_read_stops_the_run(project: Project):
    run = read(project, subject="customer")
    refuse_forgotten_since(run)
    forget(project, "customer", "P003")
    assert code_of(lambda: refuse_forgotten_since(run)) == "MW-P087"
    refuse_forgotten_since(read(project, subject="customer"))


def test_rows_that_a_run_kept_in_plain_lose_the_person_too(project: Project):
    import pyarrow.parquet as pq

    from modelwright.project import RunState

    run = project.run_folder("0001")
    run.mkdir(parents=True)
    documents.save(RunState(status="done", key="", started="2026-01-01T00:00:00Z"), run / "state.json")
    pq.write_table(people(), run / "new-rows.parquet")
    assert forget(project, "customer", "P003").rows == 3
    assert pq.read_table(run / "new-rows.parquet").num_rows == 117


def test_documents_point_to_the_brief_that_is_saved(project: Project):
    run = read(project, subject="CUSTOMER")
    assert run.brief.subject == "customer" and "customer" in run.brief.drop
    assert run.digests["brief"] == digest_of(run.brief) == run._parents["privacy"]["brief"]


def test_the_query_of_the_page_says_which_columns_are_treated_before():
    from typing import Any

    from modelwright.data.contract import Contract
    from modelwright.explain.simple.documents import SimpleModel
    from modelwright.explain.simple.using import OnAPage

    model = SimpleModel(form="equation", link="identity", target="y", base=(1.0,))
    simple: Any = None
    aged = ColumnSpec(name="a\nge", kind=Kind.NUMBER, treatment=Treatment(action=Action.CAP, size=90.0))
    page = OnAPage(model=model, simple=simple, contract=Contract(columns=(aged,), rows_seen=9))
    first, dialect, second = page.sql().splitlines()[:3]
    assert first == "-- The table must hold these columns as the privacy policy leaves them: a ge (cap)"
    assert dialect == "-- Standard SQL." and second.startswith("SELECT")


def test_the_key_file_is_found_from_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(ENVIRONMENT)
    (tmp_path / "key").write_text(KEY)
    monkeypatch.chdir(tmp_path)
    made = Project.create(tmp_path / "p")
    keep_subject(made.path, replace(SPEC, treatment=replace(SPEC.treatment, key_file="key")))
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    assert forget(made, "customer", "P003").digest


def test_a_version_names_the_key_file_and_the_project_says_where_it_lies(tmp_path: Path, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT)
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "own.key").write_text(KEY)
    monkeypatch.chdir(tmp_path)
    assert key_file_named("keys/own.key") == "own.key"
    made = Project.create(tmp_path / "p")
    keep_subject(made.path, replace(SPEC, treatment=replace(SPEC.treatment, key_file="own.key")))
    kept = subject_of(made.path)
    assert kept is not None and kept.treatment is not None
    assert kept.treatment.key_file == str(tmp_path / "keys" / "own.key")
    monkeypatch.setattr("modelwright.data.treating.keys._places", {})
    assert place_of_key("own.key") == "own.key", "another process knows no place"
    (made.path / "brief.toml").write_text("[privacy]\nkey = '../keys/own.key'\n")
    note_key(made.path)
    assert key_for("own.key", fingerprint_of(bytes.fromhex(KEY))) == bytes.fromhex(KEY)
    (made.path / "brief.toml").write_text("privacy = [broken")
    note_key(made.path)


def test_two_projects_may_call_their_key_files_alike(tmp_path: Path, monkeypatch):
    monkeypatch.delenv(ENVIRONMENT)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("modelwright.data.treating.keys._places", {})
    keys = {name: 16 * digits for name, digits in (("first", "0a"), ("second", "1b"))}
    for name, key in keys.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "own.key").write_text(key)
        (tmp_path / name / "brief.toml").write_text("[privacy]\nkey = 'own.key'\n")
        note_key(tmp_path / name)
    for key in map(bytes.fromhex, keys.values()):
        assert key_for("own.key", fingerprint_of(key)) == key
    with pytest.raises(UsageError, match=r"cannot be used: No such file.*MW-U911"):
        key_for("own.key")  # a path that somebody gives is not another project's
    with pytest.raises(UsageError, match=r"another one than that which made the pseudonyms.*MW-U912"):
        key_for("own.key", "0" * 16)
    (tmp_path / "second" / "own.key").unlink()
    with pytest.raises(UsageError, match=r"cannot be used.*MW-U911"):
        key_for("own.key", "1" * 16)
