"""The lines of a segment: a header that says how rows are read, then a row per line. Needs msgspec alone.

A row of predictions is the array ``[received, request_id, row, route, version, role, seconds, values, answers]``, where
``values`` are those of the header's plain columns, then of its hashed ones; a row of feedback is ``[received,
request_id, row, label]``.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import msgspec

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.serve.log.policy import Protection
from modelwright.serve.log.segments import FEEDBACK, PREDICTIONS

__all__ = ["FORMAT", "FeedbackLine", "Header", "PredictionLine", "feedback_header", "prediction_header", "read_header"]

FORMAT = 1

PredictionLine = tuple[float, str, int, str, str, str, float | None, list[Any], dict[str, Any]]
FeedbackLine = tuple[float, str, int, Any]

_FIELDS = {
    PREDICTIONS: ("received", "request_id", "row", "route", "version", "role", "seconds", "values", "answers"),
    FEEDBACK: ("received", "request_id", "row", "label"),
}


@dataclass(frozen=True, kw_only=True)
class Header:
    """How the rows of a segment are read.

    Attributes
    ----------
    format : int
        `FORMAT` of the release that wrote it.
    stream : str
    fields : tuple of str
        What the entries of a line are, for people who read the lines themselves.
    columns : tuple of ColumnSpec
        Of the values in a line, in order: plain columns, then hashed ones. Without what the training data held.
    masked, hashed : tuple of str
        Columns of which nothing, and of which a hash is kept.
    """

    format: int
    stream: str
    fields: tuple[str, ...]
    columns: tuple[ColumnSpec, ...] = ()
    masked: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()


def prediction_header(contract: Contract, protection: Protection) -> bytes:
    """Return the first line of a segment of predictions."""
    by_name = {spec.name: spec for spec in contract.columns}
    plain = (_without_data(by_name[name]) for name in protection.plain)
    hashes = (ColumnSpec(name=name, kind=Kind.ID) for name in protection.hashed)
    header = Header(
        format=FORMAT,
        stream=PREDICTIONS,
        fields=_FIELDS[PREDICTIONS],
        columns=(*plain, *hashes),
        masked=protection.masked,
        hashed=protection.hashed,
    )
    return msgspec.json.encode(header) + b"\n"


def feedback_header() -> bytes:
    """Return the first line of a segment of feedback."""
    return msgspec.json.encode(Header(format=FORMAT, stream=FEEDBACK, fields=_FIELDS[FEEDBACK])) + b"\n"


def read_header(line: bytes) -> Header | None:
    """Return the header, None where the line is damaged or of a format that this release does not know."""
    try:
        header = msgspec.json.decode(line, type=Header)
    except (msgspec.DecodeError, msgspec.ValidationError):
        return None
    return header if header.format == FORMAT and header.stream in _FIELDS else None


def _without_data(spec: ColumnSpec) -> ColumnSpec:
    """Return what reading a column needs, whose values are treated already; of the levels only those that a boolean
    stands for (see `canonical`). Which level another spelling means only all of them tell: that is left to who reads
    the log by the contract of a version."""
    levels = tuple(level for level in spec.levels if level.lower() in ("true", "false"))
    return replace(spec, why="", minimum=None, maximum=None, levels=levels, n_levels=0, forgiving=False, treatment=None)
