"""One process at a time."""

from __future__ import annotations

import contextlib
import fcntl
import time
from collections.abc import Iterator
from typing import IO, Any

from modelwright.errors import ProjectError

__all__ = ["held"]

LOOK_S = 0.02  # between looks at a lock that is waited for


@contextlib.contextmanager
def held(file: IO[Any], taken: ProjectError, *, wait_s: float = 0.0) -> Iterator[None]:
    """Hold an open file, which is closed afterwards; raises ``taken`` where another process holds it still after
    ``wait_s`` seconds.

    The lock goes with the process, however that ends.
    """
    end = time.monotonic() + wait_s
    with file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError as error:
                if time.monotonic() >= end:
                    raise taken from error
                time.sleep(LOOK_S)
        yield
