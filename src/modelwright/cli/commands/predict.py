"""``modelwright predict``: score a file."""

from __future__ import annotations

from pathlib import Path

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


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
    """Score SOURCE with a version of PROJECT, under the contract of the training data."""
    import sys

    from modelwright.cli.showing import print_json
    from modelwright.data.reading import read_table
    from modelwright.data.writing import check_writable, write_table
    from modelwright.documents import to_builtins
    from modelwright.errors import UsageError, did_you_mean
    from modelwright.project import Project

    if as_json and output is None:
        raise UsageError("--json needs a file for the predictions", fix="name it with --output", code="MW-U009")
    if output is not None:
        check_writable(Path(output))
    version = Project(project).version(number)
    table, _ = read_table(source, query=query)
    for name in keep:
        if name not in table.column_names:
            raise UsageError(f"no column '{name}' to keep", fix=did_you_mean(name, table.column_names), code="MW-U101")
    answers, violations = version.predict(table)
    kept = {name: table.column(name).to_pylist() for name in keep}
    if output is None:
        _print_csv({**kept, **answers})
    else:
        write_table({**kept, **answers}, Path(output))
    if as_json:
        print_json(
            {
                "rows": table.num_rows,
                "version": version.manifest.version,
                "output": output,
                "violations": [to_builtins(v) for v in violations],
            }
        )
    elif not quiet:
        for violation in violations:
            print(f"note: {violation.message}", file=sys.stderr)
        if output is not None:
            print(f"{table.num_rows:,} rows scored by version {version.manifest.version} into {output}", file=sys.stderr)


def _print_csv(columns: dict) -> None:  # type: ignore[type-arg]
    import csv
    import sys

    writer = csv.writer(sys.stdout)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
