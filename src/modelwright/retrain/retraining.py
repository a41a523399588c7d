"""Training again: the new rows are checked, a span of rows is chosen, the champion's recipes go through the lifecycle,
and what comes out is held against the champion on the latest rows, which neither was fitted on.

Nothing changes before the checks are through. Then there is a new run and a new version in the project, as of any
run; who serves changes by the policy, in one step.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
import numpy as np

from modelwright import documents
from modelwright.brief import Brief
from modelwright.champions import PROMOTED, ROLLED_BACK
from modelwright.data.columns import Columns
from modelwright.data.contract import Contract
from modelwright.data.source import Source
from modelwright.data.treating.tables import as_read, treated_table
from modelwright.errors import ModelwrightError
from modelwright.frame.problem import Problem
from modelwright.govern.verdict import Verdict
from modelwright.govern.waiving import CHALLENGE, COMPARED
from modelwright.lifecycle import Listener, Silent, run_lifecycle
from modelwright.project import Project
from modelwright.project.folder import NEW_ROWS
from modelwright.retrain.challenge import Side, aligned, challenge
from modelwright.retrain.choosing import Chosen, Known, choose, known_of
from modelwright.retrain.documents import BY, PROPOSED, RETRAINED, Challenge, Policy, Retrained, Trigger
from modelwright.retrain.feed import check_feed, sound_rows
from modelwright.retrain.personal import treatments_of
from modelwright.retrain.shadowing import Both, keep_both
from modelwright.retrain.tables import (
    ADDED,
    FEWEST_NEW,
    Gathered,
    as_classes,
    canonical,
    gather,
    place_in_time,
    too_few,
)
from modelwright.retrain.triggers import burden_of
from modelwright.train.starting import JUDGED, Start

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.monitor.documents import Monitoring

__all__ = ["Arrived", "conclude_broken_off", "new_rows", "retrain"]

BUDGET_SHARE = 0.25
"""Of the first run's budget, where none is named: its search need not be done again."""

LEAST_BUDGET_S = 20.0


def retrain(
    project: Project,
    data: Any,
    *,
    budget_s: float | None = None,
    policy: Policy = Policy.MANUAL,
    trigger: Trigger = Trigger.REQUEST,
    listener: Listener | None = None,
    trials: int | None = None,
    until: str = "",
) -> Retrained:
    """Train a challenger on old and new rows, and hold it against the champion.

    Parameters
    ----------
    project : Project
    data : path or table
        New rows with their labels.
    budget_s : float or None
        Of the whole; None: a quarter of what the first run had.
    policy : Policy
        What becomes of a challenger that wins.
    trigger : Trigger
        Why it is done, for the ledger.
    listener : Listener or None
    trials : int or None
        Count fits instead of time: the same result every time.
    until : str
        Time of the last row, where they come from the prediction log: the next rows are those after it.

    Returns
    -------
    Retrained

    Raises
    ------
    DataError, ContractError, UsageError
        The new rows are broken, too few or without labels, see `check_feed` and `gather`; nothing has changed.
    ProjectError
        There is no champion (MW-P083), or another process works on the project.
    """
    started, told = clock.monotonic(), listener or Silent()
    with project.lock():
        project.settle()
        known = known_of(project)
        told.stage("Checking the new data")
        rows, source = _checked(project, known, data)
        told.stage("Choosing what to train on")
        chosen = choose(known, rows)
        run = _made(project, known, rows, chosen, _brief_of(project, known, rows, budget_s, trials), told, started)
        fought = _fight(project, known, rows.table.take(chosen.rows), run, chosen)
        added = {"data": _keep(project, run, rows), "from": source.location, "rows": rows.new}
        added |= {"digest": source.digest, "until": until}
        found = Retrained(
            run=run,
            version=fought.challenger,
            trigger=trigger,
            policy=policy,
            new_rows=rows.new,
            rows=len(chosen.rows),
            span=chosen.span,
            spans=chosen.trials,
            candidates=known.recipe.keys,
            challenge=fought,
            promoted=False,
            champion=fought.champion,
            told=rows.told,
        )
        return _conclude(project, found, added)


def _checked(project: Project, known: Known, data: Any) -> tuple[Gathered, Source]:
    """Return all rows that may be learned from, and where the new ones came from; a broken feed is refused."""
    from modelwright.data.reading import read_table

    new, source = read_table(data)
    check_feed(known.version, new)
    rows = gather(project, known.brief.source, new, known.contract, known.recipe.problem.clock)
    return as_classes(rows, known.version.manifest.target, known.version.plan.classes), source


