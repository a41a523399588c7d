"""Options that commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from modelwright.errors import UsageError

__all__ = ["brief_fields", "brief_options", "log_option", "output_options", "pairs"]

F = TypeVar("F", bound=Callable[..., Any])

_BRIEF = (
    click.option("--target", "-t", help="Column to predict."),
    click.option("--test", help="A second file: scored with the target, predicted without."),
    click.option("--query", help="SQL for a database; table or sheet for SQLite and Excel."),
    click.option("--brief", "brief", type=click.Path(), help="brief.toml with what was asked; flags win over it."),
    click.option("--objective", help="classify or regress."),
    click.option("--positive", help="The class that counts as the event."),
    click.option("--goal", help="What the model is for, in your words."),
    click.option("--metric", help="What to optimise: roc_auc, log_loss, rmse, …"),
    click.option("--split", help="random, stratified, group, time or group_time."),
    click.option("--time", help="Column that orders the rows."),
    click.option("--label-delay", help="How long after its time the label of a row is known: 30d."),
    click.option("--group", help="Column that says which rows belong together."),
    click.option("--drop", multiple=True, help="Column the model must not see (repeat)."),
    click.option("--known-after", multiple=True, help="Column known only after the fact (repeat)."),
    click.option("--protected", multiple=True, help="Column on which people must not be treated differently (repeat)."),
    click.option("--fairness", help="How their groups are compared: selection, opportunity, errors or calibration."),
    click.option("--fairness-ratio", type=float, help="Least ratio between two groups; 0.8 by default."),
    click.option(
        "--fairness-thresholds",
        is_flag=True,
        default=None,
        help="Groups may get thresholds of their own: the protected columns then decide, where that is lawful.",
    ),
    click.option("--interval-by", help="Column whose groups get intervals that hold in each of them."),
    click.option("--abstain", type=float, help="Share of answers that may be wrong; other rows go to a person: 0.05."),
    click.option("--tolerance", help="By how much a value may be off and is still right: 500, or 10% of the median."),
    click.option("--payoff", multiple=True, metavar="OUTCOME=MONEY", help="tp=80, fp=-5; over=-2, under=-5 (repeat)."),
    click.option("--currency", help="What money is told in: €."),
    click.option("--cases", type=int, help="How many cases come in a period."),
    click.option("--period", help="hour, day (default), week, month, quarter or year."),
    click.option("--capacity", type=int, help="How many of these cases can be acted on."),
    click.option("--privacy", help="Policy for personal data: gdpr, ccpa, hipaa, or a file of your own."),
    click.option("--private", multiple=True, metavar="COLUMN=ACTION", help="age=bucket:10, city=keep (repeat)."),
    click.option("--privacy-key", type=click.Path(), help="File with the key of pseudonyms."),
    click.option("--subject", help="Column that says whose rows these are: for erasure."),
    click.option("--keep-log", help="How long rows stay in the prediction log: 90d."),
    click.option("--membership-auc", type=float, help="Most that an attack may tell of who was trained on: 0.6."),
    click.option(
        "--gate", multiple=True, metavar="NAME=THRESHOLD", help="calibration_error=0.03: then it blocks (repeat)."
    ),
    click.option("--kind", multiple=True, metavar="COLUMN=KIND", help="Correct a guess: zip=category (repeat)."),
    click.option("--allow", multiple=True, metavar="CODE[:COLUMN]", help="Overrule a finding: A014:duration (repeat)."),
    click.option("--seed", type=int, help="The one seed; 0 by default."),
)

_LIMITS = (
    click.option("--budget", help="Wall time of the whole command: 60s, 5m (default), 1h."),
    click.option("--memory", help="Most memory of all processes: 4GB."),
    click.option("--latency", help="Most time for scoring one row: 20ms."),
    click.option("--artefact-size", help="Largest version on disk: 50MB."),
    click.option("--members", type=int, help="Most models that the ensemble may be made of: 1 for a single one."),
    click.option("--trials", type=int, help="Count fits instead of time: the same result on every run."),
    click.option("--project", type=click.Path(), help="Folder of the project."),
)

_OUTPUT = (
    click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, nothing else."),
    click.option("--quiet", "-q", is_flag=True, help="Say nothing but the result."),
)


def brief_options(limits: bool = True) -> Callable[[F], F]:
    """Add the fields of the brief, and its limits, as options."""

    def add(function: F) -> F:
        for option in reversed(_BRIEF + (_LIMITS if limits else ())):
            function = option(function)
        return function

    return add


def output_options(function: F) -> F:
    """Add ``--json`` and ``--quiet``."""
    for option in reversed(_OUTPUT):
        function = option(function)
    return function


log_option = click.option(
    "--log",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the log or of 'serve --log-to'; the project's own.",
)
"""Where a command reads what was served."""


def brief_fields(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options as fields of the brief; those not given are left out.

    Raises
    ------
    UsageError
        A pair without its equals sign.
    """
    fields = {k: v for k, v in options.items() if v not in (None, ())}
    for option, field in (("payoff", "payoff"), ("kind", "kinds"), ("private", "private"), ("gate", "gates")):
        if option in fields:
            fields[field] = pairs(fields.pop(option), option)
    return fields


def pairs(items: tuple[str, ...], option: str) -> dict[str, str]:
    """Return ``name=value`` items as a dict; the last equals sign divides."""
    found = {}
    for item in items:
        name, divider, value = item.rpartition("=")
        if not divider or not name or not value:
            raise UsageError(
                f"--{option} is {item!r}", fix=f"write it as --{option} name=value, once for each", code="MW-U007"
            )
        found[name] = value
    return found
