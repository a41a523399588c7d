"""One process that keeps a project's model good: look, judge, train again, promote or take back; then wait.

A round does what there is to do now and writes down what the next one has to know; it is what cron calls with
``--once``. Nothing is held in memory between rounds, so that a restart loses nothing. Waiting goes by a clock that
nobody sets; a date in the future, as a clock that was set back leaves it, counts as now.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright import documents
from modelwright.errors import DataError, ModelwrightError, ProjectError
from modelwright.ledger import now
from modelwright.lifecycle import Listener, Silent
from modelwright.locking import held
from modelwright.monitor.documents import Judgement, Monitoring, worst
from modelwright.monitor.looking import LOG_FOLDER, look_at_log
from modelwright.monitor.sources import WINDOW_ROWS
from modelwright.project import Project
from modelwright.retrain.arrivals import logged_rows
from modelwright.retrain.documents import Challenge, Policy, Retrained, Trigger
from modelwright.retrain.guarding import promoted_at, take_back
from modelwright.retrain.retraining import new_rows, retrain
from modelwright.retrain.tables import FEWEST_NEW, learned_until
from modelwright.retrain.triggers import Waiting, reason_to_retrain

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Round", "Settings", "Upkeep", "failed", "hold", "maintain_once"]

STATE = "maintenance.json"
LOCK = ".maintain.lock"
FAILED = "maintenance failed"
"""Event of the ledger."""

TOO_FEW, BROKEN_FEED = "MW-D801", "MW-D802"
"""Codes of what a round takes note of and goes on."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What maintenance may do.

    Attributes
    ----------
    data : str or None
        Where labelled rows arrive: a file that grows, a folder, a database; None: the prediction log.
    log : Path or None
        Folder of the log; None: the project's own.
    policy : Policy
    budget_s : float or None
        Of a retraining.
    schedule_s : float or None
        Train again after so many seconds although nothing is wrong.
    window : int
        Rows of the log that are judged together.
    trials : int or None
        Count fits instead of time.
    """

    data: str | None = None
    log: Path | None = None
    policy: Policy = Policy.PROPOSE
    budget_s: float | None = None
    schedule_s: float | None = None
    window: int = WINDOW_ROWS
    trials: int | None = None


@dataclass(frozen=True, kw_only=True)
class Upkeep:
    """What is remembered between rounds: for which champion, when a model was trained last, and what came since."""

    version: int
    waiting: Waiting
    trained: str


@dataclass(frozen=True, kw_only=True)
class Round:
    """What a round came to.

    Attributes
    ----------
    at : str
    judgement : Judgement
        Of the rows since the last round; quiet where there are none.
    rows, labelled : int
        Rows looked at, and rows with labels that have come since the champion was trained.
    trigger : Trigger or None
        Why a model was trained; None where none was.
    retrained : Retrained or None
    second : Challenge or None
        The champion before against the one that maintenance promoted; where it ``wins`` it serves again.
    champion : int
    told : tuple of str
    """

    at: str
    judgement: Judgement
    rows: int
    labelled: int
    trigger: Trigger | None
    retrained: Retrained | None
    second: Challenge | None
    champion: int
    told: tuple[str, ...] = ()


@contextlib.contextmanager
def hold(project: Project) -> Iterator[None]:
    """Be the one who maintains a project; raises ProjectError while another process does (MW-P085)."""
    taken = ProjectError(f"another process maintains '{project.path}'", fix="end it, or leave it to it", code="MW-P085")
    with held(open(project.path / LOCK, "w"), taken):
        yield


def maintain_once(project: Project, settings: Settings, *, listener: Listener | None = None) -> Round:
    """Do what there is to do now. The caller holds the project, see `hold`.

    Raises
    ------
    ModelwrightError
        What arrived cannot be used, or another process works on the project; the round can be tried again.
    """
    project.settle()
    upkeep = _upkeep(project)
    found, fresh, told, until = _look(project, settings, upkeep)
    labelled = 0 if fresh is None else fresh.num_rows
    second = _second_thoughts(project, settings, fresh)
    if second is not None and second.wins:
        upkeep = _fresh(project)
    waiting = replace(upkeep.waiting, fresh=labelled, looks=upkeep.waiting.looks + 1)
    latest = worst([w.judgement for w in found])
    trigger = _reason(found, waiting, settings, upkeep) if latest is not Judgement.BROKEN else None
    done: Retrained | None = None
    if trigger is not None and fresh is not None:
        done = retrain(
            project,
            fresh,
            budget_s=settings.budget_s,
            policy=settings.policy,
            trigger=trigger,
            listener=listener or Silent(),
            trials=settings.trials,
            until=until,
        )
        waiting = replace(waiting.after(trigger, won=done.promoted, trained_on=done.rows), tried=0)
        upkeep = replace(upkeep, trained=now())
    champion = project.champion
    assert champion is not None
    documents.save(replace(upkeep, version=champion.version, waiting=waiting), project.path / STATE)
    return Round(
        at=now(),
        judgement=latest,
        rows=sum(w.rows for w in found),
        labelled=labelled,
        trigger=trigger,
        retrained=done,
        second=second,
        champion=champion.version,
        told=told,
    )


def _upkeep(project: Project) -> Upkeep:
    """Return what is remembered of the champion; somebody else may have promoted another one since."""
    path = project.path / STATE
    champion = project.champion
    if champion is None:
        raise ProjectError(
            f"'{project.path}' has no champion to maintain", fix="promote a version first", code="MW-P086"
        )
    if path.is_file():
        kept = documents.load(path, Upkeep, fix="delete it: maintenance then begins anew")
        if kept.version == champion.version:
            return replace(kept, trained=min(kept.trained, now()))
    return _fresh(project)


def _fresh(project: Project) -> Upkeep:
    manifest = project.version().manifest
    return Upkeep(
        version=manifest.version,
        waiting=Waiting(trained_on=manifest.rows.get("used", 0)),
        trained=manifest.created,
    )


def _look(
    project: Project, settings: Settings, upkeep: Upkeep
) -> tuple[tuple[Monitoring, ...], pa.Table | None, tuple[str, ...], str]:
    """Return the windows since the last round, the labelled rows to learn from, what to tell, and up to when."""
    if settings.data is not None:
        try:
            found, fresh = new_rows(project, settings.data)
        except DataError as error:
            if error.code not in (TOO_FEW, BROKEN_FEED):
                raise
            judged = Monitoring(
                version=str(upkeep.version),
                rows=0,
                judgement=Judgement.BROKEN if error.code == BROKEN_FEED else Judgement.QUIET,
            )
            return (judged,), None, (error.what,), ""
        return (found,), fresh, (), ""
    log = settings.log or project.path / LOG_FOLDER
    windows = look_at_log(project, log=log, rows=settings.window)
    fresh, until = logged_rows(project.version(), log, since=learned_until(project))
    return windows, fresh, (), until


def _second_thoughts(project: Project, settings: Settings, fresh: pa.Table | None) -> Challenge | None:
    """Ask the champion before about rows that came after the promotion."""
    at = promoted_at(project)
    if at is None or settings.policy is not Policy.AUTOMATIC:
        return None
    if settings.data is not None:
        return None if fresh is None else take_back(project, fresh)
    later, _ = logged_rows(
        project.version(), settings.log or project.path / LOG_FOLDER, since=datetime.fromisoformat(at)
    )
    return take_back(project, later) if later.num_rows else None


def _reason(found: tuple[Monitoring, ...], waiting: Waiting, settings: Settings, upkeep: Upkeep) -> Trigger | None:
    gravest = max(found, key=lambda w: w.judgement is Judgement.HARMFUL, default=None)
    reason = reason_to_retrain(gravest, waiting)
    if reason is None and settings.schedule_s is not None and waiting.fresh >= FEWEST_NEW:
        age = (datetime.now(UTC) - datetime.fromisoformat(upkeep.trained)).total_seconds()
        return Trigger.SCHEDULE if age >= settings.schedule_s else None
    return reason


def failed(project: Project, error: ModelwrightError) -> None:
    """Note in the ledger that a round could not be gone through."""
    with contextlib.suppress(ProjectError), project.lock():
        project.ledger.append(FAILED, "", {"error": error.what, "code": error.code})
