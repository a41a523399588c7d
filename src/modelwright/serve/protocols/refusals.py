"""Every way in which a body is refused, one function each: what is wrong, the next move, a code, never a value."""

from __future__ import annotations

from collections.abc import Sequence

from modelwright.errors import RequestError

__all__ = [
    "body_too_large",
    "broken_csv",
    "broken_json",
    "broken_table",
    "empty_body",
    "no_rows",
    "no_scalar",
    "no_stream_inside",
    "number_out_of_range",
    "repeated_key",
    "table_too_large",
    "text_too_long",
    "too_many_columns",
    "too_many_rows",
    "uneven_columns",
    "unfit_tensor",
    "unknown_encoding",
    "unknown_option",
    "unknown_output",
    "unknown_type",
    "wrong_option",
    "wrong_shape",
    "wrong_width",
]


def empty_body(expected: str) -> RequestError:
    """Nothing was sent; ``expected`` says what is read there."""
    return RequestError("the body is empty", fix=f"send {expected}", code="MW-S101")


def broken_json(detail: str, fix: str = "send JSON in UTF-8") -> RequestError:
    """The body is no JSON at all; ``detail`` says where or why, without a value of it."""
    return RequestError(f"the body is no JSON: {detail}", fix=fix, code="MW-S102")


def body_too_large(n_bytes: int, most: int) -> RequestError:
    """The body has more bytes than a request may have."""
    return RequestError(
        f"the body has {n_bytes:,} bytes, allowed are {most:,}",
        fix="send fewer rows at a time, or score the file with 'modelwright predict'",
        code="MW-S103",
        status=413,
    )


def too_many_rows(n_rows: int, most: int) -> RequestError:
    """More rows than a request may have; ``n_rows`` is as far as was counted."""
    return RequestError(
        f"the request has {n_rows:,} rows or more, allowed are {most:,}",
        fix="send fewer rows at a time, or score the file with 'modelwright predict'",
        code="MW-S104",
        status=413,
    )


def too_many_columns(n_columns: int, most: int) -> RequestError:
    """A row has more columns, known or not, than a request may have."""
    return RequestError(
        f"a row has {n_columns:,} columns, allowed are {most:,}",
        fix="send the columns of the contract only",
        code="MW-S105",
        status=413,
    )


def text_too_long(most: int) -> RequestError:
    """A text has more characters than one may have."""
    return RequestError(
        f"a text is longer than {most:,} characters", fix="shorten it", code="MW-S106", status=413
    )  # fmt: skip


def unknown_type(accepted: str) -> RequestError:
    """The content type is none that is read there; ``accepted`` names those that are."""
    return RequestError(
        "the content type of the body is not supported here",
        fix=f"set the header Content-Type to one of {accepted}",
        code="MW-S107",
        status=415,
    )


def wrong_shape(what: str, fix: str) -> RequestError:
    """The body is well formed, and of another form than the protocol has; ``fix`` says which that is."""
    return RequestError(f"the body has another form than this route reads: {what}", fix=fix, code="MW-S108", status=422)


def no_scalar(where: str) -> RequestError:
    """A list or an object stands where a value belongs; ``where`` begins the sentence."""
    return RequestError(
        f"{where} is a list or an object where one value is expected",
        fix="a value is a number, a text, true, false or null",
        code="MW-S109",
        status=422,
    )


def number_out_of_range(where: str) -> RequestError:
    """A number is beyond 64 bits; ``where`` begins the sentence."""
    return RequestError(
        f"{where} is a number beyond the range of 64 bits",
        fix="send it as a text, or null where it is unknown",
        code="MW-S110",
        status=422,
    )


def repeated_key(where: str) -> RequestError:
    """A key stands twice in one object; ``where`` begins the sentence."""
    return RequestError(
        f"{where} is given twice", fix="give each column, and each option, once", code="MW-S123", status=422
    )


def uneven_columns(shortest: int, longest: int) -> RequestError:
    """Columns are of different length, in values."""
    return RequestError(
        f"the columns differ in length: the shortest has {shortest:,} values, the longest {longest:,}",
        fix="give every column one value per row, null where it is unknown",
        code="MW-S111",
        status=422,
    )


def wrong_width(row: int, got: int, expected: int) -> RequestError:
    """A row, counted from 1, has more or fewer values than there are columns."""
    return RequestError(
        f"row {row:,} has {got:,} values, expected are {expected:,}",
        fix="give one value per column in the order of the contract, see /openapi.json",
        code="MW-S112",
        status=422,
    )


def wrong_option(name: str, expected: str) -> RequestError:
    """An option of the request has a value that it cannot have; ``expected`` says what it is."""
    return RequestError(
        f"the option '{name}' cannot be used so", fix=f"it is {expected}", code="MW-S113", status=422
    )  # fmt: skip


def unknown_option(known: Sequence[str], meant: str = "") -> RequestError:
    """The query has an option that the route does not know; ``meant`` is the one that its name is like, if any."""
    names = ", ".join(f"'{name}'" for name in known)
    hint = f"did you mean '{meant}'? " if meant else ""
    there = f"known are {names}" if known else "this route has none in the query: leave it out"
    return RequestError("the query has an option that is not known", fix=f"{hint}{there}", code="MW-S121")


def broken_csv(detail: str, fix: str) -> RequestError:
    """The body is no CSV, or one that can be read in several ways."""
    return RequestError(f"the body is no CSV that can be read: {detail}", fix=fix, code="MW-S114")


def broken_table(kind: str, detail: str) -> RequestError:
    """The body is no ``kind``, an Arrow stream or file or a Parquet file, or one with what is not read here."""
    return RequestError(
        f"the body is no {kind} that can be read: {detail}",
        fix="write it with a current release of Arrow, with flat columns of plain types, or send JSON",
        code="MW-S115",
    )


def no_stream_inside(detail: str) -> RequestError:
    """The body is an Arrow file that holds no stream, as those that polars writes."""
    return RequestError(
        f"the body is no Arrow file that holds a stream: {detail}",
        fix="send it as a stream, application/vnd.apache.arrow.stream (in polars: write_ipc_stream), or send JSON",
        code="MW-S122",
    )


def unfit_tensor(number: int, what: str, fix: str) -> RequestError:
    """An input tensor, counted from 1, does not fit its datatype, its shape or the model."""
    return RequestError(f"input {number:,}: {what}", fix=fix, code="MW-S116", status=422)


def unknown_output(names: str) -> RequestError:
    """An output is asked for that the model does not have; ``names`` are those that it has."""
    return RequestError(
        "an output is asked for that this model does not have", fix=f"ask for {names}", code="MW-S117", status=422
    )


def unknown_encoding() -> RequestError:
    """The content encoding is none that is undone here, or the body is broken under it."""
    return RequestError(
        "the content encoding of the body cannot be undone",
        fix="send it as gzip or deflate in one piece, or uncompressed",
        code="MW-S118",
        status=415,
    )


def no_rows() -> RequestError:
    """The body is well formed and holds no rows."""
    return RequestError("the request has no rows", fix="send at least one", code="MW-S119", status=422)


def table_too_large(most: int) -> RequestError:
    """What was sent small is large once decompressed, or once texts and values are written out."""
    return RequestError(
        f"the body holds more than {most:,} bytes once decompressed",
        fix="send fewer rows at a time, or score the file with 'modelwright predict'",
        code="MW-S120",
        status=413,
    )
