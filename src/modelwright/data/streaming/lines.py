"""JSON lines in two passes: the first learns which columns there are, of which types; the second gives the rows."""

from __future__ import annotations

import codecs
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.data.parsing.texts import text_of
from modelwright.data.readers.jsonlines import checked, decoded, lacking_keys
from modelwright.data.readers.opening import HEAD_BYTES, expanded_size, open_expanded
from modelwright.data.readers.texts import MOST_LINE_BYTES
from modelwright.data.readers.values import column_of
from modelwright.data.streaming.base import Stream
from modelwright.data.tidying import listed, plain_column, unique_names
from modelwright.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LinesStream"]


class LinesStream(Stream):
    """A file with one JSON object per line.

    A column's type is that of all its values together, as in a file that is read at once: a number among texts makes
    a column of texts.
    """

    def __init__(self, path: Path, encoding: str, chunk_rows: int) -> None:
        self._path, self._encoding, self._chunk_rows, self.format = path, encoding, chunk_rows, "jsonl"
        self._seen: dict[str, dict[Any, Any]] = {}
        self._nested: dict[str, None] = {}
        self._present: dict[str, int] = {}
        self._read, self._size = 0, 1
        self.n_rows = self._survey()
        if not self.n_rows:
            raise DataError(f"'{path}' holds no records", fix="give a file with data", code="MW-D116")
        self._raw = tuple(self._seen)
        names, self._notes = unique_names(self._raw)
        self.names = tuple(names)
        self._kinds = {name: column_of(list(found.values())).type for name, found in self._seen.items()}
        plain = [plain_column(_nothing(kind)).type for kind in self._kinds.values()]
        self.types = dict(zip(self.names, plain, strict=True))

    def tables(self, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
        import pyarrow as pa

        chosen = [(r, n) for r, n in zip(self._raw, self.names, strict=True) if columns is None or n in columns]
        chosen = chosen or [(self._raw[0], self.names[0])]
        records: list[dict[str, Any]] = []

        def table() -> pa.Table:
            return pa.table([self._column(raw, records) for raw, _ in chosen], names=[name for _, name in chosen])

        for _, record in self._records():
            records.append(record)
            if len(records) >= self._chunk_rows:
                yield table()
                records = []
        if records:
            yield table()

    def _column(self, name: str, records: list[dict[str, Any]]) -> pa.Array:
        import pyarrow as pa

        values = [r.get(name) for r in records]
        kind = self._kinds[name]
        if pa.types.is_string(kind) and set(self._seen[name]) - {str, type(None)}:
            return pa.array([text_of(v) for v in values], kind)
        return pa.array(values, kind, from_pandas=True)

    def _survey(self) -> int:
        """Learn the columns; return the number of records. Of each column one value of each type is kept, and of whole
        numbers the extremes: together they have the type of the column."""
        seen, present, n_rows = self._seen, self._present, 0
        for _, record in self._records():
            n_rows += 1
            for name, value in record.items():
                present[name] = present.get(name, 0) + 1
                found = seen.get(name)
                if found is None:
                    found = seen[name] = {}
                kind = type(value)
                if kind is int:
                    if value < found.setdefault(int, value):
                        found[int] = value
                    if value > found.setdefault("largest", value):
                        found["largest"] = value
                elif kind not in found:
                    found[kind] = value
                if kind is dict or kind is list:
                    self._nested[name] = None
        for found in seen.values():
            if "largest" in found:
                found[complex] = found.pop("largest")  # a second whole number, beside the types of JSON
        return n_rows

    def _records(self) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, line in enumerate(self._lines(), 1):
            if line.strip():
                yield number, checked(self._path, decoded(self._path, line, number), f"line {number}")

    def _lines(self) -> Iterator[bytes]:
        number, held, size = 1, [b""], 0
        for block in self._blocks():
            *ends, rest = block.split(b"\n")
            if ends:
                yield b"".join((*held, ends[0]))
                yield from ends[1:]
                number, held, size = number + len(ends), [], 0
            held.append(rest)
            size += len(rest)
            if size > MOST_LINE_BYTES:
                raise DataError(
                    f"line {number} of '{self._path}' is longer than {MOST_LINE_BYTES >> 20} MiB, which keeps it from "
                    "being streamed",
                    fix="write one object per line, or convert it to Parquet",
                    code="MW-D118",
                )
        yield b"".join(held)

    def _blocks(self) -> Iterator[bytes]:
        """Yield the text as UTF-8, without its mark."""
        decode = None
        if self._encoding not in ("utf-8", "utf-8-sig"):
            decode = codecs.getincrementaldecoder(self._encoding)(errors="replace").decode
        with open_expanded(self._path) as stream:
            block = stream.read(HEAD_BYTES)
            self._size, self._read = max(expanded_size(self._path, block), 1), len(block)
            text = block if decode is None else decode(block).encode("utf-8")
            yield text.removeprefix(codecs.BOM_UTF8)
            while block:
                block = stream.read(HEAD_BYTES)
                self._read += len(block)
                yield block if decode is None else decode(block, final=not block).encode("utf-8")

    def notes(self) -> tuple[str, ...]:
        nested = [f"{listed(list(self._nested))}: nested objects or lists are kept as text"] if self._nested else []
        return (*nested, *lacking_keys(self._present, self.n_rows or 0), *self._notes)

    def share(self) -> float | None:
        return min(self._read / self._size, 1.0)


def _nothing(kind: Any) -> Any:
    import pyarrow as pa

    return pa.chunked_array([], kind)
