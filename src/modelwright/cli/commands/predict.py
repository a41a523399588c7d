"""``modelwright predict``: score a file."""

from __future__ import annotations

from pathlib import Path

import click

from modelwright.cli.options import output_options

__all__ = ["command"]

MOST_SHOWN = 1000
"""Rows up to which the predictions go into the JSON object itself; more belong in a file."""


@click.command(short_help="score a file with a version")
@click.argument("project")
@click.argument("source")
@click.option("--output", "-o", type=click.Path(), help="File to write: .csv, .parquet, .jsonl, …; CSV to the screen.")
@click.option("--version", "number", type=int, help="Version; the champion by default.")
@click.option("--query", help="SQL for a database; table or sheet for SQLite and Excel.")
@click.option("--keep", multiple=True, help="Column of the input to write beside the predictions (repeat).")
@output_options
def command(
    project: str,
    source: str,
    output: str | None,
    number: int | None,
    query: str | None,
    keep: tuple[str, ...],
    as_json: bool,
    quiet: bool,
) -> None:
    """Score SOURCE with a version of PROJECT, under the contract of the training data.

    \b
      modelwright predict bank-deposit new.csv -o scored.parquet --keep client_id
    """
    import sys

    from modelwright.cli.showing import print_json
    from modelwright.data.writing import write_table
    from modelwright.documents import to_builtins
    from modelwright.errors import UsageError, did_you_mean
    from modelwright.package.bundle import as_table_told
    from modelwright.project import Project

    if output is not None:
        _check_output(Path(output), Path(source))
    opened = Project(project)
    version = opened.version(number)
    doubt = opened.not_champion(version.manifest.version)
    table, repairs = as_table_told(source, query=query)
    notes = [*([doubt] if doubt else []), *repairs]
    if as_json and output is None and table.num_rows > MOST_SHOWN:
        raise UsageError(
            f"--json needs a file for the predictions of more than {MOST_SHOWN:,} rows",
            fix="name it with --output",
            code="MW-U009",
        )
    for name in keep:
        if name not in table.column_names:
            raise UsageError(f"no column '{name}' to keep", fix=did_you_mean(name, table.column_names), code="MW-U101")
    answers, violations = version.predict(table)
    taken = next((name for name in keep if name in answers), None)
    if taken is not None:
        raise UsageError(
            f"the column '{taken}' of the predictions would replace the one to keep",
            fix="rename it in the input, or do not keep it",
            code="MW-U011",
        )
    kept = {name: table.column(name).to_pylist() for name in keep}
    columns = {**kept, **answers}
    if output is not None:
        write_table(columns, Path(output))
    elif not as_json:
        _print_csv(columns)
    if as_json:
        print_json(
            {
                "rows": table.num_rows,
                "version": version.manifest.version,
                "champion": not doubt,
                "output": output,
                **({"predictions": _records(columns)} if output is None else {}),
                "notes": notes,
                "violations": [to_builtins(v) for v in violations],
            }
        )
    elif not quiet:
        for note in (*notes, *(v.message for v in violations)):
            print(f"note: {note}", file=sys.stderr)
        if output is not None:
            print(
                f"{table.num_rows:,} rows scored by version {version.manifest.version} into {output}", file=sys.stderr
            )


def _check_output(output: Path, source: Path) -> None:
    """Raise before the work is done when the predictions cannot be written, or would replace what they are made of."""
    from modelwright.data.writing import check_writable
    from modelwright.errors import UsageError

    check_writable(output)
    if output.exists() and source.exists() and output.samefile(source):
        raise UsageError(
            f"'{output}' is the file to score itself", fix="name another file with --output", code="MW-U010"
        )


def _records(columns: dict) -> list[dict]:  # type: ignore[type-arg]
    """Return one object per row, in the values of JSON."""
    lists = [v.tolist() if hasattr(v, "tolist") else v for v in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*lists, strict=True)]


def _print_csv(columns: dict) -> None:  # type: ignore[type-arg]
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(list(v) for v in columns.values()), strict=True))
