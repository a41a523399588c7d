"""The client of one connection: latency of single requests, and HTTP at its barest. For many see ``crowd.py``.

Every server is measured by the same client: a small program in C, compiled where there is a compiler; else Python
stands in, whose own cost then is in every figure, and the result says so.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

HERE = Path(__file__).parent
HOST = "127.0.0.1"
TIMEOUT = 60.0


def http_request(method: str, path: str, body: bytes = b"") -> bytes:
    """Return the bytes of a request that keeps its connection."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Connection:
    """One keep-alive connection: send a request, read a response. ``buffer`` holds what has come so far."""

    def __init__(self, port: int, *, blocking: bool = True) -> None:
        self.socket = socket.create_connection((HOST, port), timeout=TIMEOUT)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not blocking:
            self.socket.setblocking(False)
        self.buffer = b""

    def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body."""
        self.socket.sendall(request)
        while (answer := self.received()) is None:
            pass
        return answer

    def received(self) -> tuple[int, bytes] | None:
        """Read once; return status and body when a response is whole. Raises ConnectionError at its end."""
        got = self.socket.recv(1 << 16)
        if not got:
            raise ConnectionError("the server closed the connection")
        self.buffer = self.buffer + got if self.buffer else got
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = self.buffer[:end].lower()
        body = self.buffer[end + 4 :]
        at = head.find(b"content-length:")
        if at >= 0:
            if len(body) < int(head[at + 15 :].split(b"\r\n", 1)[0]):
                return None
        elif not body.endswith(b"0\r\n\r\n"):
            return None
        self.buffer = b""
        return int(head[9:12]), body

    def close(self) -> None:
        self.socket.close()


def latencies(port: int, requests: Sequence[bytes], *, warm_up: int, count: int) -> tuple[list[float], str]:
    """Return microseconds of each of ``count`` requests over one connection, and which client it was."""
    program = compiled("client")
    if program is None:
        return _latencies_in_python(port, requests, warm_up, count), "Python"
    with tempfile.NamedTemporaryFile() as file:
        for request in requests:
            file.write(b"%d\n" % len(request) + request)
        file.flush()
        command = [str(program), HOST, str(port), file.name, str(warm_up), str(count)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
    if done.returncode:
        raise RuntimeError(f"the client stopped: {done.stderr[:500]}")
    return [int(line) / 1000 for line in done.stdout.split()], "C"


def compiled(name: str) -> Path | None:
    """Return a program of this folder, ``name.c``, compiled once per machine, or None without a compiler."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return None
    program = HERE.parents[1] / "build" / f"serving-{name}"
    source = HERE / f"{name}.c"
    if not program.is_file() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(exist_ok=True)
        subprocess.run([compiler, "-O2", "-D_GNU_SOURCE", "-o", str(program), str(source)], check=True)
    return program


def _latencies_in_python(port: int, requests: Sequence[bytes], warm_up: int, count: int) -> list[float]:
    connection = Connection(port)
    taken = []
    for i in range(warm_up + count):
        began = time.perf_counter_ns()
        status, body = connection.ask(requests[i % len(requests)])
        taken.append((time.perf_counter_ns() - began) / 1000)
        if status != 200:
            raise RuntimeError(f"status {status}: {body[:500]!r}")
    connection.close()
    return taken[warm_up:]
