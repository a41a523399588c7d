"""One process that keeps a project's model good: look, judge, train again, promote or take back; then wait.

A round does what there is to do now and writes down what the next one has to know; it is what cron calls with
``--once``. Nothing is held in memory between rounds, so that a restart loses nothing. Waiting goes by a clock that
nobody sets; a date in the future, as a clock that was set back leaves it, counts as now.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright import documents
from modelwright.errors import ContractError, DataError, ProjectError
from modelwright.govern.privacy.subjects import subject_of
from modelwright.ledger import horizon, now
from modelwright.lifecycle import Listener, Silent
from modelwright.monitor.documents import Judgement, Monitoring, by_gravity, worst
from modelwright.monitor.keeping import Kept
from modelwright.monitor.looking import look_at_log
from modelwright.monitor.sources import WINDOW_ROWS
from modelwright.project import Project
from modelwright.retrain.arrivals import logged_rows
from modelwright.retrain.choosing import probed
from modelwright.retrain.documents import Challenge, Policy, Retrained, Trigger
from modelwright.retrain.feed import chosen_by_class
from modelwright.retrain.freshening import Freshened, can_be_recalibrated, recalibrate
from modelwright.retrain.guarding import promoted_at, take_back
from modelwright.retrain.holding import note_clock
from modelwright.retrain.retraining import conclude_broken_off, new_rows, retrain
from modelwright.retrain.shadowing import Shadow, conclude, into_shadow, look_again, stays
from modelwright.retrain.tables import FEWEST_NEW, learned_until
from modelwright.retrain.triggers import MOST_SAVED, Waiting, may_train, reason_to_retrain
from modelwright.serve.log.places import log_folder

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Round", "Settings", "Upkeep", "maintain_once"]

STATE = "maintenance.json"
GRAVE, MOST_TOLD = (Judgement.HARMFUL, Judgement.BROKEN), 3
"""Alarms that a round tells, and how many of them."""

DAY_S = 86_400.0
"""A training takes minutes: one or two a day are nothing that has to be saved for."""

HEEDED = {
    "MW-D801": Judgement.QUIET,  # too few rows
    "MW-D802": Judgement.BROKEN,
    "MW-D803": Judgement.BROKEN,  # labels that the target cannot have
    "MW-D805": Judgement.UNKNOWN,  # labels of one class
    "MW-C001": Judgement.BROKEN,  # a column is not there
    "MW-C003": Judgement.BROKEN,  # a column cannot be read
}
"""Codes of what a round takes note of and goes on, and what it means for what has arrived."""


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
    """What is remembered between rounds: for which champion, when a model was trained last, and what came since.

    ``doubts`` counts how often earlier champions were asked whether they would do better; ``proposed``: a version of
    the champion with a calibrator fitted again waits for somebody's word; ``looked``: the end of the last window of the
    log that a round was done with, None before the first.
    """

    version: int
    waiting: Waiting
    trained: str
    doubts: int = 0
    shadow: Shadow | None = None
    proposed: bool = False
    looked: str | None = None


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
        An earlier champion against the one that maintenance promoted; where it ``wins`` it serves again.
    shadowed : Challenge or None
        A challenger in the shadow against the champion, by the labels that have come since it was made.
    freshened : Freshened or None
        The champion with its calibrator fitted again; None where that was not asked.
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
    shadowed: Challenge | None = None
    freshened: Freshened | None = None


def maintain_once(project: Project, settings: Settings, *, listener: Listener | None = None) -> Round:
    """Do what there is to do now. The caller holds the project, see `holding.hold`.

    Raises
    ------
    ModelwrightError
        What arrived cannot be used, or another process works on the project; the round can be tried again.
    """
    project.settle()
    note_clock(project)
    concluded = conclude_broken_off(project)
    upkeep = _upkeep(project)
    before = upkeep.looked or ""
    found, fresh, told, until = _look(project, settings, upkeep.version, before)
    told = (concluded, *told) if concluded else told
    labelled = 0 if fresh is None else fresh.num_rows
    upkeep, second = _second_thoughts(project, settings, fresh, upkeep)
    upkeep, shadowed = _in_shadow(project, settings, fresh, upkeep)
    upkeep = _counted(upkeep, sum(w.rows > 0 for w in found), labelled)
    latest = worst([w.judgement for w in found])
    trigger = None
    if latest is not Judgement.BROKEN and not _served(shadowed):
        trigger = _reason(project, settings, upkeep, found, fresh)
    done: Retrained | None = None
    freshened: Freshened | None = None
    try:
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
            upkeep = _after(upkeep, done)
        settled = latest is Judgement.BROKEN or done is not None or _served(shadowed) or _served(second)
        freshened = None if settled else _freshened(project, settings, fresh, upkeep)
    except (DataError, ContractError) as error:  # what came cannot be learned from: that is what the round came to
        latest, told = worst([latest, _heeded(error)]), (*told, error.what)
    if freshened is not None and freshened.version is not None:
        upkeep = replace(upkeep, proposed=not freshened.promoted, doubts=0)
    champion = project.champion
    assert champion is not None
    upkeep = replace(upkeep, version=champion.version, looked=_newest(found, before))
    documents.save(upkeep, project.path / STATE)
    return Round(
        at=now(),
        judgement=latest,
        rows=sum(w.rows for w in found),
        labelled=labelled,
        trigger=trigger,
        retrained=done,
        second=second,
        shadowed=shadowed,
        freshened=freshened,
        champion=champion.version,
        told=told,
    )


def _heeded(error: DataError | ContractError) -> Judgement:
    """Return what it means for what has arrived that it cannot be used; raises what a round cannot go on from."""
    if error.code not in HEEDED:
        raise error
    return HEEDED[error.code]


def _freshened(project: Project, settings: Settings, fresh: pa.Table | None, upkeep: Upkeep) -> Freshened | None:
    """Fit the champion's calibrator again, where a policy allows for it and no such version waits already."""
    few = fresh is None or fresh.num_rows < FEWEST_NEW
    if few or settings.policy is Policy.MANUAL or upkeep.proposed or not can_be_recalibrated(project):
        return None
    return recalibrate(project, fresh, policy=settings.policy)


