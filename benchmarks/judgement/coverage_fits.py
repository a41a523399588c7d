"""What `coverage.py --quick` judges: rows drawn from a set, and what three cheap models predict of them.

The models are boosted trees, extra trees and a linear one, on columns as numbers. They are fitted as the product fits
its candidates: on every fold, on parts of the rows for the learning curve, and on all rows. The predictions are kept in
a file, so that another way of making intervals can be judged without a single fit.
"""

from __future__ import annotations

import os
import zlib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from tables import BASES, Entry, load

__all__ = ["GROUPS", "Fits", "Plan", "Task", "drawn", "fits_of"]

MOST_TRUTH = 10_000
GROUPS = {"turbofan_fd001": "unit", "school_star": "schidkn", "movielens_100k": "user", "livestock_australia": "State"}
LEFT_OUT = {
    "school_star": ("rownames", "treadssk"),
    "turbofan_fd001": (),
    "livestock_australia": ("rownames",),
    "movielens_100k": ("ts",),
}


@dataclass(frozen=True)
class Plan:
    """A class of problems: sets, rows given to the job (or share of the groups), share of the event (0: as it is)."""

    name: str
    sets: str
    rows: int
    event: float = 0.0
    groups: float = 0.0


@dataclass(frozen=True)
class Task:
    """One run: the whole job with a budget, or only what decides the interval, with fits kept in a folder."""

    plan: Plan
    entry: Entry
    seed: int
    quick: bool
    budget: str
    fits: Path

    @property
    def key(self) -> str:
        return f"{self.plan.name} | {self.entry.name} | {self.seed}"


@dataclass(frozen=True, eq=False)
class Fits:
    """Predictions of the models, shape (…, n_models, n_rows, n_outputs) unless said otherwise.

    Attributes
    ----------
    metric : str
    y : ndarray of float64, shape (n_rows,)
        Of the rows outside the lockbox.
    groups : ndarray of int
        Of the same rows; empty where each stands for itself.
    oof : ndarray, shape (n_repeats, n_models, n_rows, n_outputs)
        Of the folds' models, on the rows that they did not see.
    sizes : ndarray of int
        Rows that trained at each point of the learning curve, ascending.
    curve : ndarray, shape (n_sizes, n_models, n_judged, n_outputs)
        On the lockbox by models of parts of the first fold, else out of the folds of the first repeat.
    box_y, box_groups, box : ndarray
        The lockbox, and what each fold's models say of it: (n_folds, n_models, n_boxed, n_outputs).
    truth_y, truth_groups, truth : ndarray
        The rows held out, and what the models of all rows say of them.
    """

    metric: str
    y: np.ndarray
    groups: np.ndarray
    oof: np.ndarray
    sizes: np.ndarray
    curve: np.ndarray
    box_y: np.ndarray
    box_groups: np.ndarray
    box: np.ndarray
    truth_y: np.ndarray
    truth_groups: np.ndarray
    truth: np.ndarray


def fits_of(task: Task) -> Fits:
    """Return the fits of a task, from its folder where they are there."""
    path = task.fits / f"{zlib.crc32(task.key.encode()):08x}.npz"
    if path.exists():
        with np.load(path) as kept:
            return Fits(**{f.name: str(kept[f.name]) if f.name == "metric" else kept[f.name] for f in fields(Fits)})
    fits = _fit(task)
    task.fits.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{os.getpid()}.npz")
    np.savez(unfinished, **{f.name: getattr(fits, f.name) for f in fields(Fits)})
    unfinished.replace(path)
    return fits


