"""Any SQL database by URL and query, through SQLAlchemy."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from modelwright.data.readers import Ask, Read
from modelwright.data.readers.cursor import Result, is_table_name, table_of_batches
from modelwright.errors import DataError, MissingExtra, UsageError

__all__ = ["as_file", "no_rows", "opened", "read", "redacted"]

BATCH = 20_000
_SECRET_OPTION = re.compile(r"(?i)([?&][^=&]*(?:pass|pwd|secret|token|key)[^=&]*=)[^&]*")


def redacted(url: str) -> str:
    """Return a database URL without its password and without options that look like secrets."""
    head, separator, rest = url.partition("://")
    if not separator:
        return url
    authority, slash, path = rest.partition("/")
    if "@" in rest:  # a password may hold a slash: the last @ ends it
        credentials, _, rest_of_url = rest.rpartition("@")
        user, colon, _ = credentials.partition(":")
        authority, slash, path = f"{user}{':***' if colon else ''}@{rest_of_url}", "", ""
    return _SECRET_OPTION.sub(r"\1***", f"{head}://{authority}{slash}{path}")


def read(url: str, ask: Ask) -> Read:
    """Return the result of the query, or the table that it names.

    The transaction is read-only where the database knows such, and is rolled back in any case.

    Raises
    ------
    UsageError
        No query, or the URL cannot be understood.
    DataError
        The database cannot be reached, or the query fails.
    MissingExtra
        SQLAlchemy or the driver is not installed.
    """
    with opened(url, ask.query) as (names, batches, options):
        table, n_rows = table_of_batches(((names, rows) for rows in batches), ask)
    if table is None:
        raise no_rows(url)
    return Read(table=table, n_rows=n_rows, options=options)


@contextmanager
def opened(url: str, asked: str | None) -> Iterator[Result]:
    """Give the result of a query while the block lasts; errors as `read` has."""
    if asked is None:
        raise UsageError("a database needs a query", fix="give --query with a SELECT or a table", code="MW-U112")
    engine = _engine(url)
    from sqlalchemy.exc import DBAPIError, SQLAlchemyError

    try:
        with engine.connect() as connection, _executed(connection, asked) as result:
            names = [str(k) for k in result.keys()]  # noqa: SIM118 (a result is no dict)
            batches = ([tuple(r) for r in rows] for rows in result.partitions(BATCH))
            yield names, batches, {"query": asked.strip().rstrip(";")}
    except DBAPIError as error:
        raise _failed(url, error) from error
    except SQLAlchemyError as error:
        raise DataError(f"the query on {redacted(url)} failed: {_first_line(error, url)}", fix="correct the query",
                        code="MW-D126") from error  # fmt: skip
    finally:
        engine.dispose()


def no_rows(url: str) -> DataError:
    """Return the error for a query without a result."""
    return DataError(f"the query on {redacted(url)} gives no rows", fix="check the query", code="MW-D116")


def _engine(url: str) -> Any:
    try:
        from sqlalchemy import create_engine
        from sqlalchemy.exc import ArgumentError, NoSuchModuleError
    except ImportError as error:
        raise MissingExtra("sqlalchemy", "sql", "reading from a database") from error
    if re.match(r"postgres(ql)?://", url) and importlib.util.find_spec("psycopg2") is None:
        url = re.sub(r"^postgres(ql)?://", "postgresql+psycopg://", url)
    try:
        return create_engine(url)
    except ModuleNotFoundError as error:
        raise DataError(
            f"the driver '{error.name}' for {redacted(url)} is not installed", fix=f"pip install {error.name}",
            code="MW-D128",
        ) from error  # fmt: skip
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise UsageError(
            f"the database URL {redacted(url)} cannot be understood",
            fix="write it as dialect://user:password@host/database",
            code="MW-U115",
        ) from error


@contextmanager
def _executed(connection: Any, asked: str) -> Iterator[Any]:
    """Give the result of a query, read from the server in parts where its driver can; nothing is changed there."""
    from sqlalchemy import text

    query = asked.strip().rstrip(";")
    if connection.dialect.name == "postgresql":
        connection = connection.execution_options(postgresql_readonly=True)
    if is_table_name(query):
        quoted = ".".join(connection.dialect.identifier_preparer.quote(part) for part in query.split("."))
        statement = f"select * from {quoted}"
    else:
        statement = query.replace(":", r"\:")  # no bind parameters: a colon is a colon
    with connection.begin() as transaction:
        result = connection.execution_options(stream_results=True).execute(text(statement))
        if not result.returns_rows:
            transaction.rollback()
            raise UsageError("the query is no SELECT", fix="give a SELECT or the name of a table", code="MW-U114")
        yield result
        transaction.rollback()


def _failed(url: str, error: Any) -> DataError:
    if error.statement is None:
        return DataError(
            f"no connection to {redacted(url)}: {_first_line(error.orig, url)}",
            fix="check host, port, user and password",
            code="MW-D127",
        )
    return DataError(
        f"the query on {redacted(url)} failed: {_first_line(error.orig, url)}", fix="correct the query", code="MW-D126"
    )


def _first_line(error: Any, url: str) -> str:
    """Return the first line of a driver's message, without the URL should it be quoted there."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
    return line.replace(url, redacted(url))


def as_file(url: str) -> Path | None:
    """Return the path of a ``sqlite:///`` URL, None for any other."""
    match = re.fullmatch(r"sqlite:///(.+)", url)
    return Path(match[1]) if match else None
