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
    """Score SOURCE with a version of PROJECT, under the contract of the training data.

    \b
      modelwright predict bank-deposit new.csv -o scored.parquet --keep client_id
    """
    import sys

    from modelwright.cli.showing import print_json
    from modelwright.data.writing import write_table
    from modelwright.documents import to_builtins
    from modelwright.errors import UsageError, did_you_mean
    from modelwright.package.bundle import as_table
    from modelwright.project import Project

    if as_json and output is None:
        raise UsageError("--json needs a file for the predictions", fix="name it with --output", code="MW-U009")
    if output is not None:
        _check_output(Path(output), Path(source))
    version = Project(project).version(number)
    table = as_table(source, query=query)
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


def _print_csv(columns: dict) -> None:  # type: ignore[type-arg]
    import csv
    import sys

    writer = csv.writer(sys.stdout, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*(list(v) for v in columns.values()), strict=True))
