"""Environments of their own for the programs we are tested with: they must never enter ours.

Each lies in ``.conformance/<name>`` below the checkout, is built once by pip (or uv where that is installed), and again
when its requirements change. Without a network the tests that need one are skipped, and say so.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pytest

__all__ = ["Environment", "environment", "free_port", "pinned", "serving"]

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".conformance"
STAMP = ".requirements"
INSTALL_SECONDS = 900


@dataclass(frozen=True)
class Environment:
    """A virtual environment: ``folder``."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def variables(self) -> dict[str, str]:
        """Variables for a process in it: its programs come first, and threads are kept to one."""
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ.get('PATH', '')}"
        return {**os.environ, "PATH": path, "VIRTUAL_ENV": str(self.folder), "OMP_NUM_THREADS": "1"}

    def run(self, *arguments: str | Path, folder: Path, timeout: float = 240) -> str:
        """Run its Python and return what it printed; the test fails, with what it said, where that does."""
        done = subprocess.run(
            [self.python, *arguments], cwd=folder, env=self.variables, capture_output=True, text=True, timeout=timeout
        )
        assert done.returncode == 0, done.stderr[-4000:]
        return done.stdout


def pinned(*names: str) -> tuple[str, ...]:
    """Return requirements for the releases that this environment has."""
    return tuple(f"{name}=={metadata.version(name)}" for name in names)


def environment(name: str, requirements: Sequence[str], *, with_modelwright: bool = True) -> Environment:
    """Return the environment of this name with these requirements, built where it is not there yet.

    Parameters
    ----------
    name : str
    requirements : sequence of str
        As pip takes them.
    with_modelwright : bool
        Install the working tree too, without what it depends on.
    """
    made = Environment(FOLDER / name)
    wanted = hashlib.sha256("\n".join((sys.version, str(with_modelwright), *requirements)).encode()).hexdigest()
    stamp = made.folder / STAMP
    if stamp.is_file() and stamp.read_text() == wanted:
        return made
    shutil.rmtree(made.folder, ignore_errors=True)
    _run(sys.executable, "-m", "venv", str(made.folder))
    _install(made, *requirements)
    if with_modelwright:
        _install(made, "--no-deps", "-e", str(ROOT))
    stamp.write_text(wanted)
    return made


def _install(made: Environment, *what: str) -> None:
    uv = shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")
    pip = (str(made.python), "-m", "pip", "install", "-q", "--disable-pip-version-check")
    tries = [(uv, "pip", "install", "-q", "--python", str(made.python)), pip] if uv else [pip]
    said = ""
    for command in tries:
        done = _run(*command, *what, check=False)
        if done.returncode == 0:
            return
        said = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit {done.returncode}"
    shutil.rmtree(made.folder, ignore_errors=True)
    pytest.skip(f"the environment '{made.folder.name}' cannot be installed: {said[:300]}")


def _run(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=check)


def free_port() -> int:
    """Return a port of 127.0.0.1 that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def serving(
    made: Environment, command: Sequence[str], *, ready: str, folder: Path, seconds: float = 90
) -> Iterator[subprocess.Popen]:
    """Run a server of an environment until the block ends, from when ``ready``, a URL, answers 200.

    It runs in a session of its own, so that nothing it started is left behind.
    """
    log = folder / "server.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*command], cwd=folder, env=made.variables, stdout=output, stderr=output, start_new_session=True
        )
        try:
            _wait(process, ready, log, seconds)
            yield process
        finally:
            os.killpg(process.pid, 9)
            process.wait(timeout=20)


def _wait(process: subprocess.Popen, url: str, log: Path, seconds: float) -> None:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        assert process.poll() is None, log.read_text()[-4000:]
        try:
            with urllib.request.urlopen(url, timeout=5) as answer:
                if answer.status == 200:
                    return
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
    raise AssertionError(f"not ready after {seconds} s: {log.read_text()[-4000:]}")
