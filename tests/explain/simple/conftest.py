"""Rows whose truth is known, with everything that a table has: gaps, levels, booleans, moments."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.explain.simple.rows import Fit, link_of

KINDS = {
    "age": Kind.NUMBER,
    "income": Kind.NUMBER,
    "member": Kind.BOOLEAN,
    "since": Kind.DATETIME,
    "region": Kind.CATEGORY,
    "shop": Kind.CATEGORY,
    "noise": Kind.NUMBER,
    "remark": Kind.TEXT,
}
CONTRACT = Contract(columns=tuple(ColumnSpec(name=n, kind=k) for n, k in KINDS.items()), rows_seen=1)
TARGETS = ("binary", "classes", "value", "amount")


def columns_of(n: int, rng: np.random.Generator) -> dict:
    age, income = rng.integers(18, 80, n).astype(float), rng.lognormal(10, 0.5, n)
    income[rng.random(n) < 0.1] = np.nan
    region = np.array(rng.choice(["north", "south", "o'east", 'we"st'], n), dtype=object)
    region[rng.random(n) < 0.05] = None
    return {
        "age": age,
        "income": income,
        "member": rng.integers(0, 2, n).astype(float),
        "since": 1.4e9 + rng.integers(0, 3000, n) * 86_400.0,
        "region": Strings.from_values(region),
        "shop": Strings.from_values(f"shop {i}" for i in rng.integers(0, 40, n)),
        "noise": rng.normal(size=n),
        "remark": Strings.from_values(f"text {i}" for i in range(n)),
    }


def signal_of(columns: dict) -> np.ndarray:
    south = columns["region"].recode({"south": 1}, 0) == 1
    late = (columns["since"] - 1.4e9) / (3000 * 86_400.0)
    poor = np.isnan(columns["income"]) * 1.5
    return (columns["age"] > 40) * 1.5 + south * 1.2 + columns["member"] + 1.0 * late + poor - 2.5


def made(target: str, n: int = 1200, seed: int = 0) -> Fit:
    rng = np.random.default_rng(seed)
    columns = columns_of(n, rng)
    signal = signal_of(columns)
    classes: tuple[str, ...] = ()
    if target == "binary":
        classes, y = ("no", "it's yes"), (rng.random(n) < 1 / (1 + np.exp(-2 * signal))).astype(float)
    elif target == "classes":
        classes = ("low", "middle", "high")
        y = np.digitize(signal + rng.normal(0, 0.4, n), [-0.7, 0.7]).astype(float)
    elif target == "value":
        y = 1000 + 300 * signal + rng.normal(0, 100, n)
    else:
        y = rng.poisson(np.exp(1.0 + 0.6 * signal)).astype(float)
    return Fit(columns, y, CONTRACT, classes, "t", link_of(classes, amount=target == "amount"))


@pytest.fixture(params=TARGETS)
def fit(request) -> Fit:
    return made(request.param)
