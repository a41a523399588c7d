"""Raw rows made canonical by the contract: the one enforcement for training, batch scoring and REST.

Every value is read by a function of that value and the column's specification alone, so a row means the same in a
file of ten million and in a request of its own. Speed comes from reading each distinct value once, and from a fast
path of Arrow for texts that are plain numbers or ISO dates, which gives the very same values (tests say so).

Only numpy and the standard library are imported; Arrow is touched when an Arrow table comes in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind, Violation
from modelwright.data.enforcing import (
    NOTHING,
    Fit,
    Tally,
    check_lengths,
    counts_of,
    fit_of,
    refuse_unreadable,
    violations_of,
)
from modelwright.data.parsing.booleans import read_boolean
from modelwright.data.parsing.moments import EPOCH_UNITS, EXCEL, EXCEL_DAY_0, read_duration, read_moment
from modelwright.data.parsing.numbers import MAGNITUDE, NumberFormat, as_float, read_number
from modelwright.data.parsing.texts import UNIVERSAL_MISSING, is_missing_text, text_of
from modelwright.data.raw import ArrayRaw, Raw, raw_of

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = [
    "SPELLINGS",
    "UNIVERSAL_MISSING",
    "Reading",
    "canonicalise",
    "level_reader",
    "raw_strings",
    "read_column",
    "read_columns",
]

SPELLINGS = tuple(
    sorted({s for t in UNIVERSAL_MISSING for s in (t, t.upper(), t.capitalize())} | {"NaN", "NaT", "\\N"})
)
"""Universal missing tokens as they are usually spelled; the fast path knows these, the slow one every spelling."""


@dataclass(frozen=True, eq=False)
class Reading:
    """A column as read.

    Attributes
    ----------
    column : Column
    n_missing : int
        Values that are missing in the source: null or a text or number that means missing.
    n_unreadable : int
        Values that are not of the column's kind, infinite numbers among them; missing in ``column``.
    n_respelled : int
        Values that were read as a known level in another spelling, see `ColumnSpec.forgiving`.
    """

    column: Column
    n_missing: int
    n_unreadable: int
    n_respelled: int = 0

    @property
    def n_present(self) -> int:
        """Values that are not missing in the source, readable or not."""
        return len(self.column) - self.n_missing


def canonicalise(
    table: pa.Table | Mapping[str, Sequence[Any]], contract: Contract, *, required: Iterable[str] = ()
) -> tuple[Columns, tuple[Violation, ...]]:
    """Return the canonical columns of a raw table and how it differs from the contract.

    Parameters
    ----------
    table : pyarrow.Table or mapping of name to values
        Values may be of any type: None, NaN and ``pandas.NA`` are missing, numbers stand in text columns and texts in
        number columns.
    contract : Contract
        Says which columns are made, in its order. A column that is not in the table is missing in every row.
    required : iterable of str
        Columns without which the rows are refused.

    Raises
    ------
    ContractError
        Required columns are missing (all are named), columns have different lengths, or more than half of a column
        cannot be read as its kind.
    """
    given = _by_name(table)
    fit = fit_of(tuple(given), contract, required)
    check_lengths({fit.respelled.get(name, name): values for name, values in given.items()})
    columns, tally = read_columns(given, fit, contract)
    refuse_unreadable(tally, contract)
    return columns, violations_of(fit, tally, contract)


def read_columns(table: pa.Table | Mapping[str, Sequence[Any]], fit: Fit, contract: Contract) -> tuple[Columns, Tally]:
    """Return the canonical columns of some rows, and what was counted in them; nothing is refused.

    Parameters
    ----------
    table : pyarrow.Table or mapping of name to values
        At least the columns that ``fit`` reads; see `canonicalise`.
    fit : Fit
        How the columns of all the rows meet those of the contract.
    """
    given = _by_name(table)
    n_rows = len(next(iter(given.values()))) if given else 0
    columns: Columns = {}
    counts = []
    for spec in contract.columns:
        source = fit.sources.get(spec.name)
        if source is None:
            columns[spec.name] = _empty(spec, n_rows)
            counts.append(NOTHING)
            continue
        reading = read_column(given[source], spec)
        columns[spec.name] = reading.column
        counts.append(counts_of(reading.column, spec, reading.n_present, reading.n_unreadable, reading.n_respelled))
    return columns, Tally(n_rows=n_rows, counts=tuple(counts))


def raw_strings(table: pa.Table, names: Iterable[str]) -> dict[str, np.ndarray]:
    """Return the raw values of columns as texts, as object arrays of str with None for null.

    Texts are as in the source, tokens for missing values included; other values are as `text_of` writes them.
    """
    texts: dict[str, np.ndarray] = {}
    for name in names:
        values, codes = raw_of(table.column(name)).distinct()
        lookup = np.empty(len(values) + 1, dtype=object)
        plain = set(map(type, values)) <= {str}
        lookup[: len(values)] = values if plain else [v if isinstance(v, str) else text_of(v) for v in values]
        texts[name] = lookup[codes]  # code -1 is the last entry, None
    return texts


def read_column(values: Any, spec: ColumnSpec) -> Reading:
    """Return one raw column read by its specification; nothing is refused here."""
    raw = raw_of(values)
    if spec.treatment is not None:
        from modelwright.data.treating.values import treated

        raw = treated(raw, spec.treatment)
    return _numeric(raw, spec) if spec.kind.numeric else _strings(raw, spec)


def _by_name(table: pa.Table | Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    if isinstance(table, Mapping):
        return {str(name): values for name, values in table.items()}
    return dict(zip(table.column_names, table.columns, strict=True))


# --- texts ---------------------------------------------------------------------------------------------------------


def _strings(raw: Raw, spec: ColumnSpec) -> Reading:
    """Read levels: distinct values to texts, those that mean missing to -1, equal texts to one level."""
    values, codes = raw.distinct()
    level = level_reader(spec)
    index: dict[str, int] = {}
    table = np.full(len(values) + 1, -1, dtype=np.int32)
    other = np.zeros(len(values) + 1, dtype=bool)
    for position, value in enumerate(values):
        text = level(value)
        if text is not None:
            table[position] = index.setdefault(text, len(index))
            other[position] = spec.forgiving and _is_respelled(value, text, spec)
    levels = np.empty(len(index), dtype=object)
    levels[:] = list(index)
    read = table[codes]
    return Reading(Strings(read, levels), int((read < 0).sum()), 0, int(other[codes].sum()))


def _is_respelled(value: Any, level: str, spec: ColumnSpec) -> bool:
    """Return whether a text became another level that nothing but its spelling leads to."""
    text = text_of(value) if isinstance(value, str) else level
    return text != level and all(text != spelled for spelled, _ in spec.same_levels)


def level_reader(spec: ColumnSpec) -> Callable[[Any], str | None]:
    """Return the function that reads one value of a column of texts: its level, None where missing."""
    tokens, kept = frozenset(spec.missing_tokens), frozenset(spec.kept_tokens)
    numbers = frozenset(text for n in spec.missing_numbers if (text := text_of(n)) is not None)
    # A JSON true is the level that the training file spelled "true", "TRUE" or "True".
    known = {level.lower(): level for level in reversed(spec.levels) if level.lower() in ("true", "false")}
    same = dict(spec.same_levels)
    own, meant = frozenset(spec.levels), _meant(spec) if spec.forgiving else {}

    def level(value: Any) -> str | None:
        text = text_of(value)
        if text is None or is_missing_text(text, tokens, kept) or text in numbers:
            return None
        text = known.get(text.lower(), text) if isinstance(value, bool | np.bool_) else text
        text = same.get(text, text)
        return text if not meant or text in own else meant.get(_folded(text), text)

    return level


def _folded(text: str) -> str:
    """Return a text without its case, and with one blank where there are several."""
    return " ".join(text.casefold().split())


def _meant(spec: ColumnSpec) -> dict[str, str | None]:
    """Return what a spelling is read as, where one level alone, or one token for missing (None), can be meant."""
    found: dict[str, set[str | None]] = {}
    for level in spec.levels:
        found.setdefault(_folded(level), set()).add(level)
    for spelled, level in spec.same_levels:
        found.setdefault(_folded(spelled), set()).add(level)
    for token in spec.missing_tokens:
        found.setdefault(_folded(token), set()).add(None)
    return {folded: next(iter(one)) for folded, one in found.items() if len(one) == 1}


# --- numbers -------------------------------------------------------------------------------------------------------


def _numeric(raw: Raw, spec: ColumnSpec) -> Reading:
    found = _fast(raw, spec)
    if found is None:
        values, codes = raw.distinct()
        found, missing = _read_distinct(values, codes, spec)
    else:
        missing = np.isnan(found)
    infinite = np.isinf(found)
    if infinite.any():
        found = np.where(infinite, np.nan, found)
    unreadable = np.isnan(found) & ~missing
    if spec.missing_numbers:
        sentinel = np.isin(found, np.asarray(spec.missing_numbers, dtype=np.float64))
        found = np.where(sentinel, np.nan, found)
        missing = missing | sentinel
    return Reading(found, int(missing.sum()), int(unreadable.sum()))


def _read_distinct(values: list[Any], codes: np.ndarray, spec: ColumnSpec) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers, NaN where missing or unreadable, and where they are missing."""
    read = _value_reader(spec)
    tokens, kept = frozenset(spec.missing_tokens), frozenset(spec.kept_tokens)
    lookup = np.full(len(values) + 1, np.nan)
    absent = np.zeros(len(values) + 1, dtype=bool)
    absent[-1] = True
    for position, value in enumerate(values):
        if isinstance(value, str):
            value = value.strip()
            if is_missing_text(value, tokens, kept):
                absent[position] = True
                continue
        number = read(value)
        if number is not None:
            lookup[position] = number
    return lookup[codes], absent[codes]


