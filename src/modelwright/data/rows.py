"""One raw row made canonical: what `canonicalise` does for tables, without the cost of a table.

The slow, obvious twin is ``canonicalise({name: [value] …})``; tests hold the two equal, value by value and message by
message. Which columns are meant is found once for each set of names that clients send; a number within the range seen
in training is taken as it is; a value that was met before is remembered; everything else is read by the very functions
that read tables.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from modelwright.data.canonical import level_reader, read_column, read_columns
from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind, Violation
from modelwright.data.enforcing import NOTHING, Fit, Tally, counts_of, fit_of, refuse_unreadable, violations_of

__all__ = ["LONGEST_REMEMBERED", "Row", "RowReader", "is_records", "read_records"]

Row = list[Any]
"""Canonical values in the order of the contract: a float, NaN where missing; for texts a str, None where missing."""

REMEMBERED_VALUES = 16_384  # of all columns: some 16 MB at most; forgotten together when there are more
REMEMBERED_NAMES = 64  # sets of names
SPARE_NAMES = 1_000  # characters that a remembered set of names may have beyond twice those of the contract
LONGEST_REMEMBERED = 80  # characters; longer values are texts that come once

Told = tuple[Violation, ...]
Read = Callable[[Any], tuple[Any, Told]]

_Way = tuple[str, float, float, dict[Any, tuple[Any, Told]], Read]
"""Name that came, bounds of numbers that are taken as they are, what is remembered, and how everything else is read."""

_LARGEST = float(np.finfo(np.float64).max)


class RowReader:
    """Reads raw rows by a contract, one at a time. Any number of threads may use it.

    Parameters
    ----------
    contract : Contract
        All its columns are required.
    """

    def __init__(self, contract: Contract) -> None:
        self.contract = contract
        memory = _Memory()
        self._columns = {spec.name: _Column(spec, memory) for spec in contract.columns}
        self._longest = 2 * sum(map(len, contract.names)) + SPARE_NAMES
        self._fits: dict[tuple[str, ...], tuple[list[_Way], Told]] = {}

    @property
    def reads(self) -> Mapping[str, Read]:
        """How one value of each column is read: the canonical value, and what there is to say of it."""
        return {name: column.read for name, column in self._columns.items()}

    def plain_range(self, name: str) -> tuple[float, float]:
        """Return the bounds within which numbers of a column are taken as they are; an empty range where none is."""
        return self._columns[name].low, self._columns[name].high

    def __call__(self, record: Mapping[str, Any]) -> tuple[Row, Told]:
        """Return the canonical values of a row, and how it differs from the contract.

        Raises
        ------
        ContractError
            Columns are missing; all are named (MW-C001).
        """
        names = tuple(record)
        fitted = self._fits.get(names)
        columns, told = self._fit(names) if fitted is None else fitted
        values: Row = []
        add = values.append
        for name, low, high, memory, read in columns:
            value = record[name]
            kind = type(value)
            if kind is float or kind is int:
                if low <= value <= high:
                    add(float(value))
                    continue
            elif kind is str and (found := memory.get(value)) is not None:
                add(found[0])
                if found[1]:
                    told += found[1]
                continue
            value, more = read(value)
            add(value)
            if more:
                told += more
        return values, told

    def _fit(self, names: tuple[str, ...]) -> tuple[list[_Way], Told]:
        fit = fit_of(names, self.contract, self.contract.names)
        told = violations_of(fit, Tally(n_rows=1, counts=(NOTHING,) * len(self.contract.columns)), self.contract)
        columns = [(fit.sources[name], c.low, c.high, c.memory, c.read) for name, c in self._columns.items()]
        if sum(map(len, names)) <= self._longest:
            if len(self._fits) >= REMEMBERED_NAMES:
                self._fits.clear()
            self._fits[names] = columns, told
        return columns, told


class _Memory:
    """What the columns of a reader remember, under one bound: no client makes memory grow, however many columns."""

    def __init__(self) -> None:
        self._of_columns: list[dict[Any, tuple[Any, Told]]] = []
        self._told: dict[Told, Told] = {}
        self._left = REMEMBERED_VALUES

    def of_column(self) -> dict[Any, tuple[Any, Told]]:
        """Return what a column remembers, nothing yet. It is emptied, never replaced: others hold on to it."""
        self._of_columns.append({})
        return self._of_columns[-1]

    def keep(self, memory: dict[Any, tuple[Any, Told]], key: Any, found: tuple[Any, Told]) -> None:
        """Remember what a value is; violations, which say no values, are kept once for all values that have them."""
        if self._left <= 0:
            self._left = REMEMBERED_VALUES
            self._told.clear()
            for one in self._of_columns:
                one.clear()
        self._left -= 1
        value, told = found
        memory[key] = value, self._told.setdefault(told, told)


def is_records(rows: Any) -> bool:
    """Return whether rows are a sequence of mappings, one for each row."""
    return (
        isinstance(rows, Sequence) and not isinstance(rows, str | bytes) and all(isinstance(r, Mapping) for r in rows)
    )


def read_records(records: Sequence[Mapping[str, Any]], contract: Contract) -> tuple[Columns, tuple[Violation, ...]]:
    """Return the canonical columns of records, and how they differ from the contract; all its columns are required.

    A record means what it means alone, whatever names the others have: each has to have every column, in any spelling
    that alone would do.

    Raises
    ------
    ContractError
        A record lacks columns (MW-C001), or more than half of a column cannot be read as its kind.
    """
    fits: dict[tuple[str, ...], tuple[Fit, int]] = {}
    values: dict[str, list[Any]] = {name: [] for name in contract.names}
    for record in records:
        names = tuple(record)
        fit, count = fits.get(names) or (fit_of(names, contract, contract.names), 0)
        fits[names] = fit, count + 1
        for name, source in fit.sources.items():
            values[name].append(record[source])
    plain = Fit(sources={name: name for name in contract.names}, respelled={}, unknown=())
    columns, tally = read_columns(values, plain, contract)
    refuse_unreadable(tally, contract)
    nothing = (NOTHING,) * len(contract.columns)
    told: dict[tuple[str, str, str], Violation] = {}
    for fit, count in fits.values():
        for found in violations_of(fit, Tally(n_rows=count, counts=nothing), contract):
            key = (found.what, found.column, found.message)
            before = told.get(key)
            told[key] = found if before is None else replace(before, n_rows=before.n_rows + found.n_rows)
    return columns, (*told.values(), *violations_of(plain, tally, contract))


class _Column:
    """How one column's values are read; numbers from ``low`` to ``high`` are taken as they are."""

    def __init__(self, spec: ColumnSpec, memory: _Memory) -> None:
        self.low, self.high = _plain_range(spec)
        self.read: Read = self._text if spec.kind in (Kind.TEXT, Kind.ID) else self._remembered
        self._spec = spec
        self._alone = Contract(columns=(spec,), rows_seen=0)
        self._level = None if spec.kind.numeric or spec.treatment is not None else level_reader(spec)
        self._memory = memory
        self.memory = memory.of_column()
        """What values are: texts by themselves, others by their type too."""

    def _text(self, value: Any) -> tuple[Any, Told]:
        if type(value) is not str or self._level is None:
            return self._remembered(value)
        level = self._level(value)
        return (level, ()) if level is not None else self._slowly(value)

    def _remembered(self, value: Any) -> tuple[Any, Told]:
        kind = type(value)
        if kind is str:
            key: Any = value
        elif kind in (int, float, bool) or value is None:
            key = (kind, value)  # by type as well: True, 1 and 1.0 are equal to Python
        else:
            return self._slowly(value)
        found = self.memory.get(key)
        if found is None:
            found = self._slowly(value)
            if kind is not str or len(value) <= LONGEST_REMEMBERED:
                self._memory.keep(self.memory, key, found)
        return found

    def _slowly(self, value: Any) -> tuple[Any, Told]:
        reading = read_column([value], self._spec)
        counts = counts_of(reading.column, self._spec, reading.n_present, reading.n_unreadable, reading.n_respelled)
        name = self._spec.name
        fit = Fit(sources={name: name}, respelled={}, unknown=())
        told = violations_of(fit, Tally(n_rows=1, counts=(counts,)), self._alone)
        if isinstance(reading.column, Strings):
            code = int(reading.column.codes[0])
            return (None if code < 0 else reading.column.levels[code]), told
        return float(reading.column[0]), told


def _plain_range(spec: ColumnSpec) -> tuple[float, float]:
    """Return between which bounds a number needs no second look; an empty range where every value needs one."""
    plain = spec.kind in (Kind.NUMBER, Kind.GEO, Kind.DURATION) and spec.scale == 1.0
    low = -_LARGEST if spec.minimum is None or spec.maximum is None else spec.minimum
    high = _LARGEST if spec.minimum is None or spec.maximum is None else spec.maximum
    if not plain or any(low <= n <= high for n in spec.missing_numbers):
        return 1.0, 0.0
    if spec.treatment is not None:  # what a privacy policy leaves as it is
        low, high = max(low, spec.treatment.leaves_alone[0]), min(high, spec.treatment.leaves_alone[1])
    return low, high
