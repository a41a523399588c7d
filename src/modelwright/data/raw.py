"""One raw column, whatever holds it: an Arrow column, an array, or a list of Python values.

A `Raw` gives its values in three forms, of which a reader takes the cheapest that fits: as float64, as seconds, or as
distinct Python values with codes. Arrow is touched only by `ArrowRaw`, and only when an Arrow table came in: the
serving image has no Arrow.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Protocol

import numpy as np

from modelwright.data.parsing.texts import NULL_TYPES, text_of

__all__ = ["ArrowRaw", "ArrayRaw", "Raw", "raw_of"]  # noqa: RUF022

HEAD_ROWS = 1_000
"""Texts that are tried first: most columns that are no numbers show it there."""


class Raw(Protocol):
    """What readers ask of a raw column. Nothing here changes the column."""

    def __len__(self) -> int: ...

    def numbers(self) -> np.ndarray | None:
        """Return float64 with NaN for null where the values are stored as numbers (booleans are none), else None."""
        ...

    def seconds(self) -> tuple[str, np.ndarray] | None:
        """Return ``("moment" or "duration", float64 seconds)`` where the values are stored as such, else None."""
        ...

    def plain_numbers(self, missing: Collection[str]) -> np.ndarray | None:
        """Return float64 where texts are all plain numbers or exactly one of ``missing``, else None (or not tried)."""
        ...

    def plain_moments(self, missing: Collection[str]) -> np.ndarray | None:
        """Return seconds where texts are all ISO 8601 or exactly one of ``missing``, else None (or not tried)."""
        ...

    def distinct(self) -> tuple[list[Any], np.ndarray]:
        """Return distinct values and, per row, the position in them, -1 for null."""
        ...


class ArrayRaw:
    """A raw column over a numpy array or any sequence of Python values."""

    def __init__(self, values: Any) -> None:
        if hasattr(values, "to_numpy") and not isinstance(values, np.ndarray):  # a pandas or polars series
            values = values.to_numpy()
        if not isinstance(values, np.ndarray | list | tuple):
            values = list(values)
        self.values: Any = values

    def __len__(self) -> int:
        return len(self.values)

    @property
    def _kind(self) -> str:
        return self.values.dtype.kind if isinstance(self.values, np.ndarray) else "O"

    def numbers(self) -> np.ndarray | None:
        return self.values.astype(np.float64) if self._kind in "iuf" else None

    def seconds(self) -> tuple[str, np.ndarray] | None:
        if self._kind not in "mM":
            return None
        name, unit = ("moment", "datetime64[us]") if self._kind == "M" else ("duration", "timedelta64[us]")
        seconds = self.values.astype(unit).astype(np.int64) / 1e6
        seconds[np.isnat(self.values)] = np.nan
        return name, seconds

    def plain_numbers(self, missing: Collection[str]) -> np.ndarray | None:
        return None

    def plain_moments(self, missing: Collection[str]) -> np.ndarray | None:
        return None

    def distinct(self) -> tuple[list[Any], np.ndarray]:
        if self._kind in "iufbmMU" and self.values.ndim == 1:
            found, codes = np.unique(self.values, return_inverse=True)
            codes = codes.astype(np.int64)
            null = np.isnan(found) if self._kind == "f" else np.isnat(found) if self._kind in "mM" else None
            if null is not None:
                codes[null[codes]] = -1
            return list(found), codes
        index: dict[Any, int] = {}
        codes = np.fromiter((self._code(v, index) for v in self.values), np.int64, len(self.values))
        return [value for _, value in index], codes

    @staticmethod
    def _code(value: Any, index: dict[Any, int]) -> int:
        kind = type(value)
        if value is None or kind.__name__ in NULL_TYPES:
            return -1
        if kind in (dict, list, tuple, set, np.ndarray):
            value, kind = text_of(value), str
        elif isinstance(value, float | np.floating | np.datetime64 | np.timedelta64) and value != value:
            return -1  # NaN and NaT
        return index.setdefault((kind, value), len(index))  # by type as well: True, 1 and 1.0 are equal to Python


class ArrowRaw:
    """A raw column over a `pyarrow.ChunkedArray`."""

    def __init__(self, column: Any) -> None:
        import pyarrow as pa

        from modelwright.data.tidying import plain_column

        self.column: pa.ChunkedArray = column if _is_compact(column) else plain_column(column)

    def __len__(self) -> int:
        return len(self.column)

    def numbers(self) -> np.ndarray | None:
        import pyarrow as pa

        kind = self.column.type
        return self._floats(self.column) if pa.types.is_integer(kind) or pa.types.is_floating(kind) else None

    @staticmethod
    def _floats(column: Any) -> np.ndarray:
        import pyarrow as pa
        import pyarrow.compute as pc

        floats = pc.cast(column, pa.float64(), safe=False)
        return np.array(floats.to_numpy(), dtype=np.float64)  # null becomes NaN

    def seconds(self) -> tuple[str, np.ndarray] | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        kind = self.column.type
        if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
            target, name = pa.timestamp("us", getattr(kind, "tz", None)), "moment"
        elif pa.types.is_duration(kind):
            target, name = pa.duration("us"), "duration"
        else:
            return None
        micro = pc.cast(pc.cast(self.column, target, safe=False), pa.int64())
        return name, self._floats(micro) / 1e6

    def plain_numbers(self, missing: Collection[str]) -> np.ndarray | None:
        import pyarrow as pa

        floats = self._cast(pa.float64(), missing)
        if floats is None:
            return None
        array = np.array(floats.to_numpy(), dtype=np.float64)
        # "inf" and "nan" are read by Arrow as well; the slow way decides about those.
        return array if np.isfinite(array).sum() == len(array) - floats.null_count else None

    def plain_moments(self, missing: Collection[str]) -> np.ndarray | None:
        import pyarrow as pa
        import pyarrow.compute as pc

        for kind in (pa.timestamp("us"), pa.timestamp("us", "UTC")):
            moments = self._cast(kind, missing)
            if moments is not None:
                return self._floats(pc.cast(moments, pa.int64())) / 1e6
        return None

    def _cast(self, kind: Any, missing: Collection[str]) -> Any:
        """Return the texts cast, with those that mean missing as null, or None where one cannot be cast."""
        import pyarrow as pa
        import pyarrow.compute as pc

        from modelwright.data.tidying import plain_column

        column = plain_column(self.column)
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            return None
        tokens = pa.array(list(missing), column.type)
        try:
            if len(column) > HEAD_ROWS:
                head = column.slice(0, HEAD_ROWS).drop_null()
                pc.cast(head.filter(pc.invert(pc.is_in(head, value_set=tokens))), kind)
            gone = pc.is_in(column, value_set=tokens)
            return pc.cast(pc.if_else(gone, pa.scalar(None, column.type), column), kind)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
            return None

    def distinct(self) -> tuple[list[Any], np.ndarray]:
        import pyarrow as pa
        import pyarrow.compute as pc

        encoded = pc.dictionary_encode(self.column).combine_chunks()
        if isinstance(encoded, pa.ChunkedArray):  # more than one chunk where the texts exceed 2 GB
            encoded = encoded.chunk(0) if encoded.num_chunks else pa.array([], pa.string()).dictionary_encode()
        codes = np.array(pc.fill_null(encoded.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
        if pa.types.is_floating(self.column.type):  # at its own width: 0.1 as float32 is still 0.1
            found = encoded.dictionary.to_numpy(zero_copy_only=False)
            codes[np.isin(codes, np.flatnonzero(np.isnan(found)))] = -1
            return list(found), codes
        return encoded.dictionary.to_pylist(), codes


def _is_compact(column: Any) -> bool:
    """Return whether a column is a dictionary of texts that can be read as it is: no larger than its rows."""
    import pyarrow as pa

    if not isinstance(column, pa.ChunkedArray) or not pa.types.is_dictionary(column.type):
        return False
    if not pa.types.is_string(column.type.value_type):
        return False
    return all(len(c.dictionary) <= len(c) and c.dictionary.null_count == 0 for c in column.chunks)


def raw_of(column: Any) -> Raw:
    """Return the raw column over an Arrow column, an array or a sequence."""
    return ArrowRaw(column) if type(column).__module__.startswith("pyarrow") else ArrayRaw(column)
