"""Memory: what the job holds, and the guard that ends a fit before the machine runs out."""

from __future__ import annotations

import time

from modelwright.engines.base import Engine

__all__ = ["MemoryGuard", "available_bytes"]

DEFAULT_SHARE = 0.8
"""Part of the memory available at the start that a job without a limit of its own takes."""

CHECK_EVERY_S = 0.25


def available_bytes() -> int:
    """Return the bytes that can be used: the machine's free memory or the control group's limit, the smaller."""
    import psutil

    free = int(psutil.virtual_memory().available)
    try:
        with open("/sys/fs/cgroup/memory.max") as limit, open("/sys/fs/cgroup/memory.current") as held:
            return max(1, min(free, int(limit.read()) - int(held.read())))
    except (OSError, ValueError):  # no control group, or no limit ("max")
        return free


class MemoryGuard:
    """Follows the memory of this process and the engine's workers.

    Attributes
    ----------
    limit : int
        Bytes.
    peak : int
        Largest sum seen.
    """

    def __init__(self, limit: int | None) -> None:
        import psutil

        self.limit = limit or int(DEFAULT_SHARE * available_bytes())
        self.peak = 0
        self._process = psutil.Process()
        self._next = 0.0

    def __call__(self, engine: Engine | None) -> tuple[int, str] | None:
        """Return the largest worker and why it must go, or None while there is room."""
        if time.monotonic() < self._next:
            return None
        self._next = time.monotonic() + CHECK_EVERY_S
        held = engine.memory() if engine is not None else {}
        total = self._process.memory_info().rss + sum(held.values())
        self.peak = max(self.peak, total)
        if total <= self.limit or not held:
            return None
        largest = max(held, key=lambda worker: held[worker])
        return largest, f"memory: {total / 1e9:.1f} GB held, the limit is {self.limit / 1e9:.1f} GB"
