"""The target as class numbers, and the names of the classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.errors import DataError

__all__ = ["class_codes", "number_name", "sort_classes"]


def class_codes(column: Column, spec: ColumnSpec) -> tuple[np.ndarray, tuple[str, ...]]:
    """Return class numbers (int64, -1 where missing) and class names in a sensible order.

    Names that are numbers stand in numeric order, others in alphabetical order without regard to case. Only classes
    that occur are named.
    """
    if isinstance(column, Strings):
        codes, names = column.codes.astype(np.int64), [str(v) for v in column.levels]
    else:
        codes, names = _codes_of_numbers(np.asarray(column, dtype=np.float64), spec)
    used = np.bincount(codes[codes >= 0], minlength=len(names)) > 0
    order = sort_classes([n for n, u in zip(names, used) if u])
    index = {name: i for i, name in enumerate(order)}
    table = np.array([index.get(n, -1) for n in names] + [-1], dtype=np.int64)
    return table[codes], tuple(order)


def sort_classes(names: Sequence[str]) -> list[str]:
    """Return names in numeric order where all are numbers, else alphabetically without regard to case."""
    try:
        return sorted(names, key=lambda n: (float(n), n))
    except ValueError:
        return sorted(names, key=lambda n: (n.casefold(), n))


def number_name(value: float) -> str:
    """Return the class name of a number: ``"3"`` for 3.0, ``"0.25"`` for 0.25."""
    return str(int(value)) if float(value).is_integer() and abs(value) < 1e15 else repr(float(value))


def _codes_of_numbers(values: np.ndarray, spec: ColumnSpec) -> tuple[np.ndarray, list[str]]:
    present = np.isfinite(values)
    distinct, inverse = np.unique(values[present], return_inverse=True)
    codes = np.full(len(values), -1, dtype=np.int64)
    codes[present] = inverse
    if spec.kind is Kind.BOOLEAN and set(distinct) <= {0.0, 1.0}:
        return codes, [_boolean_name(spec, bool(v)) for v in distinct]
    if spec.kind is Kind.DATETIME and len(distinct):
        raise DataError(
            f"the target column '{spec.name}' holds dates, which are no classes",
            fix="predict the date as a value with --objective regress, or make a column of classes from it",
            code="MW-D301",
        )
    return codes, [number_name(v) for v in distinct]


def _boolean_name(spec: ColumnSpec, value: bool) -> str:
    """Return the text a boolean had in the source, so that predictions read like the user's own data."""
    tokens = spec.true_tokens if value else spec.false_tokens
    for level in spec.levels:
        if level.strip().lower() in tokens:
            return level
    if spec.storage == "bool" or not tokens:
        return str(value)
    return tokens[0]
