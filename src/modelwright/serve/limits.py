"""How much one request may hold.

JSON needs no limit of nesting: every decoder is typed, so a value that is nested deeper than its protocol allows is
refused where it begins, and what a protocol does not read is skipped by a parser that bounds its own recursion.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelwright.serve.protocols import refusals

__all__ = ["Limits"]

MIB = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The most that one request may hold. What is larger is for `modelwright predict`, which streams.

    Attributes
    ----------
    body_bytes : int
        Bytes of the body as sent, and of JSON, CSV and JSON lines once decompressed. Platforms allow 4 to 6 MB; a
        decoded JSON body takes at most some 25 times as much.
    rows : int
    columns : int
        Columns of a row, known or not.
    text : int
        Characters of one text. Texts in CSV are bounded by 131,072 besides, the reader's own limit.
    table_bytes : int
        Bytes of a table once decompressed: Arrow and Parquet buffers, texts of dictionaries written out.
    """

    body_bytes: int = 8 * MIB
    rows: int = 100_000
    columns: int = 5_000
    text: int = 100_000
    table_bytes: int = 128 * MIB

    def __post_init__(self) -> None:
        for name in self.__dataclass_fields__:
            if getattr(self, name) < 1:
                raise ValueError(f"the limit '{name}' must be at least 1")

    def check_body(self, n_bytes: int) -> None:
        """Refuse a body of more than ``body_bytes``."""
        if n_bytes > self.body_bytes:
            raise refusals.body_too_large(n_bytes, self.body_bytes)

    def check_rows(self, n_rows: int) -> None:
        """Refuse no rows and more than ``rows``."""
        if n_rows > self.rows:
            raise refusals.too_many_rows(n_rows, self.rows)
        if n_rows < 1:
            raise refusals.no_rows()

    def check_columns(self, n_columns: int) -> None:
        """Refuse more than ``columns``."""
        if n_columns > self.columns:
            raise refusals.too_many_columns(n_columns, self.columns)

    def check_texts(self, values: Iterable[Any]) -> None:
        """Refuse a text of more than ``text`` characters among the values."""
        most = self.text
        for value in values:
            if type(value) is str and len(value) > most:
                raise refusals.text_too_long(most)

    def check_records(self, records: Sequence[Mapping[str, Any]], n_bytes: int) -> None:
        """Refuse records beyond the limits; ``n_bytes``, the bytes they came in, spares what cannot be."""
        self.check_rows(len(records))
        if n_bytes <= self.columns and n_bytes <= self.text:
            return  # no column and no text is shorter than a byte
        self.check_columns(max(map(len, records)))
        if n_bytes > self.text:
            for record in records:
                self.check_texts(record.values())

    def check_table(self, columns: Mapping[str, Sequence[Any]], n_bytes: int) -> None:
        """Refuse columns beyond the limits, or of different length."""
        self.check_columns(len(columns))
        lengths = {len(values) for values in columns.values()}
        if len(lengths) > 1:
            raise refusals.uneven_columns(min(lengths), max(lengths))
        self.check_rows(max(lengths, default=0))
        if n_bytes > self.text:
            for values in columns.values():
                self.check_texts(values)