def _value_reader(spec: ColumnSpec) -> Callable[[Any], float | None]:
    """Return the function that reads one value that is not null: seconds, 0 or 1, or a number; None if unreadable."""
    if spec.kind is Kind.DATETIME:
        return lambda value: read_moment(value, spec.formats)
    if spec.kind is Kind.DURATION:
        return read_duration
    if spec.kind is Kind.BOOLEAN:
        yes, no = frozenset(spec.true_tokens), frozenset(spec.false_tokens)
        return lambda value: read_boolean(value, yes, no)
    style = NumberFormat(spec.decimal, spec.thousands, spec.unit, spec.scale, MAGNITUDE in spec.formats)

    def number(value: Any) -> float | None:
        if isinstance(value, str):
            number = read_number(value, style)
            return _infinite(value) if number is None else number
        return _plain_number(value, spec.scale)

    return number


def _infinite(text: str) -> float | None:
    return None if text.lstrip("+-").lower() not in ("inf", "infinity") else float("inf")


def _plain_number(value: Any, scale: float) -> float | None:
    if isinstance(value, bool | int | float | np.integer | np.floating | np.bool_):
        return as_float(value) * scale
    if type(value).__name__ in ("Decimal", "Fraction"):
        return as_float(value) * scale
    return None


def _fast(raw: Raw, spec: ColumnSpec) -> np.ndarray | None:
    """Return the column in one step where its storage allows it, NaN meaning missing; None to go value by value."""
    kind = spec.kind
    stored = raw.seconds()
    if stored is not None:
        fits = (stored[0] == "moment") == (kind is Kind.DATETIME) and kind in (Kind.DATETIME, Kind.DURATION)
        return stored[1] if fits else None
    numbers = raw.numbers()
    if numbers is not None:
        return _fast_numbers(numbers, spec)
    if isinstance(raw, ArrayRaw):
        return None  # texts in Python have no faster way
    spelled = (*SPELLINGS, *spec.missing_tokens)
    missing = [t for t in spelled if t not in spec.kept_tokens]
    if kind in (Kind.NUMBER, Kind.GEO) and spec.thousands != ".":
        plain = raw.plain_numbers(missing)
        return plain if plain is None or spec.scale == 1.0 else plain * spec.scale
    if kind is Kind.DATETIME and not set(spec.formats) & {*EPOCH_UNITS, EXCEL}:
        return raw.plain_moments(missing)
    return None


def _fast_numbers(numbers: np.ndarray, spec: ColumnSpec) -> np.ndarray | None:
    if spec.kind in (Kind.NUMBER, Kind.GEO):
        return numbers if spec.scale == 1.0 else numbers * spec.scale
    if spec.kind is Kind.DURATION:
        return numbers
    if spec.kind is Kind.DATETIME and spec.formats:
        if spec.formats[0] in EPOCH_UNITS:
            return numbers / EPOCH_UNITS[spec.formats[0]]
        if spec.formats[0] == EXCEL:
            return EXCEL_DAY_0 + numbers * 86_400
    return None


def _empty(spec: ColumnSpec, n_rows: int) -> Column:
    if spec.kind.numeric:
        return np.full(n_rows, np.nan)
    return Strings(np.full(n_rows, -1, dtype=np.int32), np.empty(0, dtype=object))
