"""What the decoders share: a body's bytes, JSON, JSON lines and CSV, read under the limits.

JSON is decoded by types (`Cell`), so nothing nested is ever built where a value belongs, and whole numbers beyond 64
bits, which numpy and Arrow would trip over, are refused, and so are keys that an object has twice (`repeated`).
"""

from __future__ import annotations

import csv
import io
import re
import zlib
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec

from modelwright.serve.exchange import JSON, ModelFacts, Request, RequestError
from modelwright.serve.limits import Limits
from modelwright.serve.protocols import refusals
from modelwright.serve.protocols.places import cell_of
from modelwright.serve.protocols.repeated import check_repeated

__all__ = [
    "ARROW",
    "ARROW_FILE",
    "ARROW_STREAM",
    "CSV",
    "JSON_LINES",
    "PARQUET",
    "READ_JSON",
    "Cell",
    "Integer",
    "body_of",
    "check_crowd",
    "columns_by_position",
    "csv_columns",
    "csv_rows",
    "from_instances",
    "from_json",
    "is_json",
    "lines_of",
    "refusal_of",
    "text_of_body",
]

CSV = "text/csv"
JSON_LINES = frozenset(
    {"application/jsonlines", "application/jsonl", "application/x-ndjson", "application/x-jsonlines"}
)
ARROW_STREAM = "application/vnd.apache.arrow.stream"
ARROW_FILE = "application/vnd.apache.arrow.file"
ARROW = frozenset({ARROW_STREAM, ARROW_FILE})
PARQUET = frozenset({"application/vnd.apache.parquet", "application/x-parquet", "application/parquet"})

Integer = Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
Cell = bool | Integer | float | str | None
"""One value of a row."""

READ_JSON = "a JSON object"
BOM = b"\xef\xbb\xbf"
CROWDED = 65_536  # bytes from which brackets are counted before a body is decoded
SPARE = 1_000  # brackets that a body may hold beside those of its rows


def is_json(request: Request) -> bool:
    """Return whether the body is declared to be JSON (which it is where nothing is declared)."""
    kind = request.content_type
    return kind == JSON or kind.endswith("+json")


def body_of(request: Request, limits: Limits, expected: str = READ_JSON, *, tables: bool = False) -> bytes:
    """Return the bytes of the body, decompressed where it has a content encoding, without a byte order mark.

    Parameters
    ----------
    tables : bool
        Whether the route reads Arrow and Parquet. These may grow to ``table_bytes``, as their own compression lets
        them; texts only to ``body_bytes``, for what they are decoded into is many times as large.

    Raises
    ------
    RequestError
        The body is empty, too large as sent or decompressed, or its encoding is unknown or broken.
    """
    body = request.body
    limits.check_body(len(body))
    encoding = request.headers.get("content-encoding")
    if encoding is not None and encoding.strip().lower() not in ("", "identity"):
        columnar = tables and (request.content_type in ARROW or request.content_type in PARQUET)
        most = limits.table_bytes if columnar else limits.body_bytes
        body = _decompressed(body, encoding.strip().lower(), most)
    if body.startswith(BOM):
        body = body[len(BOM) :]
    if not body:
        raise refusals.empty_body(expected)
    return body


def _decompressed(body: bytes, encoding: str, most: int) -> bytes:
    if encoding not in ("gzip", "deflate"):
        raise refusals.unknown_encoding()
    # 32 + 15: the header tells gzip from zlib; "deflate" is zlib by RFC 9110.
    unpack = zlib.decompressobj(32 + zlib.MAX_WBITS)
    try:
        plain = unpack.decompress(body, most + 1)
    except zlib.error:
        raise refusals.unknown_encoding() from None
    if len(plain) > most:
        raise refusals.table_too_large(most)
    if not unpack.eof or unpack.unused_data:
        raise refusals.unknown_encoding()
    return plain


# --- JSON ----------------------------------------------------------------------------------------------------------


