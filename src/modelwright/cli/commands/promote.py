"""``modelwright promote``: make a version the champion."""

from __future__ import annotations

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="make a version the champion")
@click.argument("project")
@click.argument("version", type=int)
@click.option("--why", default="", help="The reason, for the ledger.")
@output_options
def command(project: str, version: int, why: str, as_json: bool, quiet: bool) -> None:
    """Make VERSION of PROJECT the one that serves, after checking it: a gate that blocks it has to be waived first."""
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.govern.waiving import asked_otherwise
    from modelwright.project import Project

    opened = Project(project)
    doubts = [d for d in (opened.signed_otherwise(version), *asked_otherwise(opened, version)) if d]
    champion = opened.promote(version, why=why)
    if as_json:
        print_json({"project": project, **to_builtins(champion), "notes": doubts})
    elif not quiet:
        for doubt in doubts:
            click.echo(f"note: {doubt}", err=True)
        click.echo(f"version {champion.version} is the champion")
