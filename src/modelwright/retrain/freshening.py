"""The champion's probabilities put right by new labels, in a version of its own and without a training.

The models stay, and with them what was found of them: the run that made them made this version, too. Nothing changes
where calibrators fitted again would not have done better, beyond the noise, than what is answered now.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright import documents
from modelwright.data.columns import take
from modelwright.errors import UsageError
from modelwright.package.packaging import next_version
from modelwright.project import Project
from modelwright.retrain.choosing import Known, known_of, pending_of, question_of
from modelwright.retrain.documents import BY, PROPOSED, Policy
from modelwright.retrain.feed import check_feed
from modelwright.retrain.guarding import EVERY
from modelwright.retrain.recalibrated import write_recalibrated
from modelwright.retrain.recalibrating import Recalibration, recalibration
from modelwright.retrain.tables import Gathered, gather

__all__ = ["RECALIBRATION", "Freshened", "can_be_recalibrated", "recalibrate"]

RECALIBRATION = "recalibrated"
"""Event of the ledger."""


@dataclass(frozen=True, kw_only=True)
class Freshened:
    """What came of fitting the calibrator again.

    Attributes
    ----------
    models : int
        The version whose models answer.
    version : int or None
        The new one; None where none was made.
    new_rows : int
        Labelled rows that the models do not know.
    promoted : bool
    champion : int
        The version that serves now.
    why : str
    """

    models: int
    version: int | None
    new_rows: int
    promoted: bool
    champion: int
    why: str


def recalibrate(project: Project, data: Any, *, policy: Policy = Policy.MANUAL) -> Freshened:
    """Fit the champion's calibrator again on new labelled rows, and keep what is better as a version.

    Parameters
    ----------
    project : Project
    data : path or table
        New rows with their labels; they stay new to later trainings.
    policy : Policy
        What becomes of a version that is better.

    Raises
    ------
    UsageError
        The champion predicts values, or moves thresholds by group (MW-U804).
    DataError, ContractError
        The new rows are broken, or too few, see `check_feed` and `gather`; nothing has changed.
    ProjectError
        There is no champion (MW-P083), or another process works on the project.
    """
    from modelwright.data.reading import read_table

    with project.lock():
        project.settle()
        known = known_of(project)
        if not can_be_recalibrated(project):
            raise UsageError(
                f"version {known.version.manifest.version} predicts values, or has thresholds by group of people: only "
                "plain probabilities are fitted again",
                fix="train again with 'modelwright retrain'",
                code="MW-U804",
            )
        new, _ = read_table(data)
        check_feed(known.version, new)
        rows = gather(project, known.brief.source, new, known.contract, known.recipe.problem.clock)
        return _kept(project, known, rows, policy)


def can_be_recalibrated(project: Project) -> bool:
    """Return whether the champion answers with probabilities that nothing was built upon row by row."""
    plan = project.version().plan
    return bool(plan.classes) and plan.by_group is None


def _kept(project: Project, known: Known, rows: Gathered, policy: Policy) -> Freshened:
    """Return what came of it: a version, where it is better."""
    own = known.version.manifest.version
    models = project.version(project.models_of(own))
    question = question_of(known, rows)
    fresh = np.flatnonzero(~np.isnan(question.y))
    fresh = fresh[fresh >= rows.old]
    columns = take(question.columns, fresh)
    said = models.plan.predict(columns), known.version.plan.predict(columns)
    pending, seed = pending_of(known, rows.table.take(fresh)), known.brief.seed
    found = recalibration(question.y[fresh], *said, pending=pending, seed=seed)
    if isinstance(found, str) or not found.wins:
        why = found if isinstance(found, str) else found.why
        return _told(project, models.manifest.version, None, len(fresh), why)
    number = next_version(project.path)
    write_recalibrated(models, found, project.path / "versions" / str(number), number, seed)
    _conclude(project, number, models.manifest.version, found, policy)
    return _told(project, models.manifest.version, number, len(fresh), found.why)


def _conclude(project: Project, number: int, models: int, found: Recalibration, policy: Policy) -> None:
    """Write it to the ledger, and have the version serve where the policy says so."""
    evidence = {"rows": found.gain.n, "gain": documents.to_builtins(found.gain)}
    project.ledger.append(RECALIBRATION, "", {"version": number, "models": models, "why": found.why, **evidence})
    if policy is Policy.AUTOMATIC:
        project.promote(number, by=BY, why=found.why, evidence=evidence, settled=EVERY)
    elif policy is Policy.PROPOSE:
        project.ledger.append(PROPOSED, "", {"version": number, "why": found.why})


def _told(project: Project, models: int, version: int | None, rows: int, why: str) -> Freshened:
    champion = project.champion
    assert champion is not None
    serves = champion.version
    return Freshened(
        models=models, version=version, new_rows=rows, promoted=serves == version, champion=serves, why=why
    )
