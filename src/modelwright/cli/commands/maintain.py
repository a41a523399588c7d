"""``modelwright maintain``: one process that keeps a project's model good."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelwright.cli import ATTENTION
from modelwright.cli.options import log_option, output_options

if TYPE_CHECKING:
    from modelwright.project import Project
    from modelwright.retrain.maintenance import Round, Settings

__all__ = ["command"]

NICE = 10
"""How far the process stands back for others: serving goes first."""

SHORTEST_S = 1.0


@click.command(short_help="keep the model good: watch, train again, promote, take back")
@click.argument("project")
@click.option("--data", help="Where rows with labels arrive: a file that grows, a folder, a database; the log if not.")
@log_option
@click.option("--every", default="1h", show_default=True, help="Time between two rounds.")
@click.option("--once", is_flag=True, help="One round, for cron and other schedulers.")
@click.option(
    "--policy",
    type=click.Choice(["manual", "propose", "automatic"]),
    default="propose",
    show_default=True,
    help="What becomes of a new version that wins.",
)
@click.option("--budget", help="Wall time of a retraining.")
@click.option("--schedule", help="Train again after so long although nothing is wrong: 30d.")
@click.option("--window", type=click.IntRange(min=30), help="Rows of the log that are judged together.")
@click.option("--trials", type=click.IntRange(min=1), help="Count fits instead of time.")
@output_options
@click.pass_context
def command(
    ctx: click.Context,
    project: str,
    data: str | None,
    log: Path | None,
    every: str,
    once: bool,
    policy: str,
    budget: str | None,
    schedule: str | None,
    window: int | None,
    trials: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Watch PROJECT, train again where that is called for, and have the better version serve by the policy.

    One process for each project, at low priority. What it did is in the ledger; it can be ended and started at any
    moment.

    \b
      modelwright maintain bank-deposit --policy automatic
      modelwright maintain bank-deposit --data labelled/ --once
    """
    import itertools
    import os
    import time

    from modelwright.brief import parse_delay, parse_duration
    from modelwright.cli.showing import going_on
    from modelwright.monitor.sources import WINDOW_ROWS
    from modelwright.project import Project
    from modelwright.retrain.documents import Policy
    from modelwright.retrain.holding import hold, noted
    from modelwright.retrain.maintenance import Settings

    settings = Settings(
        data=data,
        log=log,
        policy=Policy(policy),
        budget_s=None if budget is None else parse_duration(budget),
        schedule_s=None if schedule is None else parse_delay(schedule),
        window=window or WINDOW_ROWS,
        trials=trials,
    )
    pause = max(parse_delay(every), SHORTEST_S)
    opened = Project(project)
    os.nice(NICE)
    with hold(opened):
        if once:
            if _round(opened, settings, as_json=as_json, quiet=quiet):
                ctx.exit(ATTENTION)
            return
        for number in itertools.count(1):
            with going_on("this round failed", first=number == 1), noted(opened):
                _round(opened, settings, as_json=as_json, quiet=quiet)
            time.sleep(pause)


def _round(project: Project, settings: Settings, *, as_json: bool, quiet: bool) -> bool:
    """Go through a round and say what it came to; return whether somebody has to look at it."""
    from modelwright.cli.showing import listening
    from modelwright.retrain.maintenance import maintain_once

    with listening(silent=True) as listener:
        found = maintain_once(project, settings, listener=listener)
    _say(project, found, as_json=as_json, quiet=quiet)
    served = found.retrained is not None and found.retrained.promoted
    return found.judgement.value in ("harmful", "broken") and not served


def _say(project: Project, found: Round, *, as_json: bool, quiet: bool) -> None:
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.retrain.wording import round_lines

    if as_json:
        print_json({"project": str(project.path), **to_builtins(found)})
    elif not quiet or found.retrained is not None or found.second is not None:
        click.echo("\n".join(round_lines(str(project.path), found)))