def _served(found: Challenge | None) -> bool:
    return found is not None and found.wins


def _counted(upkeep: Upkeep, windows: int, labelled: int) -> Upkeep:
    """Return what is remembered with the windows of this round; a day without a training pays for the next two."""
    waiting = upkeep.waiting.looked(windows, labelled)
    age = (datetime.now(UTC) - datetime.fromisoformat(upkeep.trained)).total_seconds()
    return replace(upkeep, waiting=replace(waiting, saved=MOST_SAVED) if age >= DAY_S else waiting)


def _after(upkeep: Upkeep, done: Retrained) -> Upkeep:
    """Return what is remembered after a training. What came is known to the next challenger, whoever serves."""
    waiting = upkeep.waiting.after(won=done.challenge.wins, trained_on=done.rows)
    return replace(
        upkeep,
        waiting=replace(waiting, tried=0),
        trained=now(),
        shadow=into_shadow(done.challenge),
        doubts=0 if done.promoted else upkeep.doubts,
        proposed=upkeep.proposed and not done.promoted,
    )


def _upkeep(project: Project) -> Upkeep:
    """Return what is remembered of the champion; somebody else may have promoted another one since.

    What is begun anew is written down before the round, which may be ended at any moment.
    """
    path = project.path / STATE
    champion = project.champion
    if champion is None:
        raise ProjectError(
            f"'{project.path}' has no champion to maintain", fix="promote a version first", code="MW-P086"
        )
    kept = documents.load(path, Upkeep, fix="delete it: maintenance then begins anew") if path.is_file() else None
    if kept is None or kept.version != champion.version:
        kept = _fresh(project)
    kept = replace(kept, trained=min(kept.trained, now()))
    if kept.looked is None or (kept.looked and datetime.fromisoformat(kept.looked) > horizon()):
        kept = replace(kept, looked=_newest(Kept(project.path).windows(), ""))
        documents.save(kept, path)
    return kept


def _newest(windows: tuple[Monitoring, ...], before: str) -> str:
    """Return the end of the newest window."""
    return max((before, *(w.end for w in _come(windows) if w.end is not None)))


def _come(windows: tuple[Monitoring, ...]) -> tuple[Monitoring, ...]:
    """Return the windows that are not of the future, as a clock that was set ahead made them."""
    until = horizon()
    return tuple(w for w in windows if w.end is None or datetime.fromisoformat(w.end) <= until)


def _fresh(project: Project) -> Upkeep:
    manifest = project.version().manifest
    return Upkeep(
        version=manifest.version,
        waiting=Waiting(trained_on=manifest.rows.get("used", 0), saved=MOST_SAVED),
        trained=manifest.created,
    )


