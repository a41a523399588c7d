"""``modelwright explain``: why single rows are predicted as they are, and the model that fits on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from modelwright.cli.options import output_options, pairs

if TYPE_CHECKING:
    from modelwright.explain.rows.documents import RowExplanation
    from modelwright.project import Project

__all__ = ["command"]

SHOWN = 8
"""Reasons that are printed; the others are added up in one line. JSON has all."""


@click.command(short_help="say why a row is predicted as it is, and what would have to change")
@click.argument("project")
@click.option("--row", help="The row: a JSON object with a value for each column.")
@click.option("--file", "source", help="A file that holds the row, as for 'predict'.")
@click.option("--rows", default="0", show_default=True, help="Which rows of --file, from 0: 0,5.")
@click.option("--query", help="SQL for a database; table or sheet for SQLite and Excel.")
@click.option("--set", "changes", multiple=True, metavar="COLUMN=VALUE", help="What if it were so (repeat)?")
@click.option("--want", help="What would have to change for this: a class, or a bound as '>= 200'.")
@click.option("--fixed", multiple=True, metavar="COLUMN[,COLUMN]", help="Columns that cannot change (repeat).")
@click.option("--vary", multiple=True, metavar="COLUMN[,COLUMN]", help="The only columns that may change (repeat).")
@click.option(
    "--cases", metavar="FILE", help="Past rows, as those of training: which are similar, what became of them."
)
@click.option("--simple", is_flag=True, help="The model that fits on a page instead, and what it costs in score.")
@click.option("--sql", metavar="TABLE", help="With --simple: the SQL query that predicts the rows of a table.")
@click.option("--version", "number", type=int, help="Version; the champion by default.")
@output_options
def command(
    project: str,
    row: str | None,
    source: str | None,
    rows: str,
    query: str | None,
    changes: tuple[str, ...],
    want: str | None,
    fixed: tuple[str, ...],
    vary: tuple[str, ...],
    cases: str | None,
    simple: bool,
    sql: str | None,
    number: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say why a row is predicted as it is by a version of PROJECT.

    What each column does to the answer against a typical row; the interval; the answer if some values were others; and
    which changes, to values that training rows had, would lead to another answer.

    \b
      modelwright explain bank-deposit --file new.csv --rows 0,5
      modelwright explain bank-deposit --file new.csv --set duration=600 --fixed job,education
      modelwright explain houses --row '{"area": 120, "rooms": 4}' --want '>= 200000'
      modelwright explain bank-deposit --file new.csv --cases bank.csv

    With --simple the whole of another model: the best of a points table, a short equation and a small tree, fitted in
    the same run, and what the shipped model is better by.

    \b
      modelwright explain bank-deposit --simple
      modelwright explain bank-deposit --simple --sql customers
    """
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.project import Project

    opened = Project(project)
    if simple or sql is not None:
        rows_too = bool(row or source or changes or want or cases)
        _on_a_page(opened, number, sql, rows_too=rows_too, simple=simple, as_json=as_json)
        return
    told: list[dict[str, Any]] = []
    for place, record in _records(row, source, rows, query):
        found = opened.explain(
            record,
            version=number,
            what_if=pairs(changes, "set"),
            want=want,
            fixed=_names(fixed),
            vary=_names(vary),
            cases=cases,
        )
        if as_json:
            told.append({"row": place, **to_builtins(found)})
        else:
            _say(found, place if source is not None else None, quiet=quiet)
    if as_json:
        version = opened.version(number).manifest.version
        print_json({"project": project, "version": version, "explanations": told})


def _on_a_page(
    project: Project, number: int | None, sql: str | None, *, rows_too: bool, simple: bool, as_json: bool
) -> None:
    """Print the model on a page, or its query."""
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.errors import UsageError

    if rows_too or not simple:
        raise UsageError(
            "--sql was given without --simple"
            if not simple
            else "--simple tells of a whole model, and rows were given",
            fix="give --simple, with or without --sql TABLE, and neither rows nor changes",
            code="MW-U829",
        )
    page = project.on_a_page(version=number)
    if as_json:
        print_json({**to_builtins(page.simple), "sql": page.sql(sql or "rows")})
    elif sql is not None:
        click.echo(page.sql(sql))
    else:
        click.echo(f"{page.title}: {page.score_words}")
        click.echo(page.simple.advice)
        click.echo()
        click.echo(str(page))


def _names(values: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.strip() for value in values for name in value.split(",") if name.strip())


def _records(row: str | None, source: str | None, rows: str, query: str | None) -> list[tuple[int, dict[str, Any]]]:
    """Return the rows to explain, each with its number."""
    from modelwright.errors import UsageError

    if (row is None) == (source is None):
        raise UsageError(
            "a row is explained, and " + ("none was given" if row is None else "both --row and --file were given"),
            fix="give it with --row '{\"column\": value, …}', or name a file with --file",
            code="MW-U824",
        )
    return [(0, _parsed(row))] if row is not None else _of_file(str(source), rows, query)


def _parsed(text: str) -> dict[str, Any]:
    import msgspec

    from modelwright.errors import UsageError

    try:
        record = msgspec.json.decode(text)
    except msgspec.DecodeError as error:
        raise UsageError(f"--row is no JSON: {error}", fix=_ROW_FIX, code="MW-U825") from None
    if not isinstance(record, dict) or any(isinstance(v, dict | list) for v in record.values()):
        raise UsageError("--row is no object of single values", fix=_ROW_FIX, code="MW-U825")
    return record


_ROW_FIX = 'write it as \'{"age": 41, "job": "clerk"}\', null for what is missing'


def _of_file(source: str, rows: str, query: str | None) -> list[tuple[int, dict[str, Any]]]:
    from modelwright.data.taking import as_table
    from modelwright.errors import UsageError

    numbers = [part.strip() for part in rows.split(",")]
    if not all(part.isascii() and part.isdecimal() for part in numbers):
        raise UsageError(f"--rows is {rows!r}", fix="write numbers from 0: --rows 0,5", code="MW-U826")
    table = as_table(source, query=query)
    wanted = [int(part) for part in numbers]
    beyond = next((n for n in wanted if n >= table.num_rows), None)
    if beyond is not None:
        raise UsageError(
            f"there is no row {beyond}: the file has {table.num_rows:,}",
            fix=f"rows are counted from 0 to {table.num_rows - 1:,}",
            code="MW-U827",
        )
    return list(zip(wanted, table.take(wanted).to_pylist(), strict=True))


def _say(found: RowExplanation, row: int | None, *, quiet: bool) -> None:
    from modelwright.explain.rows.wording import amount, lines

    if row is not None:
        click.echo(f"row {row}")
    chance = isinstance(found.prediction, str)
    for line in lines(found, SHOWN):
        click.echo(line)
    if quiet:
        return
    click.echo(f"({found.scale}; a typical row has {amount(found.typical, chance=chance)})")
    for note in found.notes:
        click.echo(f"note: {note}")
