"""CSV and other delimited texts, in bounded memory, with the outcome of reading them at once.

The start is judged as that of any text. Arrow cuts the rows; what it does not bear makes the stream start again in a
stricter manner: larger blocks for long rows, comments skipped, and last Python's reader, which repairs what can be
repaired. So a regular file is read once and fast, and an odd one gives what `read_table` gives.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.data.readers.delimited import arrow_options, judge, named, read_first, stand_in_names
from modelwright.data.readers.encoding import MIXED, MIXED_NOTE, detect_encoding, encoding_of_stream
from modelwright.data.readers.opening import HEAD_BYTES, expanded_size, open_expanded
from modelwright.data.readers.ragged import Repair, never_closed
from modelwright.data.readers.texts import NotUtf8, Utf8, replaced_note
from modelwright.data.streaming.base import Restarted, Stream
from modelwright.data.tidying import unique_names
from modelwright.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["BLOCK_BYTES", "DelimitedStream"]

BLOCK_BYTES = 1 << 23
"""Of the text that Arrow cuts at once; a row that is longer restarts the stream with `LONG_BLOCK_BYTES`."""

LONG_BLOCK_BYTES = 1 << 26
"""As much as reading a file at once allows a row."""

MANNERS = ("blocks", "long blocks", "comments", "repair")


class DelimitedStream(Stream):
    """A delimited text. Every column is text."""

    texts_only = True

    def __init__(self, path: Path, chunk_rows: int, block_bytes: int = BLOCK_BYTES) -> None:
        import pyarrow as pa

        self._path, self._chunk_rows, self._block_bytes, self.format = path, chunk_rows, block_bytes, "csv"
        with open_expanded(path) as stream:
            head = read_first(stream, HEAD_BYTES)
        whole = len(head) < HEAD_BYTES
        if not head.strip():
            raise DataError(f"'{path}' is empty", fix="check how it was written", code="MW-D115")
        self._size = max(expanded_size(path, head), 1)
        self._encoding = detect_encoding(head, path.name, whole=whole)
        self._dialect, _, _ = judge(path, head, self._encoding, whole)
        names, self._name_notes = unique_names(self._dialect.names)
        self.names = tuple(names)
        self.types = dict.fromkeys(self.names, pa.string())
        self._how = "repair" if self._dialect.spaced else "blocks"
        self._text: Utf8 | None = None
        self._repairs: list[str] = []
        self._whole_rows = False
        self._given = 0

    @property
    def manner(self) -> str:  # type: ignore[override]
        """Way of cutting rows, and encoding."""
        return f"{self._how}/{self._encoding}"

    @manner.setter
    def manner(self, value: str) -> None:
        how, _, encoding = value.partition("/")
        if how in MANNERS and encoding:
            self._how, self._encoding = how, encoding

    def tables(self, columns: Collection[str] | None = None) -> Iterator[pa.Table]:
        self._repairs, self._given = [], 0
        with open_expanded(self._path) as stream:
            marked = self._how == "repair" and self._encoding == "utf-8-sig"
            self._text = text = Utf8(stream, self._encoding, self._dialect, str(self._path), checked=not marked)
            try:
                for table in self._by_python(text) if self._how == "repair" else self._by_arrow(text, columns):
                    self._given += table.num_rows
                    yield table
            except NotUtf8:
                restart = True
            else:
                restart = False
            finally:
                text.stop()
        if restart:
            if self._encoding == "utf-8-sig":  # its mark says what it is: what is not UTF-8 is replaced
                self._how = "repair"
            else:
                with open_expanded(self._path) as stream:
                    self._encoding = encoding_of_stream(stream, self._path.name)
            raise Restarted
        if text.replaced:
            self._repairs.insert(0, replaced_note(self._encoding))

    def _by_arrow(self, text: Utf8, columns: Collection[str] | None) -> Iterator[pa.Table]:
        import pyarrow as pa
        import pyarrow.csv as pacsv

        chosen, options = self._arrow_options(columns)
        last: pa.Table | None = None
        try:
            with pacsv.open_csv(pa.PythonFile(text, mode="r"), **options) as reader:
                for batch in reader:
                    table = pa.Table.from_batches([batch])
                    if table.num_rows:
                        last = table.slice(table.num_rows - 1)
                        yield self._named(table, chosen)
        except (pa.ArrowInvalid, NotUtf8, OSError) as error:
            if text.failure is not None:
                raise text.failure from error
            if not isinstance(error, pa.ArrowInvalid):
                raise
            if "Empty CSV file" in str(error) and not last:
                return
            self._be_stricter(str(error), text)
            raise Restarted from error
        if text.n_quotes % 2 and len(chosen) < len(self.names):  # the cell that swallowed lines may be another one
            self._whole_rows = True
            raise Restarted
        self._refuse_swallowed(text, last)

    def _arrow_options(self, columns: Collection[str] | None) -> tuple[list[int], dict[str, Any]]:
        """Return the positions of the columns that are read, and what Arrow is told."""
        stand_ins = stand_in_names(self._dialect)
        every = columns is None or self._whole_rows
        chosen = [i for i, n in enumerate(self.names) if every or n in (columns or ())] or [0]

        def skip(row: Any) -> str:
            return "skip" if (row.text or "").lstrip().startswith("#") else "error"

        comments = self._how == "comments"
        options = arrow_options(
            self._dialect,
            skip if comments else None,
            quoted=True,
            block_size=self._block_bytes if self._how == "blocks" else LONG_BLOCK_BYTES,
            # A function of Python that Arrow's own threads still hold when Python ends brings the process down.
            use_threads=not comments,
        )
        options["convert_options"].include_columns = [stand_ins[i] for i in chosen]
        return chosen, options

    def _named(self, table: pa.Table, chosen: list[int]) -> pa.Table:
        return table.rename_columns([self.names[i] for i in chosen])

    def _be_stricter(self, what: str, text: Utf8) -> None:
        if "straddling" in what and self._how == "blocks":
            self._how = "long blocks"
        elif self._how != "comments" and text.hashes:
            self._how = "comments"
        else:
            self._how = "repair"

    def _refuse_swallowed(self, text: Utf8, last: pa.Table | None) -> None:
        """Refuse a text in which a quote is never closed: all lines after it would be one cell."""
        if text.n_quotes % 2 == 0 or last is None:
            return
        for column in last.columns:
            if lines := (column[-1].as_py() or "").rstrip("\r\n").count("\n"):
                raise never_closed(self._path, text.n_lines + self._dialect.skip_lines + 1 - lines)

    def _by_python(self, text: Utf8) -> Iterator[pa.Table]:
        import pyarrow as pa

        repair = Repair(self._path, self._dialect)
        rows = repair.rows(io.TextIOWrapper(io.BufferedReader(text), "utf-8", errors="replace", newline=""))
        n_rows = 0
        while batch := list(islice(rows, self._chunk_rows)):
            n_rows += len(batch)
            if repair.long:
                continue  # it will be refused; what is left is counted
            table = pa.table(
                [pa.array(c, pa.string()) for c in zip(*batch, strict=True)], stand_in_names(self._dialect)
            )
            yield named(table, self._dialect).rename_columns(list(self.names))
        repair.refuse_too_ragged(n_rows, every_row=True)
        self._repairs = repair.notes()

    def notes(self) -> tuple[str, ...]:
        mixed = (MIXED_NOTE,) if self._encoding == MIXED else ()
        return (*self._dialect.notes, *mixed, *self._repairs, *self._name_notes)

    def share(self) -> float | None:
        if self._text is None:
            return None
        read_ahead = min(self._given / max(self._text.n_lines, 1), 1.0)  # Arrow reads some blocks more than it gives
        return read_ahead * min(self._text.n_read / self._size, 1.0)
