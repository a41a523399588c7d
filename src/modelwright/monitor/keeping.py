"""What a project keeps of its monitoring: the evidence so far and the windows that were judged.

::

    PROJECT/monitor/
      version-3.json      the history of version 3: evidence, and up to when the log was read
      metrics.prom        the newest window, for Prometheus: the textfile collector of its node exporter reads it
      windows.jsonl       every window that was judged, one a line, for the report; the newest `MOST_WINDOWS`

One process at a time; a second one is refused. What is written is whole or not there.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import msgspec

from modelwright.documents import encode, write_atomic
from modelwright.errors import ProjectError
from modelwright.locking import held
from modelwright.monitor.documents import Judgement, Monitoring
from modelwright.monitor.history import History
from modelwright.project.folder import may_not_be_written

__all__ = ["FOLDER", "MOST_WINDOWS", "Kept"]

FOLDER = "monitor"
MOST_WINDOWS = 2_000
"""Hourly windows of some three months; a line has two kilobytes."""

WINDOWS, METRICS = "windows.jsonl", "metrics.prom"
SHOWN_COLUMNS = 20  # of a window that is kept: those used most


class Kept:
    """The folder of a project in which monitoring keeps what it knows.

    Parameters
    ----------
    project : Path
    """

    def __init__(self, project: Path) -> None:
        self.folder = project / FOLDER

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the folder; raises ProjectError while another process does (MW-P701), or where it may not be written."""
        try:
            self.folder.mkdir(exist_ok=True)
            handle = open(self.folder / ".lock", "w")  # noqa: SIM115 - closed by `held`
        except OSError as error:
            raise may_not_be_written(self.folder, error) from error
        taken = ProjectError(
            f"another process monitors '{self.folder.parent}'",
            fix="end it, or watch a file with --data",
            code="MW-P701",
        )
        with held(handle, taken):
            yield

    def history(self, number: int) -> History:
        """Return the history of a version, an empty one before its first window; raises ProjectError (MW-P003)."""
        return History.load(self._path(number))

    def remember(self, number: int, history: History) -> None:
        """Save the history of a version."""
        history.save(self._path(number))

    def _path(self, number: int) -> Path:
        return self.folder / f"version-{number}.json"

    def windows(self, version: int | None = None) -> tuple[Monitoring, ...]:
        """Return the windows that were judged, oldest first; a damaged line is left out."""
        found = []
        for line in self._lines():
            with contextlib.suppress(msgspec.MsgspecError):
                window = msgspec.json.decode(line, type=Monitoring)
                if version is None or window.version == str(version):
                    found.append(window)
        return tuple(found)

    def add(self, windows: tuple[Monitoring, ...]) -> None:
        """Add windows to those kept; the oldest make place."""
        if not windows:
            return
        new = [encode(replace(w, columns=w.columns[:SHOWN_COLUMNS])) for w in windows]
        lines = [*self._without(windows), *new][-MOST_WINDOWS:]
        write_atomic(self.folder / WINDOWS, b"".join(line + b"\n" for line in lines))
        write_atomic(self.folder / METRICS, _exposed(windows[-1]).encode())

    def _without(self, windows: tuple[Monitoring, ...]) -> list[bytes]:
        """Return the lines kept before, without those of the same rows: of a look that could not be written down."""
        again = {(w.version, w.start) for w in windows if w.start is not None and not w.seen}
        return [line for line in self._lines() if _begun(line) not in again]

    def _lines(self) -> list[bytes]:
        path = self.folder / WINDOWS
        return path.read_bytes().splitlines() if path.is_file() else []


class _Begun(msgspec.Struct):
    """Of a kept window, where it begins."""

    version: str
    start: str | None = None
    seen: bool = False


def _begun(line: bytes) -> tuple[str, str] | None:
    """Return version and first moment of a kept window whose rows were new; None of others and of a damaged line."""
    with contextlib.suppress(msgspec.MsgspecError):
        found = msgspec.json.decode(line, type=_Begun)
        if found.start is not None and not found.seen:
            return found.version, found.start
    return None


def _exposed(window: Monitoring) -> str:
    """Return a window in the text format of Prometheus."""
    label = f'{{version="{window.version}"}}'
    lines = [
        "# HELP modelwright_monitor_judgement 1 for the judgement of the newest window.",
        "# TYPE modelwright_monitor_judgement gauge",
    ]
    for judgement in Judgement:
        own = f'{{version="{window.version}",judgement="{judgement.value}"}}'
        lines.append(f"modelwright_monitor_judgement{own} {int(judgement is window.judgement)}")
    lines += ["# TYPE modelwright_monitor_rows gauge", f"modelwright_monitor_rows{label} {window.rows}"]
    losses = {"expected": window.expected, "estimated": window.estimated, "real": window.real}
    known = {name: m for name, m in losses.items() if m is not None and m.value is not None}
    if known:
        lines.append("# TYPE modelwright_monitor_loss gauge")
    for name, loss in known.items():
        own = f'{{version="{window.version}",kind="{name}",loss="{loss.name}"}}'
        lines.append(f"modelwright_monitor_loss{own} {loss.value!r}")
    return "\n".join(lines) + "\n"
