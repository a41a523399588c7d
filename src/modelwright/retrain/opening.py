"""A project and a stream of rows as the world of a replay."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from modelwright import documents
from modelwright.brief import Brief, parse_delay
from modelwright.data.contract import Contract, Kind
from modelwright.data.reading import read_table
from modelwright.errors import ProjectError, UsageError, did_you_mean
from modelwright.monitor.windows import encode_labels
from modelwright.package.bundle import Version
from modelwright.project import Project
from modelwright.retrain.recipes import Question, features_of, recipe_of
from modelwright.retrain.tables import Gathered, canonical, gather, place_in_time
from modelwright.retrain.world import World

__all__ = ["open_world"]

MEMBERS = 2
"""Members of an ensemble that are fitted again, the weightiest: the worth of maintenance shows in few as in many."""


def open_world(
    project: Project, stream: Any, *, time: str, label_delay: str | None, folder: Path
) -> tuple[World, tuple[str, ...]]:
    """Return the rows of the project and of the stream with what is known when, and what a reader has to know.

    Parameters
    ----------
    project, stream, time, label_delay
        As of `modelwright.retrain.replay.replay`, which also says what is raised.
    folder : Path
        Where models go.
    """
    champion = project.champion
    if champion is None:
        raise ProjectError(f"'{project.path}' has no champion", fix="promote a version first", code="MW-P084")
    first = project.version(champion.version)
    recipe = recipe_of(project, champion.version)
    run = project.run_folder(recipe.run)
    contract = documents.load(run / "contract.json", Contract)
    brief = documents.load(run / "brief.json", Brief)
    table, _ = read_table(stream)
    for name in (time, first.manifest.target):
        if name not in table.column_names or name not in contract.names:
            raise UsageError(
                f"column '{name}' is not in the stream, or not in what the project was trained on",
                fix=did_you_mean(name, [n for n in table.column_names if n in contract.names]),
                code="MW-U802",
            )
    delay = _delay(label_delay, contract, time)
    # What the champion learned from is old to it; rows of a later challenge that was lost are not.
    rows: Gathered = gather(project, brief.source, table, contract, (time,), seen_by=recipe.run)
    question = _question(first, rows, contract, recipe.problem.features, time, brief)
    world = World(
        first=first,
        members=recipe.members[:MEMBERS],
        table=rows.table,
        question=question,
        known_at=question.order + delay,
        old=rows.old,
        folder=folder,
        made=champion.version,
    )
    return world, rows.told


def _question(
    first: Version, rows: Gathered, contract: Contract, features: tuple[str, ...], time: str, brief: Brief
) -> Question:
    """Return the rows; protected columns that no model of the version reads are left out again, as they were then."""
    plan, table, own = first.plan, rows.table, contract.only(features)
    withheld = set(brief.protected) - set(features_of(plan))
    return Question(
        columns=canonical(table, own),
        contract=own,
        y=encode_labels(table.column(first.manifest.target).to_pylist(), plan.classes),
        order=place_in_time(table, contract, (time,)),
        objective=plan.objective,
        classes=plan.classes,
        metric=first.manifest.metric,
        seed=brief.seed,
        features=tuple(name for name in own.names if name not in withheld),
    )


def _delay(delay: str | None, contract: Contract, time: str) -> float:
    """Return the delay of labels in the unit of the canonical time column."""
    if delay is None:
        return 0.0
    if contract[time].kind is Kind.DATETIME:
        return parse_delay(delay)
    try:
        return float(delay)
    except ValueError as error:
        raise UsageError(
            f"labels take '{delay}', and the time column '{time}' holds numbers",
            fix=f"give a number in the unit of '{time}'",
            code="MW-U803",
        ) from error
