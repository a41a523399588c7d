"""The template of workers, and a worker: waits for tasks on a pipe, runs them one after the other.

The template imports the libraries once, takes the shared state once, and makes each worker as a fork of itself: a new
one is there at once, and what none of them changes lies in memory once. It fits nothing, and the only threads in it are
idle ones that libraries start when they are imported, which is what makes forking it safe. It dies with the caller, and
the workers with it.

Messages come from the caller, a process of the same user, over private pipes; nothing here is reachable from outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.reduction import recv_handle
from typing import Any

from modelwright.engines.heap import give_back
from modelwright.engines.local import describe
from modelwright.loading import hidden

_PR_SET_PDEATHSIG = 1  # linux/prctl.h

NOT_NEEDED = ("polars", "pyarrow", "matplotlib")
"""What the libraries of the learners take along where it is installed; a worker gets arrays and returns arrays. Without
them every worker is 20 MB smaller, and the template has no thread but its own."""


@dataclass
class Shared:
    """What every task gets: a state, or why there is none."""

    state: Any = None
    broken: str | None = None

    def take(self, function: Callable[[Any], Any], payload: Any) -> None:
        """Make the state."""
        try:
            self.state, self.broken = function(payload), None
        except Exception as error:  # noqa: BLE001 - a crashed task is a recorded failure, not a crashed worker
            self.broken = describe(error)


def _die_with(parent: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def serve(pipe: Connection, shared: Shared) -> None:
    """Run tasks until the pipe closes."""
    while True:
        try:
            function, task = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            reply = (None, shared.broken) if shared.broken else (function(shared.state, task), None)
        except Exception as error:  # noqa: BLE001 - as above
            reply = (None, describe(error))
        with contextlib.suppress(BrokenPipeError, OSError):
            pipe.send(reply)
        del task, reply
        give_back()


def _fork(control: Connection, shared: Shared, template: int) -> None:
    """Make a worker on a pipe that the caller hands over; its first message is its process number."""
    handle = recv_handle(control)
    if os.fork():
        os.close(handle)
        return
    try:
        _die_with(template)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        control.close()
        pipe = Connection(handle)
        pipe.send(os.getpid())
        serve(pipe, shared)
    finally:
        os._exit(0)  # what the template has to do at its end is not the worker's


def main() -> None:
    """Run as ``python -m modelwright.engines.worker FILENO PARENT``."""
    _die_with(int(sys.argv[2]))
    warnings.simplefilter("ignore")  # what libraries warn of in a fit is not for the user's terminal
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # workers that end are not waited for
    from modelwright.train.work import preload

    with hidden(*NOT_NEEDED):
        preload()
    control, shared = Connection(int(sys.argv[1])), Shared()
    while True:
        try:
            told = control.recv()
        except (EOFError, OSError):
            return
        if told is None:
            gc.freeze()  # a collection in a worker would touch, and thereby copy, what it shares
            _fork(control, shared, os.getpid())
        else:
            shared.take(*told)


if __name__ == "__main__":
    main()
