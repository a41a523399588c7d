"""``modelwright why``: the decisions and their evidence."""

from __future__ import annotations

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="say why a decision was taken")
@click.argument("project")
@click.argument("topic", required=False)
@output_options
def command(project: str, topic: str | None, as_json: bool, quiet: bool) -> None:
    """Say why: all decisions of the newest run of PROJECT, or those on TOPIC.

    TOPIC is split, metric, features, model, a stage, a question or a column.
    """
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.project import Project

    decisions = Project(project).why(topic)
    if as_json:
        print_json({"project": project, "topic": topic, "decisions": [to_builtins(d) for d in decisions]})
        return
    if not decisions:
        click.echo("no decision yet")
    for d in decisions:
        click.echo(f"{d.question}: {d.choice}   [{d.stage}, decided by {d.decided_by}]")
        if d.why and not quiet:
            click.echo(f"    {d.why}")
        if d.alternatives and not quiet:
            click.echo(f"    instead of: {', '.join(d.alternatives)}")
