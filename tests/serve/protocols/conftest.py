"""Facts of a model, and requests to it."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.serve.exchange import ModelFacts, Request, Scored

COLUMNS = (
    ColumnSpec(name="age", kind=Kind.NUMBER, storage="int64", minimum=18, maximum=90),
    ColumnSpec(name="job", kind=Kind.CATEGORY, levels=("clerk", "nurse"), n_levels=2, nullable=True),
)
ROWS = [{"age": 41, "job": "clerk"}, {"age": 39, "job": None}]
TABLE = {"age": [41, 39], "job": ["clerk", None]}

Ask = Callable[..., Request]


def facts_of(classes: tuple[str, ...] = ("no", "yes"), columns: tuple[ColumnSpec, ...] = COLUMNS) -> ModelFacts:
    return ModelFacts(
        name="bank",
        version="3",
        objective="classify" if classes else "regress",
        classes=classes,
        target="deposit",
        contract=Contract(columns=columns, rows_seen=100),
        example={"age": 41, "job": "clerk"},
    )


def ask(body: Any = b"", kind: str | None = "application/json", query: Mapping[str, str] | None = None, **more: str):
    """Return a request; what is no bytes is written as JSON, and names of headers have ``_`` for ``-``."""
    headers = {name.replace("_", "-"): value for name, value in more.items()}
    if kind is not None:
        headers["content-type"] = kind
    raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
    return Request("POST", "/predict", headers, raw, query or {}, request_id="r-1")


def scored_of(n_rows: int, *, interval: bool = False, sets: bool = False) -> Scored:
    """Return answers of a model of classes, with sets of them where these are asked, or of values with intervals."""
    if interval:
        return Scored(
            {"prediction": [1.5] * n_rows, "low": [1.0] * n_rows, "high": [2.0] * n_rows},
            n_rows,
            reasons=[[{"column": "age", "effect": 0.5}]] * n_rows,
        )
    answers = {"prediction": ["yes"] * n_rows, "probability_no": [0.25] * n_rows, "probability_yes": [0.75] * n_rows}
    if sets:
        answers["set"] = [["no", "yes"] if row % 2 else ["yes"] for row in range(n_rows)]
    return Scored(answers, n_rows, reasons=[[{"column": "age", "effect": 0.5}]] * n_rows)


def stream_of(table: pa.Table, *, file: bool = False, compression: str | None = None) -> bytes:
    sink = pa.BufferOutputStream()
    new = pa.ipc.new_file if file else pa.ipc.new_stream
    with new(sink, table.schema, options=pa.ipc.IpcWriteOptions(compression=compression)) as writer:
        writer.write_table(table)
    return sink.getvalue().to_pybytes()


def parquet_of(table: pa.Table, **options: Any) -> bytes:
    sink = io.BytesIO()
    pq.write_table(table, sink, **options)
    return sink.getvalue()


@pytest.fixture
def facts() -> ModelFacts:
    return facts_of()
