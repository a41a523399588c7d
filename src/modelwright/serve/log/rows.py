"""Rows of a request as bytes of JSON: the columns to keep picked, hashed, cut. Pure, and fast for one row."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from operator import itemgetter
from typing import Any

import msgspec
import numpy as np

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.parsing.texts import is_missing_text, text_of
from modelwright.data.rows import RowReader
from modelwright.data.treating.treatment import RARE
from modelwright.data.typed_rows import TypedRow, picker
from modelwright.serve.log.policy import Protection

__all__ = [
    "ROW_ERRORS",
    "TEXT_LIMIT",
    "Hasher",
    "Picker",
    "encode",
    "encode_lines",
    "encode_safely",
    "first_row",
    "listed_columns",
]

TEXT_LIMIT = 4096
"""Longer texts are cut to so many characters: drift shows in them as well, and one request must not fill the log."""

HASH_BYTES = 16
"""128 bits of the HMAC: two people in a billion get the same hash with a chance below 1e-20."""

ROW_ERRORS = (TypeError, ValueError, LookupError, AttributeError, ArithmeticError, RecursionError)
"""What values that no protocol lets through can raise in here; `msgspec.EncodeError` is a ValueError."""

INTEGER_BITS = 1000  # beyond it a whole number is no float64 either

_Pick = Callable[[Mapping[str, Any]], Sequence[Any]]


class Hasher:
    """Keyed hashes of the values of one column.

    Equal values have equal hashes, however they are spelled ("1", 1 and 1.0 are one value); missing stays missing. The
    column's name goes in, so that a value cannot be followed from column to column.
    """

    def __init__(self, key: bytes, column: str) -> None:
        self._key = key
        self._salt = column.encode("utf-8", "replace") + b"\0"

    def __call__(self, value: Any) -> str | None:
        """Return 32 hexadecimal digits, None for missing."""
        text = text_of(value)
        if text is None or is_missing_text(text):
            return None
        return hmac.digest(self._key, self._salt + text.encode("utf-8", "replace"), "sha256")[:HASH_BYTES].hex()


class Picker:
    """Picks from a record the values that are kept, in the order of the header: plain columns, then hashed ones."""

    def __init__(self, contract: Contract, protection: Protection, key: bytes) -> None:
        self.names = (*protection.plain, *protection.hashed)
        self._pick = _getter(self.names)
        self._hashers = [Hasher(key, name) for name in protection.hashed]
        self._treaters = _treaters(contract, protection)
        self._known = frozenset(contract.names)
        self._columns = contract.names
        at = {name: place for place, name in enumerate(contract.names)}
        self._pick_cells = picker([at[name] for name in self.names])

    def __call__(self, record: Mapping[str, Any]) -> Sequence[Any]:
        """Return the values of one record; a column that it lacks is None."""
        try:
            if type(record) is TypedRow and record.names == self._columns:
                values = self._pick_cells(record.cells)
            else:
                values = self._pick(record)
        except KeyError:
            names = self.spelled(record)
            values = [record.get(names.get(name, name)) for name in self.names]
        return self._protected(values) if self._hashers or self._treaters else values

    def spelled(self, given: Iterable[str]) -> dict[str, str]:
        """Return, for columns not given, the given name that is meant: `canonicalise` forgives case and blanks too."""
        present = set(given)
        if present <= self._known:
            return {}
        wanted = _alike(self._known - present)
        found = _alike(name for name in present - self._known if isinstance(name, str))
        return {name: found[key] for key, name in wanted.items() if key in found}

    def _protected(self, values: Sequence[Any]) -> list[Any]:
        if self._treaters:
            values = list(values)
            for place, treat in self._treaters:
                values[place] = treat(values[place])
        n_plain = len(self.names) - len(self._hashers)
        hashes = [hash_of(value) for hash_of, value in zip(self._hashers, values[n_plain:], strict=True)]
        return [*values[:n_plain], *hashes]

    def rows(self, columns: Any, n_rows: int) -> Iterator[Sequence[Any]]:
        """Yield the values of each row of a mapping of columns or an Arrow table."""
        given = columns.column_names if hasattr(columns, "column_names") else list(columns)
        names = self.spelled(given)
        known = set(given)
        lists = [
            listed_columns(columns[source]) if (source := names.get(name, name)) in known else [None] * n_rows
            for name in self.names
        ]
        rows: Iterator[Sequence[Any]] = zip(*lists, strict=True) if lists else iter([()] * n_rows)
        return map(self._protected, rows) if self._hashers or self._treaters else rows


def _treaters(contract: Contract, protection: Protection) -> list[tuple[int, Callable[[Any], Any]]]:
    """Return, by place, what is done to values where a privacy policy treats columns: the log holds no more than the
    model sees. A cell that slipped into another column is not read as what it says there, and is not kept."""
    from modelwright.data.treating.values import treater

    specs = {spec.name: spec for spec in contract.columns}
    if all(spec.treatment is None for spec in specs.values()):
        return []
    reads = RowReader(contract).reads
    found = []
    for place, name in enumerate((*protection.plain, *protection.hashed)):
        treatment = specs[name].treatment
        if treatment is not None:
            found.append((place, treater(treatment)))
        elif name in protection.plain and name not in protection.kept:
            found.append((place, _as_seen(specs[name], reads[name])))
    return found


def _as_seen(spec: ColumnSpec, read: Callable[[Any], tuple[Any, Any]]) -> Callable[[Any], Any]:
    """Return what keeps of a value what the model sees: nothing of what cannot be read, of unknown levels that they
    are none of those known."""
    known = frozenset(spec.levels)
    all_known = len(known) == spec.n_levels and spec.kind not in (Kind.TEXT, Kind.ID)

    def number(value: Any) -> Any:
        if type(value) is float or type(value) is int:
            return value
        found = read(value)[0]
        return value if found == found else None  # NaN is no value of its kind

    def level(value: Any) -> Any:
        found = read(value)[0]
        return found if found is None or found in known or not all_known else RARE

    return number if spec.kind.numeric else level


def _getter(names: tuple[str, ...]) -> _Pick:
    if len(names) > 1:
        return itemgetter(*names)
    if names:
        only = names[0]
        return lambda record: (record[only],)
    return lambda record: ()


def _alike(names: Iterable[str]) -> dict[str, str]:
    """Return names by what is equal but for case and blanks around; those that are not alone in that are left out."""
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.strip().casefold(), []).append(name)
    return {key: group[0] for key, group in groups.items() if len(group) == 1}


def listed_columns(values: Any) -> list[Any]:
    """Return a column's values as JSON can hold them, missing as None."""
    if hasattr(values, "to_pylist"):  # Arrow, without importing it
        values = values.to_pylist()
    elif hasattr(values, "to_numpy") and not isinstance(values, np.ndarray):
        values = values.to_numpy()
    if isinstance(values, np.ndarray):
        values = _of_array(values)
    return [v if type(v) in _PLAIN else _plain(v) for v in values]


