"""The recipes that won, as the ledger's run keeps them, and single fits of them on chosen rows."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np

from modelwright import documents
from modelwright.data.columns import Columns
from modelwright.data.contract import Contract
from modelwright.errors import ProjectError
from modelwright.frame.problem import Problem
from modelwright.project import Project
from modelwright.runtime.plan import Plan as ScoringPlan
from modelwright.train.job import Job
from modelwright.train.planning import Plan
from modelwright.train.record import Candidate, Training
from modelwright.train.search import Search
from modelwright.train.sizing import Size
from modelwright.train.work import FitTask, fit_fold, setup

__all__ = ["Question", "Recipe", "features_of", "job_of", "predict_later", "recipe_of"]

STOPPING_SHARE = 0.15
"""Of the rows that a model learns from, the latest part says when to stop."""

WORKER_BYTES = 2 << 30


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """What made a version: the run, its problem, and the members with their weights, the weightiest first."""

    run: str
    problem: Problem
    members: tuple[tuple[Candidate, float], ...]

    @property
    def keys(self) -> tuple[str, ...]:
        return tuple(candidate.key for candidate, _ in self.members)


@dataclass(frozen=True, kw_only=True, eq=False)
class Question:
    """Rows and what is asked of them: canonical columns of the contract, encoded target, place in time.

    Models learn from ``features``, of which there may be fewer than columns: those that only say whose threshold counts
    are none. Empty: from all.
    """

    columns: Columns
    contract: Contract
    y: np.ndarray
    order: np.ndarray
    objective: str
    classes: tuple[str, ...]
    metric: str
    seed: int = 0
    features: tuple[str, ...] = ()


def features_of(plan: ScoringPlan) -> tuple[str, ...]:
    """Return the columns that the models of a plan read, in the order of its contract."""
    read = {name for view in plan.views.values() for name in view.inputs}
    return tuple(name for name in plan.contract.names if name in read)


def recipe_of(project: Project, version: int) -> Recipe:
    """Return the recipe of a version.

    Raises
    ------
    ProjectError
        Its run is gone or damaged.
    """
    run = project.made_by(version)
    folder = project.run_folder(run)
    training = documents.load(folder / "training.json", Training)
    problem = documents.load(folder / "problem.json", Problem)
    known = _planned(folder)
    search = Search({c.learner for c in known.values()}, _seed(folder))
    known |= {c.key: c for c in search.resumed(m.key for m in training.members)}
    members = [(known[m.key], m.weight) for m in training.members if m.key in known]
    if not members:
        raise ProjectError(
            f"the recipes of version {version} are not in run {run}",
            fix="run 'modelwright run' again: there is nothing to go on from",
            code="MW-P081",
        )
    return Recipe(run=run, problem=problem, members=tuple(sorted(members, key=lambda m: -m[1])))


def _planned(folder: Path) -> dict[str, Candidate]:
    try:
        _, (_, plan) = msgspec.json.decode((folder / "plan.json").read_bytes(), type=tuple[str, tuple[Size, Plan]])
    except (OSError, msgspec.DecodeError) as error:
        raise ProjectError(
            f"the plan of the run in '{folder}' cannot be read", fix="run 'modelwright run' again", code="MW-P082"
        ) from error
    return {c.key: c for c in plan.candidates}


def _seed(folder: Path) -> int:
    from modelwright.brief import Brief

    return documents.load(folder / "brief.json", Brief).seed


def predict_later(question: Question, candidate: Candidate, rows: np.ndarray, later: np.ndarray) -> np.ndarray:
    """Return what a model fitted on some rows says of others; the latest of its rows say when it stops."""
    with tempfile.TemporaryDirectory(prefix="modelwright-") as folder:
        job = job_of(question, rows, later, Path(folder))
        return fit_fold(setup(job), FitTask(candidate, 0, None)).arrays["holdout"]


def job_of(question: Question, rows: np.ndarray, later: np.ndarray, folder: Path) -> Job:
    """Return the one fold of rows, in the order of time, with later rows to predict."""
    rows = rows[np.argsort(question.order[rows], kind="stable")]
    stopping = max(1, int(STOPPING_SHARE * len(rows)))
    names = question.features or question.contract.names
    return Job(
        columns={name: question.columns[name] for name in names},
        contract=question.contract.only(names),
        y=question.y,
        objective=question.objective,
        n_classes=len(question.classes),
        metric=question.metric,
        folds=((np.sort(rows[:-stopping]), np.sort(rows[-stopping:])),),
        holdout=later,
        groups=None,
        order=question.order,
        seed=question.seed,
        run_folder=folder,
        memory_bytes=WORKER_BYTES,
        max_train_rows=len(question.y),
        folds_report=False,
    )
