"""How far a scoring is: a bar on a terminal, plain lines elsewhere, once it has taken two seconds."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

__all__ = ["counting"]

SILENT_S = 2.0
EVERY_S = 10.0
"""Between two lines where there is no terminal."""


@contextmanager
def counting(*, silent: bool) -> Iterator[Callable[[int, float | None], None]]:
    """Give what is called with the rows done and the share of the source read, and shows them on standard error."""
    if silent:
        yield lambda rows, share: None
    elif sys.stderr.isatty():
        bar = _Bar()
        try:
            yield bar
        finally:
            bar.stop()
    else:
        yield _Lines()


class _Lines:
    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._next = self._begun + SILENT_S

    def __call__(self, rows: int, share: float | None) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + EVERY_S
            told = "" if share is None else f", {share:.0%} of the source"
            print(f"{now - self._begun:6.1f} s  {rows:,} rows scored{told}", file=sys.stderr, flush=True)


class _Bar:
    def __init__(self) -> None:
        self._begun = time.monotonic()
        self._progress: Any = None
        self._task: Any = None

    def __call__(self, rows: int, share: float | None) -> None:
        if self._progress is None:
            if time.monotonic() - self._begun < SILENT_S:
                return
            self._start()
        total = None if share is None else 1.0
        self._progress.update(self._task, total=total, completed=share or 0.0, text=f"{rows:,} rows")

    def _start(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

        columns = (
            TextColumn("scoring"),
            BarColumn(bar_width=32),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
            TimeRemainingColumn(),
        )
        self._progress = Progress(*columns, console=Console(stderr=True), transient=True)
        self._task = self._progress.add_task("scoring", total=None, text="")
        self._progress.start()

    def stop(self) -> None:
        """Take the bar away."""
        if self._progress is not None:
            self._progress.stop()
