"""Rows drawn from a set, and what a cheap model predicts of them: out of fold, and refitted on rows held out.

The model is boosted trees on columns as numbers, fitted as the product fits its candidates: on every fold, then on all
rows. So many draws cost little, and a deviation of two hundredths of coverage means something; whole jobs are measured
by `benchmarks/intervals.py`.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

sys.path.insert(0, str(Path(__file__).parents[1] / "judgement"))
from tables import BASES, Entry, load

__all__ = ["CLASSES", "GROUPED", "VALUES", "Draw", "draw"]

CLASSES = ("adult", "telco_churn", "german_credit", "wine_quality", "nursery", "bank_marketing")
VALUES = ("california_housing", "diamonds", "abalone", "bike_sharing_hourly", "insurance_charges", "cps_wages_1988")
GROUPED = {
    "adult": "sex",
    "telco_churn": "Contract",
    "german_credit": "sex",
    "wine_quality": "",
    "nursery": "social",
    "bank_marketing": "marital",
    "california_housing": "ocean_proximity",
    "diamonds": "cut",
    "abalone": "Sex",
    "bike_sharing_hourly": "season",
    "insurance_charges": "smoker",
    "cps_wages_1988": "region",
}
"""A column whose groups are looked at by themselves."""

OF_CLASSES = {"wine_quality"}
"""Numbers that are taken as classes; the rare ones are made one with their neighbours."""

FOLDS, TREES, LEAVES = 5, 60, 15
MOST_HELD = 3_000


@dataclass(frozen=True, eq=False)
class Draw:
    """True values or class numbers, predictions ``(n_rows, n_outputs)`` and groups, out of fold and held out."""

    n_classes: int
    y: np.ndarray
    oof: np.ndarray
    group: np.ndarray
    held_y: np.ndarray
    held: np.ndarray
    held_group: np.ndarray


def draw(entry: Entry, rows: int, seed: int) -> Draw:
    """Return a draw of ``rows`` rows for training, and as many as there are for measuring."""
    frame = _read(entry)
    frame = frame.iloc[np.random.default_rng(seed).permutation(len(frame))[: rows + MOST_HELD]].reset_index(drop=True)
    rows = min(rows, len(frame) // 2)
    y, n_classes = _target(frame[entry.target], entry.name)
    names = [n for n in frame if n != entry.target]
    x = np.column_stack([_numbers(frame[n]) for n in names])
    column = GROUPED.get(entry.name, "")
    group = frame[column].to_numpy(object) if column in frame else np.full(len(frame), "", object)
    train, held = np.arange(rows), np.arange(rows, len(frame))
    oof = np.empty((rows, n_classes or 1))
    folds = np.random.default_rng([seed, 1]).permutation(rows) % FOLDS
    for fold in range(FOLDS):
        out = folds == fold
        oof[out] = _predicted(x[train][~out], y[train][~out], x[train][out], n_classes, seed)
    return Draw(
        n_classes=n_classes,
        y=y[train],
        oof=oof,
        group=group[train],
        held_y=y[held],
        held=_predicted(x[train], y[train], x[held], n_classes, seed),
        held_group=group[held],
    )


@lru_cache(maxsize=1)
def _read(entry: Entry) -> pd.DataFrame:
    frame = load(entry, most_rows=20_000, without=BASES.get(entry.name, ()))
    return frame[frame[entry.target].str.strip() != ""]


def _target(column: pd.Series, name: str) -> tuple[np.ndarray, int]:
    if name in VALUES:
        return pd.to_numeric(column).to_numpy(float), 0
    if name in OF_CLASSES:
        column = pd.to_numeric(column).clip(5, 7).astype(str)
    counts = column.value_counts()
    levels = list(counts.index[counts >= 0.01 * len(column)])
    codes = column.map({v: i for i, v in enumerate(levels)}).fillna(0)
    return codes.to_numpy(float), len(levels)


def _numbers(column: pd.Series) -> np.ndarray:
    values = pd.to_numeric(column, errors="coerce")
    if values.isna().mean() > 0.5:
        values = column.map({v: i for i, v in enumerate(column.value_counts().index)}).clip(upper=50)
    return values.to_numpy(float)


def _predicted(x: np.ndarray, y: np.ndarray, new: np.ndarray, n_classes: int, seed: int) -> np.ndarray:
    from lightgbm import LGBMClassifier, LGBMRegressor

    settings: dict[str, Any] = {
        "n_estimators": TREES if n_classes <= 2 else TREES // 2,
        "num_leaves": LEAVES,
        "min_child_samples": 10,
        "learning_rate": 0.1,
        "n_jobs": 1,
        "verbosity": -1,
        "random_state": seed,
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if not n_classes:
            return LGBMRegressor(**settings).fit(x, y).predict(new).reshape(-1, 1)
        model = LGBMClassifier(**settings).fit(x, y.astype(int))
        found = np.full((len(new), n_classes), 1e-6)
        found[:, model.classes_] = np.maximum(model.predict_proba(new), 1e-6)
    return found / found.sum(axis=1, keepdims=True)
