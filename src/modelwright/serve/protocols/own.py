"""Our own protocol, ``POST /predict``: records or columns in, predictions with what was asked for beside them out.

A body is one of::

    {"rows": [{"age": 41, "job": "clerk"}, ...], "probabilities": true, "reasons": 3}
    {"columns": {"age": [41, 39], "job": ["clerk", null]}, "interval": 0.9}
    {"instances": [{...}, ...]}          or lists of values in the order of the contract
    {"age": 41, "job": "clerk"}          one bare record

or CSV with a header, JSON lines, an Arrow stream or file, Parquet. Options may stand in the query in any case.

How a bare record is told apart: all its values are single values. So a column that is called ``rows`` does no harm:
``{"rows": 5, "age": 41}`` is a record, ``{"rows": [...]}`` is none. Every key of a bare record is a column; its
options stand in the query.
"""

from __future__ import annotations

from typing import Any

import msgspec

from modelwright.serve.exchange import Asked, ModelFacts, Protocol, Reply, Request, Scored
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.bodies import Cell, body_of, check_crowd, from_instances, from_json, is_json
from modelwright.serve.protocols.options import apply, apply_query
from modelwright.serve.protocols.repeated import check_repeated
from modelwright.serve.protocols.replies import answer_rows, json_reply, table_reply, wanted_table
from modelwright.serve.protocols.tables import read_table

__all__ = ["FORMS", "decoder", "encode", "from_body", "notes_of", "protocol"]

FORMS = ("rows", "columns", "instances")
EXPECTED = 'one record {"column": value, ...}, {"rows": [...]}, {"columns": {...}} or {"instances": [...]}'

MOST_NOTES = 50
LONGEST_NAME = 200  # characters: a name that no column has comes from the request, and may be as long as its body


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    rows: list[dict[str, Cell]] | None = None
    columns: dict[str, list[Cell]] | None = None
    instances: list[dict[str, Cell] | list[Cell] | Cell] | None = None
    probabilities: bool | None = None
    interval: float | None = None
    reasons: int | float | None = None
    abstain: float | None = None
    unusual: bool | None = None


_RECORD = msgspec.json.Decoder(dict[str, Cell])
_BODY = msgspec.json.Decoder(_Body)
_KEYS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_FORMS = frozenset(FORMS)
_OTHERS = frozenset({"dataframe_split", "dataframe_records", "inputs"})


def protocol(limits: Limits) -> Protocol:
    """Return the protocol of ``/predict`` and of ``/score``."""
    return Protocol(decoder(limits), encode)


def decoder(limits: Limits) -> Any:
    """Return ``decode(request, facts) -> Asked`` under the limits."""

    def decode(request: Request, facts: ModelFacts) -> Asked:
        body = body_of(request, limits, tables=True)
        if is_json(request):
            asked = from_body(body, facts, limits)
        else:
            asked = Asked(columns=read_table(body, request, facts, limits))
        return apply_query(asked, request.query) if request.query else asked

    return decode


def from_body(body: bytes, facts: ModelFacts, limits: Limits) -> Asked:
    """Return what a body of JSON asks; raises RequestError where it is none of the forms."""
    check_crowd(body, limits, facts)
    try:
        record = _RECORD.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return _from_document(body, facts, limits)
    check_repeated(body, record, facts.contract.names)
    if not record:
        raise refusals.wrong_shape("it is an empty object", f"send {EXPECTED}")
    if not _FORMS.isdisjoint(record) and _FORMS.isdisjoint(set(facts.contract.names) & set(record)):
        raise refusals.wrong_shape("'rows' and 'instances' are lists, 'columns' is an object", f"send {EXPECTED}")
    records = [record]
    limits.check_records(records, len(body))
    return Asked(records=records)


def _from_document(body: bytes, facts: ModelFacts, limits: Limits) -> Asked:
    """Return what a body asks that is no bare record; a broken one is told of as what it was meant to be."""
    if body.lstrip().startswith(b"["):
        raise refusals.wrong_shape("it is a list", f"send {EXPECTED}")
    try:
        given = _BODY.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        parts = from_json(_KEYS, body, limits, facts)
        _check_record(parts, facts)
        meant: Any = _RECORD if _FORMS.isdisjoint(parts) else _BODY
        given = from_json(meant, body, limits, facts)
    check_repeated(body, given, facts.contract.names)
    if sum(form is not None for form in (given.rows, given.columns, given.instances)) != 1:
        raise refusals.wrong_shape("it has none or several of 'rows', 'columns', 'instances'", f"send {EXPECTED}")
    asked = Asked()
    if given.rows is not None:
        limits.check_records(given.rows, len(body))
        asked.records = given.rows
    elif given.columns is not None:
        limits.check_table(given.columns, len(body))
        asked.columns = given.columns
    else:
        asked.records, asked.columns = from_instances(given.instances or [], facts, limits, len(body))
    return apply(asked, given)


def _check_record(parts: dict[str, msgspec.Raw], facts: ModelFacts) -> None:
    """Refuse what has the form of another protocol as such, not as a record of columns that nobody knows."""
    if not (_FORMS | set(facts.contract.names)).isdisjoint(parts):
        return
    if not all(bytes(memoryview(part)[:1]) in (b"[", b"{") for part in parts.values()):
        return
    elsewhere = "" if _OTHERS.isdisjoint(parts) else "; MLflow's forms are read at /invocations, tensors at /v2"
    raise refusals.wrong_shape("each of its values is a list or an object", f"send {EXPECTED}{elsewhere}")


def encode(asked: Asked, scored: Scored, facts: ModelFacts, request: Request) -> Reply:
    """Return the predictions, the version they come from and how the rows differ from the contract."""
    table = wanted_table(request)
    if table is not None:
        return table_reply(table, asked, scored, facts)
    return json_reply(
        {
            "predictions": answer_rows(asked, scored, facts),
            "model": facts.name,
            "version": facts.version,
            "request_id": request.request_id,
            "notes": notes_of(scored) if scored.violations else [],
        }
    )


def notes_of(scored: Scored) -> list[dict[str, Any]]:
    """Return how the rows differ from the contract, at most `MOST_NOTES`; without data values."""
    notes: list[dict[str, Any]] = [
        {"what": v.what, "column": _cut(v.column), "rows": v.n_rows, "done": v.done, "message": _cut(v.message)}
        for v in scored.violations[:MOST_NOTES]
    ]
    left = len(scored.violations) - MOST_NOTES
    if left > 0:
        notes.append({"what": "more", "column": None, "rows": None, "done": None, "message": f"and {left:,} more"})
    return notes


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_NAME else text[:LONGEST_NAME] + "…"