def _look(
    project: Project, settings: Settings, version: int, before: str
) -> tuple[tuple[Monitoring, ...], pa.Table | None, tuple[str, ...], str]:
    """Return the windows since the last round, the labelled rows to learn from, what to tell, and up to when.

    Windows that others looked at since, or a round that was ended before it was done, are among them.
    """
    if settings.data is not None:
        try:
            arrived = new_rows(project, settings.data)
        except (DataError, ContractError) as error:
            judged = Monitoring(version=str(version), rows=0, judgement=_heeded(error))
            return (judged,), None, (error.what,), ""
        return (arrived.found,), arrived.rows, arrived.told, ""
    kept = _come(Kept(project.path).windows(version))
    unanswered = tuple(w for w in kept if w.end is not None and w.end > before)
    found = (*unanswered, *look_at_log(project, log=settings.log, rows=settings.window))
    fresh, until = _logged(project, settings, since=learned_until(project))
    if fresh.num_rows and (why := chosen_by_class(project.version(), fresh)):
        return found, None, (*_worth_telling(found), f"not learned from: {why}"), ""
    return found, fresh, _worth_telling(found), until


def _worth_telling(windows: tuple[Monitoring, ...]) -> tuple[str, ...]:
    """Return what whoever reads the round has to know of the windows: the gravest alarms, and who was not told."""
    alarms = by_gravity(a for w in windows for a in w.alarms if a.judgement in GRAVE)
    failed = (text for w in windows for text in w.undelivered)
    return (*list(dict.fromkeys(a.sentence for a in alarms))[:MOST_TOLD], *failed)


def _log(project: Project, settings: Settings) -> Path:
    return log_folder(project.path, settings.log)


def _logged(project: Project, settings: Settings, *, since: datetime | None) -> tuple[pa.Table, str]:
    """Return the labelled rows of the log, without those of windows in which the feed was broken."""
    broken = [
        (w.start, w.end)
        for w in Kept(project.path).windows()
        if w.judgement is Judgement.BROKEN and w.start is not None and w.end is not None
    ]
    return logged_rows(
        project.version(),
        _log(project, settings),
        since=since,
        until=horizon(),
        without=broken,
        subject=subject_of(project.path),
    )


def _second_thoughts(
    project: Project, settings: Settings, fresh: pa.Table | None, upkeep: Upkeep
) -> tuple[Upkeep, Challenge | None]:
    """Ask earlier champions about rows that came after the promotion."""
    at = promoted_at(project)
    if at is None or settings.policy is not Policy.AUTOMATIC:
        return upkeep, None
    later = fresh
    if settings.data is None:
        later, _ = _logged(project, settings, since=datetime.fromisoformat(at))
    if later is None or not later.num_rows or chosen_by_class(project.version(), later):
        return upkeep, None
    found = take_back(project, later, upkeep.doubts)
    if found is not None and found.wins:
        back = _fresh(project)
        waiting = replace(back.waiting, saved=upkeep.waiting.saved)
        return replace(back, trained=upkeep.trained, waiting=waiting), found
    return replace(upkeep, doubts=upkeep.doubts + (found is not None)), found


def _in_shadow(
    project: Project, settings: Settings, fresh: pa.Table | None, upkeep: Upkeep
) -> tuple[Upkeep, Challenge | None]:
    """Ask the rows that have come since about the challenger in the shadow, and do what the policy says."""
    shadow = upkeep.shadow
    if shadow is None or fresh is None or fresh.num_rows < shadow.needs:
        return upkeep, None
    with project.lock():
        found = look_again(project, shadow, fresh)
        if found is None:
            return upkeep, None
        if found.wins:
            served = conclude(project, found, settings.policy)
            waiting = Waiting(trained_on=upkeep.waiting.trained_on, saved=upkeep.waiting.saved)
            return replace(upkeep, shadow=None, doubts=0, waiting=waiting if served else upkeep.waiting), found
    return replace(upkeep, shadow=replace(shadow, looks=shadow.looks + 1) if stays(found) else None), found


def _reason(
    project: Project, settings: Settings, upkeep: Upkeep, found: tuple[Monitoring, ...], fresh: pa.Table | None
) -> Trigger | None:
    waiting = upkeep.waiting
    gravest = max(found, key=lambda w: w.judgement is Judgement.HARMFUL, default=None)
    reason = None
    if fresh is not None and found and may_train(waiting):
        reason = reason_to_retrain(gravest, waiting, probed(project, fresh))
    if reason is None and settings.schedule_s is not None and waiting.fresh >= FEWEST_NEW:
        age = (datetime.now(UTC) - datetime.fromisoformat(upkeep.trained)).total_seconds()
        return Trigger.SCHEDULE if age >= settings.schedule_s else None
    return reason
