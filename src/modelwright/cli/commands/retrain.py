"""``modelwright retrain``: a challenger from old and new rows, held against the champion."""

from __future__ import annotations

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="train on new rows, and hold the new version against the champion")
@click.argument("project")
@click.option("--data", required=True, help="New rows with their target: a file, a folder or a database URL.")
@click.option("--budget", help="Wall time of the whole: 60s; a quarter of the first run's by default.")
@click.option("--trials", type=click.IntRange(min=1), help="Count fits instead of time: the same result every time.")
@click.option(
    "--policy",
    type=click.Choice(["manual", "propose", "automatic"]),
    default="manual",
    show_default=True,
    help="What becomes of a new version that wins: it waits, it is proposed, or it serves.",
)
@output_options
def command(
    project: str, data: str, budget: str | None, trials: int | None, policy: str, as_json: bool, quiet: bool
) -> None:
    """Train PROJECT again on the rows it knows and on those in --data.

    The new rows are checked first: a broken feed is refused, and nothing changes. The champion's recipes are fitted
    again; the latest of the new rows, which neither version was fitted on, say which is better.

    \b
      modelwright retrain bank-deposit --data october.csv
      modelwright retrain bank-deposit --data october.csv --policy automatic
    """
    from modelwright.brief import parse_duration
    from modelwright.cli.showing import listening, print_json
    from modelwright.documents import to_builtins
    from modelwright.loading import load_alone
    from modelwright.project import Project
    from modelwright.retrain.documents import Policy
    from modelwright.retrain.retraining import retrain
    from modelwright.retrain.wording import retrained_lines

    opened = Project(project)
    seconds = None if budget is None else parse_duration(budget)
    load_alone()
    with listening(silent=as_json or quiet) as listener:
        found = retrain(opened, data, budget_s=seconds, policy=Policy(policy), listener=listener, trials=trials)
    if as_json:
        print_json({"project": project, **to_builtins(found)})
    else:
        click.echo("\n".join(retrained_lines(project, found)))