def _brief_of(project: Project, known: Known, rows: Gathered, budget_s: float | None, trials: int | None) -> Brief:
    """Return what is asked of the run. What a retraining made, with its share of the time, needs no smaller one."""
    again = (project.run_folder(known.recipe.run) / JUDGED).is_file()
    brief = _without(known.brief, rows.table.column_names)
    return _brief(brief, budget_s, trials, share=1.0 if again else BUDGET_SHARE)


def _made(
    project: Project, known: Known, rows: Gathered, chosen: Chosen, brief: Brief, told: Listener, started: float
) -> str:
    """Return the run that the champion's recipes went through, on the chosen rows."""
    start = Start(
        candidates=known.recipe.keys,
        judged=chosen.judged,
        treatments=treatments_of(known.contract),
        scale=known.contract[brief.target].scale if brief.target in known.contract.names else 1.0,
    )
    done = run_lifecycle(
        brief,
        data=rows.table.take(chosen.rows),
        project=str(project.path),
        listener=told,
        started=started,
        start=start,
        within=project,
    )
    return done.runs()[-1]


def _keep(project: Project, run: str, rows: Gathered) -> str:
    """Keep the new rows with the run, and return where in the project: later retrainings learn from them as well, and
    the file that they came from may grow or go."""
    from modelwright.data.writing import write_tables

    path = project.run_folder(run) / NEW_ROWS
    # What few rows share is pooled as the run read it: rows that are kept must tell no more than the model does.
    contract = documents.load(project.run_folder(run) / "contract.json", Contract)
    treatments = {spec.name: spec.treatment for spec in contract.columns if spec.treatment is not None}
    new = treated_table(rows.table.slice(rows.old), treatments)
    new = as_read(new, contract) if treatments else new
    write_tables(new.schema, [new], path)
    return str(path.relative_to(project.path))


def new_rows(project: Project, data: Any) -> Arrived:
    """Return the rows that the project does not know yet and may learn from, and what monitoring says of them.

    Stretches in which the feed was broken are left out. Where the latest of them is, the feed is broken now.

    Raises
    ------
    ModelwrightError
        As `retrain` does: the rows are broken, or too few.
    """
    from modelwright.data.reading import read_table

    known = known_of(project)
    table, _ = read_table(data)
    rows = gather(project, known.brief.source, table, known.contract, known.recipe.problem.clock)
    new = rows.table.slice(rows.old)
    sound, told = sound_rows(known.version, new)
    if told and sound[-1]:  # else it is broken now, and `check_feed` says so
        new = new.filter(sound)
        if new.num_rows < FEWEST_NEW:
            raise too_few(new.num_rows)
    found = check_feed(known.version, new)
    target = known.version.manifest.target
    told = tuple(f"not learned from, the feed was broken: {words}" for words in told)
    return Arrived(found=found, rows=new.filter(new.column(target).is_valid()), told=told)


@dataclass(frozen=True, kw_only=True, eq=False)
class Arrived:
    """New rows with labels, the oldest first, what monitoring says of all new rows, and what else is to be told."""

    found: Monitoring
    rows: pa.Table
    told: tuple[str, ...] = ()


def _brief(before: Brief, budget_s: float | None, trials: int | None, *, share: float) -> Brief:
    """Return what is asked of the run: as before, with less time. What was a test file then says nothing now."""
    seconds = budget_s if budget_s is not None else max(LEAST_BUDGET_S, share * before.limits.budget_s)
    limits = replace(before.limits, budget_s=seconds, trials=trials or before.limits.trials)
    return replace(before, test=None, limits=limits)


def _without(brief: Brief, names: list[str]) -> Brief:
    """Return the brief without columns that the rows do not have."""
    several = {f: tuple(n for n in getattr(brief, f) if n in names) for f in ("drop", "known_after", "protected")}
    single = {f: n if (n := getattr(brief, f)) in names else None for f in ("time", "group")}
    split = brief.split if single["time"] == brief.time and single["group"] == brief.group else None
    kinds = {n: kind for n, kind in brief.kinds.items() if n in names}
    delay = brief.label_delay if single["time"] else None
    own = brief.fairness_thresholds and bool(several["protected"])
    changes = {"split": split, "kinds": kinds, "label_delay": delay, "fairness_thresholds": own}
    return replace(brief, **several, **single, **changes)  # type: ignore[arg-type]


