"""Many connections that ask a server, at a steady rate or as fast as they are answered, in a process of its own.

The process is ``crowd.c``, compiled on the spot, or ``crowd_twin.py`` where there is no compiler; both say the same.
Here it is started, and its lines and the answers that it kept are read.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from client import HERE, HOST, compiled

FINE = 7
"""As in ``crowd.c``: a bucket of the histogram is at most 1/128 of its value wide."""

GRACE_S = 60.0
"""How much longer than it was asked to the process may take: it waits half of that for the last answers."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a crowd is to do.

    Attributes
    ----------
    port : int
    requests : sequence of bytes
        Whole HTTP requests, asked in turn.
    connections : int
    rate : float
        Requests a second; 0: each connection asks again as soon as it is answered.
    seconds, window_s : float
        How long, and how long a window is.
    begin : float
        Of the monotonic clock; 0: at once.
    core : int
        The processor that the client keeps to, -1 for any.
    """

    port: int
    requests: Sequence[bytes]
    connections: int
    rate: float
    seconds: float
    window_s: float
    begin: float = 0.0
    core: int = -1


@dataclass(frozen=True)
class Kept:
    """A distinct answer of a row up to its request id, and how often it came; ``row`` is -1 where status is not 200."""

    status: int
    row: int
    count: int
    body: bytes


@dataclass(frozen=True)
class Outcome:
    """What came of an order.

    Attributes
    ----------
    windows : tuple of dict
        ``asked``, ``answered``, ``errors``, ``lost``, ``versions`` and ``histogram`` of each window.
    lost : tuple of dict
        ``port``, ``row``, ``sent``, ``broke`` of every request that was lost.
    kept : tuple of Kept
    unkept : int
        Answers that were not kept since their row had too many different ones.
    cpu_s : float
        Processor time that the client used.
    """

    windows: tuple[dict[str, Any], ...]
    lost: tuple[dict[str, Any], ...]
    kept: tuple[Kept, ...]
    unkept: int
    cpu_s: float

    def total(self, name: str) -> int:
        """Return the sum of a count over the windows."""
        return sum(window[name] for window in self.windows)

    @property
    def failures(self) -> list[str]:
        """Return what answers other than 200 said, at most a hundred."""
        return [f"status {k.status}: {k.body[:300]!r}" for k in self.kept if k.status != 200]


class Crowd:
    """The running process; use it as a context: it ends with the block.

    Parameters
    ----------
    order : Order
    in_python : bool
        Whether the program in Python asks although there is a compiler.
    """

    def __init__(self, order: Order, *, in_python: bool = False) -> None:
        self.order = order
        program = None if in_python else compiled("crowd")
        self.client = "Python" if program is None else "C"
        self._place = tempfile.TemporaryDirectory()
        self._folder = Path(self._place.name)
        file = self._folder / "requests"
        file.write_bytes(b"".join(b"%d\n%b" % (len(request), request) for request in order.requests))
        start = [sys.executable, str(HERE / "crowd_twin.py")] if program is None else [str(program)]
        numbers = [order.rate, order.begin, order.seconds, order.window_s]
        line = [HOST, order.port, file, order.connections, *numbers, self._folder / "kept", order.core]
        self._said, self._errors = self._folder / "said", self._folder / "errors"
        self._lines: list[dict[str, Any]] = []
        self._read = 0
        with self._said.open("w") as output, self._errors.open("w") as errors:
            self._process = subprocess.Popen([*start, *map(str, line)], stdout=output, stderr=errors)

    def __enter__(self) -> Crowd:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._place.cleanup()

    def lines(self) -> list[dict[str, Any]]:
        """Return what the process has said so far; what was read before is not read again."""
        with self._said.open("rb") as said:
            said.seek(self._read)
            whole = said.read().rpartition(b"\n")
        self._read += len(whole[0] + whole[1])
        self._lines += [json.loads(line) for line in whole[0].splitlines()]
        return self._lines

    def windows(self) -> list[dict[str, Any]]:
        """Return the windows that are over."""
        return [line for line in self.lines() if "window" in line]

    def finish(self) -> Outcome:
        """Wait for the end; return what came of it. Raises RuntimeError where the process failed."""
        if self._process.wait(self.order.seconds + GRACE_S):
            raise RuntimeError(f"the client stopped: {self._errors.read_text()[-500:]}")
        lines = self.lines()
        end = lines[-1]["end"]
        return Outcome(
            windows=tuple(line for line in lines if "window" in line),
            lost=tuple(line["lost"] for line in lines if "window" not in line and "lost" in line),
            kept=tuple(_read_kept(self._folder / "kept")),
            unkept=end["unkept"],
            cpu_s=end["user_s"] + end["system_s"],
        )


def _read_kept(path: Path) -> Iterator[Kept]:
    rest = path.read_bytes()
    while rest:
        head, _, rest = rest.partition(b"\n")
        status, row, count, length = map(int, head.split())
        yield Kept(status, row, count, rest[:length])
        rest = rest[length + 1 :]


def rate(
    port: int, requests: Sequence[bytes], *, connections: int, seconds: float, core: int = -1
) -> tuple[float, str]:
    """Return requests a second of connections that ask again as soon as they are answered; and which client it was."""
    order = Order(
        port=port, requests=requests, connections=connections, rate=0, seconds=seconds, window_s=seconds, core=core
    )
    with Crowd(order) as crowd:
        outcome = crowd.finish()
    if outcome.total("errors") or outcome.lost:
        raise RuntimeError(f"{len(outcome.lost)} requests were lost; {outcome.failures[:1]}")
    return outcome.total("answered") / seconds, crowd.client


def percentiles(histogram: Sequence[Sequence[int]], shares: Sequence[float]) -> list[float]:
    """Return microseconds below which these shares of the latencies are, NaN where there are none.

    Parameters
    ----------
    histogram : sequence of (bucket, count)
        In the order of the buckets.
    """
    total = sum(count for _, count in histogram)
    found: list[float] = []
    for share in shares:
        below = 0
        for number, count in histogram:
            below += count
            if below >= share * total:
                found.append(_middle(number) / 1000)
                break
        else:
            found.append(float("nan"))
    return found


def _middle(number: int) -> float:
    """Return the nanoseconds in the middle of a bucket."""
    if number < 2 << FINE:
        return float(number)
    shift = (number >> FINE) - 1
    return (((number & ((1 << FINE) - 1)) + (1 << FINE)) + 0.5) * (1 << shift)


def cores() -> Mapping[str, set[int]]:
    """Return the processors of the client (one) and of the server (the others); of both all, where there is but one."""
    ours = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    if len(ours) < 2:
        return {"client": set(ours), "server": set(ours)}
    return {"client": {ours[-1]}, "server": set(ours[:-1])}
