"""The image of an export, without Docker: what its Dockerfile says is done by hand, then the server is started by it.

Paths of the image lie below a folder, and a virtual environment stands for the base image. Nothing else is changed, so
what is missing in the requirements is missing here.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from modelwright.package.bundle import Version, open_version
from modelwright.package.exports import export
from modelwright.package.writing import Facts, write_version
from modelwright.serve.keys import make_key, printed
from modelwright.serve.log import read_log
from tests.conformance.environments import free_port
from tests.package.fitting import fitted, table
from tests.package.make_frozen import PROFILE
from tests.serve.running import make_project

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]

INSTALL_SECONDS = 600
READY_SECONDS = 60
MOST_BYTES = 150_000_000  # what is installed, the base image left out
OF_THE_BASE = {"pip", "setuptools"}  # brought by every virtual environment and image, not by us
NOT_THERE = ("pandas", "scipy", "sklearn", "pyarrow", "rich", "psutil", "catboost", "xgboost")


@dataclass
class Image:
    """What a Dockerfile makes: files below ``root``, a Python with packages in ``venv``, and what is run."""

    root: Path
    venv: Path
    variables: dict[str, str] = field(default_factory=dict)
    said: dict[str, str] = field(default_factory=dict)

    def inside(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def environment(self, given: dict[str, str]) -> dict[str, str]:
        """Variables of a process: those of the image and those given, none of this process."""
        path = f"{self.venv / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin"
        return {"PATH": path, "MODELWRIGHT_SERVE_HOST": "127.0.0.1", **self.variables, **given}

    def installed(self) -> dict[str, Path]:
        """Names in site-packages and where they lie."""
        place = next((self.venv / "lib").glob("python*")) / "site-packages"
        return {path.name: path for path in place.iterdir()}


def build(folder: Path, place: Path) -> Image:
    """Do what the Dockerfile in a folder says, instruction by instruction."""
    image = Image(place / "root", place / "venv")
    subprocess.run([sys.executable, "-m", "venv", str(image.venv)], check=True, timeout=INSTALL_SECONDS)
    for line in (folder / "Dockerfile").read_text().split("\n"):
        if line and not line.startswith("#"):
            name, _, rest = line.partition(" ")
            STEPS.get(name, said)(image, folder, name, rest)
    return image


def copied(image: Image, folder: Path, name: str, rest: str) -> None:
    *sources, target = shlex.split(rest)
    image.inside(target).mkdir(parents=True, exist_ok=True)
    for source in sources:
        if (folder / source).is_dir():  # its content, as COPY has it
            shutil.copytree(folder / source, image.inside(target), dirs_exist_ok=True)
        else:
            shutil.copy(folder / source, image.inside(target))


def ran(image: Image, folder: Path, name: str, rest: str) -> None:
    if rest.startswith("apt-get "):
        assert re.findall(r"install -y --no-install-recommends ([^&]+) &&", rest) == ["libgomp1"]
        return
    command, *arguments = shlex.split(rest)
    assert command == "pip"
    below = [str(image.inside(a)) if a.startswith("/") else a for a in arguments]
    done = subprocess.run(
        [image.venv / "bin" / "pip", *below], capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False
    )
    if done.returncode != 0:
        pytest.skip(f"the image cannot be installed: {(done.stderr.strip().splitlines() or ['no word'])[-1][:300]}")


def set_(image: Image, folder: Path, name: str, rest: str) -> None:
    variable, _, value = rest.partition("=")
    image.variables[variable] = str(image.inside(value)) if value.startswith("/") else value


def said(image: Image, folder: Path, name: str, rest: str) -> None:
    image.said[name] = rest


STEPS = {"COPY": copied, "RUN": ran, "ENV": set_}


# ------------------------------------------------------------------------------------------------------------- running


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    plan, _, _ = fitted(("lightgbm", "linear"), 2, iterations=8)
    folder = tmp_path_factory.mktemp("project") / 'odd "name" $HOME' / "versions" / "1"
    folder.parent.mkdir(parents=True)
    write_version(folder, plan, facts=Facts(version=1, target="deposit", metric="auc", documents={}, rows={}),
                  profile=PROFILE, seed=0)  # fmt: skip
    return open_version(folder)


@pytest.fixture(scope="module")
def image(version: Version, tmp_path_factory: pytest.TempPathFactory) -> Image:
    place = tmp_path_factory.mktemp("image")
    export(version, "docker", place / "folder")
    return build(place / "folder", place)


@contextmanager
def running(image: Image, *, given: dict[str, str], arguments: list[str] | None = None) -> Iterator[subprocess.Popen]:
    """Run the container; ``arguments`` take the place of CMD, as in ``docker run image serve``."""
    command = [*json.loads(image.said["ENTRYPOINT"]), *(arguments or json.loads(image.said["CMD"]))]
    environment = image.environment(given)
    program = shutil.which(command[0], path=environment["PATH"])
    assert program is not None
    errors = image.root.parent / "stderr"
    with errors.open("w") as sink:
        process = subprocess.Popen([program, *command[1:]], env=environment, cwd=image.root, stdout=sink, stderr=sink)
    try:
        until = time.monotonic() + READY_SECONDS
        while "answering at http://127.0.0.1:" not in errors.read_text():
            assert process.poll() is None and time.monotonic() < until, errors.read_text()
            time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait(10)


def ask(port: int, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    data = None if body is None else json.dumps(body).encode()
    asked = urllib.request.Request(f"http://127.0.0.1:{port}{path}", data, {"content-type": "application/json"})
    for name, value in headers.items():
        asked.add_header(name.replace("_", "-"), value)
    try:
        with urllib.request.urlopen(asked, timeout=20) as answer:
            status, raw = answer.status, answer.read()
    except urllib.error.HTTPError as refused:
        status, raw = refused.code, refused.read()
    return status, json.loads(raw) if raw else None


def records() -> list[dict[str, Any]]:
    raw, _ = table(20, seed=5)
    return [dict(zip(raw, values)) for values in zip(*raw.values(), strict=True)]


def probabilities(version: Version) -> list[float]:
    raw, _ = table(20, seed=5)
    return list(version.predict(raw)[0]["probability_b"])


OPEN = {"MODELWRIGHT_SERVE_INSECURE": "1"}


def test_what_is_installed_is_what_is_named(image: Image) -> None:
    found = image.installed()
    names = {name for name in found if not name.startswith("_") and "." not in name}
    assert not names & set(NOT_THERE)
    assert {"modelwright", "numpy", "lightgbm", "uvicorn"} <= names
    assert not (image.venv / "bin" / "gcc").exists()
    size = sum(
        file.stat().st_size
        for name, path in found.items()
        if name.partition("-")[0] not in OF_THE_BASE
        for file in ([path] if path.is_file() else path.rglob("*"))
        if file.is_file()
    )
    assert size < MOST_BYTES


def test_as_sagemaker_starts_it(image: Image, version: Version) -> None:
    port = free_port()
    with running(image, given={"SAGEMAKER_BIND_TO_PORT": str(port), **OPEN}, arguments=["serve"]) as process:
        assert ask(port, "/ping") == (200, None)
        assert ask(port, "/execution-parameters")[1]["BatchStrategy"] == "MULTI_RECORD"
        status, answer = ask(port, "/invocations", {"instances": records()})
        assert status == 200 and len(answer["predictions"]) == 20
        status, answer = ask(port, "/predict", {"rows": records(), "probabilities": True})
        assert [row["probabilities"]["b"] for row in answer["predictions"]] == probabilities(version)
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0


def test_as_vertex_starts_it(image: Image) -> None:
    port = free_port()
    route = "/v1/endpoints/7/deployedModels/9"
    given = {"AIP_HTTP_PORT": str(port), "AIP_HEALTH_ROUTE": route, "AIP_PREDICT_ROUTE": f"{route}:predict",
             "AIP_STORAGE_URI": "gs://bucket/model", "AIP_MODE": "PREDICTION"}  # fmt: skip
    with running(image, given={**given, **OPEN}):
        assert ask(port, route)[0] == 200
        assert len(ask(port, f"{route}:predict", {"instances": records()[:3]})[1]["predictions"]) == 3


def test_the_health_check(image: Image) -> None:
    port = free_port()
    command = json.loads(image.said["HEALTHCHECK"].partition("CMD ")[2])
    given = {"PORT": str(port), **OPEN}
    program = [image.venv / "bin" / command[0], *command[1:]]

    def check() -> int:
        done = subprocess.run(program, env=image.environment(given), capture_output=True, timeout=30, check=False)
        return done.returncode

    with running(image, given=given):
        assert check() == 0
    assert check() == 1


def test_with_keys_it_asks_for_them(image: Image) -> None:
    port = free_port()
    key, token = make_key("shop", ("predict",), now=time.time())
    with running(image, given={"PORT": str(port), "MODELWRIGHT_API_KEYS": printed(key)}):
        name = Path(image.variables["MODEL_DIR"]).name
        path = f"/v1/models/{name}:predict"
        assert ask(port, "/livez")[0] == 200
        assert ask(port, path, {"instances": records()[:1]})[0] == 401
        assert ask(port, path, {"instances": records()[:1]}, X_API_Key=token)[0] == 200


def test_without_keys_it_does_not_listen_to_others(image: Image) -> None:
    environment = {**image.environment({}), "MODELWRIGHT_SERVE_HOST": ""}
    done = subprocess.run(
        [image.venv / "bin" / "modelwright", "serve"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 2 and "MW-U047" in done.stderr


def test_nothing_is_written_and_workers_share_the_port(image: Image) -> None:
    """So the image may be read-only, but for the folder of temporary files."""

    def files() -> dict[str, int]:
        both = (image.root, image.venv)
        return {str(p): p.stat().st_mtime_ns for place in both for p in place.rglob("*") if p.is_file()}

    before, port = files(), free_port()
    temporary = image.root.parent / "tmp"
    temporary.mkdir(exist_ok=True)
    given = {"PORT": str(port), "MODELWRIGHT_SERVE_WORKERS": "2", "TMPDIR": str(temporary), **OPEN}
    with running(image, given=given) as process:
        for _ in range(20):
            assert ask(port, "/predict", records()[0])[0] == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert files() == before
    assert not list(temporary.iterdir())


def test_a_project_in_the_place_of_the_version_is_followed_and_logged(image: Image, tmp_path: Path) -> None:
    port = free_port()
    project = make_project(tmp_path / "bank")
    given = {"PORT": str(port), "MODEL_DIR": str(project), **OPEN}
    with running(image, given=given) as process:
        row = ask(port, "/openapi.json")[1]["components"]["schemas"]["Record"]["example"]
        status, answer = ask(port, "/predict", row)
        assert status == 200 and answer["model"] == "bank"
        assert ask(port, "/feedback", {"request_id": answer["request_id"], "label": "yes"})[0] == 202
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    assert read_log(project / "predictions").num_rows == 1  # lines, as there is no pyarrow in the image


def test_what_needs_more_than_is_there_says_so(image: Image) -> None:
    done = subprocess.run(
        [image.venv / "bin" / "modelwright", "doctor"],
        env=image.environment({}), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1 and "which is not installed" in done.stderr and "MW-X002" in done.stderr
