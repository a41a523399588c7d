"""One record of JSON made canonical as it is decoded, where there is nothing to say of it.

The slow, obvious twin is a dict for `RowReader`. Here the decoder is made from the contract: it knows the columns, so
it looks no name up, and it knows which numbers are taken as they are, so it checks them where it reads them. A record
with other columns, with a value of another kind or out of range, with anything that the contract tells of: None, and
the twin reads it. Clients that differ from the contract pay for that with the time of a refused decoding.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import getitem, itemgetter
from typing import Annotated, Any

import msgspec

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.json_keys import n_keys
from modelwright.data.rows import LONGEST_REMEMBERED, Row, RowReader

__all__ = ["TypedReader", "TypedRow", "is_field_name", "picker"]

EXACT = 2**53
"""Whole numbers up to it are the same number as int and as float."""

MOST_REMEMBERED = 16_384  # values of all columns

_WRAPPED = (b'{"rows":[', b'{"rows": [')
_NAN = math.nan


class TypedRow(Mapping[str, Any]):
    """The raw record of a row that was decoded by its contract; ``cells`` in the order of the contract."""

    __slots__ = ("cells", "names")

    def __init__(self, names: tuple[str, ...], cells: tuple[Any, ...]) -> None:
        self.names, self.cells = names, cells

    def __getitem__(self, name: str) -> Any:
        try:
            return self.cells[self.names.index(name)]
        except ValueError:
            raise KeyError(name) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)


class TypedReader:
    """Decodes records by a contract. Any number of threads may use it.

    Parameters
    ----------
    reader : RowReader
        Says what a value is when it first comes.

    Attributes
    ----------
    names : tuple of str
        The order of the canonical values that it gives: those that are looked up first, numbers then.
    """

    @classmethod
    def of(cls, reader: RowReader) -> TypedReader | None:
        """Return the reader of a contract; None where a name cannot be one of a decoder."""
        return cls(reader) if all(map(is_field_name, reader.contract.names)) else None

    def __init__(self, reader: RowReader) -> None:
        contract = reader.contract
        memory = _Memory()
        numbers = {spec.name for spec in contract.columns if _is_plain(spec, reader)}
        known = [spec for spec in contract.columns if spec.name not in numbers]
        self._columns = contract.names
        self.names = (*(spec.name for spec in known), *(name for name in contract.names if name in numbers))
        self._known = [_Known(spec, reader, memory) for spec in known]
        self._pick_known = picker([i for i, name in enumerate(contract.names) if name not in numbers])
        self._pick_numbers = picker([i for i, name in enumerate(contract.names) if name in numbers])
        record = _record(contract, reader, numbers)
        self._decode = msgspec.json.Decoder(record).decode
        one = Annotated[list[record], msgspec.Meta(min_length=1, max_length=1)]  # type: ignore[valid-type]
        wrapped = msgspec.defstruct("_Wrapped", [("rows", one)], forbid_unknown_fields=True)
        self._decode_wrapped: Callable[[bytes], Any] = msgspec.json.Decoder(wrapped).decode

    def __call__(self, body: bytes) -> tuple[TypedRow, Row] | None:
        """Return the raw record of a body, ``{…}`` or ``{"rows": [{…}]}``, and its canonical values in the order of
        ``names``; None where it is not plain."""
        wrapped = body.startswith(_WRAPPED)
        try:
            record = self._decode_wrapped(body).rows[0] if wrapped else self._decode(body)
            raw = msgspec.structs.astuple(record)
            values = list(map(getitem, self._known, self._pick_known(raw)))
        except (msgspec.MsgspecError, UnicodeError, RecursionError, _NotPlain):
            return None
        if n_keys(body, expected := len(raw) + wrapped) != expected:  # one is there twice
            return None
        numbers = self._pick_numbers(raw)
        try:
            values += map(float, numbers)
        except TypeError:  # a missing one
            del values[len(self._known) :]
            values += [_NAN if x is None else float(x) for x in numbers]
        return TypedRow(self._columns, raw), values


class _NotPlain(Exception):
    """There is something to say of a value."""


class _Memory:
    """What the columns of a reader remember, under one bound; forgotten together when there is more."""

    def __init__(self) -> None:
        self._of_columns: list[dict[Any, Any]] = []
        self._left = MOST_REMEMBERED

    def join(self, column: dict[Any, Any]) -> None:
        """Have a column share the bound."""
        self._of_columns.append(column)

    def keep(self, column: dict[Any, Any], raw: Any, value: Any) -> None:
        """Remember what a raw value is."""
        if self._left <= 0:
            self._left = MOST_REMEMBERED
            for one in self._of_columns:
                one.clear()
        self._left -= 1
        column[raw] = value


class _Known(dict[Any, Any]):
    """What raw values of a column are, filled as they come; raises `_NotPlain` where there is more to say."""

    def __init__(self, spec: ColumnSpec, reader: RowReader, memory: _Memory) -> None:
        super().__init__()
        self._read, self._memory = reader.reads[spec.name], memory
        self._longest = 0 if spec.kind in (Kind.TEXT, Kind.ID) else LONGEST_REMEMBERED  # those come once
        memory.join(self)

    def __missing__(self, raw: Any) -> Any:
        value, told = self._read(raw)
        if told:
            raise _NotPlain
        if not isinstance(raw, str) or len(raw) <= self._longest:
            self._memory.keep(self, raw, value)
        return value


def picker(places: Sequence[int]) -> Callable[[Sequence[Any]], Sequence[Any]]:
    """Return the function that picks the values at some places, also of none and of one."""
    if len(places) > 1:
        return itemgetter(*places)
    if places:
        only = places[0]
        return lambda values: (values[only],)
    return lambda values: ()


def is_field_name(name: str) -> bool:
    """Return whether msgspec takes a name for a field: it writes it as it is."""
    return not any(c in '"\\' or c < " " or "\ud800" <= c <= "\udfff" for c in name)


def _is_plain(spec: ColumnSpec, reader: RowReader) -> bool:
    """Return whether numbers of a column are taken as they are, and a null is a missing value."""
    low, high = reader.plain_range(spec.name)
    value, _ = reader.reads[spec.name](None)
    return low <= high and isinstance(value, float) and value != value


def _record(contract: Contract, reader: RowReader, numbers: set[str]) -> type[msgspec.Struct]:
    """Return the type of a record: all columns, no others."""
    fields = []
    for i, spec in enumerate(contract.columns):
        kind = _number(*reader.plain_range(spec.name)) if spec.name in numbers else _value(spec.kind)
        if spec.name not in numbers or not reader.reads[spec.name](None)[1]:  # else there is more to say of a null
            kind = kind | None
        fields.append((f"f{i}", kind, msgspec.field(name=spec.name)))
    return msgspec.defstruct("_Record", fields, forbid_unknown_fields=True, gc=False)


def _number(low: float, high: float) -> Any:
    low, high = max(low, -EXACT), min(high, EXACT)
    real = Annotated[float, msgspec.Meta(ge=low, le=high)]
    least, most = math.ceil(low), math.floor(high)
    if least > most:
        return real
    return Annotated[int, msgspec.Meta(ge=least, le=most)] | real


def _value(kind: Kind) -> Any:
    """Return what is looked up: never true beside 1, which is the same key. Numbers have one text as int and float."""
    if kind is Kind.BOOLEAN:
        return bool | str
    whole = Annotated[int, msgspec.Meta(ge=-EXACT, le=EXACT)]
    return whole | Annotated[float, msgspec.Meta(ge=-EXACT, le=EXACT)] | str
