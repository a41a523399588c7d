"""What runs inside a worker: fitting one candidate on one fold, refitting a member, a point of the learning curve.

The state of a worker holds the `Job`. Encoded views are kept per fold, because candidates of one view share them.
"""

from __future__ import annotations

import contextlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.data.columns import Columns, take
from modelwright.learners.base import Deadline, FitContext, Fitted
from modelwright.runtime.view import View
from modelwright.runtime.views import ViewPlan
from modelwright.train.drawing import early_stopping_rows, part_of, sampled, train_sample
from modelwright.train.encoded import EncodedViews
from modelwright.train.job import Job
from modelwright.train.record import Candidate

__all__ = [
    "FitResult",
    "FitTask",
    "RefitResult",
    "RefitTask",
    "State",
    "fit_fold",
    "folder_bytes",
    "load_parts",
    "preload",
    "refit",
    "setup",
]

TEXTS = 4
"""Folds whose texts in numbers a worker keeps."""


def preload() -> None:
    """Import the libraries of the learners before the first task, while the caller reads and audits the data."""
    import catboost  # noqa: F401
    import lightgbm  # noqa: F401
    import sklearn.ensemble
    import sklearn.gaussian_process.kernels
    import sklearn.linear_model
    import sklearn.neighbors  # noqa: F401
    import xgboost  # noqa: F401

    load_parts()


def load_parts() -> None:
    """Import our own modules that fits take: loaded before workers are forked, they lie in memory once."""
    import modelwright.features.views
    import modelwright.package.assembling  # noqa: F401
    from modelwright import learners

    for name in learners.LEARNERS:
        with contextlib.suppress(ImportError):  # the fit that needs it will tell
            learners.get(name)


@dataclass(frozen=True)
class FitTask:
    """Fit ``candidate`` on the training rows of a fold.

    ``share`` below 1 uses only that part of them (a point of the learning curve) and keeps no model.
    ``seconds`` is what the fit may take, encoding and predicting not counted; None: no limit.
    """

    candidate: Candidate
    fold: int
    seconds: float | None
    share: float = 1.0

    @property
    def name(self) -> str:
        return f"{self.candidate.key}@{self.fold}"


@dataclass(frozen=True)
class FitResult:
    """What one fold's model predicts, and where its files are.

    ``arrays`` holds ``valid`` and ``holdout``, predictions of rows it was not fitted on, and ``train_rows`` with
    ``train_prediction``, a sample of those it was. ``used`` are the processor seconds of the whole, ``row_seconds``
    those that predicting a row took.
    """

    arrays: dict[str, np.ndarray]
    n_train: int
    iterations: int | None
    note: str
    fit_seconds: float
    seconds: float
    files: str
    used: float = 0.0
    row_seconds: float = 0.0


@dataclass(frozen=True)
class RefitTask:
    """Fit ``candidate`` on all rows, with the rounds that the folds found; ``checks`` are rows for the parity gate.

    ``seed`` above 0 asks for another model of the same settings.
    """

    candidate: Candidate
    iterations: int | None
    seconds: float | None
    checks: Columns
    seed: int = 0

    @property
    def name(self) -> str:
        return f"{self.candidate.key}@all{self.seed or ''}"


@dataclass(frozen=True)
class RefitResult:
    """The refitted model's files, and what the library itself predicts on the check rows (array ``native``)."""

    arrays: dict[str, np.ndarray]
    note: str
    seconds: float
    files: str


def folder_bytes(folder: Path) -> int:
    """Return the bytes of the files in the folder of a model."""
    return sum(path.stat().st_size for path in folder.iterdir())


@dataclass
class State:
    """What a worker keeps between tasks."""

    job: Job
    views: EncodedViews
    texts: dict[Any, Any] = field(default_factory=dict)


def setup(job: Job) -> State:
    """Make a worker's state."""
    return State(job, EncodedViews(job.memory_bytes))


def fit_fold(state: State, task: FitTask) -> FitResult:
    """Run a `FitTask`; raises what the library raises."""
    from modelwright import learners

    started, used = time.monotonic(), time.process_time()
    job = state.job
    learner = learners.get(task.candidate.learner)
    plan, train, valid, holdout, rows = _views(state, task)
    y = job.y[rows]
    fit_rows, stop_rows = early_stopping_rows(job, task.fold, rows)
    watched = rows[:0]
    if not learner.card.watches:
        stopping, fit_view, fit_y = None, train, y
    elif stop_rows is None:
        watched = job.folds[task.fold][1]
        stopping = (valid, job.y[watched])
        fit_view, fit_y = train, y
    else:
        watched = rows[stop_rows]
        stopping = (train.take(stop_rows), y[stop_rows])
        fit_view, fit_y = train.take(fit_rows), y[fit_rows]
    fitted_rows = rows if fit_y is y else rows[fit_rows]
    fitting = time.monotonic()
    left = None if task.seconds is None else fitting + task.seconds
    context = _context(job, task.fold, left, fitted_rows, watched)
    fitted = learner.fit(fit_view, fit_y, task.candidate.settings, context, valid=stopping)
    fitted_at = time.monotonic()
    sample = train_sample(job, len(rows)) if task.fold == 0 and task.share == 1.0 else np.empty(0, int)
    arrays = {
        "valid": fitted.scorer.predict(valid.matrix),
        "holdout": fitted.scorer.predict(holdout.matrix) if len(holdout) else np.empty((0, job.n_outputs)),
        "train_rows": rows[sample],
        "train_prediction": fitted.scorer.predict(train.matrix[sample])
        if len(sample)
        else np.empty((0, job.n_outputs)),
    }
    predicted_at = time.monotonic()
    files = _keep(job, fitted, plan, task.name) if task.share == 1.0 else ""
    return FitResult(
        arrays=arrays,
        n_train=len(fit_y),
        iterations=fitted.iterations,
        note=fitted.note,
        fit_seconds=fitted_at - fitting,
        seconds=time.monotonic() - started,
        files=files,
        used=time.process_time() - used,
        row_seconds=(predicted_at - fitted_at) / max(1, len(valid) + len(holdout) + len(sample)),
    )


