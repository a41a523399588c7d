"""``modelwright replay``: what maintenance would have been worth."""

from __future__ import annotations

from pathlib import Path

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="live through a stream of rows, with and without maintenance")
@click.argument("project")
@click.option("--stream", required=True, help="Rows with their target: a file, a folder or a database URL.")
@click.option("--time", required=True, help="Column that says when a row came.")
@click.option("--label-delay", help="How long after that its label is known: 7d.")
@click.option("--windows", type=click.IntRange(min=2), default=50, show_default=True, help="Looks at the stream.")
@click.option("--report", type=click.Path(), help="Write an HTML page with the losses over time too.")
@output_options
def command(
    project: str,
    stream: str,
    time: str,
    label_delay: str | None,
    windows: int,
    report: str | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Let the champion of PROJECT answer a stream of rows: left alone, maintained, and trained after every window.

    Nothing in the project is changed, and at no moment more is known than was known then.

    \b
      modelwright replay bank-deposit --stream since-may.csv --time called_at --label-delay 7d --report replay.html
    """
    from modelwright.cli.showing import listening, print_json
    from modelwright.data.writing import check_place
    from modelwright.documents import to_builtins
    from modelwright.project import Project
    from modelwright.retrain.replay import replay
    from modelwright.retrain.wording import replay_lines

    if report is not None:  # a replay takes its time
        check_place(Path(report))
    with listening(silent=as_json or quiet, counted="windows") as listener:
        listener.stage("Living through the stream")
        found = replay(
            Project(project), stream, time=time, label_delay=label_delay, windows=windows, tell=listener.progress
        )
    if report is not None:
        from modelwright.documents import write_atomic
        from modelwright.report.replay_html import render_replay

        write_atomic(Path(report), render_replay(found, project=project).encode())
    if as_json:
        print_json({"project": project, **to_builtins(found)})
    else:
        click.echo("\n".join(replay_lines(found)))
