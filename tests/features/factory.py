"""Canonical columns and contracts made by hand."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind


def table(**columns: tuple[Kind, Sequence]) -> tuple[Columns, Contract]:
    """Return canonical columns and their contract from ``name=(kind, values)``; None is missing."""
    made: dict[str, Column] = {}
    specs = []
    for name, (kind, values) in columns.items():
        if kind.numeric:
            made[name] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
        else:
            made[name] = Strings.from_values(values)
        specs.append(ColumnSpec(name=name, kind=kind))
    return made, Contract(columns=tuple(specs), rows_seen=len(next(iter(columns.values()))[1]))


def mixed(n: int, seed: int = 0) -> tuple[Columns, Contract, np.ndarray]:
    """Return a table with a column of every kind, some values missing, and a noisy binary target."""
    rng = np.random.default_rng(seed)
    age = rng.normal(40, 12, n).round()
    income = np.exp(rng.normal(8, 1, n))
    income[rng.random(n) < 0.1] = np.nan
    job = rng.choice(["clerk", "student", "retired"], n, p=[0.6, 0.3, 0.1])
    zips = rng.integers(0, 60, n)
    day = 1.6e9 + rng.integers(0, 400, n) * 86_400.0 + rng.integers(0, 24, n) * 3_600.0
    words = np.array(["good", "bad", "fine", "ugly", "slow", "quick"])
    likes = rng.random(n) < 0.5
    notes = [" ".join(rng.choice(words[:3] if g else words[2:], 4)) for g in likes]
    logit = (age - 40) / 12 + (job == "student") + (zips % 7 - 3) / 2 + likes
    y = (logit + rng.logistic(size=n) > 0.5).astype(np.float64)
    columns, contract = table(
        age=(Kind.NUMBER, age),
        income=(Kind.NUMBER, income),
        member=(Kind.BOOLEAN, [None if r < 0.05 else float(r < 0.5) for r in rng.random(n)]),
        stay=(Kind.DURATION, rng.exponential(3_600, n)),
        lat=(Kind.GEO, rng.uniform(40, 41, n)),
        lon=(Kind.GEO, rng.uniform(-74, -73, n)),
        job=(Kind.CATEGORY, [None if r < 0.05 else j for j, r in zip(job, rng.random(n))]),
        zip=(Kind.CATEGORY, [f"z{z}" for z in zips]),
        pickup=(Kind.DATETIME, [None if r < 0.02 else d for d, r in zip(day, rng.random(n))]),
        note=(Kind.TEXT, [None if r < 0.05 else t for t, r in zip(notes, rng.random(n))]),
        key=(Kind.ID, [f"id{i}" for i in range(n)]),
        same=(Kind.CONSTANT, ["x"] * n),
    )
    return columns, contract, y
