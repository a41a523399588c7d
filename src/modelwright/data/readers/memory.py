"""Tables in memory: pandas, polars, Arrow, or a mapping of names to values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from modelwright.data.readers import Ask, Read
from modelwright.data.readers.values import column_of, complex_numbers
from modelwright.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

__all__ = ["read"]


def read(thing: Any, ask: Ask) -> Read:
    """Return the table of an object in memory.

    Raises
    ------
    UsageError
        The object is no table that we know.
    DataError
        It has no columns or no rows, or its columns differ in length.
    """
    library = type(thing).__module__.split(".")[0]
    name = type(thing).__name__
    notes: list[str] = []
    if library == "pyarrow" and hasattr(thing, "schema"):
        table = _of_arrow(thing)
    elif library == "pandas" and name == "DataFrame":
        table = _of_pandas(thing, notes)
    elif library == "polars" and name in ("DataFrame", "LazyFrame"):
        table = (thing.collect() if name == "LazyFrame" else thing).to_arrow()
    elif isinstance(thing, Mapping):
        table = _of_mapping(thing)
    else:
        raise UsageError(
            f"a {type(thing).__module__}.{name} is no table",
            fix="give a path, a database URL, or a pandas, polars or Arrow table",
            code="MW-U110",
        )
    if table.num_columns == 0 or table.num_rows == 0:
        what = "columns" if table.num_columns == 0 else "rows"
        raise DataError(f"the table in memory has no {what}", fix="give a table with data", code="MW-D116")
    return Read(table=table, n_rows=table.num_rows, notes=tuple(notes), n_bytes=table.nbytes)


def _of_arrow(thing: Any) -> pa.Table:
    import pyarrow as pa

    if isinstance(thing, pa.RecordBatch):
        return pa.Table.from_batches([thing])
    return thing if isinstance(thing, pa.Table) else thing.read_all()


def _of_mapping(thing: Mapping[Any, Any]) -> pa.Table:
    import pyarrow as pa

    columns = [column_of(list(v)) for v in thing.values()]
    lengths = {len(c) for c in columns}
    if len(lengths) > 1:
        raise DataError(
            f"columns differ in length: {min(lengths)} to {max(lengths)} rows",
            fix="give every column the same number of rows",
            code="MW-D132",
        )
    return pa.table(columns, names=[_label(n) for n in thing])


def _of_pandas(frame: pd.DataFrame, notes: list[str]) -> pa.Table:
    """Return the columns of a frame; the index is not read."""
    import pandas as pd
    import pyarrow as pa

    index = frame.index
    plain = isinstance(index, pd.RangeIndex) or (index.nlevels == 1 and index.name is None)
    if not plain:
        labels = [str(n) for n in index.names if n is not None]
        named = f" ('{', '.join(labels)}')" if labels else ""
        notes.append(f"the index{named} is not read: make it a column with reset_index() if it matters")
    columns = [_of_series(frame.iloc[:, i]) for i in range(frame.shape[1])]
    return pa.table(columns, names=[_label(n) for n in frame.columns]) if columns else pa.table({})


def _of_series(series: pd.Series) -> pa.Array | pa.ChunkedArray:
    import pandas as pd
    import pyarrow as pa

    kind = series.dtype
    if isinstance(kind, pd.CategoricalDtype):
        series = series.astype(object)
    elif isinstance(kind, pd.PeriodDtype):
        series = series.dt.to_timestamp()
    elif isinstance(kind, pd.SparseDtype):
        series = series.sparse.to_dense()  # type: ignore[attr-defined]
    elif getattr(kind, "kind", "") == "c":
        raise complex_numbers(_label(series.name))
    elif isinstance(kind, pd.IntervalDtype):
        series = series.astype(str)
    if series.dtype == object:
        return column_of(series.tolist())
    try:
        return pa.array(series, from_pandas=True)
    except (pa.ArrowInvalid, pa.ArrowTypeError, pa.ArrowNotImplementedError):
        return column_of(series.tolist())


def _label(label: Any) -> str:
    """Return the name of a column: levels of a MultiIndex joined by a dot."""
    if isinstance(label, tuple):
        return ".".join(str(part) for part in label if str(part))
    return str(label)