def refit(state: State, task: RefitTask) -> RefitResult:
    """Run a `RefitTask`; raises what the library raises."""
    from modelwright import learners
    from modelwright.features.views import fit_view

    started = time.monotonic()
    job = state.job
    candidate = task.candidate
    learner = learners.get(candidate.learner)
    rows = sampled(job, np.arange(len(job.y)), salt=99)
    plan, train = state.views.get(
        ("all", candidate.view),
        lambda: fit_view(
            candidate.view,
            take(job.columns, rows),
            job.contract,
            job.y[rows],
            objective=job.objective,
            n_classes=job.n_classes,
            seed=job.seed,
        ),
    )
    left = None if task.seconds is None else started + task.seconds
    fitted = learner.fit(
        train,
        job.y[rows],
        candidate.settings,
        _context(job, 99 + task.seed, left, rows, rows[:0]),
        valid=None,
        iterations=task.iterations,
    )
    native = learner.native_predict(fitted.native, plan(task.checks).matrix)
    files = _keep(job, fitted, plan, task.name)
    return RefitResult({"native": native}, fitted.note, time.monotonic() - started, files)


def _context(job: Job, salt: int, deadline: float | None, rows: np.ndarray, watched: np.ndarray) -> FitContext:
    def weighed(some: np.ndarray) -> np.ndarray | None:
        return None if job.balance is None or not len(some) else job.balance.weights(some, job.y[some])

    return FitContext(
        objective=job.objective,
        n_classes=job.n_classes,
        metric=job.metric,
        seed=job.seed + 1000 * salt,
        threads=1,
        deadline=Deadline(deadline),
        weights=weighed(rows),
        valid_weights=weighed(watched),
        most_bytes=job.most_bytes,
    )


def _views(state: State, task: FitTask) -> tuple[ViewPlan, View, View, View, np.ndarray]:
    """Return plan, training, validation and lockbox views, and the training rows, from the cache where possible."""
    if task.share < 1.0:  # asked for once
        return _encoded(state, task)
    views: tuple[ViewPlan, View, View, View, np.ndarray]
    views = state.views.get((task.candidate.view, task.fold), lambda: _encoded(state, task))
    return views


def _encoded(state: State, task: FitTask) -> tuple[ViewPlan, View, View, View, np.ndarray]:
    from modelwright.features.views import fit_view

    job = state.job
    train_rows, valid_rows = job.folds[task.fold]
    rows = sampled(job, train_rows, salt=task.fold)
    if task.share < 1.0:
        rows = part_of(job, rows, task.share)
    plan, train = fit_view(
        task.candidate.view,
        take(job.columns, rows),
        job.contract,
        job.y[rows],
        objective=job.objective,
        n_classes=job.n_classes,
        seed=job.seed + task.fold,
        cache=_texts(state, task),
    )
    return plan, train, plan(take(job.columns, valid_rows)), plan(take(job.columns, job.holdout)), rows


def _texts(state: State, task: FitTask) -> dict[Any, Any]:
    """Return what views of the same rows share of their texts."""
    key = (task.fold, task.share)
    if key not in state.texts:
        while len(state.texts) >= TEXTS:
            state.texts.pop(next(iter(state.texts)))
        state.texts[key] = {}
    return state.texts[key]


def _keep(job: Job, fitted: Fitted, plan: ViewPlan, name: str) -> str:
    """Write the model and its view under the run folder; return where, relative to it."""
    import msgspec

    folder = job.run_folder / "models" / name.replace("/", "~")
    folder.mkdir(parents=True, exist_ok=True)
    scorer = fitted.scorer.save(folder, "model")
    settings, arrays = plan.state()
    np.savez(folder / "view.npz", **arrays)  # type: ignore[arg-type]
    (folder / "view.json").write_bytes(msgspec.json.encode({"view": settings, "scorer": scorer}))
    return str(folder.relative_to(job.run_folder))