def from_json(decoder: msgspec.json.Decoder[Any], body: bytes, limits: Limits, facts: ModelFacts) -> Any:
    """Return the document of a JSON body.

    Raises
    ------
    RequestError
        It is no JSON, it has more brackets than rows within the limits can need, it has another form than the
        decoder's (from `msgspec.ValidationError`), or an object has a key twice.
    """
    check_crowd(body, limits, facts)
    try:
        document = decoder.decode(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        if body.startswith(BOM):
            return from_json(decoder, body[len(BOM) :], limits, facts)
        raise refusal_of(error, body, facts.contract.names) from None
    check_repeated(body, document, facts.contract.names)
    return document


def check_crowd(body: bytes, limits: Limits, facts: ModelFacts) -> None:
    """Refuse a body with more brackets than the allowed rows can have: two bytes of body make 64 bytes of list."""
    if len(body) < CROWDED:
        return
    brackets = body.count(b"{") + body.count(b"[")
    if brackets > limits.rows * (len(facts.contract.columns) + 1) + SPARE:
        raise refusals.too_many_rows(limits.rows, limits.rows)


def lines_of(decoder: msgspec.json.Decoder[Any], body: bytes, limits: Limits, facts: ModelFacts) -> list[Any]:
    """Return the documents of a body with one per line; blank lines are passed over."""
    check_crowd(body, limits, facts)
    try:
        lines = decoder.decode_lines(body)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise refusal_of(error, body, facts.contract.names, lines=True) from None
    check_repeated(body, lines, facts.contract.names, lines=True)
    limits.check_rows(len(lines))
    if len(body) > limits.text:
        for line in lines:
            limits.check_texts(line.values() if isinstance(line, dict) else line)
    return lines


_PLACE = re.compile(r" - at `(?:key in )?([^`]*)`")
_EXPECTED = re.compile(r"^Expected `([^`]*)`, got `([^`]*)`")
_WORDS = {"null": "null", "str": "a text", "int": "a whole number", "float": "a number", "bool": "true or false",
          "object": "an object", "array": "a list"}  # fmt: skip


def refusal_of(error: Exception, body: bytes, names: Sequence[str], *, lines: bool = False) -> RequestError:
    """Return the refusal that an error of msgspec stands for. Values in its message are not passed on, nor are names
    that are not among ``names``, those of the contract."""
    text = str(error)
    if isinstance(error, RecursionError):
        return refusals.broken_json("it is nested too deeply", "send flat values")
    if isinstance(error, UnicodeError):
        return refusals.broken_json("it is not UTF-8")
    if not isinstance(error, msgspec.ValidationError):
        return _malformed(text, body)
    where = _place(text)
    if "out of range" in text or text.startswith("Expected `int` "):
        return refusals.number_out_of_range(_cell(text, body, names, lines) or where)
    if found := _EXPECTED.match(text):
        expected, got = found.groups()
        if "| str | null" in expected and got in ("array", "object"):
            return refusals.no_scalar(_cell(text, body, names, lines) or where)
        kinds = " or ".join(dict.fromkeys(_WORDS.get(kind, "another value") for kind in expected.split(" | ")))
        return refusals.wrong_shape(f"{where} is {_WORDS.get(got, 'another value')}", f"it is {kinds}")
    if "missing required field" in text:
        # The name is one of the protocol's own, never the caller's.
        return refusals.wrong_shape(f"{where} lacks '{text.split('`')[1]}'", "add it")
    if "unknown field" in text:
        return refusals.wrong_shape("it has a key that is none of this route's", "see /openapi.json")
    return refusals.wrong_shape(f"{where} does not fit", "see /openapi.json")


def _malformed(text: str, body: bytes) -> RequestError:
    found = re.search(r"\(byte (\d+)\)", text)
    if found is None:
        return refusals.broken_json("it ends too early, or holds half of a character")
    at = int(found[1])
    around = body[max(at - 1, 0) : at + 10].lstrip(b"-+").upper()
    if any(around.startswith(word, i) for word in (b"NAN", b"INF") for i in (0, 1)):
        return refusals.broken_json("NaN and Infinity are none of its values", "send null where a value is unknown")
    return refusals.broken_json(f"it breaks off at byte {at:,}")


def _cell(text: str, body: bytes, names: Sequence[str], lines: bool) -> str:
    found = _PLACE.search(text)
    return cell_of(found[1], body, names, lines=lines) if found else ""


def _place(text: str) -> str:
    """Return where in the document an error lies: the protocol's own names and numbers of rows, from 1."""
    found = _PLACE.search(text)
    if found is None:
        return "the document"
    path = found[1]
    row = re.search(r"\[(\d+)\]", path)
    field = re.match(r"\$\.([a-z_]+)", path)
    name = f"'{field[1]}'" if field else "the document"
    if row is not None:
        return f"entry {int(row[1]) + 1:,} of {name}"
    return f"a value of {name}" if "[...]" in path else name


# --- rows by name and by position ----------------------------------------------------------------------------------


def from_instances(
    instances: Sequence[Any], facts: ModelFacts, limits: Limits, n_bytes: int
) -> tuple[list[dict[str, Any]] | None, dict[str, list[Any]] | None]:
    """Return ``(records, None)`` where every instance is an object, else ``(None, columns)`` by position.

    Parameters
    ----------
    instances : sequence of dict, list or single values
        Lists hold one value per column in the order of the contract; a single value is a row of one column.
    """
    kinds = set(map(type, instances))
    if kinds == {dict}:
        limits.check_records(instances, n_bytes)  # type: ignore[arg-type]
        return instances, None  # type: ignore[return-value]
    if dict in kinds or (list in kinds and len(kinds) > 1):
        raise refusals.wrong_shape("its rows are of different kinds", "make all rows objects, or all rows lists")
    limits.check_rows(len(instances))
    rows = instances if list in kinds else [[value] for value in instances]
    return None, columns_by_position(rows, facts, limits, n_bytes)


def columns_by_position(
    rows: Sequence[Sequence[Any]],
    facts: ModelFacts,
    limits: Limits,
    n_bytes: int,
    names: Sequence[str] | None = None,
) -> dict[str, list[Any]]:
    """Return columns from rows without names; ``names`` are the contract's unless given.

    Raises
    ------
    RequestError
        A row has more or fewer values than there are names; rows, columns or texts are beyond the limits.
    """
    limits.check_rows(len(rows))
    names = facts.contract.names if names is None else names
    widths = set(map(len, rows))
    if widths != {len(names)}:
        row = next(i for i, values in enumerate(rows) if len(values) != len(names))
        raise refusals.wrong_width(row + 1, len(rows[row]), len(names))
    columns = {name: list(values) for name, values in zip(names, zip(*rows, strict=True), strict=True)}
    limits.check_table(columns, n_bytes)
    return columns


# --- CSV -----------------------------------------------------------------------------------------------------------


def text_of_body(body: bytes) -> str:
    """Return the text of a body in UTF-8."""
    try:
        return body.decode()
    except UnicodeError:
        raise refusals.broken_csv("it is not UTF-8", "write it in UTF-8") from None


def csv_rows(body: bytes, limits: Limits) -> list[list[str]]:
    """Return the lines of a CSV body that are not blank, all of the width of the first.

    Raises
    ------
    RequestError
        It is not UTF-8, a quote is never closed, a line is wider or narrower, or there are too many lines or columns.
    """
    rows: list[list[str]] = []
    reader = csv.reader(io.StringIO(text_of_body(body), newline=""), strict=True)
    most = limits.rows + 1  # and a header
    try:
        for row in reader:
            if not row:
                continue
            if len(rows) >= most:
                raise refusals.too_many_rows(limits.rows, limits.rows)
            if rows and len(row) != len(rows[0]):
                raise refusals.wrong_width(len(rows) + 1, len(row), len(rows[0]))
            limits.check_columns(len(row))
            rows.append(row)
    except csv.Error as error:
        if "field larger" in str(error):
            raise refusals.text_too_long(csv.field_size_limit()) from None
        raise refusals.broken_csv(
            f"line {reader.line_num:,} has a quote that is out of place or never closed", "double quotes in texts"
        ) from None
    return rows


def csv_columns(rows: Sequence[Sequence[str]], facts: ModelFacts, limits: Limits, n_bytes: int) -> dict[str, list[str]]:
    """Return columns from the lines of a CSV with a header; values stay texts, the contract reads them."""
    header = rows[0] if rows else []
    if len(set(header)) < len(header):
        raise refusals.broken_csv("two columns have the same name", "give each column a name of its own in line 1")
    return columns_by_position(rows[1:], facts, limits, n_bytes, header)
