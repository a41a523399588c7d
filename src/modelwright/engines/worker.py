"""A worker process: waits for tasks on a pipe, runs them one after the other, and dies with its parent.

Messages come from the parent process of the same user over a private pipe; nothing here is reachable from outside.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import sys
import warnings
from multiprocessing.connection import Connection
from typing import Any

from modelwright.engines.local import describe

_PR_SET_PDEATHSIG = 1  # linux/prctl.h


def _die_with(parent: int) -> None:
    if sys.platform.startswith("linux"):
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked
        os._exit(1)


def serve(pipe: Connection) -> None:
    """Answer messages until the pipe closes."""
    state: Any = None
    broken: str | None = None
    while True:
        try:
            kind, function, payload = pipe.recv()
        except (EOFError, OSError):
            return
        try:
            if kind == "share":
                state, broken = function(payload), None
                continue
            reply = (None, broken) if broken else (function(state, payload), None)
        except Exception as error:  # noqa: BLE001 - a crashed task is a recorded failure, not a crashed worker
            if kind == "share":
                broken = describe(error)
                continue
            reply = (None, describe(error))
        with contextlib.suppress(BrokenPipeError, OSError):
            pipe.send(reply)


def main() -> None:
    """Run as ``python -m modelwright.engines.worker FILENO PARENT``."""
    _die_with(int(sys.argv[2]))
    warnings.simplefilter("ignore")  # what libraries warn of in a fit is not for the user's terminal
    from modelwright.train.work import preload

    preload()
    serve(Connection(int(sys.argv[1])))


if __name__ == "__main__":
    main()
