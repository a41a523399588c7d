"""Keys that stand twice in one object of a body are refused: which of their values is meant nobody can know.

Decoders take the last one and say nothing. So the keys are counted: a document that was decoded has as many different
ones as the body has keys, or one is repeated. Only then is it looked for, see `places`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import msgspec

from modelwright.data.json_keys import n_keys
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.places import repeated_key

__all__ = ["check_repeated"]

_Fields = tuple[tuple[str, Any], ...]


def check_repeated(body: bytes, document: Any, names: Sequence[str], *, lines: bool = False) -> None:
    """Refuse a body in which an object has a key twice.

    Parameters
    ----------
    body : bytes
    document : Any
        What it was decoded to.
    names : sequence of str
        Columns of the contract.
    lines : bool
        The body is a document per line.

    Raises
    ------
    RequestError
        MW-S123; says which column of which row it is.
    """
    known = _keys_of(document)
    if n_keys(body, known) == known:
        return
    # Or it has keys that the protocol passes over, or gives an option the value that it has anyway.
    if where := repeated_key(body, names, rows=_has_rows(document), lines=lines):
        raise refusals.repeated_key(where)


def _has_rows(document: Any) -> bool:
    """Return whether objects of a document are rows, and not columns or one row alone."""
    if isinstance(document, msgspec.Struct):
        return any(_has_rows(getattr(document, name)) for name, _ in _fields(type(document)))
    return isinstance(document, list) and any(type(entry) is dict for entry in document)


def _keys_of(part: Any) -> int:
    """Return how many different keys a part of a document has at least; of what is not decoded yet, as many as it has:
    whoever decodes it counts again."""
    if isinstance(part, dict):
        values = part.values()
        return len(part) + sum(n_keys(bytes(v)) for v in values if type(v) is msgspec.Raw)
    if isinstance(part, list):
        return sum(
            len(entry) if type(entry) is dict else _keys_of(entry) for entry in part if type(entry) not in _NO_KEYS
        )
    if isinstance(part, msgspec.Struct):
        given = [value for name, default in _fields(type(part)) if (value := getattr(part, name)) is not default]
        return len(given) + sum(map(_keys_of, given))
    return n_keys(bytes(part)) if type(part) is msgspec.Raw else 0


_NO_KEYS = frozenset({str, int, float, bool, type(None), list})  # lists in lists are rows without names


@lru_cache(maxsize=64)
def _fields(kind: type[msgspec.Struct]) -> _Fields:
    """Return the fields of a type with what each is where it is not given."""
    return tuple((field.name, field.default) for field in msgspec.structs.fields(kind))