def _fight(project: Project, known: Known, table: Any, run: str, chosen: Chosen) -> Challenge:
    """Return how the run's version does against the champion on the rows that judge."""
    folder = project.run_folder(run)
    problem = documents.load(folder / "problem.json", Problem)
    verdict = documents.load(folder / "verdict.json", Verdict)
    number = project.state(run).version
    assert number is not None
    with np.load(folder / JUDGED, allow_pickle=False) as kept:
        rows, y, said = kept["rows"], kept["y"], kept["prediction"]
    judged = table.take(rows)
    own = known.version.plan
    columns = canonical(judged, own.contract)
    both = Both(y=y, champion=aligned(own.predict(columns), own.classes, problem.classes), challenger=said)
    keep_both(folder, both)
    return challenge(
        problem.metric,
        y,
        Side(version=known.version.manifest.version, prediction=both.champion, threshold=own.threshold),
        Side(version=number, prediction=said, threshold=project.version(number).plan.threshold),
        columns={**columns, **_protected(known, judged)},
        contract=known.contract,
        order=place_in_time(judged, known.contract, problem.clock),
        gates=tuple(g.why for g in verdict.gates if g.blocking and not g.passed and g.name not in COMPARED),
        seed=known.brief.seed,
        burden=burden_of(chosen.span, chosen.probed),
        worth=0.0 if chosen.probed is None else chosen.probed.worth,
    )


def _protected(known: Known, table: Any) -> Columns:
    """Return the columns on which people must not be treated differently, whether the model reads them or not."""
    names = [n for n in known.brief.protected if n in table.column_names and n in known.contract.names]
    return canonical(table.select(names), known.contract.only(names)) if names else {}


def _conclude(project: Project, found: Retrained, added: dict[str, Any]) -> Retrained:
    """Write what came of it to the ledger, and have the challenger serve where the policy says so.

    The rows count as known with the second entry: whatever ends the process before, they are new to the next
    retraining; whatever ends it afterwards, `conclude_broken_off` does the rest.
    """
    evidence = documents.to_builtins(found.challenge)
    body = {"version": found.version, "trigger": found.trigger, "span": found.span, "challenge": evidence}
    project.ledger.append(RETRAINED, found.run, {**body, "policy": found.policy})
    project.ledger.append(ADDED, found.run, added)
    if _carried_out(project, found.run, found.challenge, found.policy):
        found = replace(found, promoted=True, champion=found.version)
    documents.save(found, project.run_folder(found.run) / "retrained.json")
    return found


def _carried_out(project: Project, run: str, fought: Challenge, policy: Policy) -> bool:
    """Do with a challenger what the policy says; return whether it serves."""
    documents.save(fought, project.run_folder(run) / CHALLENGE)
    if fought.wins and policy is Policy.AUTOMATIC:
        project.promote(fought.challenger, by=BY, why=fought.why, evidence=_short(fought), settled=COMPARED)
        return True
    if fought.wins and policy is Policy.PROPOSE:
        project.ledger.append(PROPOSED, run, {"version": fought.challenger, "why": fought.why})
    return False


def conclude_broken_off(project: Project) -> str:
    """Do what the policy says with a challenger that won just before its process ended; return a sentence on it, empty
    where there is none.

    What is missing then is what follows its rows in the ledger. Where anybody has decided since who serves, that holds.
    The project's lock is taken.
    """
    with project.lock():
        run, body = _last_concluded(project)
        if not body or "policy" not in body:
            return ""
        fought, policy = msgspec.convert(body["challenge"], Challenge), Policy(body["policy"])
        to_do = fought.wins and policy is not Policy.MANUAL
        if fought.challenger not in project.versions() or not (to_do or _untold(project, run)):
            return ""
        try:
            serves = _carried_out(project, run, fought, policy)
        except ModelwrightError as error:
            done = f"but {error.what}"
        else:
            done = "it serves now" if serves else "it waits for somebody's word"
        return f"version {fought.challenger} won before its process was ended: {done}" if to_do else ""


def _last_concluded(project: Project) -> tuple[str, dict[str, Any]]:
    """Return the run and the entry of the last retraining whose rows are known, where nothing was decided since."""
    known = ""
    for entry in reversed(project.ledger.entries()):
        if entry.kind in (PROMOTED, ROLLED_BACK, PROPOSED):
            break
        if entry.kind == ADDED:
            known = entry.run
        if entry.kind == RETRAINED and entry.run == known:
            return entry.run, entry.body
    return "", {}


def _untold(project: Project, run: str) -> bool:
    return not (project.run_folder(run) / CHALLENGE).is_file()


def _short(found: Challenge) -> dict[str, Any]:
    gains = {"gain": documents.to_builtins(found.gain), "loss_gain": documents.to_builtins(found.loss_gain)}
    return {"rows": found.rows, "metric": found.metric, **gains}
