"""Training again: the new rows are checked, a span of rows is chosen, the champion's recipes go through the lifecycle,
and what comes out is held against the champion on the latest rows, which neither was fitted on.

Nothing changes before the checks are through. Then there is a new run and a new version in the project, as of any
run; who serves changes by the policy, in one step.
"""

from __future__ import annotations

import time as clock
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright import documents
from modelwright.brief import Brief, parse_delay
from modelwright.data.columns import Columns, take
from modelwright.data.contract import Contract, Kind
from modelwright.data.treating.tables import treated_table
from modelwright.errors import ProjectError
from modelwright.frame.problem import Problem
from modelwright.govern.verdict import Verdict
from modelwright.govern.waiving import COMPARED
from modelwright.lifecycle import Listener, Silent, run_lifecycle
from modelwright.monitor.windows import encode_labels
from modelwright.project import Project
from modelwright.project.folder import NEW_ROWS
from modelwright.retrain.challenge import Side, aligned, challenge, losses_of
from modelwright.retrain.documents import (
    BY,
    PROPOSED,
    RETRAINED,
    Challenge,
    Policy,
    Retrained,
    Span,
    SpanTrial,
    Trigger,
)
from modelwright.retrain.feed import check_feed, sound_rows
from modelwright.retrain.personal import treatments_of
from modelwright.retrain.probing import Probe, probe
from modelwright.retrain.recipes import Question, Recipe, recipe_of
from modelwright.retrain.shadowing import Both, keep_both
from modelwright.retrain.spans import choose_span, judging_rows
from modelwright.retrain.tables import ADDED, FEWEST_NEW, Gathered, canonical, gather, order_of, too_few
from modelwright.train.starting import JUDGED, Start

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.monitor.documents import Monitoring
    from modelwright.package.bundle import Version

__all__ = ["Arrived", "new_rows", "probed", "retrain"]

BUDGET_SHARE = 0.25
"""Of the first run's budget, where none is named: its search need not be done again."""

LEAST_BUDGET_S = 20.0


@dataclass(frozen=True, kw_only=True, eq=False)
class _Known:
    """What the project knows when a retraining begins."""

    version: Version
    recipe: Recipe
    contract: Contract
    brief: Brief


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
    from modelwright.data.reading import read_table

    started, told = clock.monotonic(), listener or Silent()
    with project.lock():
        project.settle()
        known = _known(project)
        told.stage("Checking the new data")
        new, source = read_table(data)
        check_feed(known.version, new)
        time = known.recipe.problem.time
        rows = gather(project, known.brief.source, new, known.contract, time)
        told.stage("Choosing what to train on")
        span, kept, trials_of_spans, n_judged = _choose(known, rows)
        again = (project.run_folder(known.recipe.run) / JUDGED).is_file()
        brief = _without(known.brief, rows.table.column_names)
        brief = _brief(brief, budget_s, trials, share=1.0 if again else BUDGET_SHARE)
        start = Start(candidates=known.recipe.keys, judged=n_judged, treatments=treatments_of(known.contract))
        done = run_lifecycle(
            brief,
            data=rows.table.take(kept),
            project=str(project.path),
            listener=told,
            started=started,
            start=start,
            within=project,
        )
        run = done.runs()[-1]
        fought = _fight(project, known, rows.table.take(kept), run)
        kept_at = _keep(project, run, rows)
        added = {"data": kept_at, "from": source.location, "rows": rows.new, "digest": source.digest, "until": until}
        project.ledger.append(ADDED, run, added)
        found = Retrained(
            run=run,
            version=fought.challenger,
            trigger=trigger,
            policy=policy,
            new_rows=rows.new,
            rows=len(kept),
            span=span,
            spans=trials_of_spans,
            candidates=known.recipe.keys,
            challenge=fought,
            promoted=False,
            champion=fought.champion,
            told=rows.told,
        )
        return _conclude(project, found)


def _keep(project: Project, run: str, rows: Gathered) -> str:
    """Keep the new rows with the run, and return where in the project: later retrainings learn from them as well, and
    the file that they came from may grow or go."""
    from modelwright.data.writing import write_tables

    path = project.run_folder(run) / NEW_ROWS
    # What few rows share is pooled as the run read it: rows that are kept must tell no more than the model does.
    contract = documents.load(project.run_folder(run) / "contract.json", Contract)
    treatments = {spec.name: spec.treatment for spec in contract.columns if spec.treatment is not None}
    new = treated_table(rows.table.slice(rows.old), treatments)
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

    known = _known(project)
    table, _ = read_table(data)
    rows = gather(project, known.brief.source, table, known.contract, known.recipe.problem.time)
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


def _known(project: Project) -> _Known:
    champion = project.champion
    if champion is None:
        raise ProjectError(
            f"'{project.path}' has no champion to go on from",
            fix="promote a version first, or run 'modelwright run' again",
            code="MW-P083",
        )
    recipe = recipe_of(project, champion.version)
    folder = project.run_folder(recipe.run)
    return _Known(
        version=project.version(champion.version),
        recipe=recipe,
        contract=documents.load(folder / "contract.json", Contract),
        brief=_whole(project, documents.load(folder / "brief.json", Brief)),
    )


