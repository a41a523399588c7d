"""``modelwright worth``: what the decisions of a version bring in money."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from modelwright.cli.options import output_options, pairs

if TYPE_CHECKING:
    from modelwright.pricing import Priced

__all__ = ["command"]


@click.command(short_help="say what a version is worth, also under other amounts")
@click.argument("project")
@click.argument("source", required=False)
@click.option("--version", "number", type=int, help="Version; the champion by default.")
@click.option("--query", help="SQL for a database; table or sheet for SQLite and Excel.")
@click.option("--payoff", multiple=True, metavar="OUTCOME=MONEY", help="Other amounts: tp=80, fp=-5 (repeat).")
@click.option("--currency", help="What money is told in: €.")
@click.option("--cases", type=int, help="How many cases come in a period.")
@click.option("--period", help="hour, day, week, month, quarter or year.")
@click.option("--capacity", type=int, help="How many of these cases can be acted on.")
@output_options
def command(
    project: str,
    source: str | None,
    number: int | None,
    query: str | None,
    payoff: tuple[str, ...],
    currency: str | None,
    cases: int | None,
    period: str | None,
    capacity: int | None,
    as_json: bool,
    quiet: bool,
) -> None:
    """Say what the decisions of a version of PROJECT bring beyond what could be done without it.

    Without SOURCE: what the run has measured on rows that were kept apart. With SOURCE, a file that has the target:
    counted on its rows; under other amounts, decisions are settled on one half of the rows and counted on the other.

    \b
      modelwright worth bank-deposit
      modelwright worth bank-deposit latest.csv --payoff tp=60 --payoff fp=-8 --cases 2000 --capacity 300
    """
    from modelwright.brief.money import Money
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.pricing import price
    from modelwright.project import Project

    opened = Project(project)
    version = opened.version(number).manifest.version
    money = Money(payoff=pairs(payoff, "payoff"), currency=currency, cases=cases, period=period, capacity=capacity)
    found = price(opened, source, version=version, query=query, money=money)
    if as_json:
        print_json({"version": version, **to_builtins(found)})
    else:
        _say(found, quiet=quiet)


def _say(found: Priced, *, quiet: bool) -> None:
    from modelwright.report.money import sentences

    if found.warning:
        click.echo(f"note: {found.warning}", err=True)
    first, *others = sentences(found.worth)
    click.echo(first)
    if quiet:
        return
    for line in others:
        click.echo(line)
    if found.threshold is not None:
        click.echo(f"Acted on is a chance of {found.threshold:.3g} or more ({found.why}).")
    elif found.why:
        click.echo(f"Decided: {found.why}.")
    for note in found.worth.notes:
        click.echo(note)
    click.echo(f"(measured on {found.measured_on})")
