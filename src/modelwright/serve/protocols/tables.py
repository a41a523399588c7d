"""Bodies that are tables: CSV, JSON lines, Arrow and Parquet, by content type.

Arrow and Parquet are read by pyarrow, imported when the first such body comes; a serving image without it says so.
"""

from __future__ import annotations

from typing import Any

import msgspec

from modelwright.serve.exchange import ModelFacts, Request
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.bodies import (
    ARROW,
    ARROW_FILE,
    ARROW_STREAM,
    CSV,
    JSON_LINES,
    PARQUET,
    Cell,
    csv_columns,
    csv_rows,
    lines_of,
)

__all__ = ["TABLE_TYPES", "read_table"]

TABLE_TYPES = (
    f"application/json, text/csv, application/jsonlines, {ARROW_STREAM}, {ARROW_FILE}, application/vnd.apache.parquet"
)

_RECORDS = msgspec.json.Decoder(dict[str, Cell])


def read_table(body: bytes, request: Request, facts: ModelFacts, limits: Limits) -> Any:
    """Return the columns of a body that is no JSON: a mapping of lists, or a `pyarrow.Table` of plain types.

    Raises
    ------
    RequestError
        The content type is none of `TABLE_TYPES`, pyarrow is missing for it, or the body is broken or too large.
    """
    kind = request.content_type
    if kind == CSV:
        return csv_columns(csv_rows(body, limits), facts, limits, len(body))
    if kind in JSON_LINES:
        return _by_column(lines_of(_RECORDS, body, limits, facts), limits)
    if kind in ARROW or kind in PARQUET:
        return _read_arrow(kind, body, limits)
    raise refusals.unknown_type(TABLE_TYPES)


def _by_column(records: list[dict[str, Any]], limits: Limits) -> dict[str, list[Any]]:
    """Return records as columns; what a record does not name is null."""
    names = {name: None for record in records for name in record}
    if not names:
        raise refusals.no_rows()
    limits.check_columns(len(names))
    return {name: [record.get(name) for record in records] for name in names}


def _read_arrow(kind: str, body: bytes, limits: Limits) -> Any:
    try:
        import pyarrow  # noqa: F401
    except ImportError:
        raise refusals.unknown_type("application/json, text/csv (this server has no pyarrow)") from None
    from modelwright.serve.protocols import arrow

    if kind in PARQUET:
        return arrow.from_parquet(body, limits)
    return arrow.from_ipc(body, limits, file=kind == ARROW_FILE)
