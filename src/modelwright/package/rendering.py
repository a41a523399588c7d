"""Canonical values back in the raw form of the source: the other way of `modelwright.data.canonical`."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from modelwright.data.contract import ColumnSpec, Kind

__all__ = ["raw_text", "raw_value"]

_UNIX = datetime(1970, 1, 1, tzinfo=UTC)
_EXCEL = datetime(1899, 12, 30, tzinfo=UTC)  # day 0 of a sheet, counting its 29 February 1900
# Within the years that every reader of dates knows (nanoseconds in 64 bits end in 2262).
_EARLIEST, _LATEST = (datetime(y, 1, 1, tzinfo=UTC).timestamp() for y in (1900, 2200))
_EPOCH = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
ISO = "%Y-%m-%dT%H:%M:%S"


def raw_value(spec: ColumnSpec, value: float) -> str | int | float | bool:
    """Return the value of a numeric kind as it would stand in the source: text in its format, or a number."""
    if spec.kind is Kind.BOOLEAN:
        return _boolean(spec, value)
    if spec.kind is Kind.DATETIME:
        return _moment(spec, min(max(value, _EARLIEST), _LATEST))
    number = value / spec.scale
    if "string" not in spec.storage:
        return round(number) if "int" in spec.storage else number
    text = f"{number:.12g}" if abs(number) < 1e12 else f"{number:.0f}"
    if "e" in text:  # a plain spelling that every reader of numbers knows
        text = f"{number:.12f}".rstrip("0").rstrip(".") or "0"
    return text.replace(".", spec.decimal)


def raw_text(spec: ColumnSpec, level: str) -> str | int | float:
    """Return a level as it would stand in the source: a number where numbers were read as levels."""
    try:
        if "int" in spec.storage:
            return int(level)
        if spec.storage in {"float", "double", "halffloat"}:
            return float(level)
    except ValueError:
        pass  # the level is a text after all, "other"
    return level


def _boolean(spec: ColumnSpec, value: float) -> str | int | bool:
    tokens = spec.true_tokens if value else spec.false_tokens
    if "string" in spec.storage and tokens:
        return tokens[0]
    return bool(value) if "bool" in spec.storage else int(value)


def _moment(spec: ColumnSpec, seconds: float) -> str | int | float:
    style = spec.formats[0] if spec.formats else ISO
    moment = _UNIX + timedelta(seconds=round(seconds))
    if style.startswith("epoch:"):
        number: int | float = round(seconds) * _EPOCH.get(style.removeprefix("epoch:"), 1)
    elif style == "excel":
        number = (moment - _EXCEL) / timedelta(days=1)
    else:
        return moment.strftime(style)
    return str(number) if "string" in spec.storage else number
