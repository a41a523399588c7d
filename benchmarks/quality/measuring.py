"""One command, watched with all that it starts: wall time, and the most memory of the whole tree at once.

The watcher makes itself the parent of orphans (Linux), so that daemons that leave their session are counted, and ended.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import os
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

__all__ = ["Measured", "watch"]

INTERVAL = 0.2
SHARES_EVERY = 1.0
RISE = 1.02
GRACE = 10.0
BECOME_PARENT_OF_ORPHANS = 36  # PR_SET_CHILD_SUBREAPER, prctl(2)
MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Measured:
    """What a command cost."""

    exit_code: int
    """Negative where a signal ended it, as after too long a time."""
    wall: float
    peak_megabytes: float
    """Of shared memory each process has its share (PSS); where the system does not say, all of it (RSS)."""
    too_long: bool


def watch(command: Sequence[str], *, log: Path, folder: Path, most_seconds: float) -> Measured:
    """Run a command in a session of its own; it and all that it started end after ``most_seconds`` at the latest."""
    ctypes.CDLL(None).prctl(BECOME_PARENT_OF_ORPHANS, 1, 0, 0, 0)
    others = {p.pid for p in psutil.Process().children(recursive=True)}
    memory = _Memory()
    with open(log, "wb") as told:
        began = time.monotonic()
        process = subprocess.Popen(
            list(command),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=told,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        too_long = False
        try:
            while True:
                memory.look(_tree(others))
                try:
                    process.wait(INTERVAL)
                    break
                except subprocess.TimeoutExpired:
                    too_long = time.monotonic() - began > most_seconds
                if too_long:
                    break
            wall = time.monotonic() - began
        finally:
            _end(_tree(others), process)
    return Measured(process.returncode, wall, memory.peak / MEGABYTE, too_long)


def _tree(others: set[int]) -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if p.pid not in others]


class _Memory:
    """The most memory so far.

    Shares (PSS) cost the kernel a walk over the pages, which the measured would pay for: they are read once a second,
    and whenever the cheap figure (RSS) has risen above what it was at any reading before.
    """

    def __init__(self) -> None:
        self.peak = 0
        self._highest = 0
        self._read_at = -math.inf

    def look(self, processes: Sequence[psutil.Process]) -> None:
        """Take the memory of these processes into account."""
        resident, now = sum(_resident(p) for p in processes), time.monotonic()
        if resident > RISE * self._highest or now - self._read_at >= SHARES_EVERY:
            self.peak = max(self.peak, sum(_share(p) for p in processes))
            self._highest = max(self._highest, resident)
            self._read_at = now


def _share(process: psutil.Process) -> int:
    try:
        with open(f"/proc/{process.pid}/smaps_rollup") as lines:
            return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)
    except OSError:
        return _resident(process)


def _resident(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it has ended meanwhile
        return 0


def _end(processes: list[psutil.Process], process: subprocess.Popen[bytes]) -> None:
    for each in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            each.kill()
    process.wait(GRACE)
    psutil.wait_procs([p for p in processes if p.pid != process.pid], timeout=GRACE)


def load() -> float:
    """Return the load of the machine, an average of the last minute."""
    return os.getloadavg()[0]
