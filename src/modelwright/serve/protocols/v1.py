"""KServe's protocol v1, which TensorFlow Serving's clients and Vertex speak: ``{"instances": [...]}`` in,
``{"predictions": [...]}`` out.

An instance is an object, a list of values in the order of the contract, or a single value where there is one column.
A prediction is the class or the value alone; with ``parameters`` (``probabilities``, ``interval``, ``reasons``,
``abstain``, ``unusual``), or where the version leaves rows to a person by its brief, it is an object. The route that
ends in ``:explain`` adds ``explanations``, the reasons of every row.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import msgspec

from modelwright.runtime.abstaining import ABSTAIN
from modelwright.runtime.decisions import DECISION
from modelwright.serve.exchange import Asked, ModelFacts, Protocol, Reply, Request, Scored
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.bodies import Cell, body_of, from_instances, from_json, is_json
from modelwright.serve.protocols.options import Parameters, apply, apply_query
from modelwright.serve.protocols.replies import answer_rows, json_reply, plain

__all__ = ["encode", "explaining", "model_list", "model_status", "predictions", "protocol"]

EXPECTED = '{"instances": [...]}'
REASONS = 5
"""Reasons per row of ``:explain`` where nothing else is asked."""


class _Body(msgspec.Struct):
    instances: list[dict[str, Cell] | list[Cell] | Cell]
    parameters: Parameters | None = None


_BODY = msgspec.json.Decoder(_Body)


def protocol(limits: Limits) -> Protocol:
    """Return the protocol of ``/v1/models/{model}:predict`` and of Vertex's route."""

    def decode(request: Request, facts: ModelFacts) -> Asked:
        return _asked(request, facts, limits)

    return Protocol(decode, encode)


def explaining(limits: Limits) -> Protocol:
    """Return the protocol of ``/v1/models/{model}:explain``."""

    def decode(request: Request, facts: ModelFacts) -> Asked:
        asked = _asked(request, facts, limits)
        asked.reasons = asked.reasons or REASONS
        return asked

    return Protocol(decode, _encode_explained)


def _asked(request: Request, facts: ModelFacts, limits: Limits) -> Asked:
    body = body_of(request, limits, EXPECTED)
    if not is_json(request):
        raise refusals.unknown_type("application/json")
    given = from_json(_BODY, body, limits, facts)
    records, columns = from_instances(given.instances, facts, limits, len(body))
    asked = Asked(records=records, columns=columns, probabilities=False)
    if given.parameters is not None:
        apply(asked, given.parameters)
    return apply_query(asked, request.query)


def encode(asked: Asked, scored: Scored, facts: ModelFacts, request: Request) -> Reply:
    """Return the predictions, one per row."""
    return json_reply({"predictions": predictions(asked, scored, facts)})


def predictions(asked: Asked, scored: Scored, facts: ModelFacts) -> Any:
    """Return classes or values, or an object per row where more than those is asked for."""
    if asked.probabilities or not asked.plain or not scored.answers.keys().isdisjoint((ABSTAIN, DECISION)):
        return answer_rows(asked, scored, facts)
    return plain(scored.answers["prediction"])


def _encode_explained(asked: Asked, scored: Scored, facts: ModelFacts, request: Request) -> Reply:
    simple = replace(asked, reasons=0)
    reasons = scored.reasons if scored.reasons is not None else [[] for _ in range(scored.n_rows)]
    return json_reply({"predictions": predictions(simple, scored, facts), "explanations": reasons})


def model_list(names: list[str]) -> dict[str, Any]:
    """Return the answer of ``GET /v1/models``."""
    return {"models": names}


def model_status(facts: ModelFacts, *, ready: bool) -> dict[str, Any]:
    """Return the answer of ``GET /v1/models/{model}``, as KServe's clients and TensorFlow Serving's read it."""
    state = "AVAILABLE" if ready else "LOADING"
    status = {"error_code": "OK", "error_message": ""}
    return {
        "name": facts.name,
        "ready": ready,
        "model_version_status": [{"version": facts.version, "state": state, "status": status}],
    }
