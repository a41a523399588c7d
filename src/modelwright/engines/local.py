"""Engines of this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from multiprocessing.connection import Connection, Pipe, wait
from multiprocessing.reduction import send_handle
from pathlib import Path
from typing import Any

from modelwright.engines.base import Reply

__all__ = ["THREAD_VARIABLES", "InlineEngine", "ProcessEngine", "describe", "held_bytes", "n_cores"]

THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")

STARTING_S = 10.0
"""Seconds that a worker may take to say who it is, and to end."""


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

    def used(self) -> dict[int, float]:
        return {}

    def close(self) -> None:
        self._state = None


@dataclass
class _Worker:
    pipe: Connection
    pid: int | None = None  # until it has told
    task: Any = None
    busy: bool = False


class ProcessEngine:
    """Worker processes, one thread each, made from a template that starts (and imports the libraries) with the engine.

    The template is its own program (``python -m modelwright.engines.worker``), so nothing of the caller's main module
    is imported again. It dies with the caller, and its workers with it.
    """

    def __init__(self, n_workers: int | None = None) -> None:
        self.n_workers = n_workers or n_cores()
        self._replies: deque[Reply] = deque()
        self._shared: tuple[Callable[[Any], Any], Any] | None = None
        self._start_template()
        self._workers: list[_Worker | None] = [None] * self.n_workers

    def _start_template(self) -> None:
        self._control, theirs = Pipe()
        environment = dict(os.environ) | dict.fromkeys(THREAD_VARIABLES, "1")
        environment["PYTHONPATH"] = os.pathsep.join(p for p in sys.path if p)
        self._template = subprocess.Popen(
            [sys.executable, "-m", "modelwright.engines.worker", str(theirs.fileno()), str(os.getpid())],
            pass_fds=(theirs.fileno(),),
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,  # Ctrl-C in the terminal reaches the caller only, who then closes the workers
        )
        theirs.close()
        if self._shared is not None:
            self._control.send(self._shared)

    def _fork(self) -> _Worker:
        ours, theirs = Pipe()
        try:
            self._ask_for_worker(theirs)
        except OSError:
            self._restart_template()
            self._ask_for_worker(theirs)
        theirs.close()
        return _Worker(ours)

    def _restart_template(self) -> None:
        """Start the template anew where it is gone: a machine short of memory may end it too."""
        self._template.kill()
        self._template.wait()
        self._control.close()
        self._start_template()

    def _ask_for_worker(self, theirs: Connection) -> None:
        self._control.send(None)
        send_handle(self._control, theirs.fileno(), self._template.pid)

    def share(self, setup: Callable[[Any], Any], payload: Any) -> None:
        for worker in self._workers:
            _stop(worker)
        self._workers = [None] * self.n_workers
        self._shared = (setup, payload)
        try:
            self._control.send(self._shared)
        except OSError:
            self._restart_template()

    def idle(self) -> tuple[int, ...]:
        untold = {reply.worker for reply in self._replies}  # a killed worker is free once its caller knows of it
        return tuple(i for i, w in enumerate(self._workers) if not (w and w.busy) and i not in untold)

    def submit(self, worker: int, function: Callable[[Any, Any], Any], task: Any) -> None:
        chosen = self._workers[worker] or self._fork()
        self._workers[worker] = chosen
        chosen.task, chosen.busy = task, True
        try:
            chosen.pipe.send((function, task))
        except OSError:
            self._fail(worker, "the worker process ended")

    def wait(self, timeout: float) -> tuple[Reply, ...]:
        until = time.monotonic() + timeout
        busy = {w.pipe: i for i, w in enumerate(self._workers) if w and w.busy}
        if not self._replies and not busy and timeout > 0:
            time.sleep(min(timeout, 0.05))
        while not self._replies and busy:  # a new worker says who it is, which is no reply
            told = wait(list(busy), timeout=max(0.0, until - time.monotonic()))
            for pipe in told:
                self._receive(busy[pipe])  # type: ignore[index]
            if not told:
                break
        replies = tuple(self._replies)
        self._replies.clear()
        return replies

    def _receive(self, index: int) -> None:
        worker = self._workers[index]
        assert worker is not None
        try:
            told = worker.pipe.recv()
        except (EOFError, OSError):
            self._fail(index, "the worker process ended; memory may have run out")
            return
        if worker.pid is None:
            worker.pid = told
            return
        result, error = told
        worker.busy = False
        self._replies.append(Reply(worker.task, result, error, index))

    def kill(self, worker: int, reason: str) -> None:
        chosen = self._workers[worker]
        if chosen and chosen.busy:
            self._fail(worker, reason)

    def _fail(self, index: int, reason: str) -> None:
        worker = self._workers[index]
        assert worker is not None
        _stop(worker)
        self._workers[index] = None
        self._replies.append(Reply(worker.task, None, reason, index))

    def memory(self) -> dict[int, int]:
        return {i: held_bytes(w.pid) for i, w in enumerate(self._workers) if w and w.pid is not None}

    def used(self) -> dict[int, float]:
        return {i: used_seconds(w.pid) for i, w in enumerate(self._workers) if w and w.pid is not None}

    def close(self) -> None:
        for worker in self._workers:
            _stop(worker)
        self._workers = []
        self._control.close()
        self._template.kill()
        self._template.wait()


def held_bytes(pid: int) -> int:
    """Return the memory of a process in bytes, of what it shares with others its share; 0 when it is gone."""
    import psutil

    try:
        process = psutil.Process(pid)
        try:
            return int(process.memory_full_info().pss)
        except (AttributeError, psutil.AccessDenied):  # a system that does not tell
            return int(process.memory_info().rss)
    except psutil.Error:
        return 0


def used_seconds(pid: int) -> float:
    """Return the processor seconds that a process has used, 0 when it is gone."""
    import psutil

    try:
        times = psutil.Process(pid).cpu_times()
    except psutil.Error:
        return 0.0
    return float(times.user + times.system)


def _stop(worker: _Worker | None) -> None:
    """End a worker and wait until it has: the memory it held may be what the next one needs."""
    if worker is None:
        return
    if worker.pid is None and worker.pipe.poll(STARTING_S):
        with contextlib.suppress(EOFError, OSError):
            worker.pid = worker.pipe.recv()
    if worker.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(worker.pid, signal.SIGKILL)
        with contextlib.suppress(EOFError, OSError):
            while worker.pipe.poll(STARTING_S):
                worker.pipe.recv_bytes()  # what it still said; then its end closes
    worker.pipe.close()
