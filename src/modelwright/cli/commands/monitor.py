"""``modelwright monitor``: what moved since training, and whether it matters."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from modelwright.cli import ATTENTION
from modelwright.cli.options import log_option, output_options

if TYPE_CHECKING:
    from collections.abc import Sequence

    from modelwright.monitor import Monitoring
    from modelwright.project import Project

__all__ = ["command"]

MARKS = {"broken": "✗", "harmful": "✗", "cannot tell": "?", "harmless": "·", "quiet": "·"}
SHORTEST_WATCH = 1.0


@click.command(short_help="say what moved since training, and whether it matters")
@click.argument("project")
@click.option("--data", help="File to watch instead of the prediction log: as for 'predict'.")
@click.option("--query", "--sql", "query", help="SQL for a database; table or sheet for SQLite and Excel.")
@click.option("--labels", help="File with what came true, a row for each row of --data.")
@click.option("--version", "number", type=int, help="Version; the champion by default.")
@click.option("--rows", type=click.IntRange(min=30), help="Rows of a window; 5,000 of a log, 50,000 of a file.")
@log_option
@click.option("--all", "everything", is_flag=True, help="Judge what came last in the log, however few rows it is.")
@click.option("--watch", type=click.FloatRange(min=SHORTEST_WATCH), help="Look again every so many seconds.")
@click.option("--report", type=click.Path(), help="Write an HTML page with the windows so far too.")
@output_options
@click.pass_context
def command(ctx: click.Context, project: str, watch: float | None, as_json: bool, quiet: bool, **options: Any) -> None:
    """Watch a version of PROJECT: its prediction log since the last look, or a file.

    Broken feeds, drift that harms and drift that does not, the loss without labels and with them. The exit code is 3
    where a window is harmful or broken.

    \b
      modelwright monitor bank-deposit
      modelwright monitor bank-deposit --watch 3600
      modelwright monitor bank-deposit --data june.csv --labels june-answers.csv --json
    """
    import itertools
    import time

    from modelwright.cli.showing import going_on
    from modelwright.project import Project

    _check(options, watch)
    opened = Project(project)
    if watch is None:
        found = _look(opened, **options)
        _tell(opened, found, options, as_json=as_json, quiet=quiet)
        if any(w.judgement in ("harmful", "broken") for w in found):
            ctx.exit(ATTENTION)
        return
    for number in itertools.count(1):
        with going_on("this look failed", first=number == 1):
            _tell(opened, _look(opened, **options), options, as_json=as_json, quiet=quiet)
        time.sleep(watch)


def _check(options: dict[str, Any], watch: float | None) -> None:
    from modelwright.errors import UsageError

    if options["data"] is None:
        for name in ("labels", "query"):
            if options[name] is not None:
                raise UsageError(
                    f"--{name} is about the rows of a file, and none was named",
                    fix="name it with --data; labels of logged predictions go to the server, POST /feedback",
                    code="MW-U700",
                )
    elif watch is not None:
        raise UsageError(
            "--watch looks at the prediction log, and a file does not go on", fix="leave --data out", code="MW-U707"
        )


def _look(project: Project, **options: Any) -> tuple[Monitoring, ...]:
    from modelwright.monitor.looking import look_at_log, look_at_table, read_labels
    from modelwright.monitor.sources import FILE_ROWS, WINDOW_ROWS

    number, rows = options["number"], options["rows"]
    if options["data"] is None:
        found = look_at_log(
            project, number=number, log=options["log"], rows=rows or WINDOW_ROWS, everything=options["everything"]
        )
    else:
        labels = None
        if options["labels"] is not None:
            labels = read_labels(options["labels"], target=project.version(number).manifest.target)
        found = look_at_table(
            project, options["data"], number=number, query=options["query"], labels=labels, rows=rows or FILE_ROWS
        )
    if options["report"] is not None:
        _write_report(project, found, options)
    return found


def _write_report(project: Project, found: tuple[Monitoring, ...], options: dict[str, Any]) -> None:
    from modelwright.documents import write_atomic
    from modelwright.monitor.keeping import Kept
    from modelwright.report.monitor_html import render_monitoring

    number = project.version(options["number"]).manifest.version
    windows = found if options["data"] is not None else Kept(project.path).windows(number)
    write_atomic(Path(options["report"]), render_monitoring(windows, project=str(project.path)).encode())


def _tell(
    project: Project, found: Sequence[Monitoring], options: dict[str, Any], *, as_json: bool, quiet: bool
) -> None:
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.monitor.documents import worst

    if as_json:
        print_json(
            {
                "project": str(project.path),
                "judgement": str(worst([w.judgement for w in found])),
                "windows": [to_builtins(w) for w in found],
            }
        )
        return
    if not found and not quiet:
        click.echo("no rows" if options["data"] is not None else _waiting(project, options))
    for window in found:
        _say(window, quiet=quiet)


def _waiting(project: Project, options: dict[str, Any]) -> str:
    """Return why nothing of the log was judged."""
    from modelwright.monitor.waiting import what_waits

    return what_waits(project, number=options["number"], log=options["log"], rows=options["rows"])


def _say(window: Monitoring, *, quiet: bool) -> None:
    from modelwright.format import measured, plural

    seen = " seen before, whose labels came" if window.seen else ""
    when = f", {window.start} to {window.end}" if window.start else ""
    click.echo(f"{plural(window.rows, 'row')}{seen}{when} · version {window.version} · {str(window.judgement).upper()}")
    for alarm in window.alarms:
        click.echo(f"  {MARKS[str(alarm.judgement)]} {alarm.sentence}")
    for failed in window.undelivered:
        click.echo(f"  note: {failed}", err=True)
    if quiet:
        return
    for name, loss in (("expected", window.expected), ("estimated", window.estimated), ("real", window.real)):
        if loss is not None:
            click.echo(f"  {name + ':':<10} {loss.name.replace('_', ' ')} {measured(loss)}")
    for score in window.scores:
        click.echo(f"  {'now:':<10} {score.name} {measured(score)} on {score.n:,} labels")
    for told in window.told:
        click.echo(f"  note: {told}")
