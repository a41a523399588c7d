"""The servers that are measured: how each is started, asked, and asked for nothing."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
from client import HOST, Connection, http_request
from crowd import cores

HERE = Path(__file__).parent
START_SECONDS = 120.0
STOP_SECONDS = 20.0
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that can be started.

    Attributes
    ----------
    name : str
    command : sequence of str
        ``{port}`` stands for the port.
    path : str
        Of a request for a prediction.
    wrap : str
        What a body is, ``{row}`` standing for the record.
    empty : tuple of str
        Method and path of the request that computes nothing.
    ready : str
        Path that answers 200 to GET when predictions can be asked for.
    variables : dict
        Added to the environment.
    """

    name: str
    command: Sequence[str]
    path: str
    wrap: str = "{row}"
    empty: tuple[str, str]
    ready: str
    variables: Mapping[str, str] = field(default_factory=dict)

    def body(self, row: Mapping[str, Any]) -> bytes:
        """Return the body that asks for the prediction of a row."""
        return self.wrap.replace("{row}", json.dumps(row, separators=(",", ":"))).encode()


@dataclass(frozen=True)
class Running:
    """A server that runs: its ``process``, its ``port``, and how long it took to get ``ready_s``."""

    process: subprocess.Popen
    port: int
    ready_s: float

    def memory(self) -> dict[str, float]:
        """Return megabytes of the whole tree of processes: proportional and resident."""
        pss = rss = 0
        for process in (top := psutil.Process(self.process.pid), *top.children(recursive=True)):
            try:
                found = process.memory_full_info()
            except psutil.NoSuchProcess:
                continue
            pss, rss = pss + found.pss, rss + found.rss
        return {"pss_mb": pss / 1e6, "rss_mb": rss / 1e6}


def modelwright(project: Path, *, version: int | None = None, workers: int = 1, log: str = "full") -> Server:
    """Return our own server on a project."""
    command = [sys.executable, "-m", "modelwright", "serve", str(project), "--port", "{port}", "--host", HOST]
    command += ["--workers", str(workers), "--log", log]
    if version is not None:
        command += ["--version", str(version)]
    return Server(name="modelwright", command=command, path="/predict", empty=("GET", "/livez"), ready="/readyz")


def fastapi(python: Path, folder: Path) -> Server:
    """Return the scikit-learn pipeline in FastAPI."""
    app = [str(python), "-m", "uvicorn", "--app-dir", str(HERE / "peers"), "fastapi_app:app", "--no-access-log"]
    return Server(
        name="scikit-learn in FastAPI",
        command=[*app, "--workers", "1", "--host", HOST, "--port", "{port}"],
        path="/predict",
        empty=("GET", "/empty"),
        ready="/empty",
        variables={"FOLDER": str(folder)},
    )


def mlflow(python: Path, folder: Path) -> Server:
    """Return the same pipeline in ``mlflow models serve``."""
    serve = [str(python.parent / "mlflow"), "models", "serve", "-m", str(folder / "mlflow"), "--env-manager", "local"]
    return Server(
        name="mlflow models serve",
        command=[*serve, "-h", HOST, "-p", "{port}", "-w", "1"],
        path="/invocations",
        wrap='{"dataframe_records":[{row}]}',
        empty=("GET", "/ping"),
        ready="/ping",
        variables={"PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}"},
    )


def bentoml(python: Path, folder: Path) -> Server:
    """Return the same pipeline in BentoML."""
    serve = [str(python), "-m", "bentoml", "serve", "bento_service:Model", "--working-dir", str(HERE / "peers")]
    return Server(
        name="BentoML",
        command=[*serve, "--host", HOST, "--port", "{port}"],
        path="/predict",
        wrap='{"row":{row}}',
        empty=("POST", "/empty"),
        ready="/readyz",
        variables={
            "FOLDER": str(folder),
            "BENTOML_HOME": str(folder / "bentoml"),
            "BENTOML_DO_NOT_TRACK": "True",
            "PATH": f"{python.parent}{os.pathsep}{os.environ['PATH']}",
        },
    )


def free_port() -> int:
    """Return a port of this machine's own address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


@contextmanager
def running(server: Server, folder: Path) -> Iterator[Running]:
    """Start a server as a child in a session of its own; end it, and all that it started, with the block."""
    port = free_port()
    command = [part.replace("{port}", str(port)) for part in server.command]
    log = folder / f"{server.name.replace(' ', '-')}.log"
    began = time.monotonic()
    with log.open("w") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **ONE_THREAD, **server.variables},
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            _wait(process, port, server.ready, log)
            yield Running(process, port, time.monotonic() - began)
        finally:
            _stop(process)


@contextmanager
def divided(server: Server, place: Path) -> Iterator[tuple[Running, int]]:
    """Start a server on its share of the processors, this process on the client's; yield it and the client's core."""
    shares = cores()
    all_cores = shares["client"] | shares["server"]
    apart = len(all_cores) > 1
    if apart:
        os.sched_setaffinity(0, shares["server"])  # which the server inherits
    try:
        with running(server, place) as run:
            if apart:
                os.sched_setaffinity(0, shares["client"])
            yield run, next(iter(shares["client"])) if apart else -1
    finally:
        if apart:
            os.sched_setaffinity(0, all_cores)


def _wait(process: subprocess.Popen, port: int, path: str, log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    request = http_request("GET", path)
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with {process.returncode}: {log.read_text()[-2000:]}")
        try:
            connection = Connection(port)
            status, _ = connection.ask(request)
            connection.close()
            if status == 200:
                return
        except OSError:
            pass
        time.sleep(0.005)
    raise RuntimeError(f"the server was not ready after {START_SECONDS:.0f} s: {log.read_text()[-2000:]}")


def _stop(process: subprocess.Popen) -> None:
    """Ask the server to stop; end what is left of its session."""
    if process.poll() is None:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOP_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(STOP_SECONDS)
