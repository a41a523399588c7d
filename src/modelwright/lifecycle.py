"""The lifecycle of a model. Read this first.

A run goes through the stages in `STAGES`, in order. Each takes documents and returns one, which is saved in the run's
folder with the digests of those it was made from. What a stage decided goes to the ledger. The glue between the
stages and the parts of the package that do their work is in `steps`, one function per stage.
"""

from __future__ import annotations

import contextlib
import errno
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from modelwright import documents
from modelwright.brief import Brief, write_brief
from modelwright.documents import digest_of, write_atomic
from modelwright.errors import ModelwrightError, ProjectError, UsageError
from modelwright.ledger import DONE, FAILED, RESUMED, STARTED, now
from modelwright.project import Project, RunState, default_path

if TYPE_CHECKING:
    from modelwright.running import Run
    from modelwright.train.starting import Start

__all__ = ["STAGES", "Listener", "Silent", "Stage", "run_lifecycle"]


@dataclass(frozen=True)
class Stage:
    """A stage: ``step`` names its function in `steps`, ``reads`` and ``writes`` the documents."""

    name: str
    title: str
    reads: tuple[str, ...]
    writes: str


STAGES = (
    Stage("read", "Reading the data", ("brief",), "source"),
    Stage("understand", "Understanding the columns", ("source", "brief"), "contract"),
    Stage("profile", "Profiling", ("contract",), "profile"),
    Stage("audit", "Auditing the data", ("contract", "profile", "brief"), "audit"),
    Stage("frame", "Framing the problem", ("contract", "audit", "brief"), "problem"),
    Stage("train", "Training", ("problem", "contract"), "training"),
    Stage("evaluate", "Evaluating", ("training", "problem"), "evaluation"),
    Stage("explain", "Explaining", ("training", "problem"), "explanation"),
    Stage("stress", "Trying it under stress", ("training", "problem", "explanation"), "stress"),
    Stage("package", "Packaging", ("training", "evaluation", "contract", "profile"), "packaged"),
    Stage("judge", "Judging", ("evaluation", "audit", "problem", "packaged"), "verdict"),
    Stage("report", "Writing the report", ("evaluation", "explanation", "verdict", "audit"), "summary"),
)


DISK_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO})
"""What the system says when a file cannot be written: full, over quota, too large, read-only, not allowed, broken."""

TRAIN = next(i for i, stage in enumerate(STAGES) if stage.name == "train")


class Listener(Protocol):
    """Who is told how the run goes. Called from the thread that runs; must not raise."""

    def stage(self, title: str) -> None: ...
    def progress(self, done: int, total: int, text: str) -> None: ...
    def note(self, text: str) -> None: ...


class Silent:
    """Tells nobody."""

    def stage(self, title: str) -> None:
        """Take no notice."""

    def progress(self, done: int, total: int, text: str) -> None:
        """Take no notice."""

    def note(self, text: str) -> None:
        """Take no notice."""


def run_lifecycle(
    brief: Brief,
    *,
    data: Any = None,
    test: Any = None,
    project: str | None = None,
    listener: Listener | None = None,
    started: float | None = None,
    start: Start | None = None,
    within: Project | None = None,
) -> Project:
    """Run every stage, or go on where the same command was broken off.

    Parameters
    ----------
    brief : Brief
    data, test : table in memory or None
        Instead of ``brief.source`` and ``brief.test``.
    project : str or None
        Folder; None: ``<file>-<target>`` in the current folder.
    listener : Listener or None
    started : float or None
        `time.monotonic` when the command began; the budget counts from then. None: now.
    start : Start or None
        What the project's model leaves to decide, where it has one and this run goes on from it.
    within : Project or None
        The project, opened, where the caller holds its lock.

    Returns
    -------
    Project

    Raises
    ------
    ModelwrightError
        The brief or the data cannot be used. Nothing is left on disk unless a run had begun.
    """
    from modelwright.running import Run
    from modelwright.steps.privacy import refuse_forgotten_since
    from modelwright.steps.sense import refuse_nonsense

    if brief.target is None:
        raise UsageError("no target column was named", fix="name it with --target", code="MW-U006")
    if start is None:  # what made sense when a project began is not refused when its model is trained again
        refuse_nonsense(brief)
    started = time.monotonic() if started is None else started
    told = listener or Silent()
    folder = Path(project) if project else default_path(brief)
    if within is None:
        Project.check_usable(folder)
    with Run(brief, data=data, test=test, started=started, listener=told, start=start) as run:
        run.home = folder
        # Whatever is wrong with the brief or the data is found before training; only then is a folder made.
        _go_through(run, STAGES[:TRAIN], told)
        opened = within or Project.create(folder)
        with opened.lock(), _disk_errors(folder):
            refuse_forgotten_since(run)
            _enter(run, opened, told)
            try:
                _go_through(run, STAGES[TRAIN:], told)
            except ProjectError:
                raise  # the disk is full or was taken away: the run can go on once that is mended
            except ModelwrightError as error:
                _fail(run, error)
                raise
            _finish(run)
        return opened


