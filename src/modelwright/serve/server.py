"""The server process: sockets, workers, signals.

One worker is this very process, so that it can be process 1 of a container. Several are forked after the version was
loaded: they share its memory until one of them changes. Each has a listening socket of its own at the same port
(SO_REUSEPORT), which this process keeps open as well: when a worker dies, connections that it had not taken yet wait
for the next one.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import uvicorn

from modelwright.errors import ProjectError
from modelwright.serve.access import Access, check_bind
from modelwright.serve.app import App
from modelwright.serve.connections import Connection
from modelwright.serve.deployment import Deployment
from modelwright.serve.disarming import disarm
from modelwright.serve.routes import Routes, routes_for
from modelwright.serve.settings import Settings
from modelwright.serve.state import State

__all__ = ["serve"]

BACKLOG = 2048
RESTART_PAUSE_S, LONGEST_PAUSE_S = 0.25, 30.0  # before a worker that died is replaced: twice as long each time
LONG_LIFE_S = 30.0  # who lived longer died of something else
SWITCH_S = 0.0002  # so soon the event loop has its turn again while another thread loads a version (Python: 5 ms)
_ENDING = (signal.SIGTERM, signal.SIGINT)
_PR_SET_PDEATHSIG = 1  # linux/prctl.h
KEEP_ALIVE_S = 75.0  # longer than load balancers keep theirs (AWS: 60 s), so that they close first


def serve(settings: Settings, *, started: Callable[[str], None] = lambda address: None) -> int:
    """Serve until a signal ends it; return the exit code.

    Parameters
    ----------
    settings : Settings
    started : callable
        Called once with the address when requests are answered.

    Raises
    ------
    ModelwrightError
        The version or the settings were refused; nothing listens then.
    ProjectError
        The port is taken (MW-P075).
    """
    disarm()
    sys.setswitchinterval(SWITCH_S)
    access = Access.of(settings.place, os.environ)
    check_bind(settings.host, access, settings.insecure)
    deployment = Deployment.load(settings)
    if deployment.doubt:
        print(f"modelwright: {deployment.doubt}", file=sys.stderr, flush=True)
    sockets = _listen(settings)
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{host}:{sockets[0].getsockname()[1]}"
    if settings.workers == 1:
        return _work(settings, deployment, access, sockets[0], 0, None, lambda: started(address))
    with tempfile.TemporaryDirectory(prefix="modelwright-") as shared:
        return _Supervisor(settings, deployment, access, sockets, Path(shared)).run(lambda: started(address))


def _listen(settings: Settings) -> list[socket.socket]:
    """Return a listening socket per worker, all at one port."""
    several = settings.workers > 1
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    made: list[socket.socket] = []
    try:
        # Without SO_REUSEPORT first: with it two servers would share the requests of one port unseen.
        probe = _bound(family, (settings.host, settings.port), shared=False)
        place = (settings.host, probe.getsockname()[1])
        if several:
            probe.close()
            for _ in range(settings.workers):
                made.append(_bound(family, place, shared=True))
        else:
            made.append(probe)
        for listener in made:
            listener.listen(BACKLOG)
            listener.setblocking(False)
    except OSError as error:
        for listener in made:
            listener.close()
        raise ProjectError(
            f"cannot listen on {settings.host}, port {settings.port}: {error.strerror or error}",
            fix="choose another with --port, or end what uses it",
            code="MW-P075",
        ) from error
    return made


def _bound(family: int, place: tuple[str, int], *, shared: bool) -> socket.socket:
    found = socket.socket(family, socket.SOCK_STREAM)
    try:
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if shared:
            found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        found.bind(place)
    except OSError:
        found.close()
        raise
    return found


def _work(
    settings: Settings,
    deployment: Deployment,
    access: Access,
    listener: socket.socket,
    number: int,
    shared: Path | None,
    started: Callable[[], None],
) -> int:
    """Answer requests in this process until a signal ends it."""
    state = State(settings, deployment, access, worker=number, shared=shared)
    before = deployment.champion
    deployment.catch_up(state.tell)  # a worker that takes the place of another begins with who is champion now
    if deployment.champion is not before:
        state.swapped(before, deployment.champion)
    app = App(state, Routes(routes_for(os.environ)))
    config = uvicorn.Config(
        app,
        http=Connection,
        loop="uvloop",
        ws="none",
        lifespan="on",
        interface="asgi3",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=True,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_S,  # type: ignore[arg-type]
        timeout_graceful_shutdown=settings.grace_seconds,  # type: ignore[arg-type]
        backlog=BACKLOG,
    )
    _settle()
    _Worker(config, state, started).run(sockets=[listener])
    return 0


def _settle() -> None:
    """Take what is loaded out of what garbage is looked for in: it stays."""
    gc.collect()
    gc.freeze()
    gc.enable()  # nobody looked while the server was starting


class _Worker(uvicorn.Server):
    """uvicorn's server, which says for a while that it is not ready before it stops, and then stops with code 0."""

    def __init__(self, config: uvicorn.Config, state: State, started: Callable[[], None]) -> None:
        super().__init__(config)
        self._state, self._tell_started = state, started
        self._stop_at: float | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self._tell_started()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self._state.draining:  # the second signal waits for nothing
            self.should_exit = True
            self.force_exit = sig == signal.SIGINT
            return
        self._state.draining = True
        self._stop_at = time.monotonic() + (self._state.settings.drain_seconds if sig == signal.SIGTERM else 0.0)

    async def on_tick(self, counter: int) -> bool:
        if self._stop_at is not None and time.monotonic() >= self._stop_at:
            self.should_exit = True
        return await super().on_tick(counter)


