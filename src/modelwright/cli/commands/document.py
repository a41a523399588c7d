"""``modelwright document``: the papers on a version."""

from __future__ import annotations

from pathlib import Path

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="write the documents on a version")
@click.argument("project")
@click.option("--kind", "kinds", multiple=True, help="card, datasheet, annex-iv, decisions, croissant, report; or all.")
@click.option("--to", "to", type=click.Path(), help="Folder to write; PROJECT/documents by default.")
@click.option("--format", "formats", default="md,html", show_default=True, help="md, html and pdf, with commas.")
@click.option("--reader", default="engineer", help="For whom the report is shown first: manager, engineer, auditor.")
@click.option("--version", "number", type=int, help="Version; the newest run's by default.")
@output_options
def command(
    project: str,
    kinds: tuple[str, ...],
    to: str | None,
    formats: str,
    reader: str,
    number: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Write documents on a version of PROJECT, from what was recorded: model card, datasheet of the data, technical
    file of Annex IV of the EU AI Act, decision log, the data in Croissant, and the report.

    What only a person knows is marked, and counted at the top. A PDF is printed by Chromium, where there is one.

    \b
      modelwright document bank-deposit
      modelwright document bank-deposit --kind card --kind annex-iv --format pdf --to papers
    """
    from modelwright.cli.showing import print_json
    from modelwright.format import when
    from modelwright.project import Project
    from modelwright.report.gathering import entries_of
    from modelwright.report.papers import KINDS, document
    from modelwright.report.papers.writing import left_in

    asked = tuple(k.strip() for each in kinds for k in each.split(","))
    wanted = KINDS if not asked or "all" in asked else asked
    told = [f.strip() for f in formats.split(",")]
    opened = Project(project)
    version = int(opened.result["version"]) if number is None else number
    written = document(opened, to, kinds=wanted, formats=told, version=version, reader=reader)
    folder = Path(to) if to else Path(project) / "documents"
    left = [str(p) for p in left_in(folder, written)]
    last = max(entries_of(opened, opened.made_by(version), version), key=lambda e: e.number)
    if as_json:
        files = [str(p) for p in written]
        told_of = {"version": version, "as_of": last.at, "entry": last.number}
        print_json({"project": project, "folder": str(folder), **told_of, "files": files, "left": left})
    elif not quiet:
        for path in written:
            click.echo(str(path))
        click.echo(f"on version {version}, as of {when(last.at)} (entry {last.number} of the ledger)")
        if left:
            click.echo(f"not written again, so they may tell of an earlier state: {', '.join(left)}")
