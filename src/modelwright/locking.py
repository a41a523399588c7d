"""One process at a time."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator
from typing import IO

from modelwright.errors import ProjectError

__all__ = ["held"]


@contextlib.contextmanager
def held(file: IO[str], taken: ProjectError) -> Iterator[None]:
    """Hold an open file, which is closed afterwards; raises ``taken`` while another process holds it.

    The lock goes with the process, however that ends.
    """
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise taken from error
        yield
