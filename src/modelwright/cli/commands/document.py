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
    from modelwright.project import Project
    from modelwright.report.papers import KINDS, document

    asked = tuple(k.strip() for each in kinds for k in each.split(","))
    wanted = KINDS if not asked or "all" in asked else asked
    told = [f.strip() for f in formats.split(",")]
    written = document(Project(project), to, kinds=wanted, formats=told, version=number, reader=reader)
    folder = Path(to) if to else Path(project) / "documents"
    if as_json:
        print_json({"project": project, "folder": str(folder), "files": [str(p) for p in written]})
    elif not quiet:
        for path in written:
            click.echo(str(path))
