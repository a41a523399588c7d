"""The folder of a project and its runs."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from modelwright import documents
from modelwright.errors import NoProject, ProjectError
from modelwright.ledger import Ledger
from modelwright.locking import held

if TYPE_CHECKING:
    from modelwright.brief import Brief

__all__ = ["NEW_ROWS", "RECALIBRATED", "Folder", "Report", "RunState", "default_path", "may_not_be_written"]

NEW_ROWS = "new-rows.parquet"
"""In the folder of a run: rows that it keeps for later retrainings."""

RECALIBRATED = "recalibrated.json"
"""In the folder of a version: it has the models of another one, and a calibrator that was fitted again."""

ANOTHER_FOLDER = "choose another folder with --project"


def may_not_be_written(folder: Path, error: OSError) -> ProjectError:
    """Return the error of a project, or a folder in it, in which files cannot be opened for writing."""
    return ProjectError(
        f"'{folder}' may not be written: {error.strerror}", fix="check who may write it", code="MW-P008"
    )


@dataclass(frozen=True, kw_only=True)
class RunState:
    """Where a run stands: ``status`` is ``"running"``, ``"done"`` or ``"failed"``; ``key`` tells equal commands."""

    status: str
    key: str
    started: str
    version: int | None = None
    result: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """The report of a run: ``path`` of the HTML file, ``card`` of the model card."""

    path: Path
    card: Path


def default_path(brief: Brief) -> Path:
    """Return the folder a project goes to when none is named: ``<file>-<target>`` where the command runs."""
    stem = Path(brief.source.split("?")[0]).name.split(".")[0] if brief.source != "<memory>" else "project"
    words = re.sub(r"[^A-Za-z0-9_]+", "-", f"{stem}-{brief.target}").strip("-").lower()
    return Path(words[:80] or "project")


class Folder:
    """A project's folder: made, held for writing, with its runs; see `modelwright.project.Project`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        if not (self.path / "ledger.jsonl").is_file():
            what = "is not a Modelwright project" if self.path.is_dir() else "does not exist"
            raise NoProject(
                f"'{self.path}' {what}",
                fix="name the folder that 'modelwright run' has made",
                code="MW-P020",
            )
        self.ledger = Ledger(self.path / "ledger.jsonl")
        self._held = False

    @classmethod
    def check_usable(cls, path: str | Path) -> None:
        """Raise what `create` and `lock` would, before the work is done; nothing is written.

        Raises
        ------
        ProjectError
            The folder holds something other than a project, may not be written, or another process works on it.
        """
        folder = Path(path)
        if (folder / "ledger.jsonl").is_file():
            if (folder / ".lock").is_file():
                with cls(folder).lock():
                    return
        elif folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise ProjectError(
                f"'{folder}' exists and is not a Modelwright project", fix=ANOTHER_FOLDER, code="MW-P021"
            )
        there = next((p for p in (folder, *folder.absolute().parents) if p.exists()), Path("/"))
        if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
            what = "may not be written" if there.is_dir() else "is no folder"
            raise ProjectError(
                f"cannot make the folder '{folder}': '{there}' {what}", fix=ANOTHER_FOLDER, code="MW-P022"
            )

    @classmethod
    def create(cls, path: str | Path) -> Self:
        """Open the project at ``path``, or make it where nothing is.

        Raises
        ------
        ProjectError
            The folder holds other files, or cannot be written.
        """
        folder = Path(path)
        cls.check_usable(folder)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "ledger.jsonl").touch()  # first: what it makes a project is complete or can be completed
            (folder / "runs").mkdir(exist_ok=True)
            (folder / "versions").mkdir(exist_ok=True)
        except OSError as error:
            raise ProjectError(
                f"cannot make the folder '{folder}': {error.strerror}", fix=ANOTHER_FOLDER, code="MW-P022"
            ) from error
        return cls(folder)

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Hold the project for writing; raises ProjectError while another process does. It may be taken again."""
        if self._held:
            yield
            return
        try:
            handle = open(self.path / ".lock", "w")  # noqa: SIM115 - closed by `held`
        except OSError as error:
            raise may_not_be_written(self.path, error) from error
        taken = ProjectError(
            f"another process works on '{self.path}'",
            fix="wait until it ends, or use another --project",
            code="MW-P023",
        )
        with held(handle, taken):
            self._held = True
            try:
                yield
            finally:
                self._held = False

    def runs(self) -> tuple[str, ...]:
        """Return the names of all runs, oldest first."""
        return tuple(sorted(p.name for p in self._inside("runs") if (p / "state.json").is_file()))

    def _inside(self, name: str) -> tuple[Path, ...]:
        folder = self.path / name
        return tuple(folder.iterdir()) if folder.is_dir() else ()

    def run_folder(self, run: str) -> Path:
        return self.path / "runs" / run

    def state(self, run: str) -> RunState:
        """Return where a run stands."""
        return documents.load(self.run_folder(run) / "state.json", RunState)

    def unfinished(self, key: str) -> str | None:
        """Return the newest run when it has this key and was broken off; one with a damaged state cannot go on."""
        runs = self.runs()
        with contextlib.suppress(ProjectError, IndexError):
            state = self.state(runs[-1])
            return runs[-1] if state.key == key and state.status == "running" else None
        return None

    def next_run(self) -> str:
        """Return the name of a new run."""
        taken = [int(p.name) for p in self._inside("runs") if p.name.isdecimal()]
        return f"{max(taken, default=0) + 1:04d}"

    @property
    def report(self) -> Report:
        """The report of the newest run; raises ProjectError when no run has finished."""
        path = self.path / "report.html"
        if not path.is_file():
            raise ProjectError(f"'{self.path}' has no report yet", fix="finish a run first", code="MW-P024")
        return Report(path, self.path / "model-card.md")

    @property
    def result(self) -> dict[str, Any]:
        """What the newest finished run came to: score, split, verdict, version, report."""
        for run in reversed(self.runs()):
            with contextlib.suppress(ProjectError):  # a damaged run hides none of the others
                state = self.state(run)
                if state.status == "done":
                    return state.result
        raise ProjectError(f"'{self.path}' has no finished run", fix="run 'modelwright run'", code="MW-P024")

    def tidy(self) -> None:
        """Remove what only going on with a broken run would need, from every run."""
        for run in self._inside("runs"):
            for name in ("models", "trials"):
                shutil.rmtree(run / name, ignore_errors=True)
