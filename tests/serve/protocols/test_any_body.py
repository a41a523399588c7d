"""Whatever a body holds, a decoder returns what is asked or refuses; it never says a value of the request."""

from __future__ import annotations

import functools
import json
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelwright.errors import RequestError
from modelwright.explain.rows.documents import RowExplanation
from modelwright.serve.exchange import Asked, Request
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import PROTOCOLS, make_protocols

from .conftest import ROWS, TABLE, ask, facts_of, parquet_of, scored_of, stream_of

LIMITS = Limits(rows=50, columns=20, text=200, body_bytes=100_000, table_bytes=200_000)
DECODERS = make_protocols(LIMITS)
FACTS = facts_of()
CANARY = "c4n4ry-of-a-caller"
NAMES = sorted(PROTOCOLS)
EXPLANATION = RowExplanation(
    prediction="yes", outcome_name="the chance of 'yes'", outcome=0.75, typical=0.5, scale="", exact=True, reasons=()
)
TYPES = (
    "application/json", "text/csv", "application/jsonlines", "application/x-parquet",
    "application/vnd.apache.arrow.stream", "application/vnd.apache.arrow.file", "application/octet-stream",
)  # fmt: skip
PIECES = [b"\xff\xff\xff\x7f", b"NaN", b"[[", b"\\ud800", b"1e999", b"\0\0\0\x80"]
MANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def decoded(name: str, request: Request) -> Asked | None:
    """Return what is asked; None where it is refused, in words that hold nothing of the request."""
    try:
        asked = DECODERS[name].decode(request, FACTS)
    except RequestError as error:
        assert CANARY not in str(error)
        assert 400 <= error.status < 500
        assert error.code.startswith("MW-S1")
        return None
    assert (asked.records is None) != (asked.columns is None)
    n_rows = len(asked.records) if asked.records is not None else _length(asked.columns)
    assert 1 <= n_rows <= LIMITS.rows
    scored = scored_of(n_rows)
    scored.explanation = EXPLANATION
    assert DECODERS[name].encode(asked, scored, FACTS, request).status == 200
    return asked


def _length(columns: Any) -> int:
    return columns.num_rows if isinstance(columns, pa.Table) else len(next(iter(columns.values())))


@functools.cache
def valid() -> dict[str, list[tuple[bytes, str]]]:
    """Return bodies that each protocol reads, with their content types."""
    age = {"name": "age", "shape": [2], "datatype": "FP64", "data": [1, 2.5]}
    job = {"name": "job", "shape": [2, 1], "datatype": "BYTES", "data": [["a"], [CANARY]]}
    table = pa.table({"age": [1, 2], "job": pa.array(["a", CANARY]).dictionary_encode()})
    tables = [
        (f"age,job\n1,{CANARY}\n".encode(), "text/csv"),
        (json.dumps({"age": 1, "job": CANARY}).encode(), "application/jsonlines"),
        (parquet_of(table, compression="zstd"), "application/x-parquet"),
        (stream_of(table, compression="lz4"), "application/vnd.apache.arrow.stream"),
        (stream_of(table, file=True), "application/vnd.apache.arrow.file"),
    ]

    def documents(*bodies: Any) -> list[tuple[bytes, str]]:
        return [(json.dumps(body).encode(), "application/json") for body in bodies]

    rows = [*ROWS, {"age": 3, "job": CANARY}]
    split = {"columns": ["age", "job"], "data": [[1, CANARY]]}
    v1 = documents({"instances": rows, "parameters": {"reasons": 1}}, {"instances": [[1, CANARY]]})
    return {
        "own": [*documents({"rows": rows, "reasons": 2}, {"columns": TABLE}, rows[2], {"instances": rows}), *tables],
        "explain": documents(rows[2], {"rows": rows[2:3]}),
        "oip": documents({"id": CANARY, "inputs": [age, job], "outputs": [{"name": "predict"}]}),
        "v1": v1,
        "v1_explain": v1,
        "invocations": [
            *documents({"dataframe_split": split}, {"inputs": TABLE}, {"dataframe_records": rows}),
            *tables,
        ],
    }


@pytest.mark.parametrize("name", NAMES)
def test_valid_bodies_are_read(name: str) -> None:
    for body, kind in valid()[name]:
        assert decoded(name, ask(body, kind)) is not None


@pytest.mark.parametrize("name", NAMES)
@MANY
@given(body=st.binary(max_size=300), kind=st.sampled_from(TYPES))
def test_random_bytes(name: str, body: bytes, kind: str) -> None:
    decoded(name, ask(body, kind, inference_header_content_length=str(len(body) // 2)))


@pytest.mark.parametrize("behind", [b"", b"{\x96", b"e999", b'{"age": 1}'])
def test_a_line_that_begins_with_a_number_without_end_is_refused(behind: bytes) -> None:
    for name in ("own", "invocations"):
        assert decoded(name, ask(b"1e999" + behind, "application/jsonlines")) is None


@pytest.mark.parametrize("name", NAMES)
@MANY
@given(data=st.data())
def test_mutated_bodies(name: str, data: st.DataObject) -> None:
    body, kind = data.draw(st.sampled_from(valid()[name]))
    changed = bytearray(body)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(changed)))
        piece = data.draw(
            st.binary(max_size=4) | st.sampled_from([b"\xff\xff\xff\x7f", b"NaN", b"[[", b"\\ud800", b"1e9"])
        )
        changed[at : at + data.draw(st.integers(0, 8))] = piece
    decoded(name, ask(bytes(changed), kind))


values = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just(CANARY)
keys = st.sampled_from(
    ["rows", "columns", "instances", "inputs", "outputs", "dataframe_split", "dataframe_records", "data", "params",
     "parameters", "interval", "reasons", "probabilities", "name", "shape", "datatype", "age", "job", "features", "id",
     "binary_data_size", CANARY]
)  # fmt: skip
documents = st.recursive(
    values, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4), max_leaves=15
)


@pytest.mark.parametrize("name", NAMES)
@MANY
@given(document=documents, kind=st.sampled_from(["application/json", "application/jsonlines"]))
def test_random_json(name: str, document: Any, kind: str) -> None:
    decoded(name, ask(json.dumps(document).encode(), kind))


@pytest.mark.parametrize("name", NAMES)
@MANY
@given(query=st.dictionaries(st.sampled_from(["interval", "reasons", "probabilities"]), st.text() | st.just(CANARY)))
def test_random_queries(name: str, query: dict[str, str]) -> None:
    body, kind = valid()[name][0]
    decoded(name, ask(body, kind, query))
