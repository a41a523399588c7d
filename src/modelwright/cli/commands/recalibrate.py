"""``modelwright recalibrate``: the champion's probabilities put right by new labels, without a training."""

from __future__ import annotations

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="put the champion's probabilities right by new labels, without a training")
@click.argument("project")
@click.option("--data", required=True, help="New rows with their target: a file, a folder or a database URL.")
@click.option(
    "--policy",
    type=click.Choice(["manual", "propose", "automatic"]),
    default="manual",
    show_default=True,
    help="What becomes of a version that is better: it waits, it is proposed, or it serves.",
)
@output_options
def command(project: str, data: str, policy: str, as_json: bool, quiet: bool) -> None:
    """Fit the calibrator of PROJECT's champion again on the rows in --data; its models stay as they are.

    A version is made only where calibrators of the rows before would have answered the rows after better than the
    champion did. It takes seconds; what has to be learned anew takes 'modelwright retrain'.

    \b
      modelwright recalibrate bank-deposit --data october.csv
      modelwright recalibrate bank-deposit --data october.csv --policy automatic
    """
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.loading import load_alone
    from modelwright.project import Project
    from modelwright.retrain.documents import Policy
    from modelwright.retrain.freshening import recalibrate
    from modelwright.retrain.wording import freshened_lines

    opened = Project(project)
    load_alone()
    found = recalibrate(opened, data, policy=Policy(policy))
    if as_json:
        print_json({"project": project, **to_builtins(found)})
    elif not quiet:
        click.echo("\n".join(freshened_lines(project, found)))
