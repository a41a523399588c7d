"""`/openapi.json` of a running server, by Schemathesis: what it calls valid is answered, what it does not is refused,
and every answer is as described. Requests come from examples, from every bound of every schema, at random, in turns.
"""

from __future__ import annotations

import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
import pytest

from modelwright.serve.keys import KeyFile
from tests.conformance.environments import Environment, environment
from tests.conformance.made import columns_of, make_project, records_of
from tests.serve.running import serving

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

TOLD = Path(__file__).with_name("described.py")
REPLACED = "positive_data_acceptance,ignored_auth"  # by two checks in `described.py`, which say why
EXAMPLES = 60  # at random, of each route
SECONDS = 900


@pytest.fixture(scope="module")
def schemathesis() -> Environment:
    return environment("schemathesis", ("schemathesis==4.32.*",), with_modelwright=False)


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows in every form that is no JSON, a file each."""
    folder = tmp_path_factory.mktemp("bodies")
    columns = columns_of(3)
    table = pa.table(columns)
    csv, stream, file, parquet = (io.BytesIO() for _ in range(4))
    pa.csv.write_csv(table, csv)
    for sink, new in ((stream, pa.ipc.new_stream), (file, pa.ipc.new_file)):
        with new(sink, table.schema) as writer:
            writer.write_table(table)
    pa.parquet.write_table(table, parquet)
    texts = {name: [None if value is None else str(value) for value in values] for name, values in columns.items()}
    tensors = [{"name": name, "shape": [3], "datatype": "BYTES", "data": values} for name, values in texts.items()]
    for kind, body in {
        "text_csv": csv.getvalue(),
        "application_jsonlines": "\n".join(map(json.dumps, records_of(columns))).encode(),
        "application_vnd.apache.arrow.stream": stream.getvalue(),
        "application_vnd.apache.arrow.file": file.getvalue(),
        "application_vnd.apache.parquet": parquet.getvalue(),
        "application_octet-stream": json.dumps({"inputs": tensors}).encode(),
    }.items():
        (folder / kind).write_bytes(body)
    return folder


@pytest.mark.parametrize(("kind", "keys"), [("classes", False), ("values", False), ("classes", True)])
def test_described(schemathesis: Environment, bodies: Path, kind: str, keys: bool, tmp_path: Path) -> None:
    project = make_project(tmp_path / "bank", kind)
    given = []
    if keys:
        _, token = KeyFile(project / "access.json").add("tests", ("admin",))
        given = ["--header", f"X-API-Key: {token}", "--generation-with-security-parameters", "false"]
    with serving(project) as server:
        report = run(schemathesis, f"http://127.0.0.1:{server.port}/openapi.json", bodies, tmp_path, given)
        told = server.errors.read_text()
    assert "unforeseen" not in told and "Traceback" not in told
    assert report["operations"]["tested"] == report["operations"]["total"] > 25
    assert {phase["status"] for phase in report["phases"].values()} == {"success"} and len(report["phases"]) == 4
    assert report["test_cases"]["generated"] > 2_500
    rates = {route: rate["fuzzing"] for route, rate in report["valid_rates"].items() if route.startswith("POST")}
    assert len(rates) == 9
    for route, rate in rates.items():  # else that valid requests are answered would say little
        assert rate["accepted"] > rate["rejected"] / 2, (route, rate)


def run(made: Environment, url: str, bodies: Path, folder: Path, given: list[str]) -> dict[str, Any]:
    """Send requests and return the report; the test fails, with what was found, where a check did."""
    command = [str(made.folder / "bin" / "schemathesis"), "run", url, "--checks", "all", "--exclude-checks", REPLACED,
               "--max-examples", str(EXAMPLES), "--seed", "0", "--generation-database", "none", "--continue-on-failure",
               "--no-color", "--report", "json", "--report-json-path", "report.json", *given]  # fmt: skip
    told = {"SCHEMATHESIS_HOOKS": TOLD.stem, "PYTHONPATH": str(TOLD.parent), "BODIES": str(bodies)}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**made.variables, **told},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[-8000:]
    return json.loads((folder / "report.json").read_text())
