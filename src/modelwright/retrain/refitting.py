"""A version made in seconds: the recipes of another one fitted again on chosen rows, without search, report or run.

It is what a replay retrains with. The version is a whole one, with profile and reference, so that monitoring looks at
it as at any other.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from modelwright.data.columns import take
from modelwright.data.profile import make_profile
from modelwright.package.assembling import assemble
from modelwright.package.bundle import Version, open_version
from modelwright.package.reference.fitting import Judged, fit_reference
from modelwright.package.writing import Facts, write_version
from modelwright.retrain.recipes import Question, job_of
from modelwright.runtime.plan import Plan
from modelwright.train.job import Job
from modelwright.train.outcome import TrainedMember
from modelwright.train.record import Candidate
from modelwright.train.work import FitTask, RefitTask, fit_fold, refit, setup

__all__ = ["remade"]

CHECKS = 20
"""Rows on which a library predicts after a fit; a replay looks at none of them."""


def remade(
    template: Version,
    members: tuple[tuple[Candidate, float], ...],
    question: Question,
    rows: np.ndarray,
    folder: Path,
    number: int,
) -> Version:
    """Return a version of the recipes fitted on some rows: with the latest set aside to say when to stop, then on all.

    Parameters
    ----------
    template : Version
        Whose target, metric, threshold and column use the new one takes over.
    members : tuple of (Candidate, weight)
    question : Question
    rows : ndarray of int
    folder : Path
        Where models and versions go.
    number : int
        Of the new version.
    """
    rows = rows[np.argsort(question.order[rows], kind="stable")]
    own = replace(question, columns=take(question.columns, rows), y=question.y[rows], order=np.arange(len(rows)))
    work = folder / f"fits{number}"
    job = job_of(own, np.arange(len(rows)), np.empty(0, dtype=np.int64), work)
    trained, said = _fitted(job, members)
    plan = _plan(template, question, trained)
    place, judged = folder / "versions" / str(number), job.folds[0][1]
    write_version(
        place,
        plan,
        facts=Facts(
            version=number,
            target=template.manifest.target,
            metric=template.manifest.metric,
            documents={},
            rows={"used": len(rows)},
        ),
        profile=make_profile(own.columns, question.contract),
        seed=question.seed,
        reference=fit_reference(
            own.columns,
            plan.contract,
            judged=Judged(rows=judged, y=own.y[judged], prediction=plan.moved(said, take(own.columns, judged))),
            metric=template.manifest.metric,
            classes=question.classes,
            use={c.name: c.use for c in template.reference.columns if c.use is not None} or None,
            order=own.order,
        ),
    )
    return open_version(place)


def _plan(template: Version, question: Question, trained: list[TrainedMember]) -> Plan:
    """Return the plan of the models: not calibrated, and deciding as the template does."""
    facts = {
        "contract": question.contract,
        "objective": question.objective,
        "classes": question.classes,
        "calibrator": None,
        "threshold": template.plan.threshold,
        "decision": template.plan.decision,
        "by_group": template.plan.by_group,
    }
    return assemble(trained, facts)


def _fitted(job: Job, members: tuple[tuple[Candidate, float], ...]) -> tuple[list[TrainedMember], np.ndarray]:
    """Return the members fitted on all rows, and what they said of the latest before those were among them."""
    state = setup(job)
    checks = take(job.columns, np.arange(min(CHECKS, len(job.y))))
    total = sum(weight for _, weight in members)
    said = np.zeros((len(job.folds[0][1]), job.n_outputs))
    trained = []
    for candidate, weight in members:
        first = fit_fold(state, FitTask(candidate, 0, None))
        again = refit(state, RefitTask(candidate, first.iterations, None, checks))
        said += weight / total * first.arrays["valid"]
        folder = str(job.run_folder / again.files)
        trained.append(TrainedMember(candidate.key, weight / total, (folder,), None))
    return trained, said
