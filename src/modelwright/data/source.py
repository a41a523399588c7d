"""What was read: the document of a source. Readers live in `data/readers/`, one file per family of formats."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["LEFT_OUT", "Source"]

LEFT_OUT = "lines at the end left out"
"""Option of a source whose last lines are no rows: a total, and notes."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """Where a table came from and how it was read.

    Attributes
    ----------
    location : str
        Path or URL with any password removed, or ``"<memory>"``.
    format : str
        ``"csv"``, ``"parquet"``, ``"arrow"``, ``"jsonl"``, ``"excel"``, ``"sqlite"``, ``"sql"``, ``"memory"``.
    options : dict
        How it was read: delimiter, encoding, decimal, thousands, header, compression, sheet, query.
    n_rows : int
        Rows in the source, without a total and notes at its end.
    n_rows_read : int
        Rows taken into memory; fewer than ``n_rows`` when a larger-than-memory source was sampled.
    n_columns : int
    n_bytes : int or None
        Size of the file.
    digest : str
        Digest of the content.
    notes : tuple of str
        What was repaired in reading: ``"2 columns named 'price': the second is now 'price.1'"``.
    """

    location: str
    format: str
    options: dict[str, str]
    n_rows: int
    n_rows_read: int
    n_columns: int
    n_bytes: int | None
    digest: str
    notes: tuple[str, ...] = ()
