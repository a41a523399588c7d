"""``modelwright waive``: accept a gate that a version did not pass."""

from __future__ import annotations

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="accept a gate that a version did not pass, for a reason and by name")
@click.argument("project")
@click.argument("gate", required=False)
@click.option("--reason", default="", help="Why it is accepted, in a sentence.")
@click.option("--by", default="", help="Who answers for it.")
@click.option("--expires", help="Last day on which it holds: 2027-06-30.")
@click.option("--version", "number", type=int, help="Version; the newest run's by default.")
@click.option("--withdraw", "back", is_flag=True, help="Take the waiver back.")
@output_options
def command(
    project: str,
    gate: str | None,
    reason: str,
    by: str,
    expires: str | None,
    number: int | None,
    back: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Waive GATE of a version of PROJECT. The waiver is in the audit chain, the report and the documents; the verdict
    stays as it was. Without GATE: list the gates that were not passed, and what was waived.

    \b
      modelwright waive bank-deposit
      modelwright waive bank-deposit "calibrated" --by "Ada Lovelace" --expires 2027-06-30 \\
          --reason "only the ranking is used in the pilot"
    """
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.govern.waiving import withdraw
    from modelwright.project import Project
    from modelwright.report.papers.writing import write_again

    opened = Project(project)
    version = opened.result["version"] if number is None else number
    if gate is not None:
        if back:
            withdraw(opened, gate, reason=reason, by=by, version=version)
            write_again(opened, version)
        else:
            opened.waive(gate, reason=reason, by=by, version=version, expires=expires)
    stands = opened.standing(version)
    if as_json:
        print_json(
            {"project": project, "version": version, "standing": None if stands is None else to_builtins(stands)}
        )
    elif stands is None:
        click.echo(f"no verdict on version {version} is recorded")
    else:
        click.echo(f"version {version}: {stands.answer}")
        for waiver in () if quiet else stands.waivers:
            until = f" until {waiver.expires}" if waiver.expires else ""
            over = "" if waiver.holds else ", which is over"
            click.echo(f"    waived: {waiver.gate} by {waiver.by}{until}{over}: {waiver.reason}")
        for reason_left in () if quiet else stands.left:
            click.echo(f"    {reason_left.gate}: {reason_left.because}")
