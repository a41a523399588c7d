"""``modelwright forget``: erase a person from what a project holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelwright.cli.options import output_options

if TYPE_CHECKING:
    from modelwright.forgetting import Forgetting

__all__ = ["command"]


@click.command(short_help="erase a person: rows that are held, versions that learned from them, later trainings")
@click.argument("project")
@click.option(
    "--subject", required=True, metavar="COLUMN=VALUE", help="Whose rows: the column named with --subject at training."
)
@click.option("--log-to", type=click.Path(), help="Folder of the prediction log, where it is not the project's.")
@output_options
def command(project: str, subject: str, log_to: str | None, as_json: bool, quiet: bool) -> None:
    """Forget the person whose rows in PROJECT have VALUE in COLUMN.

    Their rows go from what runs kept and from the prediction log, they are left out of every later training, and the
    versions that learned from them are named: those stay what they are until another one takes their place. The value
    itself is written nowhere. It needs the key of pseudonyms.

    \b
      modelwright forget bank-deposit --subject customer_id=K1043
    """
    from modelwright.cli.options import pairs
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.forgetting import forget
    from modelwright.project import Project

    ((column, value),) = pairs((subject,), "subject").items()
    found = forget(Project(project), column, value, log=None if log_to is None else Path(log_to))
    if as_json:
        print_json({"project": project, "retrain": found.retrain, **to_builtins(found)})
    elif not quiet:
        click.echo("\n".join(told(found, project)))


def _next_move(found: Forgetting, project: str) -> str:
    """Return what is left to do where the version that serves knows the person: what was trained since may do."""
    if found.free:
        newest = found.free[-1]
        return (
            f"version {newest} does not: 'modelwright promote {project} {newest}' puts it in its place, then delete "
            "the versions named"
        )
    return (
        f"train again with 'modelwright run --brief {project}/brief.toml --project {project}', then promote, and "
        "delete the versions named"
    )


def told(found: Forgetting, project: str) -> list[str]:
    """Return what was done, a line each."""
    from modelwright.format import plural

    again = " (again)" if found.before else ""
    lines = [
        f"forgotten{again}: {plural(found.rows, 'row')} that runs kept, {plural(found.log.predictions, 'prediction')} "
        f"and {plural(found.log.labels, 'label')} of the log are gone; no later training learns from the person"
    ]
    if found.log.open_segments:
        open_files = plural(found.log.open_segments, "file")
        lines.append(f"{open_files} of the log are still being written: run the same command again in an hour")
    if found.log.damaged:
        damaged = plural(found.log.damaged, "file")
        lines.append(f"{damaged} of the log ending in .damaged cannot be read: whose rows they hold is for you to see")
    if found.versions:
        lines.append(f"learned from the person: version {', '.join(map(str, found.versions))}")
    if found.unknown:
        lines.append(f"nobody can tell of version {', '.join(map(str, found.unknown))}: no list of people was kept")
    if found.retrain:
        lines.append(f"version {found.champion} serves and knows the person, or may: {_next_move(found, project)}")
    elif not found.versions and not found.unknown:
        lines.append("no version learned from the person")
    return lines
