"""MLflow's scoring protocol: JSON with exactly one of ``dataframe_split``, ``dataframe_records``, ``instances`` and
``inputs``, and ``params``; answered by ``{"predictions": [...]}``.

``params`` are our options; others are not looked at, as MLflow does with parameters that a model has no schema for.
"""

from __future__ import annotations

from typing import Any

import msgspec

from modelwright.serve.exchange import Asked, ModelFacts
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.bodies import Cell, columns_by_position, from_instances, from_json
from modelwright.serve.protocols.options import Parameters, apply
from modelwright.serve.protocols.repeated import check_repeated

__all__ = ["FORMS", "from_document"]

FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")
EXPECTED = "exactly one of 'dataframe_split', 'dataframe_records', 'instances', 'inputs'"


class _Split(msgspec.Struct):
    columns: list[str]
    data: list[list[Cell]]


class _Body(msgspec.Struct):
    dataframe_split: _Split | None = None
    dataframe_records: list[dict[str, Cell]] | None = None
    instances: msgspec.Raw = msgspec.Raw(b"null")
    inputs: msgspec.Raw = msgspec.Raw(b"null")
    params: Parameters | None = None
    parameters: Parameters | None = None


_BODY = msgspec.json.Decoder(_Body)
_ROWS = msgspec.json.Decoder(list[dict[str, Cell] | list[Cell] | Cell])
_COLUMNS = msgspec.json.Decoder(dict[str, list[Cell]])
_RECORD = msgspec.json.Decoder(dict[str, Cell])
_NULL = b"null"


def from_document(body: bytes, facts: ModelFacts, limits: Limits) -> Asked:
    """Return what a JSON body asks; the classes or values alone, unless ``params`` ask for more."""
    given = from_json(_BODY, body, limits, facts)
    raw = [bytes(part) for part in (given.instances, given.inputs) if bytes(part) != _NULL]
    if (given.dataframe_split is not None) + (given.dataframe_records is not None) + len(raw) != 1:
        raise refusals.wrong_shape("it has none or several of the forms of rows", f"send {EXPECTED}")
    asked = Asked(probabilities=False)
    if given.dataframe_records is not None:
        limits.check_records(given.dataframe_records, len(body))
        asked.records = given.dataframe_records
    elif given.dataframe_split is not None:
        asked.columns = _from_split(given.dataframe_split, facts, limits, len(body))
    else:
        asked.records, asked.columns = _from_tensors(raw[0], facts, limits)
    for options in (given.parameters, given.params):
        if options is not None:
            apply(asked, options)
    return asked


def _from_split(split: Any, facts: ModelFacts, limits: Limits, n_bytes: int) -> dict[str, list[Any]]:
    if len(set(split.columns)) < len(split.columns):
        raise refusals.wrong_shape("two columns have the same name", "give each column a name of its own")
    return columns_by_position(split.data, facts, limits, n_bytes, split.columns)


def _from_tensors(
    part: bytes, facts: ModelFacts, limits: Limits
) -> tuple[list[dict[str, Any]] | None, dict[str, list[Any]] | None]:
    """Return what ``instances`` or ``inputs`` hold: rows, one record, or lists by name of the column."""
    if part[:1] != b"{":
        return from_instances(from_json(_ROWS, part, limits, facts), facts, limits, len(part))
    try:
        record = _RECORD.decode(part)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        columns = from_json(_COLUMNS, part, limits, facts)
        limits.check_table(columns, len(part))
        return None, columns
    check_repeated(part, record, facts.contract.names)
    if not record:
        raise refusals.no_rows()
    limits.check_records([record], len(part))
    return [record], None
