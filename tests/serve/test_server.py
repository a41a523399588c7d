"""The server as a process: answers, changes of the version, workers that die, the way it stops."""

from __future__ import annotations

import itertools
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelwright.evaluate.conformal import fit_sets
from modelwright.package.bundle import open_version
from modelwright.package.uncertainty import Uncertainty
from modelwright.package.writing import write_version
from modelwright.project import Champion, Project
from tests.package.building import PROFILE, classifier, linear, raw_rows
from tests.package.test_bundle import facts

from .running import Answer, Wire, make_project, request, serving

ROW = {"age": 41, "balance": 12.5, "job": "student"}


def two_versions(folder: Path) -> Path:
    """Return a project with versions 1 (the champion) and 2, which answer differently."""
    project = make_project(folder)
    plan = classifier()
    other = classifier(members=(plan.members[0].__class__(name="x", view="mixed", scorer=linear(4, 2, 9), weight=1.0),),
                       views={"mixed": plan.views["mixed"]}, contract=plan.contract.only(("age", "job")))  # fmt: skip
    write_version(project / "versions" / "2", other, facts=facts(version=2), profile=PROFILE, seed=0)
    return project


def predict(wire: Wire, row: dict[str, Any], **headers: str) -> dict[str, Any]:
    wire.send(request("POST", "/predict", json.dumps(row).encode(), content_type="application/json", **headers))
    answer = wire.answer()
    assert answer is not None and answer.status == 200, answer and answer.body
    return json.loads(answer.body)


def get(wire: Wire, path: str) -> Answer:
    wire.send(request("GET", path))
    answer = wire.answer()
    assert answer is not None
    return answer


