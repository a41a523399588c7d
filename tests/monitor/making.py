"""A small version with a reference, made at once: a linear model of a process whose truth is known."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import make_profile
from modelwright.package.bundle import Version, open_version
from modelwright.package.reference.documents import Reference
from modelwright.package.reference.fitting import Judged, fit_reference
from modelwright.package.writing import Facts, write_version
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.ops.numbers import Numbers
from modelwright.runtime.plan import Plan, PlanMember
from modelwright.runtime.scorers.linear import LinearScorer
from modelwright.runtime.scorers.scaling import Scaling
from modelwright.runtime.views import ViewPlan

LEVELS = ("shop", "web", "phone")
WEIGHTS = np.array([1.2, -0.8, 0.0, 0.9, 0.0, -0.9])  # income, age, noise, shop, web, phone
USE = {"income": 0.5, "age": 0.3, "channel": 0.2, "noise": 0.0}
CONTRACT = Contract(
    columns=(
        ColumnSpec(name="income", kind=Kind.NUMBER, nullable=True, n_levels=900),
        ColumnSpec(name="age", kind=Kind.NUMBER, n_levels=70),
        ColumnSpec(name="noise", kind=Kind.NUMBER, n_levels=900),
        ColumnSpec(name="channel", kind=Kind.CATEGORY, levels=LEVELS, n_levels=3),
    ),
    rows_seen=4000,
)
TARGET = ColumnSpec(name="bought", kind=Kind.CATEGORY, levels=("no", "yes"), n_levels=2)


def rows(n: int, seed: int, *, income: float = 0.0, spread: float = 1.0, noise: float = 0.0) -> Columns:
    """Rows of the process; ``income`` shifts that column, ``noise`` one that the model does not use."""
    rng = np.random.default_rng(seed)
    shared = rng.normal(size=n)
    return {
        "income": np.exp(3 + 0.4 * (income + spread * (0.6 * shared + 0.8 * rng.normal(size=n)))),
        "age": np.round(45 + 10 * (0.6 * shared + 0.8 * rng.normal(size=n))),
        "noise": noise + rng.normal(size=n),
        "channel": Strings.from_values(rng.choice(LEVELS, n, p=(0.5, 0.3, 0.2)).tolist()),
    }


def signal(columns: Columns) -> np.ndarray:
    """What the target depends on."""
    channel = columns["channel"]
    assert isinstance(channel, Strings)
    texts = channel.to_object()
    with np.errstate(divide="ignore", invalid="ignore"):
        income = np.nan_to_num((np.log(columns["income"]) - 3) / 0.4)
    features = [income, (columns["age"] - 45) / 10, columns["noise"], *((texts == level) * 1.0 for level in LEVELS)]
    return np.column_stack(features) @ WEIGHTS


def outcomes(columns: Columns, seed: int, *, classify: bool = True, turned: float = 1.0) -> np.ndarray:
    """What comes true; ``turned`` other than 1 changes what it depends on."""
    rng = np.random.default_rng(seed + 10_000)
    if classify:
        return (rng.random(len(columns["age"])) < 1 / (1 + np.exp(-turned * signal(columns)))).astype(np.float64)
    return 50 + 10 * turned * signal(columns) + 5 * rng.normal(size=len(columns["age"]))


def plan(*, classify: bool) -> Plan:
    """The model: as good as the process allows, in the logarithm of the income that it cannot quite see."""
    train = rows(20_000, 99)
    features = np.column_stack(
        [train["income"], train["age"], train["noise"], *((train["channel"].to_object() == v) * 1.0 for v in LEVELS)]
    )
    middle, scale = features.mean(axis=0), features.std(axis=0)
    y = signal(train)
    design = np.column_stack([(features - middle) / scale, np.ones(len(y))])
    fitted = np.linalg.lstsq(design, y if classify else 50 + 10 * y, rcond=None)[0]
    scorer = LinearScorer(Scaling(middle, 1 / scale), fitted[:-1, None], fitted[-1:], 2 if classify else 0)
    lookup = Lookup(
        inputs=("channel",),
        names=tuple(f"channel={v}" for v in LEVELS),
        levels=LEVELS,
        table=np.vstack([np.eye(3), np.zeros((2, 3))]),
    )
    view = ViewPlan((Numbers(inputs=("income", "age", "noise"), names=("income", "age", "noise")), lookup))
    return Plan(
        contract=CONTRACT,
        objective="classify" if classify else "regress",
        classes=("no", "yes") if classify else (),
        views={"all": view},
        members=(PlanMember(name="linear", view="all", scorer=scorer, weight=1.0),),
    )


def reference_of(made: Plan, *, n: int = 4000, seed: int = 0, ordered: bool = True) -> Reference:
    """The reference of the model over rows of the process."""
    train, classify = rows(n, seed), bool(made.classes)
    judged = Judged(rows=np.arange(n), y=outcomes(train, seed, classify=classify), prediction=made.predict(train))
    return fit_reference(
        train,
        made.contract,
        judged=judged,
        metric="roc_auc" if classify else "rmse",
        classes=made.classes,
        use=USE,
        order=np.arange(n) if ordered else None,
        protected=("channel",),
    )


def version(folder: Path, *, classify: bool = True, n: int = 4000, with_reference: bool = True) -> Version:
    """A version in a folder."""
    made = plan(classify=classify)
    train = rows(n, 0)
    target = Strings.from_values(["yes" if v else "no" for v in outcomes(train, 0)])
    profile = make_profile({**train, "bought": target}, Contract(columns=(*CONTRACT.columns, TARGET), rows_seen=n))
    write_version(
        folder,
        made,
        facts=Facts(
            version=1, target="bought", metric="roc_auc" if classify else "rmse", documents={}, rows={"used": n}
        ),
        profile=profile,
        seed=0,
        reference=reference_of(made, n=n) if with_reference else None,
    )
    return open_version(folder)
