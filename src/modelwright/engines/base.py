"""What an engine is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Engine", "Reply"]


@dataclass(frozen=True)
class Reply:
    """What came of a task: its result, or the reason (one line) why there is none.

    Attributes
    ----------
    task : object
        The task as submitted.
    result : object or None
    error : str or None
    worker : int
    """

    task: Any
    result: Any
    error: str | None
    worker: int


class Engine(Protocol):
    """Runs tasks for one caller. A task and its result can be sent between processes.

    Promises: a task runs at most once; the death of a worker is a reply with an error, not an exception; `close`
    leaves no process behind. Not thread-safe.

    Attributes
    ----------
    n_workers : int
    """

    n_workers: int

    def share(self, setup: Callable[[Any], Any], payload: Any) -> None:
        """Make ``setup(payload)`` the state that every task gets, in every worker, now and after a restart."""
        ...

    def idle(self) -> tuple[int, ...]:
        """Return the workers that have nothing to do."""
        ...

    def submit(self, worker: int, function: Callable[[Any, Any], Any], task: Any) -> None:
        """Start ``function(state, task)`` on an idle worker."""
        ...

    def wait(self, timeout: float) -> tuple[Reply, ...]:
        """Return the replies that came within ``timeout`` seconds, at once when there is one."""
        ...

    def kill(self, worker: int, reason: str) -> None:
        """End what the worker does at once; its reply is an error with this reason. The worker starts anew."""
        ...

    def memory(self) -> dict[int, int]:
        """Return the bytes each worker process holds (empty where the engine has no processes of its own)."""
        ...

    def used(self) -> dict[int, float]:
        """Return the processor seconds of each worker process since it began (empty where it has none of its own)."""
        ...

    def close(self) -> None: ...
