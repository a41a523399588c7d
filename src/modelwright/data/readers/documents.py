"""What is a table in one JSON document: the forms that other programs write, brought to one object per row."""

from __future__ import annotations

from typing import Any

__all__ = ["records_of"]


def records_of(document: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows that an object holds.

    An object that wraps one list of objects, ``{"data": [{...}, ...]}``, holds these. Names and rows apart,
    ``{"columns": [...], "data": [[...], ...]}``, columns as lists of one length, and columns or rows as objects with
    the same keys are the forms that `pandas.DataFrame.to_json` and ``to_dict`` write. Anything else is one row.
    """
    wrapped = [v for v in document.values() if isinstance(v, list) and v and all(isinstance(r, dict) for r in v)]
    if len(wrapped) == 1:
        return wrapped[0]
    for form in (_split, _by_lists, _by_objects):
        rows = form(document)
        if rows is not None:
            return rows
    return [document]


def _split(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    names, data = document.get("columns"), document.get("data")
    if not isinstance(names, list) or not isinstance(data, list) or not all(isinstance(n, str) for n in names):
        return None
    if not data or not all(isinstance(row, list) and len(row) == len(names) for row in data):
        return None
    return [dict(zip(names, row, strict=True)) for row in data]


def _by_lists(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    columns = list(document.values())
    if len(columns) < 2 or not all(isinstance(c, list) and len(c) == len(columns[0]) > 1 for c in columns):
        return None
    return [dict(zip(document, row, strict=True)) for row in zip(*columns, strict=True)]


def _by_objects(document: dict[str, Any]) -> list[dict[str, Any]] | None:
    """Return rows of objects that share their keys: columns where these number the rows, else rows."""
    parts = list(document.values())
    if len(parts) < 2 or not all(isinstance(p, dict) and p and p.keys() == parts[0].keys() for p in parts):
        return None
    keys = list(parts[0])
    if all(key.isdecimal() for key in keys) and not all(name.isdecimal() for name in document):
        return [{name: column[key] for name, column in document.items()} for key in keys]
    return parts
