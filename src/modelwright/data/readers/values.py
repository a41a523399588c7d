"""Python values as Arrow columns: for readers that get rows or columns of Python objects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from numbers import Complex, Real
from typing import TYPE_CHECKING, Any

from modelwright.data.parsing.texts import text_of
from modelwright.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["column_of", "complex_numbers", "table_of_records", "table_of_rows"]


def column_of(values: Sequence[Any]) -> pa.Array:
    """Return an Arrow array with the type of the values; values of different types, or nested ones, become texts.

    Raises
    ------
    DataError
        Values are complex numbers (MW-D191).
    """
    import pyarrow as pa

    kinds = {type(v) for v in values}
    if any(issubclass(kind, Complex) and not issubclass(kind, Real) for kind in kinds):
        raise complex_numbers()
    if not kinds & {dict, list, tuple, set}:
        try:
            return pa.array(values, from_pandas=True)
        except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError, OverflowError):
            pass  # mixed types
    return pa.array([text_of(v) for v in values], pa.string())


def complex_numbers(column: str = "") -> DataError:
    """Return the error for complex numbers."""
    where = f"column '{column}' holds complex numbers: " if column else ""
    fix = "give real numbers, such as the real and the imaginary part in columns of their own"
    return DataError(f"{where}complex data is not supported", fix=fix, code="MW-D191")


def table_of_rows(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> pa.Table:
    """Return a table of rows that all have one value per name."""
    import pyarrow as pa

    columns = list(zip(*rows, strict=True)) if rows else [()] * len(names)
    return pa.table([column_of(c) for c in columns], names=list(names))


def table_of_records(records: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Return a table of records; names in order of first appearance, missing where a record has no such name."""
    import pyarrow as pa

    records = list(records)
    names: dict[str, None] = {}
    for record in records:
        if record.keys() != names.keys():
            names.update(dict.fromkeys(record))
    return pa.table([column_of([r.get(n) for r in records]) for n in names], names=list(names))
