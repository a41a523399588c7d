"""Compaction started by the server: a child process, so that Arrow never enters the server's memory."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from modelwright.serve.log.policy import LogPolicy

__all__ = ["Compactor"]

SERVING_SHARE = 0.25
"""Part of the time that compaction works: whatever its priority, it takes memory bandwidth and caches, and where two
processors are one core, a third of what the other can do. It keeps up with some 12,000 rows of 14 columns a second."""


_IN_THE_BACKGROUND = """
import os, runpy, sys
os.nice(19)
if hasattr(os, "SCHED_IDLE"):
    os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))
if hasattr(os, "sched_setaffinity"):
    others = set(range(os.cpu_count() or 1)) - os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, others or os.sched_getaffinity(0))
    except OSError:
        pass
runpy.run_module("modelwright.serve.log.compacting", run_name="__main__")
"""
"""What the child runs: before anything is imported it steps back, so that it has the time that nobody else wants; and
where the server was pinned to some processors it goes to others, as far as the system lets it: it would have the
server's caches filled with what the server does not need."""


class Compactor:
    """Starts compaction when there is work, one at a time, and leaves no zombies. For one thread; only `stop` waits.

    Parameters
    ----------
    folder : Path
    policy : LogPolicy
        Says what `expire` keeps.
    """

    def __init__(self, folder: Path, policy: LogPolicy) -> None:
        self.command = [
            sys.executable, "-c", _IN_THE_BACKGROUND, str(Path(folder).absolute()),
            "--keep-days", repr(policy.keep_days), "--keep-bytes", str(policy.keep_bytes),
            "--share", repr(SERVING_SHARE),
        ]  # fmt: skip
        self._child: subprocess.Popen[bytes] | None = None
        self._again = False

    def start(self) -> bool:
        """Start compaction, or remember to where it runs; return whether it was started."""
        if self.running:
            self._again = True
            return False
        try:
            self._child = subprocess.Popen(self.command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        except OSError:  # no memory, no processes: the segments stay until the next time
            return False
        self._again = False
        return True

    def poll(self) -> None:
        """Start again what was asked for while it ran; call it now and then."""
        if self._again and not self.running:
            self.start()

    @property
    def running(self) -> bool:
        """Whether a child works; one that has ended is reaped by asking."""
        return self._child is not None and self._child.poll() is None

    def stop(self, seconds: float = 5.0) -> None:
        """Wait for the child for some seconds, then end it: nothing is lost by that."""
        if self._child is None:
            return
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()