def _whole(project: Project, brief: Brief) -> Brief:
    """Return the brief of a run with the path that the project's brief holds: it leads somewhere from everywhere."""
    from modelwright.brief import read_brief

    latest = read_brief(project.path / "brief.toml").source
    return replace(brief, source=latest) if Path(latest).name == Path(brief.source).name else brief


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
    return replace(brief, **several, **single, split=split, kinds=kinds, label_delay=delay)  # type: ignore[arg-type]


def _choose(known: _Known, rows: Gathered) -> tuple[Span, np.ndarray, tuple[SpanTrial, ...], int]:
    """Return the span, the numbers of the rows to hand to the run, the trials of spans, and how many rows judge."""
    version = known.version
    question = _question(known, rows)
    labelled = np.flatnonzero(~np.isnan(question.y))
    fresh = labelled[labelled >= rows.old]
    if len(fresh) < FEWEST_NEW:
        raise too_few(len(fresh))
    said = version.plan.predict(take(question.columns, fresh))
    n_judged, change = judging_rows(losses_of(version.manifest.metric, question.y[fresh], said))
    judged = fresh[-n_judged:]
    rest = labelled[labelled < judged[0]]
    new = int((rest >= rows.old).sum())
    pending = _pending(known, question.order[labelled])
    span, chosen, tried = choose_span(question, known.recipe.members[0][0], rest, new, change, pending)
    return span, np.concatenate([np.sort(chosen), judged]), tried, n_judged


def _pending(known: _Known, order: np.ndarray) -> int:
    """Return how many rows come before their labels do, by the delay that the brief names."""
    time = known.recipe.problem.time
    if known.brief.label_delay is None or time is None or known.contract[time].kind is not Kind.DATETIME:
        return 0
    return int((order > order.max() - parse_delay(known.brief.label_delay)).sum())


def probed(project: Project, fresh: pa.Table) -> Probe | None:
    """Return what there is to learn from rows with labels that the champion was not fitted on, the oldest first."""
    known = _known(project)
    rows = gather(project, known.brief.source, fresh, known.contract, known.recipe.problem.time)
    question = _question(known, rows)
    labelled = np.flatnonzero(~np.isnan(question.y))
    new, older = labelled[labelled >= rows.old], labelled[labelled < rows.old]
    said = known.version.plan.predict(take(question.columns, new))
    return probe(question, new, said, older, _pending(known, question.order[labelled]))


def _question(known: _Known, rows: Gathered) -> Question:
    """Return the rows as the champion reads them. Classes that it does not know have no label here."""
    plan, time = known.version.plan, known.recipe.problem.time
    columns = canonical(rows.table, plan.contract)
    labels = rows.table.column(known.version.manifest.target).to_pylist()
    return Question(
        columns=columns,
        contract=plan.contract,
        y=encode_labels(labels, plan.classes),
        order=_order(rows.table, known.contract, time),
        objective=plan.objective,
        classes=plan.classes,
        metric=known.version.manifest.metric,
        seed=known.brief.seed,
    )


def _order(table: Any, contract: Contract, time: str | None) -> np.ndarray:
    if time is None or time not in table.column_names:
        return np.arange(table.num_rows, dtype=np.float64)
    column: Columns = canonical(table.select([time]), contract.only([time]))
    return order_of(column, time)


def _fight(project: Project, known: _Known, table: Any, run: str) -> Challenge:
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
        order=_order(judged, known.contract, problem.time),
        gates=tuple(g.why for g in verdict.gates if g.blocking and not g.passed and g.name not in COMPARED),
        seed=known.brief.seed,
    )


def _protected(known: _Known, table: Any) -> Columns:
    """Return the columns on which people must not be treated differently, whether the model reads them or not."""
    names = [n for n in known.brief.protected if n in table.column_names and n in known.contract.names]
    return canonical(table.select(names), known.contract.only(names)) if names else {}


def _conclude(project: Project, found: Retrained) -> Retrained:
    """Write what came of it to the ledger, and have the challenger serve where the policy says so."""
    evidence = documents.to_builtins(found.challenge)
    body = {"version": found.version, "trigger": found.trigger, "span": found.span, "challenge": evidence}
    project.ledger.append(RETRAINED, found.run, body)
    documents.save(found.challenge, project.run_folder(found.run) / "challenge.json")
    if found.challenge.wins and found.policy is Policy.AUTOMATIC:
        project.promote(
            found.version, by=BY, why=found.challenge.why, evidence=_short(found.challenge), settled=COMPARED
        )
        found = replace(found, promoted=True, champion=found.version)
    elif found.challenge.wins and found.policy is Policy.PROPOSE:
        project.ledger.append(PROPOSED, found.run, {"version": found.version, "why": found.challenge.why})
    documents.save(found, project.run_folder(found.run) / "retrained.json")
    return found


def _short(found: Challenge) -> dict[str, Any]:
    gains = {"gain": documents.to_builtins(found.gain), "loss_gain": documents.to_builtins(found.loss_gain)}
    return {"rows": found.rows, "metric": found.metric, **gains}
