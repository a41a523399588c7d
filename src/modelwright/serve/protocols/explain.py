"""``POST /explain``: one record in, why it is answered as it is out.

The body is one record, ``{"age": 41, "job": "clerk"}``, or ``{"rows": [{…}]}`` with one. The answer is a
`RowExplanation` as JSON: the prediction, what a typical row would get, what each column does to the difference, in
numbers that add up and in words. What would have to change is looked for on the command line and in Python, not here:
it takes many predictions.
"""

from __future__ import annotations

from modelwright.documents import to_builtins
from modelwright.serve.exchange import Asked, ModelFacts, Protocol, Reply, Request, Scored
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.bodies import body_of, is_json
from modelwright.serve.protocols.options import check_names
from modelwright.serve.protocols.own import from_body, notes_of
from modelwright.serve.protocols.replies import json_reply

__all__ = ["EXPECTED", "protocol"]

EXPECTED = 'one record {"column": value, ...}'


def protocol(limits: Limits) -> Protocol:
    """Return the protocol of ``/explain``."""

    def decode(request: Request, facts: ModelFacts) -> Asked:
        check_names(request.query, ())
        body = body_of(request, limits, EXPECTED)
        if not is_json(request):
            raise refusals.unknown_type("application/json")
        asked = from_body(body, facts, limits)
        if asked.records is None or len(asked.records) != 1:
            raise refusals.wrong_shape("one row is explained at a time", f"send {EXPECTED}")
        return Asked(records=asked.records, explain=True)

    return Protocol(decode, _encode)


def _encode(asked: Asked, scored: Scored, facts: ModelFacts, request: Request) -> Reply:
    about = {"model": facts.name, "version": facts.version, "request_id": request.request_id}
    notes = notes_of(scored) if scored.violations else []
    return json_reply({**to_builtins(scored.explanation), **about, "notes": notes})
