"""CSV, TSV and other delimited texts. Every column is read as text; what the texts mean is the contract's to say.

Arrow reads regular files on all cores. A file with ragged rows goes through Python's reader, which repairs what can be
repaired and says so. A file that does not fit in memory is streamed, and a uniform sample of its rows is kept.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from modelwright.data.readers import Ask, Read
from modelwright.data.readers.dialect import BLANKS, Dialect, sniff
from modelwright.data.readers.encoding import MIXED, MIXED_NOTE, detect_encoding, encoding_of_stream
from modelwright.data.readers.opening import HEAD_BYTES, WEB_PAGE, compression_of, expanded_size, open_expanded
from modelwright.data.readers.quotes import swallowed_note
from modelwright.data.readers.ragged import MAX_LEFT_OUT, Repair, never_closed
from modelwright.data.readers.texts import Utf8, replaced_note
from modelwright.data.sampling import Reservoir
from modelwright.errors import DataError

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["DELIMITER_NAMES", "arrow_options", "judge", "named", "read", "read_first", "stand_in_names"]

BYTES_PER_CELL = 4
"""What Arrow adds to the characters of a text cell: its 32-bit offset."""

SAMPLED_BLOCK_BYTES = 1 << 24
MIN_SAMPLE = 1000
DELIMITER_NAMES = {"\t": "tab", BLANKS: "blanks", "\x1e": "none", "\x1f": "unit separator", "\x01": "ctrl-A"}


def read(path: Path, ask: Ask) -> Read:
    """Return the table of a delimited text file.

    Raises
    ------
    DataError
        The file is empty, has a header only, is no text, is damaged, or its rows cannot be cut into columns.
    """
    with open_expanded(path) as stream:
        head = read_first(stream, HEAD_BYTES)
        whole = len(head) < HEAD_BYTES
        if not head.strip():
            raise DataError(f"'{path}' is empty", fix="check how it was written", code="MW-D115")
        encoding = detect_encoding(head, path.name, whole=whole)
        size = expanded_size(path, head)
        fits = size + _memory_of(head, size) <= ask.memory_bytes
        if fits:
            data = head if whole else head + stream.read()
    dialect, encoding, head_text = judge(path, head, encoding, whole)
    if fits:
        table, notes, encoding, regular = _parse_whole(path, data, encoding, dialect, ask)
        n_rows = table.num_rows
    else:
        wanted = max(int(len(_rows_of(head_text)) * ask.memory_bytes / (3 * _memory_of(head, len(head)))), MIN_SAMPLE)
        table, n_rows, notes = _stream(path, encoding, dialect, wanted, ask)
        regular = not any("number of cells" in note for note in notes)
    if table.num_rows == 0:
        raise DataError(f"'{path}' has a header and no rows", fix="give a file with data", code="MW-D116")
    lost = swallowed_note(table, dialect.delimiter, str(path))
    options = {
        "delimiter": DELIMITER_NAMES.get(dialect.delimiter, dialect.delimiter),
        "encoding": encoding,
        "header": "yes" if dialect.header else "no",
        **({"quote": dialect.quote} if dialect.quote != '"' else {}),
        **({"compression": kind} if (kind := compression_of(path)) else {}),
        **_oddities(dialect, regular),
    }
    return Read(table=table, n_rows=n_rows, options=options, notes=(*dialect.notes, *notes, *lost))


def _oddities(dialect: Dialect, regular: bool) -> dict[str, str]:
    """Return what another reader has to be told of a text that is not as most are."""
    odd: dict[str, str] = {}
    if dialect.skip_lines != int(dialect.header):
        odd["lines before the rows"] = str(dialect.skip_lines)
    if dialect.escape:
        odd["escape"] = dialect.escape
    if dialect.trailing:
        odd["last column"] = "empty"
    if not regular:
        odd["rows"] = "ragged"
    return odd


def read_first(stream: Any, n: int) -> bytes:
    parts: list[bytes] = []
    while n > 0 and (part := stream.read(n)):
        parts.append(part)
        n -= len(part)
    return b"".join(parts)


def _memory_of(head: bytes, size: int) -> int:
    """Return the bytes of the Arrow table of a text, judged by its start."""
    cells = sum(head.count(d) for d in (b",", b";", b"\t", b"|", b"\n"))
    return int(size * (1 + BYTES_PER_CELL * cells / len(head)))


def _rows_of(text: str) -> list[str]:
    return [line for line in text.splitlines() if line]


def judge(path: Path, head: bytes, encoding: str, whole: bool) -> tuple[Dialect, str, str]:
    """Return the dialect, the encoding (again where the first guess fails) and the start as text."""
    if WEB_PAGE.match(head):
        raise DataError(
            f"'{path}' holds a page of the web or XML, not a table of text",
            fix="download the data itself (a page that tells of an error or asks for a login is often saved in its "
            "place), or export it as CSV or Parquet",
            code="MW-D114",
        )
    text = head.decode(encoding, errors="ignore")
    if not whole:  # the last line may be cut
        text = text[: max(text.rfind("\n"), text.rfind("\r")) + 1] or text
    dialect = sniff(text)
    if dialect is None:
        raise DataError(
            f"'{path}' holds no table, only comments or blank lines", fix="check its content", code="MW-D115"
        )
    return dialect, encoding, text


def _parse_whole(
    path: Path, data: bytes, encoding: str, dialect: Dialect, ask: Ask
) -> tuple[pa.Table, list[str], str, bool]:
    """Return the table of a text in memory, notes on repairs, the encoding that decoded it, and whether all its lines
    are rows of the width of the header."""
    if encoding == "utf-8":
        try:
            str(data, "utf-8")
        except UnicodeDecodeError:  # beyond the start that was judged
            encoding = encoding_of_stream(io.BytesIO(data), path.name)
    notes: list[str] = [MIXED_NOTE] if encoding == MIXED else []
    if encoding == "utf-8-sig":
        data = data[3:]
    elif encoding != "utf-8":
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            text = data.decode(encoding, errors="replace")
            notes.append(replaced_note(encoding))
        data = text.encode("utf-8")
    body = _after_lines(data, dialect.skip_lines)
    if dialect.delimiter == BLANKS:
        body = re.sub(rb"[ \t]+", b"\t", re.sub(rb"(?m)^[ \t]+|[ \t]+(?=\r?$)", b"", body))
    if not dialect.spaced:
        table, regular = _by_arrow(body, dialect)
        if table is not None:
            _refuse_swallowed(path, table, body, dialect)
            return table, notes, encoding, regular
    table, repairs = _by_python(path, body.decode("utf-8", errors="replace"), dialect, ask)
    return table, notes + repairs, encoding, False


def _after_lines(data: bytes, n_lines: int) -> bytes:
    position = 0
    lone_return = b"\n" not in data[: 1 << 20]
    for _ in range(n_lines):
        found = data.find(b"\r" if lone_return else b"\n", position)
        if found < 0:
            return b""
        position = found + 1
    return data[position:] if position else data


def stand_in_names(dialect: Dialect) -> list[str]:
    """Return stand-in names, unique for Arrow; `named` puts the real ones."""
    return [f"c{i}" for i in range(len(dialect.names) + dialect.trailing)]


def named(table: pa.Table, dialect: Dialect) -> pa.Table:
    if dialect.trailing:
        table = table.select(range(len(dialect.names)))
    return table.rename_columns(list(dialect.names))


def arrow_options(dialect: Dialect, handler: Any, *, quoted: bool, **reading: Any) -> dict[str, Any]:
    import pyarrow as pa
    import pyarrow.csv as pacsv

    names = stand_in_names(dialect)
    return {
        "read_options": pacsv.ReadOptions(column_names=names, **reading),
        "parse_options": pacsv.ParseOptions(
            delimiter="\t" if dialect.delimiter == BLANKS else dialect.delimiter,
            quote_char=dialect.quote,
            escape_char=dialect.escape or False,
            double_quote=dialect.escape is None,
            newlines_in_values=quoted,
            ignore_empty_lines=True,
            invalid_row_handler=handler,
        ),
        "convert_options": pacsv.ConvertOptions(
            column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False, check_utf8=True
        ),
    }


def _by_arrow(body: bytes, dialect: Dialect) -> tuple[pa.Table | None, bool]:
    """Return the table, None of a text too ragged for Arrow, and whether no line had to be left out."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    if not body[: 1 << 16].strip() and not body.strip():
        names = stand_in_names(dialect)
        return named(pa.table({n: pa.array([], pa.string()) for n in names}), dialect), True
    reading: dict[str, Any] = {
        "block_size": max(1 << 20, min(len(body) // 4, 1 << 26)),
        "quoted": dialect.quote.encode() in body,
    }
    try:
        return named(pacsv.read_csv(pa.BufferReader(body), **arrow_options(dialect, None, **reading)), dialect), True
    except pa.ArrowInvalid:  # ragged rows, a quote that never ends, a row longer than a block
        if b"#" not in body:
            return None, False

    def skip(row: Any) -> str:
        return "skip" if (row.text or "").lstrip().startswith("#") else "error"

    # On one thread: a function of Python that Arrow's own threads still hold when Python ends brings the process down.
    options = arrow_options(dialect, skip, use_threads=False, **reading)
    try:
        return named(pacsv.read_csv(pa.BufferReader(body), **options), dialect), False
    except pa.ArrowInvalid:
        return None, False


def _refuse_swallowed(path: Path, table: pa.Table, body: bytes, dialect: Dialect) -> None:
    """Refuse a text in which a quote is never closed: all lines after it would be one cell."""
    if body.count(dialect.quote.encode()) % 2 == 0 or not table.num_rows:
        return
    for column in table.columns:
        lines = (column[-1].as_py() or "").rstrip("\r\n").count("\n")
        if lines:
            raise never_closed(path, body.rstrip(b"\r\n").count(b"\n") + dialect.skip_lines + 1 - lines)


def _by_python(path: Path, text: str, dialect: Dialect, ask: Ask) -> tuple[pa.Table, list[str]]:
    """Return the table of a ragged text: short rows are filled up, rows with too many cells are left out."""
    import pyarrow as pa

    repair = Repair(path, dialect)
    rows = list(repair.rows(io.StringIO(text, newline="")))
    repair.refuse_too_ragged(len(rows), every_row=ask.every_row)
    columns = list(zip(*rows, strict=True)) if rows else [()] * repair.width
    table = pa.table([pa.array(c, pa.string()) for c in columns], names=stand_in_names(dialect))
    return named(table, dialect), repair.notes()


def _stream(path: Path, encoding: str, dialect: Dialect, wanted: int, ask: Ask) -> tuple[pa.Table, int, list[str]]:
    """Return a uniform sample of the rows of a text that does not fit in memory, and how many rows there are."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    if dialect.spaced:
        raise DataError(
            f"'{path}' does not fit in memory, and its blanks between cells keep it from being streamed",
            fix="convert it to CSV or Parquet, or allow more memory with --memory",
            code="MW-D118",
        )
    ragged = 0

    def skip(row: Any) -> str:
        nonlocal ragged
        ragged += not (row.text or "").lstrip().startswith("#")
        return "skip"

    options = arrow_options(dialect, skip, quoted=True, block_size=SAMPLED_BLOCK_BYTES)
    reservoir = Reservoir(wanted, ask.seed)
    try:
        with open_expanded(path) as stream:
            text = Utf8(stream, encoding, dialect, str(path), checked=False)
            for batch in pacsv.open_csv(pa.PythonFile(text, mode="r"), **options):
                reservoir.add(pa.Table.from_batches([batch]))
    except pa.ArrowInvalid as error:
        raise DataError(
            f"'{path}' cannot be streamed: {str(error).splitlines()[0][:200]}",
            fix="repair that row, or convert the file to Parquet",
            code="MW-D117",
        ) from error
    table = named(reservoir.result(), dialect)
    if ragged > MAX_LEFT_OUT * (reservoir.n_seen + ragged):
        repair = Repair(path, dialect)
        repair.long, repair.first_long = ragged, dialect.skip_lines + 1
        repair.refuse_too_ragged(reservoir.n_seen, every_row=ask.every_row)
    mixed = [MIXED_NOTE] if encoding == MIXED else []
    rows = "1 row" if ragged == 1 else f"{ragged} rows"
    notes = [f"{rows} with another number of cells than the header: left out"] if ragged else []
    if text.replaced:
        notes.append(replaced_note(encoding))
    return table, reservoir.n_seen, mixed + notes