def drawn(task: Task) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the rows for the job, in random order, and those held out."""
    rng = np.random.default_rng([task.seed, zlib.crc32(task.key.encode())])
    name, target = task.entry.name, task.entry.target
    frame = load(task.entry, most_rows=60_000, without=BASES.get(name, LEFT_OUT.get(name, ())))
    frame = frame[frame[target].str.strip() != ""].reset_index(drop=True)
    frame = frame.iloc[rng.permutation(len(frame))].reset_index(drop=True)
    plan = task.plan
    if plan.groups:
        unit = frame[GROUPS[name]]
        ids = rng.permutation(np.unique(unit))
        mine = unit.isin(ids[: max(10, int(plan.groups * len(ids)))])
        if mine.sum() > plan.rows:  # fewer groups, not fewer rows of each
            sizes = unit[mine].value_counts().sample(frac=1, random_state=task.seed)
            mine = unit.isin(sizes.index[: max(10, int((sizes.cumsum() <= plan.rows).sum()))])
        return frame[mine].reset_index(drop=True), frame[~mine].reset_index(drop=True).iloc[:MOST_TRUTH]
    if plan.event:
        rare = frame[target] == frame[target].value_counts().index[-1]
        keep = rare & (rng.random(len(frame)) < plan.event / (1 - plan.event) * (~rare).sum() / max(1, rare.sum()))
        frame = frame[keep | ~rare].reset_index(drop=True)
    return frame.iloc[: plan.rows], frame.iloc[plan.rows : plan.rows + MOST_TRUTH]


def _as_numbers(frame: pd.DataFrame, names: list[str]) -> np.ndarray:
    """Return columns as numbers, words by the rank of how often they occur; nothing missing."""
    columns = []
    for name in names:
        values = pd.to_numeric(frame[name], errors="coerce")
        if values.isna().mean() > 0.5:
            codes = frame[name].map({v: i for i, v in enumerate(frame[name].value_counts().index)})
            values = codes.clip(upper=50)
        columns.append(values.fillna(values.median()).fillna(0).to_numpy(float))
    return np.column_stack(columns)


def _models(k: int, seed: int) -> list[Any]:
    """Return three cheap models."""
    from lightgbm import LGBMClassifier, LGBMRegressor
    from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    boosted = {
        "n_estimators": 40 if k < 5 else 15,
        "num_leaves": 15,
        "min_child_samples": 5,
        "n_jobs": 1,
        "verbosity": -1,
    }
    if k:
        linear: Any = LogisticRegression(max_iter=200)
        trees = ExtraTreesClassifier(40, min_samples_leaf=2, random_state=seed, n_jobs=1)
        return [LGBMClassifier(**boosted), trees, make_pipeline(StandardScaler(), linear)]
    trees = ExtraTreesRegressor(40, min_samples_leaf=2, random_state=seed, n_jobs=1)
    return [LGBMRegressor(**boosted), trees, make_pipeline(StandardScaler(), Ridge())]


@dataclass(frozen=True, eq=False)
class _Table:
    x: np.ndarray
    y: np.ndarray
    k: int
    seed: int

    def predicted(self, train: np.ndarray, new: np.ndarray) -> np.ndarray:
        """Return predictions of models of some rows on others, shape (n_models, n_new, n_outputs)."""
        return np.stack([self._one(m, train, new) for m in _models(self.k, self.seed)]).astype(np.float32)

    def _one(self, model: Any, train: np.ndarray, new: np.ndarray) -> np.ndarray:
        x, y = self.x[train], self.y[train]
        if not self.k:
            return model.fit(x, y).predict(self.x[new]).reshape(-1, 1)
        found = np.full((len(new), self.k), 1e-4)
        if len(np.unique(y)) > 1:
            model.fit(x, y.astype(int))
            found[:, model.classes_.astype(int)] = np.maximum(model.predict_proba(self.x[new]), 1e-4)
        else:
            found[:, int(y[0])] = 1.0
        return found / found.sum(axis=1, keepdims=True)


def _fit(task: Task) -> Fits:
    from modelwright.train.refitting import CURVE_SHARES

    table, folds, n, metric, truth_groups = _problem(task)
    rest, box = np.setdiff1d(np.arange(n), folds.holdout), folds.holdout
    place = np.full(n, -1)
    place[rest] = np.arange(len(rest))
    n_folds = next(
        (i for i in range(1, len(folds.folds)) if _overlap(folds.folds[:i], folds.folds[i])), len(folds.folds)
    )
    shape = (len(_models(table.k, 0)), len(rest), max(1, table.k))
    oof = np.zeros((len(folds.folds) // n_folds, *shape), np.float32)
    boxed = []
    for f, (train, valid) in enumerate(folds.folds):
        found = table.predicted(train, np.concatenate([valid, box]))
        oof[f // n_folds][:, place[valid]] = found[:, : len(valid)]
        boxed.append(found[:, len(valid) :])
    rng = np.random.default_rng([task.seed, 5])
    curve = np.zeros((len(CURVE_SHARES), shape[0], len(box) or len(rest), shape[2]), np.float32)
    for train, valid in folds.folds[: 1 if len(box) else n_folds]:
        shuffled = rng.permutation(train)
        for i, share in enumerate(CURVE_SHARES):
            part = shuffled[: max(2, int(share * len(train)))]
            if len(box):
                curve[i] = table.predicted(part, box)
            else:
                curve[i][:, place[valid]] = table.predicted(part, valid)
    size = int(np.median([len(t) for t, _ in folds.folds[:n_folds]]))
    none = np.array([], dtype=np.int64)
    groups = folds.groups
    return Fits(
        metric=metric,
        y=table.y[rest],
        groups=none if groups is None else groups[rest],
        oof=oof,
        sizes=np.array([max(2, int(s * size)) for s in CURVE_SHARES] + [size]),
        curve=curve,
        box_y=table.y[box],
        box_groups=none if groups is None else groups[box],
        box=np.stack(boxed),
        truth_y=table.y[n:],
        truth_groups=truth_groups,
        truth=table.predicted(np.arange(n), np.arange(n, len(table.y))),
    )


def _overlap(earlier: Any, fold: Any) -> bool:
    return any(len(np.intersect1d(valid, fold[1])) for _, valid in earlier)


def _problem(task: Task) -> tuple[_Table, Any, int, str, np.ndarray]:
    """Return the table (rows of the job, then those held out), the product's folds, rows of the job and metric."""
    from modelwright import objectives
    from modelwright.brief import Brief
    from modelwright.data.columns import Strings
    from modelwright.evaluate.metrics import get
    from modelwright.frame.metric import choose_metric
    from modelwright.frame.problem import Problem, SplitKind
    from modelwright.frame.sizes import choose_folds, choose_holdout
    from modelwright.frame.split import make_folds
    from modelwright.frame.splitting import Split

    given, held = drawn(task)
    together = pd.concat([given, held], ignore_index=True)
    target, n = task.entry.target, len(given)
    group = GROUPS.get(task.entry.name) if task.plan.groups else None
    is_values = task.plan.name.startswith(("values", "groups"))
    classes: tuple[str, ...] = ()
    if is_values:
        y = pd.to_numeric(together[target], errors="coerce").to_numpy(float)
    else:
        classes = tuple(given[target].value_counts().index)
        y = together[target].map({c: i for i, c in enumerate(classes)}).to_numpy(float)
    kept = np.isfinite(y)
    together, y, n = together[kept].reset_index(drop=True), y[kept], int(kept[:n].sum())
    x = _as_numbers(together, [c for c in together if c not in (target, group)])

    objective = objectives.get("regress" if is_values else "classify")
    metric = get(choose_metric(objective, y[:n], classes, Brief(target=target)).value)
    column = None if group is None else Strings.from_values(together[group].tolist()[:n])
    kind = SplitKind.GROUP if group else SplitKind(objective.default_split()[0])
    split = Split(kind=kind, group=group, n_groups=None if column is None else int(column.codes.max()) + 1)
    holdout, _ = choose_holdout(objective, y[:n], classes, split)
    n_folds, n_repeats, _ = choose_folds(objective, y[:n], classes, split, holdout)
    problem = Problem(
        objective=objective.name, target=target, classes=classes, metric=metric.name, split=kind, group=group,
        time=None, n_folds=n_folds, n_repeats=n_repeats, holdout=holdout, features=(), n_rows=n, choices=(),
    )  # fmt: skip
    folds = make_folds(problem, y[:n], {} if column is None else {str(group): column}, task.seed)
    truth_groups = np.array([], dtype=np.int64)
    if group is not None:
        truth_groups = np.unique(together[group].to_numpy(str)[n:], return_inverse=True)[1]
    return _Table(x, y, len(classes), task.seed), folds, n, metric.name, truth_groups
