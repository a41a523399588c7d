"""Where in a body a value lies that cannot be one: which row, and which column.

The decoder says it by a path, ``$.rows[1][...]``: the second of ``rows``, and there a key that it does not name. So
the body is taken apart once more along the path, by pieces that are not decoded, until the key is found whose value is
none. A name is passed on only where the contract has it: any other is the caller's. A key that stands twice is looked
for by another decoder, which tells of each object.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

__all__ = ["cell_of", "repeated_key", "told"]

_STEP = re.compile(r"\.(?P<key>[a-z_]+)|\[(?P<index>\d+)\]|\[(?P<any>\.\.\.)\]")
_ERRORS = (msgspec.MsgspecError, UnicodeError, RecursionError)
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_LIST = msgspec.json.Decoder(list[msgspec.Raw])
LOWEST, HIGHEST = -(2**63), 2**63 - 1
MOST_DIGITS = 20  # of a number of 64 bits, its sign among them

Step = int | str


def cell_of(path: str, body: bytes, names: Sequence[str], *, lines: bool = False) -> str:
    """Return where the value lies that the decoder did not take, in words that begin a sentence; empty if unknown.

    Parameters
    ----------
    path : str
        As the decoder told it.
    body : bytes
        What was decoded.
    names : sequence of str
        Columns of the contract.
    lines : bool
        The body is a document per line.
    """
    wanted = [
        found["key"] if found["key"] else int(found["index"]) if found["index"] else None
        for found in _STEP.finditer(path)
    ]
    try:
        steps = _found(_list_of_lines(body) if lines else body, wanted)
    except _ERRORS:
        return ""
    return "" if steps is None else _words(steps, names)


def told(row: int | None, name: str, names: Iterable[str]) -> str:
    """Return "column 'age' of row 2"; a row counts from 0, None where there is one alone."""
    column = f"column '{name}'" if name in names else "a column that the model does not know"
    return column if row is None else f"{column} of row {row + 1:,}"


class _Twice(Exception):
    """A key stands twice in an object: its name, and how many objects end before."""


def repeated_key(body: bytes, names: Sequence[str], *, rows: bool, lines: bool = False) -> str:
    """Return which key stands twice in one object, in words that begin a sentence; empty where none does.

    Parameters
    ----------
    body : bytes
        JSON that could be decoded.
    names : sequence of str
        Columns of the contract.
    rows : bool
        Its objects are rows.
    lines : bool
        The body is a document per line.
    """
    before = 0

    def look(pairs: list[tuple[str, Any]]) -> None:  # at an object that has just ended; nothing of it is kept
        nonlocal before
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _Twice(name, before)
            seen.add(name)
        before += 1

    try:
        for document in _list_of_lines(body) if lines else [body]:
            json.loads(document, object_pairs_hook=look, parse_int=str, parse_float=str)
    except _Twice as found:
        name, row = found.args
        return told(row if rows else None, name, names) if name in names else _protocols_own(name)
    except (ValueError, RecursionError):
        return ""
    return ""


def _protocols_own(name: str) -> str:
    return f"the key '{name}'" if name in _OWN_KEYS else "a key that is no column"


_OWN_KEYS = frozenset({
    "rows", "columns", "instances", "inputs", "outputs", "parameters", "params", "dataframe_split", "dataframe_records",
    "data", "name", "shape", "datatype", "id", *("probabilities", "interval", "reasons", "abstain", "unusual"),
    "what_if", "features", "labels", "label", "request_id", "row",
})  # fmt: skip
"""Words of protocols: those that a message may say; any other key is the caller's."""


def _list_of_lines(body: bytes) -> list[bytes]:
    return [line for line in body.split(b"\n") if line.strip()]


def _found(piece: Any, wanted: Sequence[Step | None]) -> list[Step] | None:
    """Return the way to the first value that is none: keys that the path leaves open by name, numbers of entries."""
    if not wanted:
        return [] if _is_none(bytes(piece)) else None
    step, rest = wanted[0], wanted[1:]
    if isinstance(step, int):
        entries = piece if isinstance(piece, list) else _LIST.decode(piece)
        way = _found(entries[step], rest) if step < len(entries) else None
        return None if way is None else [step, *way]
    parts = _OBJECT.decode(piece)
    if step is not None:  # the protocol's own key: no column
        return _found(parts[step], rest) if step in parts else None
    for name, part in parts.items():
        if (way := _attempt(part, rest)) is not None:
            return [name, *way]
    return None


def _attempt(part: Any, rest: Sequence[Step | None]) -> list[Step] | None:
    """Return the way in the value of one key; None where it has another form."""
    try:
        return _found(part, rest)
    except _ERRORS:
        return None


def _is_none(text: bytes) -> bool:
    """Return whether a piece of JSON is no value of a cell: a list, an object, a number beyond 64 bits."""
    text = text.strip()
    if text[:1] in (b"[", b"{"):
        return True
    if text[:1] not in b"-0123456789" or not text:
        return False
    if text.lstrip(b"-").isdigit():
        return len(text) > MOST_DIGITS or not LOWEST <= int(text) <= HIGHEST
    try:
        return math.isinf(float(text))
    except ValueError:  # of a line only the beginning was read
        return True


def _words(steps: Sequence[Step], names: Sequence[str]) -> str:
    numbers = [step for step in steps if isinstance(step, int)]
    texts = [step for step in steps if isinstance(step, str)]
    if texts and len(numbers) < 2:
        return told(numbers[0] if numbers else None, texts[0], names)
    if len(numbers) == 2:
        return f"value {numbers[1] + 1:,} of row {numbers[0] + 1:,}"
    return f"row {numbers[0] + 1:,}" if numbers else ""