class _Supervisor:
    """Keeps several workers alive."""

    def __init__(
        self, settings: Settings, deployment: Deployment, access: Access, sockets: list[socket.socket], shared: Path
    ) -> None:
        self._arguments = (settings, deployment, access)
        self._sockets, self._shared = sockets, shared
        self._numbers: dict[int, tuple[int, float]] = {}
        self._pause = RESTART_PAUSE_S
        self._stopping = False

    def run(self, started: Callable[[], None]) -> int:
        """Start the workers, start again those that die, pass on the signal that ends them; return the exit code."""
        for name in _ENDING:
            signal.signal(name, self._stop)
        _settle()
        ready = [self._start(number) for number in range(len(self._sockets))]
        begun = [os.read(pipe, 1) for pipe in ready]
        for pipe in ready:
            os.close(pipe)
        if all(begun):
            started()
        else:  # a worker has said why: the next one would say the same
            self._stop(signal.SIGTERM, None)
        while self._numbers:
            try:
                process, _ = os.waitpid(-1, 0)
            except ChildProcessError:
                break
            number, since = self._numbers.pop(process, (None, 0.0))
            if number is not None and not self._stopping:
                self._replace(number, time.monotonic() - since)
        return 0 if all(begun) else 1

    def _replace(self, number: int, lived: float) -> None:
        """Start a worker in the place of one that ended; ever later where they end soon."""
        self._pause = RESTART_PAUSE_S if lived > LONG_LIFE_S else min(2 * self._pause, LONGEST_PAUSE_S)
        print(f"modelwright: worker {number} ended; another one takes its place", file=sys.stderr, flush=True)
        time.sleep(self._pause)
        if not self._stopping:
            os.close(self._start(number))

    def _start(self, number: int) -> int:
        """Fork a worker; return the end of a pipe that says when it is ready, or ends without a word."""
        reading, writing = os.pipe()
        signal.pthread_sigmask(signal.SIG_BLOCK, _ENDING)  # none may come between the fork and our knowing of it
        process = os.fork()
        if process == 0:
            os.close(reading)
            self._be_worker(number, writing)
        os.close(writing)
        self._numbers[process] = (number, time.monotonic())
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
        if self._stopping:
            os.kill(process, signal.SIGTERM)
        return reading

    def _be_worker(self, number: int, writing: int) -> NoReturn:
        code = 1
        try:
            for name in _ENDING:
                signal.signal(name, signal.SIG_DFL)
            _end_with_parent()
            signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDING)
            code = _work(*self._arguments, self._sockets[number], number, self._shared, lambda: _say_ready(writing))
        except KeyboardInterrupt:
            code = 0
        except BaseException as error:  # noqa: BLE001 - a child never goes back into what its parent was doing
            print(f"modelwright: worker {number}: {error}", file=sys.stderr, flush=True)
        finally:
            os._exit(code)

    def _stop(self, number: int, frame: Any) -> None:
        self._stopping = True
        for process in list(self._numbers):
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, number)


def _end_with_parent() -> None:
    """Have this process end when its parent does, however that is; Linux alone can."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def _say_ready(pipe: int) -> None:
    with contextlib.suppress(OSError):
        os.write(pipe, b"1")
        os.close(pipe)
