"""A real server in a process of its own, and a client that sends exactly the bytes it is given."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from modelwright.package.writing import write_version
from modelwright.project import Project
from tests.package.building import PROFILE, classifier, regressor
from tests.package.test_bundle import facts

READY_S = 30.0
ANSWER_S = 20.0


def make_project(folder: Path, *, kind: str = "classify") -> Path:
    """Return a project whose version 1 is its champion."""
    project = Project.create(folder)
    plan = classifier() if kind == "classify" else regressor()
    write_version(folder / "versions" / "1", plan, facts=facts(), profile=PROFILE, seed=0)
    project.promote(1)
    return folder


class Server:
    """A running server: its ``port``, its process, and what it said on standard error."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, told: bytes, errors: Path) -> None:
        self.process, self.port, self.errors = process, port, errors
        self.told = told

    def rss(self) -> int:
        """Return the resident memory of the process in bytes."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")


@contextmanager
def serving(place: Path, *options: str, environment: dict[str, str] | None = None) -> Iterator[Server]:
    """Run ``modelwright serve`` on any free port of this machine; it is asked to stop at the end."""
    errors = place.parent / f"{place.name}.stderr"
    with open(errors, "wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "modelwright", "serve", str(place), "--port", "0", *options],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={**os.environ, "OMP_NUM_THREADS": "1", **(environment or {})},
        )
    try:
        end = time.monotonic() + READY_S
        while not (found := re.search(rb"answering at http://\S+:(\d+)", errors.read_bytes())):
            assert process.poll() is None and time.monotonic() < end, errors.read_text()
            time.sleep(0.02)
        yield Server(process, int(found[1]), errors.read_bytes(), errors)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


class Answer:
    """Status, headers (names in lower case) and body of an answer."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body


class Wire:
    """One connection; ``source`` is the address of this machine that it comes from."""

    def __init__(self, port: int, source: str = "127.0.0.1") -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_S, (source, 0))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def send(self, raw: bytes) -> None:
        """Send bytes as they are; that the other end has closed shows when the answer is read."""
        with suppress(BrokenPipeError, ConnectionResetError):
            self._socket.sendall(raw)

    def finish(self) -> None:
        """Say that nothing more comes."""
        with suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)

    def answer(self, *, head: bool = False) -> Answer | None:
        """Return the next answer; None when the other end closed without one."""
        start = self._until(b"\r\n\r\n")
        if start is None:
            return None
        lines = start.decode("latin-1").split("\r\n")
        headers = {n.strip().lower(): v.strip() for n, _, v in (line.partition(":") for line in lines[1:] if line)}
        status = int(lines[0].split(" ")[1])
        if status == 100:
            return self.answer(head=head)
        size = 0 if head or status == 304 else int(headers.get("content-length", 0))
        while len(self._rest) < size:
            if not self._more():
                return None
        body, self._rest = self._rest[:size], self._rest[size:]
        return Answer(status, headers, body)

    def _until(self, mark: bytes) -> bytes | None:
        while mark not in self._rest:
            if not self._more():
                return None
        found, _, self._rest = self._rest.partition(mark)
        return found

    def _more(self) -> bool:
        try:
            raw = self._socket.recv(65536)
        except ConnectionResetError:
            return False
        self._rest += raw
        return bool(raw)

    def waits(self, seconds: float) -> bool:
        """Tell whether there is something to read, or the end of it, within a time."""
        return bool(self._rest) or bool(select.select([self._socket], [], [], seconds)[0])

    def closed(self) -> bool:
        """Tell whether the other end has closed and has nothing more to say."""
        return not self._rest and self.waits(0) and not self._more()

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Wire:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def request(method: str, path: str, body: bytes = b"", **headers: str) -> bytes:
    """Return the bytes of a well-formed request."""
    lines = [f"{method} {path} HTTP/1.1", "host: localhost"]
    if body or method == "POST":
        lines.append(f"content-length: {len(body)}")
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body
