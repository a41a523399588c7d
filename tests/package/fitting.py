"""Plans fitted by the real features and learners on a small table made up here."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from modelwright import learners
from modelwright.data.canonical import canonicalise
from modelwright.data.columns import Columns, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.features.views import fit_view
from modelwright.learners.base import Deadline, FitContext
from modelwright.package.parity import check_columns
from modelwright.runtime import Plan, PlanMember, TargetTransform, ViewPlan
from modelwright.runtime.view import View

LEVELS = ("clerk", "cook", "driver", "nurse", "pilot")
DAY_FIRST, DAY_LAST = 1.6e9, 1.7e9
TABLE = Contract(
    columns=(
        ColumnSpec(name="area", kind=Kind.NUMBER, storage="double", minimum=10.0, maximum=300.0, nullable=True),
        ColumnSpec(name="rooms", kind=Kind.NUMBER, storage="int64", minimum=1.0, maximum=9.0),
        ColumnSpec(name="job", kind=Kind.CATEGORY, levels=LEVELS, n_levels=5, nullable=True),
        ColumnSpec(name="garden", kind=Kind.BOOLEAN, true_tokens=("yes",), false_tokens=("no",)),
        ColumnSpec(
            name="since", kind=Kind.DATETIME, formats=("%Y-%m-%d",), minimum=DAY_FIRST, maximum=DAY_LAST, nullable=True
        ),
        ColumnSpec(name="note", kind=Kind.TEXT, nullable=True),
    ),
    rows_seen=400,
)
WORDS = np.array(["bright", "quiet", "old", "new", "near", "far", "train", "park", "noise", "lift"], object)


def table(rows: int, seed: int = 0) -> tuple[dict[str, list], np.ndarray]:
    """Return raw rows and a signal that depends on them."""
    rng = np.random.default_rng(seed)
    area = rng.uniform(10, 300, rows)
    rooms = rng.integers(1, 10, rows)
    job = rng.integers(0, len(LEVELS), rows)
    garden = rng.integers(0, 2, rows)
    days = rng.integers(0, 1000, rows)
    signal = area / 100 + 0.3 * rooms + np.array([0, 1, -1, 0.5, 2])[job] + garden + rng.normal(0, 0.5, rows)
    gaps = rng.random(rows) < 0.1
    raw = {
        "area": [None if g else round(float(a), 2) for a, g in zip(area, gaps)],
        "rooms": rooms.tolist(),
        "job": [None if g else LEVELS[j] for j, g in zip(job, rng.random(rows) < 0.1)],
        "garden": ["yes" if g else "no" for g in garden],
        "since": [str(np.datetime64("2021-01-01") + int(d)) for d in days],
        "note": [" ".join(rng.choice(WORDS, 4)) if s > 2 else "plain " + rng.choice(WORDS) for s in signal],
    }
    return raw, signal


def target(signal: np.ndarray, n_classes: int) -> np.ndarray:
    if not n_classes:
        return signal + 3.0
    edges = np.quantile(signal, np.linspace(0, 1, n_classes + 1)[1:-1])
    return np.searchsorted(edges, signal).astype(np.float64)


@cache
def rows_of(rows: int) -> Columns:
    return canonicalise(table(rows)[0], TABLE, required=TABLE.names)[0]


@cache
def view_of(key: str, rows: int, n_classes: int, transform: str) -> tuple[ViewPlan, View]:
    """Fitting texts takes most of the time of these tests: once is enough."""
    y = TargetTransform(name=transform).forward(target(table(rows)[1], n_classes))
    objective = "classify" if n_classes else "regress"
    return fit_view(key, rows_of(rows), TABLE, y, objective=objective, n_classes=n_classes, seed=0)


def fitted(
    names: Sequence[str],
    n_classes: int,
    *,
    rows: int = 200,
    transform: str = "identity",
    iterations: int = 12,
    view: str | None = None,
) -> tuple[Plan, Columns, dict[str, np.ndarray]]:
    """Return a plan of one model per learner, rows to check it on, and what the libraries predict on those."""
    _, signal = table(rows)
    columns = rows_of(rows)
    back = TargetTransform(name=transform, low=0.0 if transform == "log1p" else None)
    y = back.forward(target(signal, n_classes))
    objective = "classify" if n_classes else "regress"
    checks = check_columns(take(columns, np.arange(60)), TABLE)
    context = FitContext(
        objective=objective, n_classes=n_classes, metric="rmse", seed=0, threads=1, deadline=Deadline()
    )
    views: dict[str, ViewPlan] = {}
    members, native = [], {}
    for name in names:
        learner = learners.get(name)
        key = view or learner.card.view
        views[key], train = view_of(key, rows, n_classes, transform)
        settings = learner.portfolio(n_rows=rows, n_features=len(train.names), n_classes=n_classes)[0]
        made = learner.fit(train, y, settings, context, iterations=iterations)
        native[name] = learner.native_predict(made.native, views[key](checks).matrix)
        members.append(PlanMember(name=name, view=key, scorer=made.scorer, weight=1 / len(names)))
    used = {name for view in views.values() for name in view.inputs}
    plan = Plan(
        contract=TABLE.only(used),
        objective=objective,
        classes=tuple("abcde"[:n_classes]),
        views=views,
        members=tuple(members),
        transform=back,
        threshold=0.5 if n_classes == 2 else None,
    )
    return plan, checks, native