@contextlib.contextmanager
def _disk_errors(folder: Path) -> Iterator[None]:
    """Tell in clear words when the disk refuses."""
    try:
        yield
    except OSError as error:
        if error.errno not in DISK_ERRORS:
            raise
        raise ProjectError(
            f"cannot write into '{folder}': {error.strerror}",
            fix="free some disk space, then run the same command again: it goes on from here",
            code="MW-P001",
        ) from error


def _enter(run: Run, project: Project, told: Listener) -> None:
    """Find the run that was broken off, or start a new one."""
    asked = {"brief": _without_budget(run.brief), "data": run.digests["source"]}
    key = digest_of(asked if run.start is None else {**asked, "start": run.start})
    name = project.unfinished(key)
    if name is not None:
        told.note(f"run {name} was broken off: going on from there")
    else:
        project.tidy()
    run.enter(project, name or project.next_run(), resumed=name is not None)
    if name is None:
        run.folder.mkdir(parents=True)
        run.mark(RunState(status="running", key=key, started=now()))
        project.ledger.append(STARTED, run.name, {"brief": documents.to_builtins(run.brief)})
        write_atomic(project.path / "brief.toml", write_brief(_with_whole_paths(run.brief)).encode())
    else:
        project.ledger.append(RESUMED, run.name, {})
    run.save_documents()


def _with_whole_paths(brief: Brief) -> Brief:
    """Return the brief with absolute paths: from inside the project a path relative to the caller leads nowhere."""

    def whole(source: str | None) -> str | None:
        if source is None or "://" in source or source.startswith("<"):
            return source
        return str(Path(source).absolute())

    own = brief.privacy and brief.privacy.endswith(".toml")
    return replace(
        brief,
        source=whole(brief.source) or brief.source,
        test=whole(brief.test),
        privacy=whole(brief.privacy) if own else brief.privacy,
        privacy_key=whole(brief.privacy_key),
    )


def _without_budget(brief: Brief) -> dict[str, Any]:
    told = documents.to_builtins(brief)
    del told["limits"]["budget_s"]
    return told


def _go_through(run: Run, stages: tuple[Stage, ...], told: Listener) -> None:
    from modelwright import steps
    from modelwright.engines.heap import give_back
    from modelwright.running import quietly

    for stage in stages:
        told.stage(stage.title)
        with quietly():
            run.keep(stage, getattr(steps, stage.name)(run))
        give_back()


def _fail(run: Run, error: ModelwrightError) -> None:
    state = run.project.state(run.name)
    run.mark(replace(state, status="failed", result={"error": str(error), "code": error.code}))
    run.project.ledger.append(FAILED, run.name, {"error": error.what, "code": error.code})


def _finish(run: Run) -> None:
    summary = run.documents["summary"]
    state = run.project.state(run.name)
    run.mark(replace(state, status="done", version=summary["version"], result=summary))
    run.project.ledger.append(DONE, run.name, summary)
    run.project.tidy()
