"""Models of other libraries brought to the one engine for trees (`modelwright.runtime.tree_engine`).

A version then needs neither XGBoost nor CatBoost to score, and a row takes microseconds. A compiled model stands in
only where it gives what the library gives, on real and on hostile rows; else the library's own model stays.
"""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

import numpy as np

from modelwright.data.columns import Columns
from modelwright.runtime.plan import Plan
from modelwright.runtime.scorer import Scorer

__all__ = ["COMPILERS", "compile_plan", "compile_scorer"]

COMPILERS: dict[str, str] = {
    "catboost": "modelwright.package.compiling.catboost:compile_scorer",
    "forest": "modelwright.package.compiling.forest:compile_scorer",
    "xgboost": "modelwright.package.compiling.xgboost:compile_scorer",
}
"""By name of the scorer, ``compile_scorer(scorer, n_features) -> Scorer | None``."""

TOLERANCE = 5e-7  # half of what the parity gate allows between plan and library


def compile_scorer(scorer: Scorer, n_features: int) -> Scorer | None:
    """Return the same model for the tree engine, None where there is no way."""
    where = COMPILERS.get(scorer.scorer)
    if where is None:
        return None
    module, _, attribute = where.partition(":")
    return getattr(import_module(module), attribute)(scorer, n_features)


def compile_plan(plan: Plan, rows: Columns) -> Plan:
    """Return the plan with every model compiled that can be and that agrees on ``rows``.

    Parameters
    ----------
    plan : Plan
    rows : Columns
        Canonical rows, hostile ones among them: see `modelwright.package.parity.check_columns`.
    """
    matrices = {key: view(rows).matrix for key, view in plan.views.items()}
    members = []
    for member in plan.members:
        matrix = matrices[member.view]
        compiled = compile_scorer(member.scorer, matrix.shape[1])
        if compiled is not None and _agree(member.scorer.predict(matrix), compiled.predict(matrix)):
            members.append(replace(member, scorer=compiled))
        else:
            members.append(member)
    return replace(plan, members=tuple(members))


def _agree(expected: np.ndarray, got: np.ndarray) -> bool:
    if expected.shape != got.shape or not np.isfinite(got).all():
        return False
    return bool(np.max(np.abs(expected - got) / np.maximum(1.0, np.abs(expected)), initial=0.0) <= TOLERANCE)
