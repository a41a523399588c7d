"""Small projects for the conformance tests: all kinds of columns, fitted learners, intervals around values."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.package.uncertainty import Uncertainty
from modelwright.package.writing import Facts, write_version
from modelwright.project import Project
from modelwright.runtime.calibrators import Sigmoid
from modelwright.runtime.intervals import Intervals
from tests.package.fitting import fitted, table
from tests.package.make_frozen import PROFILE

__all__ = ["ODD", "columns_of", "make_project", "records_of"]

ODD: dict[str, list[Any]] = {
    "area": [None, 1e12, "12.5", -1, None],
    "rooms": [None, 10**9, "3", 2.5, None],
    "job": [None, "astronaut", 7, "", None],
    "garden": [None, True, "no", "perhaps", None],
    "since": [None, "1700-01-01", "2024-02-30", "2090-12-31", None],
    "note": [None, "", "\u2603 snow", "quiet " * 200, None],
}
"""Nulls, levels never seen, texts for numbers, numbers for texts, dates that are none: all within the contract."""


def columns_of(rows: int) -> dict[str, list[Any]]:
    """Return raw columns that training never saw."""
    return table(rows, seed=5)[0]


def records_of(columns: dict[str, list[Any]]) -> list[dict[str, Any]]:
    """Return columns as records."""
    return [dict(zip(columns, values)) for values in zip(*columns.values(), strict=True)]


def make_project(folder: Path, kind: str) -> Path:
    """Return a project whose version 1 is its champion; ``kind`` is ``classes`` or ``values``."""
    project = Project.create(folder)
    plan, _, _ = fitted(("lightgbm", "linear"), 2 if kind == "classes" else 0, iterations=8)
    uncertainty = None
    if kind == "classes":
        plan = replace(plan, calibrator=Sigmoid(1.2, 0.1), threshold=0.45)
    else:
        offsets = np.array([[0.5], [1.0]])
        fit = Intervals(coverages=np.array([0.5, 0.95]), knots=np.array([0.0]), low=-offsets, high=offsets,
                        transform=plan.transform, n=200)  # fmt: skip
        uncertainty = Uncertainty(fitted=fit, note="made up")
    facts = Facts(version=1, target="deposit", metric="rmse", documents={}, rows={"used": 200})
    write_version(folder / "versions" / "1", plan, facts=facts, profile=PROFILE, seed=0, uncertainty=uncertainty)
    project.promote(1)
    return folder
