"""One file per family of formats. A reader is a function ``read(place, ask) -> Read``, named in the tables below."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["COMPRESSED", "COMPRESSIONS", "MAGIC", "READERS", "SUFFIXES", "Ask", "Read"]

READERS: dict[str, str] = {
    "csv": "modelwright.data.readers.delimited:read",
    "parquet": "modelwright.data.readers.arrow:read_parquet",
    "arrow": "modelwright.data.readers.arrow:read_arrow",
    "jsonl": "modelwright.data.readers.jsonlines:read",
    "excel": "modelwright.data.readers.excel:read",
    "sqlite": "modelwright.data.readers.sqlite:read",
    "sql": "modelwright.data.readers.sql:read",
    "folder": "modelwright.data.readers.folder:read",
    "memory": "modelwright.data.readers.memory:read",
}
"""Reader by format."""

SUFFIXES: dict[str, str] = {
    **dict.fromkeys((".csv", ".tsv", ".tab", ".psv", ".txt", ".dat", ".data", ".test"), "csv"),
    **dict.fromkeys((".parquet", ".pq", ".parq"), "parquet"),
    **dict.fromkeys((".arrow", ".feather", ".ipc", ".arrows"), "arrow"),
    **dict.fromkeys((".jsonl", ".ndjson", ".json"), "jsonl"),
    **dict.fromkeys((".xlsx", ".xls", ".xlsm", ".xlsb", ".ods"), "excel"),
    **dict.fromkeys((".db", ".sqlite", ".sqlite3", ".db3"), "sqlite"),
}
"""Format by the end of a file's name, in lower case, without the end for its compression."""

MAGIC: tuple[tuple[bytes, str], ...] = (
    (b"PAR1", "parquet"),
    (b"ARROW1", "arrow"),
    (b"SQLite format 3\x00", "sqlite"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "excel"),
    (b"PK\x03\x04", "excel"),
)
"""Format by the first bytes of a file."""

COMPRESSIONS: tuple[tuple[bytes, str], ...] = (
    (b"\x1f\x8b", "gz"),
    (b"BZh", "bz2"),
    (b"\x28\xb5\x2f\xfd", "zst"),
    (b"\xfd7zXZ\x00", "xz"),
)
"""Compression of a text file by its first bytes."""

COMPRESSED = tuple(f".{name}" for _, name in COMPRESSIONS)
"""Suffixes of compressed files."""


@dataclass(frozen=True, kw_only=True)
class Ask:
    """What a reader is asked: the query, how much memory the table may take, and the seed of a sample.

    ``every_row`` says that the rows are to be scored: what would leave one out is refused, since answers are matched to
    rows by their position.
    """

    query: str | None
    memory_bytes: int
    seed: int
    every_row: bool = False


@dataclass(frozen=True, kw_only=True)
class Read:
    """What a reader returns; the table may still have doubled names and types that are not plain.

    Attributes
    ----------
    table : pyarrow.Table
    n_rows : int
        Rows in the source; more than in the table when it was sampled.
    options, notes
        As in `Source`.
    n_bytes : int or None
        Size of what was read, where it is known.
    digest : str or None
        Digest of the content, None to take the digest of the table.
    """

    table: pa.Table
    n_rows: int
    options: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    n_bytes: int | None = None
    digest: str | None = None
