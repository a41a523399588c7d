"""SQLite files, opened for reading only."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from modelwright.data.readers import Ask, Read
from modelwright.data.readers.cursor import Result, is_table_name, table_of_batches
from modelwright.data.readers.opening import first_bytes
from modelwright.errors import DataError, UsageError, did_you_mean

__all__ = ["opened", "read"]

BATCH = 50_000
LOCK_SECONDS = 5.0
"""How long another process may hold a lock before we give up."""


def read(path: Path, ask: Ask) -> Read:
    """Return the table named by the query, the result of the query, or the only table there is.

    Raises
    ------
    DataError
        The file is no SQLite database, is locked, or the query fails.
    UsageError
        There is more than one table and no query, or no table of that name.
    """
    with opened(path, ask.query) as (names, batches, options):
        table, n_rows = table_of_batches(((names, rows) for rows in batches), ask)
        if n_rows == 0:
            raise DataError(f"the query on '{path}' gives no rows", fix="check the query", code="MW-D116")
        return Read(table=table, n_rows=n_rows, options=options)


@contextmanager
def opened(path: Path, query: str | None) -> Iterator[Result]:
    """Give the result of a query while the block lasts; errors as `read` has."""
    if not first_bytes(path).startswith(b"SQLite format 3\x00"):
        raise DataError(f"'{path}' is no SQLite database", fix="check the file", code="MW-D124")
    connection = sqlite3.connect(
        f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=LOCK_SECONDS, check_same_thread=False
    )
    try:
        statement, options = _query(connection, path, query)
        cursor = connection.execute(statement)
        yield [str(d[0]) for d in cursor.description], iter(partial(cursor.fetchmany, BATCH), []), options
    except sqlite3.OperationalError as error:
        if "locked" in str(error) or "busy" in str(error):
            raise DataError(
                f"'{path}' is locked by another program", fix="close it, or copy the file first", code="MW-D125"
            ) from error
        raise DataError(f"the query on '{path}' failed: {error}", fix="correct the query", code="MW-D126") from error
    except sqlite3.DatabaseError as error:
        raise DataError(f"'{path}' is damaged: {error}", fix="restore it from a copy", code="MW-D124") from error
    finally:
        connection.close()


def _query(connection: sqlite3.Connection, path: Path, query: str | None) -> tuple[str, dict[str, str]]:
    found = connection.execute(
        "select name from sqlite_master where type in ('table', 'view') and name not like 'sqlite_%' order by rowid"
    )
    names = [str(row[0]) for row in found]
    if query is None:
        if len(names) != 1:
            shown = ", ".join(names[:10]) or "none"
            raise UsageError(f"'{path}' has {len(names)} tables: {shown}", fix="name one with --query", code="MW-U112")
        query = names[0]
    if query in names:
        quoted = query.replace('"', '""')
        return f'select * from "{quoted}"', {"query": query}
    if is_table_name(query):
        raise UsageError(f"'{path}' has no table '{query}'", fix=did_you_mean(query, names), code="MW-U113")
    if not re.match(r"\s*(select|with|values)\b", query, re.IGNORECASE):
        raise UsageError("the query is no SELECT", fix="give a SELECT or the name of a table", code="MW-U114")
    return query, {"query": query}
