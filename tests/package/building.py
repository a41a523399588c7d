"""Small plans for the tests, made by hand from real operations and scorers."""

from __future__ import annotations

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import ColumnProfile, Profile
from modelwright.runtime.calibrators import Sigmoid
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.ops.numbers import Numbers
from modelwright.runtime.plan import Plan, PlanMember
from modelwright.runtime.scorers.constant import ConstantScorer
from modelwright.runtime.scorers.linear import LinearScorer
from modelwright.runtime.scorers.scaling import Scaling
from modelwright.runtime.transform import IDENTITY, TargetTransform
from modelwright.runtime.views import ViewPlan

CONTRACT = Contract(
    columns=(
        ColumnSpec(name="age", kind=Kind.NUMBER, minimum=18.0, maximum=90.0, nullable=True, n_levels=70),
        ColumnSpec(name="balance", kind=Kind.NUMBER, minimum=-500.5, maximum=90000.25, n_levels=900),
        ColumnSpec(name="job", kind=Kind.CATEGORY, levels=("admin", "student", "retired"), n_levels=3, nullable=True),
    ),
    rows_seen=1000,
)
PROFILE = Profile(
    n_rows=1000,
    columns=(
        ColumnProfile(
            name="age",
            kind="number",
            n_missing=3,
            n_distinct=70,
            minimum=18.0,
            maximum=90.0,
            quantiles=(18.0, 21.0, 33.0, 39.0, 48.0, 62.0, 90.0),
        ),
        ColumnProfile(name="balance", kind="number", n_missing=0, n_distinct=900),
        ColumnProfile(name="job", kind="category", n_missing=1, n_distinct=3, top=(("admin", 700),)),
        ColumnProfile(name="deposit", kind="boolean", n_missing=0, n_distinct=2),
        ColumnProfile(name="secret", kind="category", n_missing=0, n_distinct=2, top=(("dropped column", 9),)),
    ),
)


def numbers_view() -> ViewPlan:
    return ViewPlan((Numbers(inputs=("age", "balance"), names=("age", "balance")),))


def mixed_view() -> ViewPlan:
    table = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1], [0, 0, 0], [0.5, 0.5, 0.5]])
    job = Lookup(
        inputs=("job",),
        names=("job=admin", "job=student", "job=retired"),
        levels=("admin", "student", "retired"),
        table=table,
    )
    return ViewPlan((Numbers(inputs=("age",), names=("age",)), job))


def linear(width: int, n_classes: int, seed: int = 0) -> LinearScorer:
    rng = np.random.default_rng(seed)
    logits = n_classes if n_classes > 2 else 1
    scaling = Scaling(rng.normal(40, 5, width), np.full(width, 0.05))
    return LinearScorer(scaling, rng.normal(size=(width, logits)), rng.normal(size=logits), n_classes)


def classifier(**changes: object) -> Plan:
    members = (
        PlanMember(name="linear/a", view="numbers", scorer=linear(2, 2), weight=0.5),
        PlanMember(name="linear/b", view="mixed", scorer=linear(4, 2, 1), weight=0.3),
        PlanMember(name="constant", view="mixed", scorer=ConstantScorer(np.array([0.7, 0.3]), 2), weight=0.2),
    )
    facts: dict = {
        "contract": CONTRACT,
        "objective": "classify",
        "classes": ("no", "yes"),
        "views": {"numbers": numbers_view(), "mixed": mixed_view()},
        "members": members,
        "calibrator": Sigmoid(1.25, -0.5),
        "threshold": 0.4,
    }
    return Plan(**{**facts, **changes})


def regressor(transform: TargetTransform = IDENTITY, **changes: object) -> Plan:
    members = (
        PlanMember(name="linear@0", view="numbers", scorer=linear(2, 0), weight=0.25),
        PlanMember(name="linear@1", view="mixed", scorer=linear(4, 0, 1), weight=0.75),
    )
    facts: dict = {
        "contract": CONTRACT,
        "objective": "regress",
        "classes": (),
        "views": {"numbers": numbers_view(), "mixed": mixed_view()},
        "members": members,
        "transform": transform,
    }
    return Plan(**{**facts, **changes})


def some_columns(rows: int, seed: int = 0) -> Columns:
    """Canonical rows, with missing values and a level never seen."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 12, rows)
    age[rng.random(rows) < 0.1] = np.nan
    job = rng.choice(np.array(["admin", "student", "retired", "new", None], object), rows)
    return {"age": age, "balance": rng.normal(1000, 900, rows), "job": Strings.from_values(job.tolist())}


def raw_rows(rows: int, seed: int = 0) -> dict[str, list]:
    """The same kind of rows as a request has them."""
    columns = some_columns(rows, seed)
    job = columns["job"]
    assert isinstance(job, Strings)
    return {
        "age": [None if np.isnan(v) else round(float(v)) for v in columns["age"]],
        "balance": [round(float(v), 2) for v in columns["balance"]],
        "job": [None if v in (None, "new") else v for v in job.to_object()],
    }
