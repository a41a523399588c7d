"""``POST /predict`` with one record in JSON, bare or in ``rows``: the way of most requests, in one piece.

The slow, obvious twin is the protocol `modelwright.serve.protocols.own`, and whatever is not plain goes there: this
answers with None, and makes no refusal of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import itemgetter
from typing import Annotated, Any

import msgspec

from modelwright.data.contract import Violation
from modelwright.data.json_keys import n_keys
from modelwright.data.typed_rows import is_field_name
from modelwright.errors import ContractError
from modelwright.package.bundle import Version
from modelwright.runtime.abstaining import ABSTAIN
from modelwright.runtime.decisions import DECISION
from modelwright.serve.exchange import JSON, ModelFacts, Scored
from modelwright.serve.limits import Limits
from modelwright.serve.protocols.bodies import Cell
from modelwright.serve.protocols.own import FORMS, notes_of

__all__ = ["LONGEST", "Answered", "Quick", "is_plain", "quick_way"]

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

Answered = tuple[bytes, Mapping[str, Any], Mapping[str, Any], tuple[Violation, ...]]
"""The document, the answer by name, the record, and how that differs from the contract."""

Quick = Callable[[bytes, bytes], Answered | None]
"""From a body and the id of the request, which is plain (`App.new_id`), to what is answered; or None."""


def is_plain(headers: Mapping[str, str], limits: Limits) -> bool:
    """Return whether the headers ask for JSON in, JSON out, and nothing else."""
    return (
        headers.get("content-type", JSON).lower() in _SENT
        and headers.get("accept", JSON) in _WANTED
        and "content-encoding" not in headers
        and min(limits.body_bytes, limits.text, limits.columns) >= LONGEST
    )


def quick_way(version: Version, facts: ModelFacts) -> Quick:
    """Return the function that makes the answer to a body."""
    kinds = frozenset(FORMS)
    typed = version.predict_body if kinds.isdisjoint(facts.contract.names) else None
    written = _writer(facts)
    middle = b'],"model":%b,"version":%b,"request_id":"' % (_ENCODE(facts.name), _ENCODE(facts.version))

    def usual(body: bytes) -> tuple[Mapping[str, Any], Mapping[str, Any], tuple[Violation, ...]] | None:
        try:
            wrapped = body.startswith(_ROWS_FIRST)
            record = _ROWS.decode(body).rows[0] if wrapped else _RECORD.decode(body)
            known = len(record) + wrapped
            if not kinds.isdisjoint(record) or n_keys(body, known) != known:
                return None
            found, told = version.predict_row(record)
        except (msgspec.MsgspecError, UnicodeError, RecursionError, ContractError):
            return None
        return found, record, told

    def answer(body: bytes, request_id: bytes) -> Answered | None:
        found: Mapping[str, Any]
        record: Mapping[str, Any]
        notes = b"[]"
        told: tuple[Violation, ...] = ()
        if typed is not None and (plain := typed(body)) is not None:
            found, record = plain
        elif (read := usual(body)) is not None:
            found, record, told = read
            notes = _ENCODE(notes_of(Scored({}, 1, told))) if told else notes
        else:
            return None
        document = b'{"predictions":[%b%b%b","notes":%b}' % (written(found), middle, request_id, notes)
        return document, found, record, told

    return answer


def _writer(facts: ModelFacts) -> Callable[[Mapping[str, Any]], bytes]:
    """Return the function that writes the answer to one row as JSON, as the usual way writes it.

    With classes the fields are those of a type that is made once: a dict for each row takes twice as long.
    """
    names, keys = facts.classes, facts.probability_names
    if not names:
        return _ENCODE

    def as_dicts(found: Mapping[str, Any]) -> bytes:
        row = {"prediction": found["prediction"], "probabilities": {n: found[k] for n, k in zip(names, keys)}}
        return _ENCODE(row | {extra: found[extra] for extra in (DECISION, ABSTAIN) if extra in found})

    if not all(map(is_field_name, names)):
        return as_dicts
    fields = [(f"p{i}", float, msgspec.field(name=name)) for i, name in enumerate(names)]
    probabilities = msgspec.defstruct("_Probabilities", fields, gc=False)
    row = msgspec.defstruct("_Row", [("prediction", str), ("probabilities", probabilities)], gc=False)
    pick, n_plain = itemgetter(*keys), 1 + len(keys)

    def as_fields(found: Mapping[str, Any]) -> bytes:
        if len(found) > n_plain:  # there is more to say
            return as_dicts(found)
        return _ENCODE(row(found["prediction"], probabilities(*pick(found))))

    return as_fields
