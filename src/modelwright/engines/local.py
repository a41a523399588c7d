"""Engines of this machine."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import Any

from modelwright.engines.base import Reply

__all__ = ["InlineEngine", "ProcessEngine", "describe", "n_cores"]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def n_cores() -> int:
    """Return the processors this process may use: by affinity, and by the quota of its control group."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    with contextlib.suppress(OSError, ValueError, ZeroDivisionError):
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        allowed = min(allowed, round(int(quota) / int(period)))  # "max" is no number: there is no quota
    return max(1, allowed)


def describe(error: BaseException) -> str:
    """Return an error in one line, for the ledger."""
    text = " ".join(str(error).split())
    return f"{type(error).__name__}: {text[:300]}" if text else type(error).__name__


class InlineEngine:
    """Runs each task in this process as it is submitted: for data so small that a process costs more than a fit."""

    n_workers = 1

    def __init__(self) -> None:
        self._state: Any = None
        self._replies: deque[Reply] = deque()

    def share(self, setup: Callable[[Any], Any], payload: Any) -> None:
        self._state = setup(payload)

    def idle(self) -> tuple[int, ...]:
        return () if self._replies else (0,)

    def submit(self, worker: int, function: Callable[[Any, Any], Any], task: Any) -> None:
        try:
            self._replies.append(Reply(task, function(self._state, task), None, worker))
        except Exception as error:  # noqa: BLE001 - the one place that turns a crashed task into a recorded failure
            self._replies.append(Reply(task, None, describe(error), worker))

    def wait(self, timeout: float) -> tuple[Reply, ...]:
        replies = tuple(self._replies)
        self._replies.clear()
        return replies

    def kill(self, worker: int, reason: str) -> None:
        """Nothing runs between calls."""

    def memory(self) -> dict[int, int]:
        return {}

    def close(self) -> None:
        self._state = None


@dataclass
class _Worker:
    process: subprocess.Popen[bytes]
    pipe: Connection
    task: Any = None
    busy: bool = False


class ProcessEngine:
    """Worker processes, one thread each, that start (and import their libraries) as soon as the engine is made.

    A worker is its own program (``python -m modelwright.engines.worker``), so nothing of the caller's main module is
    imported again, and it dies with the caller.
    """

    def __init__(self, n_workers: int | None = None) -> None:
        self.n_workers = n_workers or n_cores()
        self._shared: tuple[Callable[[Any], Any], Any] | None = None
        self._replies: deque[Reply] = deque()
        self._workers = [self._start() for _ in range(self.n_workers)]

    def _start(self) -> _Worker:
        ours, theirs = Pipe()
        environment = dict(os.environ) | dict.fromkeys(THREAD_VARIABLES, "1")
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        process = subprocess.Popen(
            [sys.executable, "-m", "modelwright.engines.worker", str(theirs.fileno()), str(os.getpid())],
            pass_fds=(theirs.fileno(),),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal reaches the caller only, who then closes the workers
        )
        theirs.close()
        worker = _Worker(process, ours)
        if self._shared is not None:
            _send(worker, ("share", *self._shared))
        return worker

    def share(self, setup: Callable[[Any], Any], payload: Any) -> None:
        self._shared = (setup, payload)
        for index, worker in enumerate(self._workers):
            if not _send(worker, ("share", setup, payload)):
                self._restart(index)

    def idle(self) -> tuple[int, ...]:
        untold = {reply.worker for reply in self._replies}  # a killed worker is free once its caller knows of it
        return tuple(i for i, w in enumerate(self._workers) if not w.busy and i not in untold)

    def submit(self, worker: int, function: Callable[[Any, Any], Any], task: Any) -> None:
        chosen = self._workers[worker]
        chosen.task, chosen.busy = task, True
        if not _send(chosen, ("run", function, task)):
            self._fail(worker, "the worker process ended")

    def wait(self, timeout: float) -> tuple[Reply, ...]:
        busy = {w.pipe: i for i, w in enumerate(self._workers) if w.busy}
        if not self._replies and busy:
            for pipe in wait(list(busy), timeout=max(0.0, timeout)):
                self._receive(busy[pipe])  # type: ignore[index]
        elif not self._replies and timeout > 0:
            time.sleep(min(timeout, 0.05))
        replies = tuple(self._replies)
        self._replies.clear()
        return replies

    def _receive(self, index: int) -> None:
        worker = self._workers[index]
        try:
            result, error = worker.pipe.recv()
        except (EOFError, OSError):
            code = worker.process.wait()
            self._fail(index, f"the worker process ended (exit status {code}; memory may have run out)")
            return
        worker.busy = False
        self._replies.append(Reply(worker.task, result, error, index))

    def kill(self, worker: int, reason: str) -> None:
        if self._workers[worker].busy:
            self._fail(worker, reason)

    def _fail(self, index: int, reason: str) -> None:
        task = self._workers[index].task
        self._restart(index)
        self._replies.append(Reply(task, None, reason, index))

    def _restart(self, index: int) -> None:
        _stop(self._workers[index])
        self._workers[index] = self._start()

    def memory(self) -> dict[int, int]:
        import psutil

        held = {}
        for index, worker in enumerate(self._workers):
            try:
                held[index] = psutil.Process(worker.process.pid).memory_info().rss
            except psutil.Error:
                continue
        return held

    def close(self) -> None:
        for worker in self._workers:
            _stop(worker)
        self._workers = []


def _send(worker: _Worker, message: tuple[Any, ...]) -> bool:
    try:
        worker.pipe.send(message)
    except (BrokenPipeError, ConnectionError, OSError):
        return False
    return True


def _stop(worker: _Worker) -> None:
    worker.pipe.close()
    worker.process.kill()
    worker.process.wait()
