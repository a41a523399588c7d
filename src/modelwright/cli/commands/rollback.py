"""``modelwright rollback``: go back to the champion before."""

from __future__ import annotations

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="go back to the champion before")
@click.argument("project")
@click.option("--why", default="", help="The reason, for the ledger.")
@output_options
def command(project: str, why: str, as_json: bool, quiet: bool) -> None:
    """Make the champion before serve PROJECT again."""
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.project import Project

    champion = Project(project).rollback(why=why)
    if as_json:
        print_json({"project": project, **to_builtins(champion)})
    elif not quiet:
        click.echo(f"version {champion.version} is the champion")
