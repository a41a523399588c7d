"""Contexts made by hand from small frames, so that rules are tested apart from reading and inference."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import AuditContext
from modelwright.brief import Brief
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import Profile

MakeContext = Callable[..., AuditContext]


def _column(series: pd.Series) -> tuple[Column, Kind]:
    if pd.api.types.is_bool_dtype(series):
        return series.to_numpy(dtype=np.float64), Kind.BOOLEAN
    if pd.api.types.is_datetime64_any_dtype(series):
        seconds = (series - pd.Timestamp(0)) / pd.Timedelta(seconds=1)
        return seconds.to_numpy(dtype=np.float64), Kind.DATETIME
    if pd.api.types.is_numeric_dtype(series):
        return series.to_numpy(dtype=np.float64), Kind.NUMBER
    values = [None if pd.isna(v) else str(v) for v in series]
    present = [v for v in values if v is not None]
    if present and len(set(present)) > 0.9 * len(present) and len(present) >= 20:
        kind = Kind.TEXT if any(" " in v for v in present) else Kind.ID
    else:
        kind = Kind.CATEGORY
    return Strings.from_values(values), kind


def _columns(frame: pd.DataFrame) -> tuple[Columns, dict[str, Kind]]:
    made = {str(name): _column(frame[name]) for name in frame.columns}
    return {n: c for n, (c, _) in made.items()}, {n: k for n, (_, k) in made.items()}


def _target(series: pd.Series, classify: bool) -> tuple[np.ndarray, tuple[str, ...]]:
    if not classify:
        return series.to_numpy(dtype=np.float64), ()
    classes = sorted({str(v) for v in series.dropna()})
    index = {c: float(i) for i, c in enumerate(classes)}
    return np.array([np.nan if pd.isna(v) else index[str(v)] for v in series]), tuple(classes)


def context_of(
    frame: pd.DataFrame,
    target: str | None = None,
    *,
    classify: bool | None = None,
    test: pd.DataFrame | None = None,
    kinds: Mapping[str, Kind] | None = None,
    specs: Mapping[str, Mapping[str, Any]] | None = None,
    n_rows: int | None = None,
    **brief: Any,
) -> AuditContext:
    """Return a context of the frame; texts and few-valued targets are classes unless ``classify`` says otherwise."""
    columns, found = _columns(frame)
    found.update(kinds or {})
    y, classes = None, ()
    if target is not None:
        if classify is None:
            classify = not pd.api.types.is_numeric_dtype(frame[target]) or frame[target].nunique() <= 2
        y, classes = _target(frame[target], classify)
    contract = Contract(
        columns=tuple(
            ColumnSpec(name=n, kind=k, n_levels=frame[n].nunique(), **(specs or {}).get(n, {}))
            for n, k in found.items()
        ),
        rows_seen=len(frame),
    )
    raw = {
        str(n): np.array([None if pd.isna(v) else str(v) for v in frame[n]], dtype=object)
        for n in frame.columns
        if not pd.api.types.is_numeric_dtype(frame[n]) and not pd.api.types.is_datetime64_any_dtype(frame[n])
    }
    return AuditContext(
        brief=Brief().merged(target=target, **brief),
        contract=contract,
        profile=Profile(n_rows=len(frame), columns=()),
        columns=columns,
        raw=raw,
        target=target,
        y=y,
        classes=classes,
        test=None if test is None else _columns(test)[0],
        row_numbers=np.arange(len(frame)),
        n_rows=n_rows or len(frame),
        rng=np.random.default_rng(0),
    )


@pytest.fixture
def make() -> MakeContext:
    """The factory of contexts."""
    return context_of


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)
