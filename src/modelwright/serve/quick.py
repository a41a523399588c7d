"""``POST /predict`` with one record in JSON, bare or in ``rows``: the way of most requests, in one piece.

The slow, obvious twin is the protocol `modelwright.serve.protocols.own`, and whatever is not plain goes there: this
answers with None, and makes no refusal of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

import msgspec

from modelwright.data.contract import Violation
from modelwright.errors import ContractError
from modelwright.package.bundle import Version
from modelwright.runtime.abstaining import ABSTAIN
from modelwright.runtime.decisions import DECISION
from modelwright.serve.exchange import JSON, Asked, ModelFacts, Scored
from modelwright.serve.limits import Limits
from modelwright.serve.protocols.bodies import Cell
from modelwright.serve.protocols.own import FORMS, notes_of

__all__ = ["Quick", "is_plain", "quick_way"]

LONGEST = 4_096
"""Bytes of a body: no column and no text in it can be beyond the limits that anybody would set."""


class _Rows(msgspec.Struct, forbid_unknown_fields=True):
    rows: Annotated[list[dict[str, Cell]], msgspec.Meta(min_length=1, max_length=1)]


_RECORD = msgspec.json.Decoder(dict[str, Cell])
_ROWS = msgspec.json.Decoder(_Rows)
_ROWS_FIRST = (b'{"rows":[', b'{"rows": [')
_ENCODE = msgspec.json.Encoder().encode
_SENT = frozenset({JSON, "application/json; charset=utf-8", "application/json;charset=utf-8",
                   "application/x-www-form-urlencoded"})  # see Request.content_type  # fmt: skip
_WANTED = frozenset({JSON, "*/*", "application/json, text/plain, */*"})  # of curl, requests, axios and the like

Quick = Callable[[bytes, str], tuple[bytes, Asked, Scored] | None]


def is_plain(headers: Mapping[str, str], limits: Limits) -> bool:
    """Return whether the headers ask for JSON in, JSON out, and nothing else."""
    return (
        headers.get("content-type", JSON).lower() in _SENT
        and headers.get("accept", JSON) in _WANTED
        and "content-encoding" not in headers
        and min(limits.body_bytes, limits.text, limits.columns) >= LONGEST
    )


def quick_way(version: Version, facts: ModelFacts) -> Quick:
    """Return the function that makes the answer to a body: bytes, what was asked and what was scored; or None."""
    names, kinds, keys = facts.classes, frozenset(FORMS), facts.probability_names
    typed = version.predict_body if kinds.isdisjoint(facts.contract.names) else None
    middle = b',"model":%b,"version":%b,"request_id":' % (_ENCODE(facts.name), _ENCODE(facts.version))

    def usual(body: bytes) -> tuple[dict[str, Any], Mapping[str, Any], tuple[Violation, ...]] | None:
        try:
            record = _ROWS.decode(body).rows[0] if body.startswith(_ROWS_FIRST) else _RECORD.decode(body)
            if not kinds.isdisjoint(record):
                return None
            found, told = version.predict_row(record)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ContractError):
            return None
        return found, record, told

    def answer(body: bytes, request_id: str) -> tuple[bytes, Asked, Scored] | None:
        record: Mapping[str, Any]
        told: tuple[Violation, ...] = ()
        if typed is not None and (plain := typed(body)) is not None:
            found, record = plain
        elif (read := usual(body)) is not None:
            found, record, told = read
        else:
            return None
        row: dict[str, Any] = {"prediction": found["prediction"]}
        if names:
            row["probabilities"] = {name: found[key] for name, key in zip(names, keys)}
        for extra in (DECISION, ABSTAIN):
            if extra in found:
                row[extra] = found[extra]
        scored = Scored({name: (value,) for name, value in found.items()}, 1, told)
        notes = _ENCODE(notes_of(scored)) if told else b"[]"
        document = (b'{"predictions":', _ENCODE((row,)), middle, _ENCODE(request_id), b',"notes":', notes, b"}")
        return b"".join(document), Asked(records=[record]), scored  # type: ignore[list-item]

    return answer
