"""``POST /invocations``, which SageMaker and MLflow share: they are told apart by content type and by keys.

===========================  ==========================================================================================
``application/json``         with one of MLflow's four keys, MLflow's form; else one bare record, or a list of records
``application/jsonlines``    SageMaker: a record, a list of values, or ``{"features": [...]}`` per line
``text/csv``                 SageMaker sends no header, MLflow does. ``text/csv; header=present`` (or ``absent``, RFC
                             4180) says which; else a first line of which most cells are names of columns is a header
Parquet, Arrow               as `/predict` reads them
===========================  ==========================================================================================

The answer to JSON and tables is ``{"predictions": [...]}``, to JSON lines and CSV it is one line per row, unless
``Accept`` asks for something else; but MLflow's client reads JSON alone, so a CSV with a header is answered in JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from modelwright.serve.exchange import JSON, Asked, ModelFacts, Protocol, Reply, Request, Scored
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import mlflow, refusals
from modelwright.serve.protocols.bodies import (
    CSV,
    JSON_LINES,
    Cell,
    body_of,
    columns_by_position,
    csv_columns,
    csv_rows,
    from_instances,
    from_json,
    is_json,
    lines_of,
)
from modelwright.serve.protocols.options import apply_query
from modelwright.serve.protocols.places import told
from modelwright.serve.protocols.replies import json_reply, table_reply, wanted_table
from modelwright.serve.protocols.tables import read_table
from modelwright.serve.protocols.v1 import predictions

__all__ = ["encode", "execution_parameters", "protocol"]

EXPECTED = "rows as JSON, JSON lines or CSV"


class _Features(msgspec.Struct, forbid_unknown_fields=True):
    features: list[Cell]


_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_RECORD = msgspec.json.Decoder(dict[str, Cell])
_ROWS = msgspec.json.Decoder(list[dict[str, Cell] | list[Cell]])
_LINES = msgspec.json.Decoder(dict[str, Cell | list[Cell]] | list[Cell])


def protocol(limits: Limits) -> Protocol:
    """Return the protocol of ``/invocations``."""

    def decode(request: Request, facts: ModelFacts) -> Asked:
        body = body_of(request, limits, EXPECTED, tables=True)
        if is_json(request):
            asked = _from_json(body, facts, limits)
        elif request.content_type == CSV:
            asked = _from_csv(body, request, facts, limits)
        elif request.content_type in JSON_LINES:
            asked = _from_lines(body, request, facts, limits)
        else:
            asked = Asked(columns=read_table(body, request, facts, limits), probabilities=False)
        return apply_query(asked, request.query)

    return Protocol(decode, encode)


def _from_json(body: bytes, facts: ModelFacts, limits: Limits) -> Asked:
    if body.lstrip()[:1] == b"[":
        rows = from_json(_ROWS, body, limits, facts)
        records, columns = from_instances(rows, facts, limits, len(body))
        return Asked(records=records, columns=columns, probabilities=False)
    given = from_json(_KEYS, body, limits, facts)
    if not given or not set(mlflow.FORMS).isdisjoint(given):
        return mlflow.from_document(body, facts, limits)
    record = from_json(_RECORD, body, limits, facts)
    limits.check_records([record], len(body))
    return Asked(records=[record], probabilities=False)


def _from_lines(body: bytes, request: Request, facts: ModelFacts, limits: Limits) -> Asked:
    lines = lines_of(_LINES, body, limits, facts)
    rows = [_features(number, line, facts) for number, line in enumerate(lines)]
    records, columns = from_instances(rows, facts, limits, len(body))
    kind = request.content_type
    return Asked(records=records, columns=columns, probabilities=True, extra=kind)


def _features(number: int, line: Any, facts: ModelFacts) -> Any:
    """Return the values of ``{"features": [...]}``, else the line; a list anywhere else is none of a row's values."""
    if isinstance(line, dict):
        if len(line) == 1 and isinstance(line.get("features"), list):
            return line["features"]
        for name, value in line.items():
            if isinstance(value, list):
                raise refusals.no_scalar(told(number, name, facts.contract.names))
    return line


def _from_csv(body: bytes, request: Request, facts: ModelFacts, limits: Limits) -> Asked:
    rows = csv_rows(body, limits)
    if _has_header(rows, request, facts):
        return Asked(columns=csv_columns(rows, facts, limits, len(body)), probabilities=False)
    columns = columns_by_position(rows, facts, limits, len(body))
    return Asked(columns=columns, probabilities=False, extra=CSV)


def _has_header(rows: Sequence[Sequence[str]], request: Request, facts: ModelFacts) -> bool:
    parameters = request.headers.get("content-type", "").lower().replace(" ", "")
    if "header=present" in parameters:
        return True
    if "header=absent" in parameters or not rows:
        return False
    names = set(facts.contract.names)
    return 2 * sum(cell in names for cell in rows[0]) > len(rows[0])


def encode(asked: Asked, scored: Scored, facts: ModelFacts, request: Request) -> Reply:
    """Return the predictions in the form that ``Accept`` names, else in the one that the rows came in."""
    table = wanted_table(request)
    accept = request.headers.get("accept", "*/*")
    if table is None and asked.extra and not accept.startswith(JSON):
        table = asked.extra
    if table is not None:
        return table_reply(table, asked, scored, facts, header=asked.extra != CSV)
    return json_reply({"predictions": predictions(asked, scored, facts)})


def execution_parameters(limits: Limits, concurrency: int) -> dict[str, Any]:
    """Return the answer of ``GET /execution-parameters``, by which batch transform chooses the size of its requests.

    Parameters
    ----------
    concurrency : int
        Requests that are scored at the same time.
    """
    most = max(1, min(limits.body_bytes // 2**20, 100))
    return {"MaxConcurrentTransforms": concurrency, "BatchStrategy": "MULTI_RECORD", "MaxPayloadInMB": most}
