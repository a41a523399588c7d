"""``modelwright why``: the decisions and their evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelwright.cli.options import output_options

if TYPE_CHECKING:
    from modelwright.champions import Champion

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

    opened = Project(project)
    decisions = opened.why(topic)
    run = opened.runs()[-1] if opened.runs() else None
    version = None if run is None else opened.state(run).version
    if as_json:
        told = [to_builtins(d) for d in decisions]
        print_json({"project": project, "topic": topic, "run": run, "version": version, "decisions": told})
        return
    if run is not None and not quiet:
        click.echo(_about(run, version, opened.champion))
    if not decisions:
        click.echo("no decision yet")
    for d in decisions:
        click.echo(f"{d.question}: {d.choice}   [{d.stage}, decided by {d.decided_by}]")
        if d.why and not quiet:
            click.echo(f"    {d.why}")
        if d.alternatives and not quiet:
            click.echo(f"    instead of: {', '.join(d.alternatives)}")


def _about(run: str, version: int | None, champion: Champion | None) -> str:
    if version is None:
        return f"run {run}, which made no version yet"
    other = champion is not None and champion.version != version
    return f"version {version} (run {run})" + (f"; version {champion.version} serves" if champion and other else "")
