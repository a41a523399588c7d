"""``modelwright stress``: how a version bears disturbed rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelwright.cli.options import output_options

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Stressed

__all__ = ["command"]

SHOWN = 15
"""Disturbances that are printed; JSON has all."""


@click.command(short_help="say what a version can bear: missing, mistyped, moved rows")
@click.argument("project")
@click.argument("source", required=False)
@click.option("--version", "number", type=int, help="Version; the champion by default.")
@click.option("--query", help="SQL for a database; table or sheet for SQLite and Excel.")
@click.option("--seconds", type=float, default=60.0, show_default=True, help="Most time for trying.")
@output_options
def command(
    project: str,
    source: str | None,
    number: int | None,
    query: str | None,
    seconds: float,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say what becomes of the score when columns are missing, units slip, words are mistyped, or values move on.

    Without SOURCE: what the run has measured on rows that were kept apart. With SOURCE, a file that has the target:
    measured anew on its rows, and with more time.

    \b
      modelwright stress bank-deposit
      modelwright stress bank-deposit latest.csv --json
    """
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.project import Project
    from modelwright.stressing import stress_of_run, stress_version

    opened = Project(project)
    version = opened.version(number)
    if source is None:
        found = stress_of_run(opened, version.manifest.version)
    else:
        found = stress_version(opened, source, version=version.manifest.version, query=query, seconds=seconds)
    if as_json:
        print_json({"version": version.manifest.version, **to_builtins(found)})
    else:
        _say(found, quiet=quiet)


def _say(found: Stressed, *, quiet: bool) -> None:
    from modelwright.format import plural
    from modelwright.report.stress import case_words, summary_words

    click.echo(summary_words(found))
    if quiet:
        return
    for case in found.cases[:SHOWN]:
        click.echo(f"- {case_words(case, found)}" + (f" Told: {case.noticed}." if case.noticed else ""))
    left = len(found.cases) - SHOWN
    if left > 0:
        click.echo(f"- and {left} more that cost less, or are refused (--json)")
    click.echo(f"(measured on {found.measured_on})")
    if found.left_out:
        click.echo(f"note: for {plural(found.left_out, 'more disturbance')} there was no time (--seconds)")
