"""JSON lines, or one JSON document: an array of objects, an object that wraps one, a table by columns or by rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from modelwright.data.readers import Ask, Read
from modelwright.data.readers.documents import records_of
from modelwright.data.readers.encoding import MIXED, MIXED_NOTE, detect_encoding
from modelwright.data.readers.opening import HEAD_BYTES, compression_of, expanded_size, open_expanded
from modelwright.data.readers.values import table_of_records
from modelwright.data.sampling import Reservoir
from modelwright.data.tidying import MAX_NAMED, listed
from modelwright.errors import DataError

__all__ = ["checked", "decoded", "is_document", "lacking_keys", "read"]

GROWTH = 8.0
"""Memory of decoded records against their JSON: Python objects are large."""

LINES = "lines"
"""How records usually lie in a text: each on a line of its own."""

LINES_SUFFIXES = frozenset({".jsonl", ".ndjson"})

MIN_SAMPLE = 1000
BATCH = 50_000


def read(path: Path, ask: Ask) -> Read:
    """Return the table of a file with one JSON object per line, or with one array of objects.

    Raises
    ------
    DataError
        The file is empty, a line is no JSON object (with its number), or it is damaged.
    """
    with open_expanded(path) as stream:
        head = stream.read(HEAD_BYTES)
        if not head.strip():
            raise DataError(f"'{path}' is empty", fix="check how it was written", code="MW-D115")
        encoding = detect_encoding(head, path.name, whole=len(head) < HEAD_BYTES)
        fits = expanded_size(path, head) * GROWTH <= ask.memory_bytes
        array = head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"[")
        data = head + stream.read() if fits or array else b""
    if data:
        if encoding not in ("utf-8", "utf-8-sig"):
            data = data.decode(encoding, errors="replace").encode("utf-8")
        records, layout = _records(path, data.removeprefix(b"\xef\xbb\xbf"))
        n_rows = len(records)
    else:
        layout = LINES
        lines = max(head.count(b"\n"), 1)
        wanted = max(int(lines * ask.memory_bytes / (GROWTH * len(head))), MIN_SAMPLE)
        records, n_rows = _sampled(path, wanted, ask.seed)
    if not records:
        raise DataError(f"'{path}' holds no records", fix="give a file with data", code="MW-D116")
    options = {
        "encoding": encoding,
        **({"layout": layout} if layout != LINES else {}),
        **({"compression": kind} if (kind := compression_of(path)) else {}),
    }
    notes = (*([MIXED_NOTE] if encoding == MIXED else []), *_nested(records), *_lacking(records))
    return Read(table=table_of_records(records), n_rows=n_rows, options=options, notes=notes)


def _nested(records: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return a note on the columns that hold objects or lists."""
    names = dict.fromkeys(n for r in records for n, v in r.items() if isinstance(v, dict | list))
    return (f"{listed(list(names))}: nested objects or lists are kept as text",) if names else ()


def _lacking(records: list[dict[str, Any]]) -> tuple[str, ...]:
    """Return a note on the names that some records do not have."""
    if all(record.keys() == records[0].keys() for record in records):
        return ()
    return lacking_keys(Counter(name for record in records for name in record), len(records))


def lacking_keys(present: Mapping[str, int], n_rows: int) -> tuple[str, ...]:
    """Return a note on the names that are not in all rows, and in how many they are not; none where all are whole.

    Parameters
    ----------
    present : mapping of str to int
        In how many rows each name is.
    n_rows : int
    """
    lacking = {name: n_rows - n for name, n in present.items() if n < n_rows}
    if not lacking:
        return ()
    shown = [f"'{name}' in {n:,}" for name, n in list(lacking.items())[:MAX_NAMED]]
    more = f" and {len(lacking) - MAX_NAMED:,} more keys" if len(lacking) > MAX_NAMED else ""
    return (f"keys that a row lacks are read as missing, of {n_rows:,} rows: {', '.join(shown)}{more}",)


def _records(path: Path, data: bytes) -> tuple[list[dict[str, Any]], str]:
    """Return the records and how they lie in the text: `LINES`, ``"array"`` or ``"document"``."""
    stripped = data.strip()
    if stripped.startswith(b"["):
        found = decoded(path, stripped, None)
        return [checked(path, r, f"item {i + 1}") for i, r in enumerate(found)], "array"
    try:  # one document, on one line or over many, or the usual record per line
        if is_document(path, stripped):
            return records_of(decoded(path, stripped, None)), "document"
    except DataError:
        pass  # not one document: the message with the line's number is the better one
    lines = enumerate(data.split(b"\n"), 1)
    return [checked(path, decoded(path, line, n), f"line {n}") for n, line in lines if line.strip()], LINES


def is_document(path: Path, start: bytes) -> bool:
    """Return whether a text is one JSON document and not one object per line, by its name and its start.

    Parameters
    ----------
    path : Path
    start : bytes
        The text or the start of it, in UTF-8, without its mark and without blanks around it.
    """
    if not start.startswith(b"{"):
        return start.startswith(b"[")
    first, end, _ = start.partition(b"\n")
    if not end:  # one line: a row where the name says lines, else a document
        return not LINES_SUFFIXES & {suffix.lower() for suffix in path.suffixes}
    return not _is_whole(first)


def _is_whole(line: bytes) -> bool:
    """Return whether a line is a JSON document by itself."""
    try:
        msgspec.json.decode(line)
    except msgspec.DecodeError:
        return False
    return True


def decoded(path: Path, text: bytes, line: int | None) -> Any:
    """Return what a JSON text holds; raises DataError, with the number of the line where it is one."""
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        where = f"line {line} of '{path}'" if line else f"'{path}'"
        raise DataError(
            f"{where} is no valid JSON: {error}", fix="correct it, or write the file again", code="MW-D121"
        ) from error


def checked(path: Path, record: Any, where: str) -> dict[str, Any]:
    """Return a record; raises DataError where it is no object."""
    if not isinstance(record, dict):
        raise DataError(
            f"{where} of '{path}' is no JSON object",
            fix="write one object per row, with the column names as keys",
            code="MW-D121",
        )
    return record


def _sampled(path: Path, wanted: int, seed: int) -> tuple[list[dict[str, Any]], int]:
    """Return the records of a uniform sample of the lines, and the number of lines."""
    import pyarrow as pa

    reservoir = Reservoir(wanted, seed)
    batch: list[bytes] = []
    numbers: list[int] = []

    def flush() -> None:
        if batch:
            reservoir.add(pa.table({"line": pa.array(batch, pa.large_binary()), "number": numbers}))
            batch.clear()
            numbers.clear()

    with open_expanded(path) as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                batch.append(line)
                numbers.append(number)
            if len(batch) >= BATCH:
                flush()
    flush()
    kept = reservoir.result()
    pairs = zip(kept.column("line").to_pylist(), kept.column("number").to_pylist(), strict=True)
    return [checked(path, decoded(path, line, n), f"line {n}") for line, n in pairs], reservoir.n_seen
