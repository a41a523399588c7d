"""``POST /explain``: one record in, why it is answered as it is out.

The body is one record, ``{"age": 41, "job": "clerk"}``, or ``{"rows": [{…}], "what_if": {"age": 50}}`` with one: then
the answer to the row with these other values is told, too. The answer is a `RowExplanation` as JSON: the prediction,
what a typical row would get, what each column does to the difference, in numbers that add up and in words. What would
have to change is looked for on the command line and in Python, not here: it takes many predictions.
"""

from __future__ import annotations

import msgspec

from modelwright.documents import to_builtins
from modelwright.serve.exchange import Asked, ModelFacts, Protocol, Reply, Request, Scored
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.bodies import Cell, body_of, check_crowd, is_json
from modelwright.serve.protocols.options import check_names
from modelwright.serve.protocols.own import from_body, notes_of
from modelwright.serve.protocols.repeated import check_repeated
from modelwright.serve.protocols.replies import json_reply

__all__ = ["EXPECTED", "protocol"]

EXPECTED = 'one record {"column": value, ...}, or {"rows": [{...}], "what_if": {"column": value}}'


class _Body(msgspec.Struct, forbid_unknown_fields=True):
    rows: list[dict[str, Cell]]
    what_if: dict[str, Cell]


_BODY = msgspec.json.Decoder(_Body)


def protocol(limits: Limits) -> Protocol:
    """Return the protocol of ``/explain``."""

    def decode(request: Request, facts: ModelFacts) -> Asked:
        check_names(request.query, ())
        body = body_of(request, limits, EXPECTED)
        if not is_json(request):
            raise refusals.unknown_type("application/json")
        asked = _with_what_if(body, facts, limits) or from_body(body, facts, limits)
        if asked.records is None or len(asked.records) != 1:
            raise refusals.wrong_shape("one row is explained at a time", f"send {EXPECTED}")
        return Asked(records=asked.records, explain=True, what_if=asked.what_if)

    return Protocol(decode, _encode)


def _with_what_if(body: bytes, facts: ModelFacts, limits: Limits) -> Asked | None:
    """Return what a body with other values asks, None for every other body."""
    check_crowd(body, limits, facts)
    try:
        given = _BODY.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None  # a record, rows alone, or nothing that is read here: told of by who reads those
    check_repeated(body, given, facts.contract.names)
    if not given.what_if:
        raise refusals.wrong_shape("'what_if' is empty", "give it a column with another value")
    limits.check_records([*given.rows, given.what_if], len(body))
    return Asked(records=given.rows, what_if=given.what_if)


def _encode(asked: Asked, scored: Scored, facts: ModelFacts, request: Request) -> Reply:
    about = {"model": facts.name, "version": facts.version, "request_id": request.request_id}
    notes = notes_of(scored) if scored.violations else []
    return json_reply({**to_builtins(scored.explanation), **about, "notes": notes})
