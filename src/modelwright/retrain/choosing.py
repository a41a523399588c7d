"""What a retraining begins with: what the project knows, which rows to learn from, and what there is to learn."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelwright import documents
from modelwright.brief import Brief
from modelwright.data.columns import take
from modelwright.data.contract import Contract
from modelwright.errors import ProjectError
from modelwright.monitor.windows import encode_labels
from modelwright.project import Project
from modelwright.retrain.challenge import losses_of
from modelwright.retrain.documents import Span, SpanTrial
from modelwright.retrain.probing import Probe, probe
from modelwright.retrain.recipes import Question, Recipe, features_of, recipe_of
from modelwright.retrain.spans import choose_span, judging_rows
from modelwright.retrain.tables import FEWEST_NEW, Gathered, canonical, gather, pending_rows, place_in_time, too_few

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.package.bundle import Version

__all__ = ["Chosen", "Known", "choose", "known_of", "pending_of", "probed", "question_of"]


@dataclass(frozen=True, kw_only=True, eq=False)
class Known:
    """What the project knows when a retraining begins."""

    version: Version
    recipe: Recipe
    contract: Contract
    brief: Brief


def known_of(project: Project) -> Known:
    champion = project.champion
    if champion is None:
        raise ProjectError(
            f"'{project.path}' has no champion to go on from",
            fix="promote a version first, or run 'modelwright run' again",
            code="MW-P083",
        )
    recipe = recipe_of(project, champion.version)
    folder = project.run_folder(recipe.run)
    return Known(
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


@dataclass(frozen=True, kw_only=True, eq=False)
class Chosen:
    """What to learn from.

    Attributes
    ----------
    span : Span
    rows : ndarray of int
        Numbers of the rows to hand to the run; the last ``judged`` of them judge.
    trials : tuple of SpanTrial
    judged : int
    probed : Probe or None
        What there is to learn from the new rows.
    """

    span: Span
    rows: np.ndarray
    trials: tuple[SpanTrial, ...]
    judged: int
    probed: Probe | None


def choose(known: Known, rows: Gathered) -> Chosen:
    """Return what to learn from, and what is known of its worth."""
    version, question = known.version, question_of(known, rows)
    labelled = np.flatnonzero(~np.isnan(question.y))
    fresh = labelled[labelled >= rows.old]
    if len(fresh) < FEWEST_NEW:
        raise too_few(len(fresh))
    said = version.plan.predict(take(question.columns, fresh))
    n_judged, change = judging_rows(losses_of(version.manifest.metric, question.y[fresh], said))
    judged = fresh[-n_judged:]
    rest = labelled[labelled < judged[0]]
    new = int((rest >= rows.old).sum())
    pending = pending_of(known, rows.table.take(labelled))
    span, chosen, tried = choose_span(question, known.recipe.members[0][0], rest, new, change, pending)
    probed = probe(question, fresh, said, labelled[labelled < rows.old], pending)
    kept = np.concatenate([np.sort(chosen), judged])
    return Chosen(span=span, rows=kept, trials=tried, judged=n_judged, probed=probed)


def pending_of(known: Known, table: pa.Table) -> int:
    """Return how many rows come before their labels do, by the delay that the brief names."""
    return pending_rows(table, known.contract, known.recipe.problem.time, known.brief.label_delay)


def probed(project: Project, fresh: pa.Table) -> Probe | None:
    """Return what there is to learn from rows with labels that the champion was not fitted on, the oldest first."""
    known = known_of(project)
    rows = gather(project, known.brief.source, fresh, known.contract, known.recipe.problem.clock)
    question = question_of(known, rows)
    labelled = np.flatnonzero(~np.isnan(question.y))
    new, older = labelled[labelled >= rows.old], labelled[labelled < rows.old]
    said = known.version.plan.predict(take(question.columns, new))
    return probe(question, new, said, older, pending_of(known, rows.table.take(labelled)))


def question_of(known: Known, rows: Gathered) -> Question:
    """Return the rows as the champion reads them. Classes that it does not know have no label here."""
    plan = known.version.plan
    columns = canonical(rows.table, plan.contract)
    labels = rows.table.column(known.version.manifest.target).to_pylist()
    return Question(
        columns=columns,
        contract=plan.contract,
        y=encode_labels(labels, plan.classes),
        order=place_in_time(rows.table, known.contract, known.recipe.problem.clock),
        objective=plan.objective,
        classes=plan.classes,
        metric=known.version.manifest.metric,
        seed=known.brief.seed,
        features=features_of(plan),
    )
