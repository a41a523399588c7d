"""The gate of privacy: of planted people, nothing is anywhere in the project, also after serving and retraining."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from modelwright.brief import Brief
from modelwright.data.treating.keys import ENVIRONMENT
from modelwright.lifecycle import run_lifecycle
from modelwright.project import Project
from modelwright.retrain.retraining import retrain
from modelwright.serve.access import Access
from modelwright.serve.app import App
from modelwright.serve.deployment import Deployment
from modelwright.serve.log import LOG_FOLDER
from modelwright.serve.log.compacting import compact
from modelwright.serve.log.reading import read_log
from modelwright.serve.routes import Routes, routes_for
from modelwright.serve.settings import Settings
from modelwright.serve.state import State
from tests.govern.privacy.looking import found_in
from tests.govern.privacy.people import Planted, people

KEY = "00112233445566778899aabbccddeeff"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, KEY)


def test_the_search_finds_what_is_there(tmp_path):
    """A test that finds nothing must be able to find something: each form in which a secret may hide."""
    import gzip

    import numpy as np
    import pyarrow.parquet as pq

    secrets = ["Zebingworthab", "4111111111111111"]
    (tmp_path / "plain.json").write_text('{"level": "zebingworthab"}')
    (tmp_path / "packed.gz").write_bytes(gzip.compress(b"x" * 3 + b"Zebingworthab"))
    np.savez_compressed(tmp_path / "numbers.npz", a=np.array([1.0, 4111111111111111.0]), b=np.array(["Zebingworthab"]))
    pq.write_table(pa.table({"who": ["nobody", "Zebingworthab"]}), tmp_path / "rows.parquet", compression="zstd")
    with pa.OSFile(str(tmp_path / "rows.arrow"), "wb") as sink:
        table = pa.table({"who": pa.array(["Zebingworthab"]).dictionary_encode()})
        with pa.ipc.new_file(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression="lz4")) as writer:
            writer.write_table(table)
    (tmp_path / "clean.txt").write_text("Zebingworth")
    assert set(found_in(tmp_path, secrets)) == {p.name for p in tmp_path.iterdir()} - {"clean.txt"}


def slip(found: Planted) -> None:
    """Add a column of numbers whose ends many share, and have a cell of another column stand in it, as where a feed has
    lost a comma."""
    n = len(found.columns["email"])
    found.columns["months"] = [found.columns["email"][i] if i == 31 else str((0, 48, i % 49)[i % 3]) for i in range(n)]


async def answer(app: App, body: bytes) -> Any:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    scope = {"type": "http", "method": "POST", "path": "/predict", "query_string": b"", "client": ("127.0.0.1", 1),
             "headers": [(b"host", b"localhost")]}  # fmt: skip
    await app(scope, receive, send)
    return sent[0]["status"], json.loads(sent[1]["body"])


def serve_rows(project: Project, rows: dict[str, list]) -> list[str]:
    """Answer each row alone and all together, keep and compact the log; return what was answered."""
    settings = Settings(place=project.path)
    state = State(settings, Deployment.load(settings), Access.open())
    app = App(state, Routes(routes_for({})))
    records = [dict(zip(rows, values)) for values in zip(*rows.values(), strict=True)]
    features = state.deployment.champion.contract.names
    said = []
    for record in records[:20]:
        said.append(asyncio.run(answer(app, json.dumps(record).encode())))
        said.append(asyncio.run(answer(app, json.dumps({n: record[n] for n in features}).encode())))
    said.append(asyncio.run(answer(app, json.dumps({"rows": records}).encode())))
    broken = {**records[0], features[0]: {"who": records[0]["full_name"]}}
    said.append(asyncio.run(answer(app, json.dumps(broken).encode())))
    said.append(asyncio.run(answer(app, json.dumps({"full_name": records[0]["full_name"]}).encode())))
    state.close()
    assert [status for status, _ in said[:41]] == [200] * 41
    assert settings.log_home is not None
    compact(settings.log_home / LOG_FOLDER)
    logged = read_log(settings.log_home / LOG_FOLDER)
    assert logged.num_rows >= 40 + len(records)
    return [json.dumps(body) for _, body in said]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("policy", ["gdpr", "ccpa", "hipaa"])
def test_nothing_personal_is_anywhere_in_the_project(policy, tmp_path):
    trained, later = people(360), people(130, seed=1)
    for found in (trained, later):
        slip(found)
    source, folder = tmp_path / "people.parquet", tmp_path / "project"
    import pyarrow.parquet as pq

    pq.write_table(pa.table(trained.columns), source)
    brief = Brief().merged(
        source=str(source), target="churn", privacy=policy, subject="customer_id", trials=1, budget="60s"
    )
    project = run_lifecycle(brief, test=pa.table(later.columns).slice(0, 50), project=str(folder))
    secrets = (*trained.secrets, *later.secrets)
    assert found_in(folder, secrets) == {}
    if project.champion is None:
        project.promote(1, by="a test", why="to serve")
    answers = serve_rows(project, later.columns)
    assert found_in(folder, secrets) == {}
    told = "\n".join(answers)
    assert not [s for s in secrets if s in told]
    retrain(project, pa.table(later.columns), trials=1)
    assert found_in(folder, secrets) == {}
    assert (project.run_folder(project.runs()[-1]) / "new-rows.parquet").is_file()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_without_a_policy_the_same_search_finds_people(tmp_path):
    """The counterpart: the search is not blind, and a project without a policy does hold what people wrote."""
    found = people(300)
    brief = Brief().merged(target="churn", trials=1, budget="60s", allow=("A045", "A006"))
    run_lifecycle(brief, data=pa.table(found.columns), project=str(tmp_path / "project"))
    assert found_in(Path(tmp_path / "project"), found.secrets)
