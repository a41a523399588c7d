"""Who maintains a project, and what the ledger keeps of rounds beside what they change."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime

from modelwright.errors import ModelwrightError, ProjectError
from modelwright.ledger import horizon
from modelwright.locking import held
from modelwright.project import Project
from modelwright.project.folder import may_not_be_written

__all__ = ["FAILED", "SET_BACK", "hold", "note_clock", "noted"]

LOCK = ".maintain.lock"
FAILED, SET_BACK = "maintenance failed", "clock set back"
"""Events of the ledger."""


@contextlib.contextmanager
def hold(project: Project) -> Iterator[None]:
    """Be the one who maintains a project; raises ProjectError while another process does (MW-P085), and where the
    folder may not be written (MW-P008)."""
    taken = ProjectError(f"another process maintains '{project.path}'", fix="end it, or leave it to it", code="MW-P085")
    try:
        handle = open(project.path / LOCK, "w")  # noqa: SIM115 - closed by `held`
    except OSError as error:
        raise may_not_be_written(project.path, error) from error
    with held(handle, taken):
        yield


@contextlib.contextmanager
def noted(project: Project) -> Iterator[None]:
    """Note in the ledger that a round could not be gone through; once, while the next ones fail alike."""
    try:
        yield
    except ModelwrightError as error:
        body = {"error": error.what, "code": error.code}
        with contextlib.suppress(ProjectError), project.lock():
            entries = project.ledger.entries()
            if not entries or (entries[-1].kind, entries[-1].body) != (FAILED, body):
                project.ledger.append(FAILED, "", body)
        raise


def note_clock(project: Project) -> None:
    """Note in the ledger that a clock was set ahead and back, so that it is known before when its last entries were."""
    entries = project.ledger.entries()
    if entries and datetime.fromisoformat(entries[-1].at) > horizon():
        with project.lock():
            project.ledger.append(SET_BACK, "", {"ahead": entries[-1].at})
