"""The journal of a run: every finished trial, on disk before it counts. This is what a resumed run goes on from.

``journal.jsonl`` has a line per trial; its predictions lie in ``trials/<name>.npz``, written first. A line is written
in one piece and flushed; a last line cut short by a crash is ignored.
"""

from __future__ import annotations

import contextlib
import os
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np

from modelwright.documents import not_written, write_atomic

__all__ = ["Journal", "Line"]

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class Line:
    """A trial: ``status`` is ``"done"`` or ``"failed"``; ``plan`` is the digest of the plan it belongs to."""

    name: str
    plan: str
    status: str
    reason: str = ""
    iterations: int | None = None
    note: str = ""
    n_train: int = 0
    fit_seconds: float = 0.0
    seconds: float = 0.0
    row_seconds: float = 0.0
    spent: float = 0.0
    files: str = ""


class Journal:
    """Trials of a run folder.

    Parameters
    ----------
    folder : Path
        The run's folder.
    plan : str
        Digest of everything a trial depends on (rows, folds, features, seed); lines of another plan are ignored.
    """

    def __init__(self, folder: Path, plan: str) -> None:
        self.folder = folder
        self.plan = plan
        self.path = folder / "journal.jsonl"
        (folder / "trials").mkdir(parents=True, exist_ok=True)
        self.lines: dict[str, Line] = {line.name: line for line in self._read() if line.plan == plan}

    def _read(self) -> list[Line]:
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return []
        whole = data[: data.rfind(b"\n") + 1]
        if len(whole) < len(data):
            os.truncate(self.path, len(whole))
        return [msgspec.json.decode(line, type=Line) for line in whole.splitlines()]

    def add(self, line: Line, arrays: dict[str, np.ndarray] | None = None) -> None:
        """Record a trial and its arrays; raises ProjectError when the disk is full."""
        try:
            if arrays is not None:
                target = self.folder / "trials" / _file(line.name)
                temporary = target.with_suffix(".part")
                with open(temporary, "wb") as handle:
                    np.savez(handle, **arrays)  # type: ignore[arg-type]
                os.replace(temporary, target)
            with open(self.path, "ab") as handle:
                handle.write(msgspec.json.encode(line) + b"\n")
                handle.flush()
                os.fsync(handle.fileno())
        except OSError as error:
            raise not_written(self.folder, error) from error
        self.lines[line.name] = line

    def once(self, name: str, make: Callable[[], T], kind: type[T]) -> T:
        """Return what ``make`` gave when it was first asked for under this name, in this session or a broken one."""
        path = self.folder / f"{name}.json"
        with contextlib.suppress(FileNotFoundError, msgspec.DecodeError, msgspec.ValidationError):
            plan, value = msgspec.json.decode(path.read_bytes(), type=tuple[str, kind])  # type: ignore[valid-type]
            if plan == self.plan:
                return value
        value = make()
        write_atomic(path, msgspec.json.encode((self.plan, value)))
        return value

    def arrays(self, name: str) -> dict[str, np.ndarray] | None:
        """Return the arrays of a finished trial, None when its file is not there or not whole."""
        try:
            with np.load(self.folder / "trials" / _file(name), allow_pickle=False) as arrays:
                return {k: arrays[k] for k in arrays.files}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            return None

    @property
    def spent(self) -> float:
        """Seconds of the budget that earlier sessions of this run had used when their last trial ended."""
        return max((line.spent for line in self.lines.values()), default=0.0)


def _file(name: str) -> str:
    return name.replace("/", "~") + ".npz"