_PLAIN = frozenset({str, int, float, bool, type(None), list, dict})


def _of_array(values: np.ndarray) -> list[Any]:
    if values.dtype.kind == "M":
        return [None if v is None else v.isoformat() for v in values.astype("datetime64[us]").tolist()]
    if values.dtype.kind == "m":
        return [None if np.isnat(v) else float(v / np.timedelta64(1, "us")) / 1e6 for v in values.astype("m8[us]")]
    return values.tolist()


def _plain(value: Any) -> Any:
    """Return a value of other libraries as a number or a text; what reads it sees the same."""
    if isinstance(value, np.generic):
        return _of_array(np.asarray([value]))[0] if value.dtype.kind in "mM" else value.item()
    name = type(value).__name__
    if name == "timedelta":
        return value.total_seconds()
    if name in ("Decimal", "Fraction"):
        return float(value)
    if isinstance(value, list | tuple | dict):
        return value
    return text_of(value)


_ENCODER = msgspec.json.Encoder(enc_hook=_plain)


def encode(line: tuple[Any, ...]) -> bytes:
    """Return a line of JSON without its end.

    Raises
    ------
    One of `ROW_ERRORS`; `encode_safely` then helps.
    """
    return _ENCODER.encode(line)


def encode_lines(lines: Sequence[tuple[Any, ...]]) -> bytes | None:
    """Return lines of JSON, each with its end; None where one is so long that a text in it may be too long.

    Raises
    ------
    One of `ROW_ERRORS`.
    """
    encoded = _ENCODER.encode_lines(lines)
    if len(encoded) > TEXT_LIMIT and max(map(len, encoded.split(b"\n"))) > TEXT_LIMIT:
        return None
    return encoded


def first_row(columns: Mapping[str, Any]) -> dict[str, Any]:
    """Return the first row of columns as a record."""
    return {name: v[0] if type(v) is list else _first(v) for name, v in columns.items()}


def _first(values: Any) -> Any:
    if type(values) is np.ndarray and values.dtype.kind in "iufb":
        return values.item(0)
    return listed_columns(values[:1])[0]


def encode_safely(values: Sequence[Any]) -> list[Any]:
    """Return values that can be encoded: texts cut and of valid Unicode, nested values that are too much as text."""
    return [_safe(value) for value in values]


def _safe(value: Any) -> Any:
    kind = type(value)
    if kind is str:
        return _text(value)
    if kind is int:
        return value if value.bit_length() <= INTEGER_BITS else None  # as a float it would be infinite: missing
    if kind is float or kind is bool or value is None:
        return value
    try:
        text = _ENCODER.encode(value)
    except ROW_ERRORS:
        return _text(type(value).__name__)  # what it was, not what it held
    return msgspec.Raw(text) if len(text) <= TEXT_LIMIT else _text(text.decode("utf-8"))


def _text(value: str) -> str:
    return value[:TEXT_LIMIT].encode("utf-8", "replace").decode("utf-8")
