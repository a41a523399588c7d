"""Somebody is forgotten: rows go, versions are named, later trainings leave them out, and the value is nowhere."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwright.brief import Brief
from modelwright.cli import main
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.treating.keys import ENVIRONMENT, fingerprint_of, key_for, pseudonym
from modelwright.data.treating.treatment import Action, Treatment
from modelwright.errors import ProjectError, UsageError
from modelwright.forgetting import EVENT, Forgetting, forget
from modelwright.govern.privacy.subjects import digest_of_pseudonym, keep_subject, known_subjects, with_subject
from modelwright.lifecycle import run_lifecycle
from modelwright.project import Project
from modelwright.serve.log.erasing import Erased, erase
from modelwright.serve.log.policy import LogPolicy
from modelwright.serve.log.reading import read_feedback, read_log
from modelwright.serve.log.recording import PredictionLog
from modelwright.serve.log.rows import Picker
from tests.govern.privacy.looking import found_in

NOW = 1_790_000_000.0
KEY = "00112233445566778899aabbccddeeff"
SPEC = ColumnSpec(
    name="customer",
    kind=Kind.ID,
    treatment=Treatment(action=Action.HASH, salt="customer", fingerprint=fingerprint_of(bytes.fromhex(KEY))),
)


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, KEY)


def table(n: int = 300) -> pa.Table:
    rng = np.random.default_rng(3)
    x = rng.normal(size=n)
    return pa.table(
        {
            "customer": [f"Person-{i // 3:05d}" for i in range(n)],
            "x": x,
            "z": rng.normal(size=n),
            "y": np.where(x + rng.normal(size=n) > 0, "yes", "no"),
        }
    )


@pytest.fixture
def project(tmp_path) -> Project:
    """A project that knows 100 people with three rows each; the quickest models will do."""
    brief = Brief().merged(target="y", subject="customer", trials=1, budget="60s")
    return run_lifecycle(brief, data=table(), project=str(tmp_path / "p"))


@pytest.mark.slow
def test_somebody_is_forgotten(project, capsys):
    people = known_subjects(project.run_folder("0001"))
    assert people is not None and len(people) == 100
    held = table(30)
    kept = pa.array([pseudonym(key_for(None), "customer", v) for v in held.column("customer").to_pylist()])
    pq.write_table(held.set_column(0, "customer", kept), project.run_folder("0001") / "new-rows.parquet")
    assert main(["forget", str(project.path), "--subject", "customer=Person-00002", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["versions"] == [1] and told["unknown"] == [] and told["rows"] == 3 and not told["before"]
    assert pq.read_table(project.run_folder("0001") / "new-rows.parquet").num_rows == 27
    entry = list(project.ledger.entries())[-1]
    assert entry.kind == EVENT and entry.body["digest"] == told["digest"]
    assert project.forget("customer", "Person-00002").before
    assert project.forget("customer", "Nobody-at-all").versions == ()
    assert found_in(project.path, ["Person-00002", "Nobody-at-all"]) == {}

    again = run_lifecycle(
        Brief().merged(target="y", subject="customer", trials=1, budget="60s"), data=table(), project=str(project.path)
    )
    known = known_subjects(again.run_folder("0002"))
    assert known is not None and len(known) == 99
    gone = digest_of_pseudonym(pseudonym(key_for(None), "customer", "Person-00002"))
    assert gone in people and gone not in known
    assert forget(project, "customer", "Person-00002").versions == (1,)
    with pytest.raises(UsageError) as caught:
        run_lifecycle(Brief().merged(target="y", trials=1, budget="60s"), data=table().drop_columns(["customer"]),
                      project=str(project.path))  # fmt: skip
    assert caught.value.code == "MW-U913"
    assert main(["privacy", str(project.path), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["people"] == {"1": 100, "2": 99} and told["forgotten"] == 2 and told["subject"] == "customer"


def test_what_cannot_be_forgotten(tmp_path, monkeypatch):
    made = Project.create(tmp_path / "p")
    with pytest.raises(UsageError) as caught:
        forget(made, "customer", "K1")
    assert caught.value.code == "MW-U914"
    keep_subject(made.path, SPEC)
    for column, value, code in (("client", "K1", "MW-U915"), ("customer", " ", "MW-U916")):
        with pytest.raises(UsageError) as caught:
            forget(made, column, value)
        assert caught.value.code == code
    monkeypatch.setenv(ENVIRONMENT, KEY[::-1])
    with pytest.raises(UsageError) as caught:
        forget(made, "customer", "K1")
    assert caught.value.code == "MW-U912"
    assert not (made.path / "privacy" / "forgotten.json").exists()


CONTRACT = with_subject(Contract(columns=(ColumnSpec(name="x", kind=Kind.NUMBER),), rows_seen=9), SPEC)


def logged(folder, people):
    log = PredictionLog(folder, CONTRACT, LogPolicy(), key=b"k" * 16)
    for i, person in enumerate(people):
        record = {"x": float(i), **({} if person is None else {"customer": person})}
        log.record(request_id=f"r{i}", route="/predict", version="1", role="champion", received=NOW, seconds=0.001,
                   records=[record], columns=None, answers={"prediction": [1.0]})  # fmt: skip
        assert log.feedback(f"r{i}", 0, 1.0, NOW)
    return log


def test_rows_of_a_person_go_from_the_log_with_their_labels(tmp_path):
    log = logged(tmp_path, ["Person-A", "Person-B", None, "Person-A"])
    log.flush()
    name = pseudonym(key_for(None), "customer", "Person-A")
    assert erase(tmp_path, "customer", name).open_segments == 2, "a server is writing"
    log.close()
    found = erase(tmp_path, "customer", name)
    assert (found.predictions, found.labels, found.open_segments) == (2, 2, 0)
    left = read_log(tmp_path)
    assert sorted(left.column("request_id").to_pylist()) == ["r1", "r2"]
    assert read_feedback(tmp_path).num_rows == 2
    assert erase(tmp_path, "customer", name).predictions == 0
    assert found_in(tmp_path, ["Person-A", "Person-B"]) == {}


def test_labels_that_come_late_or_are_left_by_a_failure_go_too(tmp_path, monkeypatch):
    import modelwright.serve.log.erasing as erasing

    name = pseudonym(key_for(None), "customer", "Person-A")
    logged(tmp_path, ["Person-A", "Person-B"]).close()
    late = PredictionLog(tmp_path, CONTRACT, LogPolicy(), key=b"k" * 16)
    late.feedback("r0", 0, 0.0, NOW + 60)
    late.flush()
    assert erase(tmp_path, "customer", name) == Erased(predictions=1, labels=1, open_segments=1)
    late.close()
    assert erase(tmp_path, "customer", name) == Erased(labels=1)
    assert read_feedback(tmp_path).column("request_id").to_pylist() == ["r1"]

    person = pseudonym(key_for(None), "customer", "Person-B")
    rewrite = erasing._rewrite

    def fails(path, keep):
        if path.name.startswith("predictions"):
            raise OSError(28, "No space left on device")
        return rewrite(path, keep)

    monkeypatch.setattr(erasing, "_rewrite", fails)
    with pytest.raises(ProjectError) as caught:
        erase(tmp_path, "customer", person)
    assert caught.value.code == "MW-P657"
    monkeypatch.setattr(erasing, "_rewrite", rewrite)
    assert erase(tmp_path, "customer", person).predictions == 1
    assert read_feedback(tmp_path).num_rows == read_log(tmp_path).num_rows == 0


def test_erasing_waits_for_who_compacts_and_counts_what_cannot_be_read(tmp_path, monkeypatch):
    import threading

    from modelwright.serve.log.compacting import alone

    logged(tmp_path, ["Person-A"]).close()
    (tmp_path / "predictions-20260131-235959000000-w0-4711-3fa9c1.damaged").write_bytes(b"?")
    name = pseudonym(key_for(None), "customer", "Person-A")
    monkeypatch.setattr("modelwright.serve.log.erasing.PATIENCE", 0.0)
    with alone(tmp_path) as we_are:
        assert we_are
        with pytest.raises(ProjectError) as caught:
            erase(tmp_path, "customer", name)
        assert caught.value.code == "MW-P657"
        monkeypatch.setattr("modelwright.serve.log.erasing.PATIENCE", 60.0)
        found = []
        other = threading.Thread(target=lambda: found.append(erase(tmp_path, "customer", name)))
        other.start()
    other.join()
    assert found == [Erased(predictions=1, labels=1, damaged=1)]


def test_the_log_keeps_what_a_policy_leaves_of_values():
    from modelwright.serve.log.policy import Protection

    age = ColumnSpec(name="age", kind=Kind.NUMBER, treatment=Treatment(action=Action.CAP, size=90.0))
    contract = with_subject(Contract(columns=(age, ColumnSpec(name="x", kind=Kind.NUMBER)), rows_seen=9), SPEC)
    picker = Picker(contract, Protection.of(LogPolicy(), contract), b"k" * 16)
    name = pseudonym(key_for(None), "customer", "K1")
    assert picker({"age": 97, "x": 1.5, "customer": "K1"}) == [90.0, 1.5, name]
    assert picker({"age": "97", "x": 1.5}) == [90.0, 1.5, None]
    assert next(iter(picker.rows({"age": [97, None], "x": [1, 2], "customer": ["K1", None]}, 2))) == [90.0, 1, name]


def test_where_a_version_that_was_trained_since_does_not_know_the_person_that_one_is_named() -> None:
    from modelwright.cli.commands.forget import told

    found = Forgetting(
        column="id", digest="d", versions=(1,), unknown=(), champion=1, rows=0, log=Erased(), before=True, free=(2, 3)
    )
    assert "version 3 does not: 'modelwright promote made 3' puts it in its place" in told(found, "made")[-1]
    assert "train again with" in told(replace(found, free=()), "made")[-1]
