"""How a run is shown: progress bars on a terminal, plain lines elsewhere, nothing where it was asked for."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from modelwright.errors import ModelwrightError, UsageError
from modelwright.lifecycle import Listener, Silent

__all__ = ["going_on", "listening", "print_json"]


def print_json(document: Any) -> None:
    """Print one JSON object on standard output."""
    import msgspec

    print(msgspec.json.encode(document).decode())


@contextmanager
def going_on(what: str, *, first: bool) -> Iterator[None]:
    """Have what goes wrong in one turn of many be told on standard error: the next may do better.

    Parameters
    ----------
    what : str
        What did not come about, ``"this look failed"``.
    first : bool
        A command that cannot be, rather than a world that is not ready, ends with its first turn.
    """
    try:
        yield
    except ModelwrightError as error:
        if first and isinstance(error, UsageError):
            raise
        print(f"{what}: {error}", file=sys.stderr, flush=True)
    except OSError as error:  # a disk that is full, a folder that is not there any more
        print(f"{what}: {error}", file=sys.stderr, flush=True)


@contextmanager
def listening(*, silent: bool, counted: str = "trials") -> Iterator[Listener]:
    """Give a listener that shows progress on standard error; ``counted`` are the things that it is counted in."""
    if silent:
        yield Silent()
    elif sys.stderr.isatty():
        from rich.console import Console
        from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

        columns = (
            SpinnerColumn(),
            TextColumn("{task.description:<26}"),
            BarColumn(bar_width=24),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=Console(stderr=True)) as progress:
            yield _Bars(progress)
    else:
        yield _Lines(counted)


class _Lines:
    """A line per stage, and one at most every ten seconds of progress."""

    EVERY_S = 10.0

    def __init__(self, counted: str = "trials") -> None:
        self._counted = counted
        self._began = self._told = time.monotonic()

    def stage(self, title: str) -> None:
        self._say(f"{title} …")

    def progress(self, done: int, total: int, text: str) -> None:
        if time.monotonic() - self._told >= self.EVERY_S:
            self._say(f"  {done} of {total} {self._counted}, {text}")

    def note(self, text: str) -> None:
        self._say(text)

    def _say(self, text: str) -> None:
        self._told = time.monotonic()
        print(f"{self._told - self._began:6.1f} s  {text}", file=sys.stderr, flush=True)


class _Bars:
    """A bar per stage."""

    def __init__(self, progress: Any) -> None:
        self._progress = progress
        self._task: Any = None

    def stage(self, title: str) -> None:
        self._finish()
        self._task = self._progress.add_task(title, total=None, text="")

    def progress(self, done: int, total: int, text: str) -> None:
        self._progress.update(self._task, completed=done, total=total, text=f"{done} of {total} · {text}")

    def note(self, text: str) -> None:
        self._progress.console.print(text, highlight=False, markup=False)

    def _finish(self) -> None:
        if self._task is not None:
            self._progress.update(self._task, total=1, completed=1, text="")
            self._progress.stop_task(self._task)
