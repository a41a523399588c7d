"""Work in a thread beside the event loop, in small bites.

A thread that works holds the interpreter's lock, and where there is one processor for both the system lets it run for
milliseconds before the loop has its turn. So it rests by itself, whenever it has worked for a while: the loop then has
lock and processor. The work need not know: Python calls a function of ours whenever this thread calls or leaves one.
What takes long in one call of C is one bite.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["in_small_bites"]

BITE_S = 0.0005
"""So long it works: as long as a request waits for ten others."""

REST_S = 0.001
"""So long it rests: the loop catches up, up to two thirds of its time being asked for."""

T = TypeVar("T")


def in_small_bites(work: Callable[..., T], *arguments: Any) -> T:
    """Return what ``work`` returns, called in this thread, with rests. It takes about four times as long."""
    until = time.perf_counter() + BITE_S

    def rest(frame: Any, event: str, argument: Any) -> None:
        nonlocal until
        if time.perf_counter() > until:
            time.sleep(REST_S)
            until = time.perf_counter() + BITE_S

    before = sys.getprofile()
    sys.setprofile(rest)  # of this thread alone
    try:
        return work(*arguments)
    finally:
        sys.setprofile(before)