def test_answers_are_those_of_the_version(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    version = open_version(project / "versions" / "1")
    table = raw_rows(40, seed=3)
    records = [dict(zip(table, row)) for row in zip(*table.values(), strict=True)]
    expected = version.predict(table)[0]
    with serving(project) as server, Wire(server.port) as wire:
        for i, record in enumerate(records):
            found = predict(wire, record)["predictions"][0]
            assert found["prediction"] == expected["prediction"][i]
            assert found["probabilities"]["yes"] == pytest.approx(expected["probability_yes"][i], rel=1e-12)
        wire.send(request("POST", "/predict", json.dumps({"rows": records}).encode()))
        answer = wire.answer()
        assert answer is not None
        together = [p["probabilities"]["yes"] for p in json.loads(answer.body)["predictions"]]
        assert together == expected["probability_yes"].tolist()


def test_one_row_is_explained(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    version = open_version(project / "versions" / "1")
    with serving(project) as server, Wire(server.port) as wire:
        wire.send(request("POST", "/explain", json.dumps(ROW).encode(), content_type="application/json"))
        answer = wire.answer()
        assert answer is not None and answer.status == 200
        told = json.loads(answer.body)
        assert told["outcome"] == pytest.approx(version.predict_row(ROW)[0]["probability_yes"], abs=1e-9)
        assert told["typical"] + sum(r["effect"] for r in told["reasons"]) == pytest.approx(told["outcome"], abs=1e-6)
        assert all(r["sentence"].startswith(f"{r['column']} = ") for r in told["reasons"])
        assert (told["model"], told["version"]) == ("p", "1") and not told["counterfactuals"]


def test_sets_of_classes_are_answered_and_logged(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    truth = np.arange(300) % 2
    sets, note = fit_sets(truth, np.column_stack([1 - truth, truth]) * 0.1 + 0.45, seed=0)
    plan = open_version(project / "versions" / "1").plan
    uncertainty = Uncertainty(fitted=sets, note=note)
    write_version(
        project / "versions" / "2", plan, facts=facts(version=2), profile=PROFILE, seed=0, uncertainty=uncertainty
    )
    Project(project).promote(2)
    expected = open_version(project / "versions" / "2").predict([ROW], interval=0.9)[0]["set"][0]
    with serving(project) as server, Wire(server.port) as wire:
        wire.send(request("POST", "/predict?interval=0.9", json.dumps(ROW).encode()))
        answer = wire.answer()
        assert answer is not None
        assert json.loads(answer.body)["predictions"][0]["set"] == {"classes": expected, "coverage": 0.9}
        wire.send(request("POST", "/predict?coverage=0.9", json.dumps(ROW).encode()))
        answer = wire.answer()
        assert answer is not None and answer.status == 400 and b"MW-S121" in answer.body
    from modelwright.serve.log import read_log

    assert [json.loads(r["answers"]["set"]) for r in read_log(project / "predictions").to_pylist()] == [expected]


def test_what_is_wrong_is_told_without_values(tmp_path: Path) -> None:
    with serving(make_project(tmp_path / "p")) as server, Wire(server.port) as wire:
        wire.send(request("POST", "/predict", b'{"age": 41, "job": "SECRET"}'))
        answer = wire.answer()
        assert answer is not None and answer.status == 422 and b"SECRET" not in answer.body
        told = json.loads(answer.body)
        assert told["code"] == "MW-C001" and "'balance'" in told["error"] and told["request_id"]
        assert answer.headers["x-request-id"] == told["request_id"]


def test_request_ids_are_echoed_where_they_are_plain(tmp_path: Path) -> None:
    with serving(make_project(tmp_path / "p")) as server, Wire(server.port) as wire:
        assert predict(wire, ROW, X_Request_Id="order-7:a")["request_id"] == "order-7:a"
        first = predict(wire, ROW, X_Request_Id="not plain \t")["request_id"]
        assert first != predict(wire, ROW)["request_id"]


# --- another version ------------------------------------------------------------------------------------------------


def test_promotion_and_rollback_under_load_lose_and_mix_nothing(tmp_path: Path) -> None:
    project = two_versions(tmp_path / "p")
    expected = {
        str(n): open_version(project / "versions" / str(n)).predict({k: [v] for k, v in ROW.items()})[0][
            "probability_yes"
        ][0]
        for n in (1, 2)
    }
    assert expected["1"] != expected["2"]
    seen: list[list[str]] = [[], [], []]
    wrong: list[str] = []
    stop = threading.Event()

    def client(number: int, port: int) -> None:
        try:
            with Wire(port) as wire:
                while not stop.is_set():
                    found = predict(wire, ROW)
                    if found["predictions"][0]["probabilities"]["yes"] != expected[found["version"]]:
                        wrong.append(found["version"])
                    seen[number].append(found["version"])
        except BaseException as error:  # noqa: BLE001 - told by the test
            wrong.append(repr(error))

    with serving(project) as server:
        threads = [threading.Thread(target=client, args=(i, server.port)) for i in range(3)]
        for thread in threads:
            thread.start()
        opened = Project(project)
        for step in (lambda: opened.promote(2), opened.rollback):
            time.sleep(0.3)
            step()
            wait_for_version(server.port, str(opened.champion.version))  # type: ignore[union-attr]
        time.sleep(0.3)
        stop.set()
        for thread in threads:
            thread.join()
    assert not wrong
    for versions in seen:
        changes = [b for a, b in itertools.pairwise(versions) if a != b]
        assert changes == ["2", "1"] and versions[0] == "1"


def wait_for_version(port: int, number: str, seconds: float = 15.0) -> None:
    end = time.monotonic() + seconds
    with Wire(port) as wire:
        while json.loads(get(wire, "/version").body)["version"] != number:
            assert time.monotonic() < end
            time.sleep(0.02)


def test_a_champion_that_was_changed_never_answers(tmp_path: Path) -> None:
    project = two_versions(tmp_path / "p")
    with serving(project) as server, Wire(server.port) as wire:
        path = project / "versions" / "2" / "plan.json"
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        path.write_bytes(path.read_bytes().replace(b"0.4", b"0.3", 1))
        Project(project)._point(Champion(version=2, previous=(1,)), "promoted", by="a test", why="", evidence=None)
        end = time.monotonic() + 15
        while json.loads(get(wire, "/version").body)["refused"] is None:
            assert time.monotonic() < end
            time.sleep(0.05)
        assert predict(wire, ROW)["version"] == "1"
        assert json.loads(get(wire, "/version").body)["refused"] == "MW-B107"
        assert get(wire, "/readyz").status == 200


def test_a_challenger_answers_its_share_and_falls_back(tmp_path: Path) -> None:
    project = two_versions(tmp_path / "p")
    options = ("--challenger", "2", "--share", "0.5")
    with serving(project, *options) as server, Wire(server.port) as wire:
        versions = [predict(wire, ROW, X_Request_Id=f"r{i}")["version"] for i in range(80)]
        assert 15 < versions.count("2") < 65
        assert versions == [predict(wire, ROW, X_Request_Id=f"r{i}")["version"] for i in range(80)]


def test_a_challenger_in_the_shadow_is_logged_and_answers_nobody(tmp_path: Path) -> None:
    project = two_versions(tmp_path / "p")
    with serving(project, "--challenger", "2") as server, Wire(server.port) as wire:
        assert {predict(wire, ROW)["version"] for _ in range(20)} == {"1"}
        time.sleep(0.8)
    from modelwright.serve.log import read_log

    log = read_log(project / "predictions").to_pylist()
    roles = [(row["role"], row["version"]) for row in log]
    assert roles.count(("champion", "1")) == 20 and roles.count(("shadow", "2")) == 20


# --- the log and labels that come late -------------------------------------------------------------------------------


def test_the_log_outlives_kill_9_and_meets_its_labels(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    with serving(project) as server, Wire(server.port) as wire:
        ids = [predict(wire, ROW)["request_id"] for _ in range(30)]
        wire.send(request("POST", "/feedback", json.dumps({"request_id": ids[0], "label": "yes"}).encode()))
        answer = wire.answer()
        assert answer is not None and answer.status == 202
        wire.send(request("POST", "/feedback", b'{"label": 1}'))
        answer = wire.answer()
        assert answer is not None and answer.status == 422
        wire.send(request("POST", "/feedback", json.dumps({"request_id": ids[1], "label": "no", "row": 7}).encode()))
        answer = wire.answer()
        assert answer is not None and answer.status == 404 and b"MW-S316" in answer.body
        time.sleep(1.0)
        server.process.kill()
        server.process.wait()
    from modelwright.serve.log import read_labelled, read_log

    rows = read_log(project / "predictions").to_pylist()
    assert [r["request_id"] for r in rows] == ids
    assert rows[0]["inputs"]["job"] == "student" and rows[0]["answers"]["prediction"] in ("yes", "no")
    labelled = read_labelled(project / "predictions").to_pylist()
    assert [r["label"] for r in labelled if r["request_id"] == ids[0]] == ["yes"]


# --- processes ------------------------------------------------------------------------------------------------------


def test_sigterm_ends_it_with_code_0_after_what_is_in_flight(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    rows = [ROW] * 60_000
    with serving(project) as server, Wire(server.port) as wire:
        wire.send(request("POST", "/predict", json.dumps({"rows": rows}).encode()))
        time.sleep(0.3)
        server.process.send_signal(signal.SIGTERM)
        answer = wire.answer()
        assert answer is not None and answer.status == 200
        assert len(json.loads(answer.body)["predictions"]) == len(rows)
        assert server.process.wait(20) == 0


def test_it_says_that_it_is_not_ready_before_it_stops(tmp_path: Path) -> None:
    with serving(make_project(tmp_path / "p"), "--drain", "2") as server:
        with Wire(server.port) as wire:
            assert get(wire, "/ping").status == 200
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        with Wire(server.port) as wire:
            assert get(wire, "/ping").status == 503
        with Wire(server.port) as wire:
            assert predict(wire, ROW)["version"] == "1"
        assert server.process.wait(20) == 0


def test_stopping_closes_each_connection_with_an_answer(tmp_path: Path) -> None:
    with serving(make_project(tmp_path / "p")) as server, Wire(server.port) as wire, Wire(server.port) as other:
        assert predict(wire, ROW)["version"] == "1"
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.3)
        for connection, path in ((wire, "/predict"), (other, "/livez")):
            body = json.dumps(ROW).encode() if path == "/predict" else b""
            connection.send(request("POST" if body else "GET", path, body))
            answer = connection.answer()
            assert answer is not None and answer.status == 200 and answer.headers["connection"] == "close"
        assert server.process.wait(20) == 0


def test_heads_and_bodies_that_are_too_long(tmp_path: Path) -> None:
    with serving(make_project(tmp_path / "p")) as server, Wire(server.port) as wire:
        wire.send(request("HEAD", "/livez"))
        answer = wire.answer(head=True)
        assert answer is not None and answer.status == 200 and answer.body == b""
        wire.send(b"POST /predict HTTP/1.1\r\nhost: localhost\r\ncontent-length: 99999999999\r\n\r\n{")
        answer = wire.answer()
        assert answer is not None and answer.status == 413


def test_who_serves_without_being_champion_is_told(tmp_path: Path) -> None:
    project = two_versions(tmp_path / "p")
    (project / "champion.json").unlink()
    with serving(project) as server, Wire(server.port) as wire:
        assert "is no champion" in server.errors.read_text()
        first = json.loads(get(wire, "/version").body)
        assert first["version"] == "2" and "is no champion" in first["doubt"]
        Project(project).promote(1)
        wait_for_version(server.port, "1")
        (project / "champion.json").unlink()  # for a moment, as a copy of the folder does
        time.sleep(0.6)
        assert json.loads(get(wire, "/version").body)["version"] == "1"


def test_labels_that_no_row_can_have(tmp_path: Path) -> None:
    with serving(make_project(tmp_path / "p")) as server, Wire(server.port) as wire:
        for label, status in (("banana", 422), (None, 422), ("labels", 422), ("yes", 202)):
            wire.send(request("POST", "/feedback", json.dumps({"request_id": "a", "label": label}).encode()))
            answer = wire.answer()
            assert answer is not None and answer.status == status


def test_a_worker_that_is_killed_is_replaced_and_the_others_go_on(tmp_path: Path) -> None:
    with serving(make_project(tmp_path / "p"), "--workers", "2") as server:
        children = workers_of(server.process.pid)
        assert len(children) == 2
        os.kill(children[0], signal.SIGKILL)
        lost = 0
        for _ in range(60):
            try:
                with Wire(server.port) as wire:
                    predict(wire, ROW)
            except (AssertionError, OSError):
                lost += 1
            time.sleep(0.02)
        assert lost == 0  # its socket is kept: what it had not taken waits
        end = time.monotonic() + 10
        while len(set(workers_of(server.process.pid)) - {children[0]}) < 2:
            assert time.monotonic() < end
            time.sleep(0.05)
        with Wire(server.port) as wire:
            assert b"modelwright_workers 2" in get(wire, "/metrics").body
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(20) == 0


def workers_of(process: int) -> list[int]:
    found = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [int(p) for p in found if "serve" in Path(f"/proc/{p}/cmdline").read_text()]


def test_a_replaced_worker_begins_with_who_is_champion_now(tmp_path: Path) -> None:
    project = two_versions(tmp_path / "p")
    with serving(project, "--workers", "2") as server:
        Project(project).promote(2)
        for child in workers_of(server.process.pid):
            os.kill(child, signal.SIGKILL)
        end = time.monotonic() + 15
        while b"modelwright_workers 2" not in metrics_of(server.port):
            assert time.monotonic() < end
            time.sleep(0.05)
        for _ in range(6):
            with Wire(server.port) as wire:
                assert predict(wire, ROW)["version"] == "2"


def metrics_of(port: int) -> bytes:
    with Wire(port) as wire:
        wire.send(request("GET", "/metrics"))
        answer = wire.answer()
        return b"" if answer is None else answer.body


def test_workers_that_cannot_start_end_the_server(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    command = [sys.executable, "-m", "modelwright", "serve", str(project), "--port", "0", "--workers", "2"]
    done = subprocess.run([*command, "--mask", "nothing"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1 and "MW-U654" in done.stderr and "answering" not in done.stderr


def test_workers_end_with_the_process_that_started_them(tmp_path: Path) -> None:
    with serving(make_project(tmp_path / "p"), "--workers", "2") as server:
        children = workers_of(server.process.pid)
        server.process.kill()
        server.process.wait()
        end = time.monotonic() + 10
        while any(Path(f"/proc/{child}/stat").exists() and _lives(child) for child in children):
            assert time.monotonic() < end
            time.sleep(0.05)


def _lives(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_nobody_is_counted_twice(tmp_path: Path) -> None:
    two = json.dumps({"rows": [ROW, ROW]}).encode()
    with serving(make_project(tmp_path / "p"), "--rate", "0.01", "--burst", "3") as server, Wire(server.port) as wire:
        for body, status in ((two, 200), (b"{}", 422), (json.dumps(ROW).encode(), 200), (two, 429)):
            wire.send(request("POST", "/predict", body))
            answer = wire.answer()
            assert answer is not None and answer.status == status


def test_half_of_something_holds_no_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    code = "import modelwright.serve.connections as c; c.HEADER_SECONDS = 1.0; from modelwright.cli import main; main()"
    project = make_project(tmp_path / "p")
    process = subprocess.Popen(
        [sys.executable, "-c", code, "serve", str(project), "--port", "0"], stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stderr is not None
        port = int(process.stderr.readline().rsplit(":", 1)[1])
        for raw in (b"", b"GET /livez HT", b"GET /livez HTTP/1.1\r\nhost: localhost\r\ncontent-le"):
            with Wire(port) as wire:
                wire.send(raw)
                assert wire.waits(5)
                answer = wire.answer()
                assert answer is None or answer.status == 408
    finally:
        process.terminate()
        process.wait(20)


def test_a_large_request_is_kept_whole(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    rows = [{**ROW, "age": 20 + i % 50} for i in range(1301)]
    with serving(project) as server, Wire(server.port) as wire:
        wire.send(request("POST", "/predict", json.dumps({"rows": rows}).encode(), x_request_id="big"))
        assert wire.answer() is not None
        time.sleep(0.5)
    from modelwright.serve.log import read_log

    log = read_log(project / "predictions").to_pylist()
    assert [r["row"] for r in log] == list(range(len(rows)))
    assert [r["inputs"]["age"] for r in log] == [r["age"] for r in rows]


@pytest.mark.parametrize("variable", [False, True])
def test_a_version_alone_logs_where_it_is_told(tmp_path: Path, variable: bool) -> None:
    version = make_project(tmp_path / "p") / "versions" / "1"
    files = sorted(version.iterdir())
    with serving(version) as server, Wire(server.port) as wire:
        predict(wire, ROW)
        wire.send(request("POST", "/feedback", b'{"request_id": "a", "label": "yes"}'))
        answer = wire.answer()
        assert answer is not None and answer.status == 409 and b"--log-to" in answer.body
    log = tmp_path / "new" / "log"
    options = [] if variable else ["--log-to", str(log)]
    environment = {"MODELWRIGHT_SERVE_LOG_TO": str(log)} if variable else {}
    with serving(version, *options, environment=environment) as server, Wire(server.port) as wire:
        answered = predict(wire, ROW)["request_id"]
        wire.send(request("POST", "/feedback", json.dumps({"request_id": answered, "label": "yes"}).encode()))
        answer = wire.answer()
        assert answer is not None and answer.status == 202
    from modelwright.serve.log import read_labelled

    assert [(r["request_id"], r["label"]) for r in read_labelled(log / "predictions").to_pylist()] == [
        (answered, "yes")
    ]
    assert sorted(p.name for p in log.iterdir()) == ["predictions", "predictions.key"]
    assert sorted(version.iterdir()) == files and not (tmp_path / "p" / "predictions").exists()


def test_a_taken_port_is_told(tmp_path: Path) -> None:
    project = make_project(tmp_path / "p")
    with serving(project) as server:
        command = [sys.executable, "-m", "modelwright", "serve", str(project), "--port", str(server.port)]
        for more in ([], ["--workers", "2"]):
            done = subprocess.run([*command, *more], capture_output=True, text=True, timeout=60)
            assert done.returncode == 1 and "MW-P075" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("options", "code"),
    [
        (["--share", "0.5"], "MW-U071"),
        (["--workers", "0"], "MW-U072"),
        (["--host", "0.0.0.0"], "MW-U047"),
        (["--version", "9"], "MW-P025"),
        (["--require-signature"], "MW-U062"),
        (["--mask", "nothing"], "MW-U654"),
    ],
)
def test_settings_that_cannot_be(tmp_path: Path, options: list[str], code: str) -> None:
    project = make_project(tmp_path / "p")
    command = [sys.executable, "-m", "modelwright", "serve", str(project), "--port", "0", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode in (1, 2) and code in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("variable", ["MODEL_DIR", "AZUREML_MODEL_DIR", "AIP_STORAGE_URI"])
def test_in_a_container_the_model_is_where_the_platform_puts_it(tmp_path: Path, variable: str) -> None:
    project = make_project(tmp_path / "p")
    environment = {**os.environ, variable: str(project / "versions" / "1"), "PORT": "0"}
    done = subprocess.run(
        [sys.executable, "-m", "modelwright", "serve"], env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2 and "MW-U047" in done.stderr  # found, and not to be opened to all without keys
