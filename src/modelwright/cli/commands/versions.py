"""``modelwright versions``: what there is, and which serves."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from modelwright.cli.options import output_options
from modelwright.govern.verdict import ships

if TYPE_CHECKING:
    from modelwright.project import Project

__all__ = ["command"]


@click.command(short_help="list the versions of a project")
@click.argument("project")
@output_options
def command(project: str, as_json: bool, quiet: bool) -> None:
    """List the versions of PROJECT, checking each."""
    from modelwright.cli.showing import print_json
    from modelwright.project import Project

    opened = Project(project)
    champion = opened.champion
    serving = None if champion is None else champion.version
    rows = [{"version": n, "champion": n == serving, **_checked(opened, n)} for n in opened.versions()]
    if as_json:
        print_json({"project": project, "versions": rows})
        return
    for row in rows:
        click.echo(_line(row))
    if not rows:
        click.echo("no version yet")


def _checked(project: Project, number: int) -> dict[str, Any]:
    """Return what a version says of itself and how it stands, or why it is refused."""
    from modelwright.documents import to_builtins
    from modelwright.errors import BundleError

    try:
        version = project.version(number)
    except BundleError as error:
        return {"intact": False, "error": str(error)}
    return {
        "intact": True,
        "created": version.manifest.created,
        "score": to_builtins(version.manifest.score),
        "bytes": version.size_bytes,
        **_standing(project, number),
    }


def _line(row: dict[str, Any]) -> str:
    mark = ", ".join(_marks(row))
    if not row["intact"]:
        return f"{row['version']:>4}  REFUSED: {row['error']}  {mark}"
    score: dict[str, Any] = row["score"] or {}
    told = f"{score.get('name', '')} {score['value']:.4g}" if score.get("value") is not None else ""
    return f"{row['version']:>4}  {row['created']}  {told:<20} {row['bytes'] / 1e6:.1f} MB  {mark}"


def _marks(row: dict[str, Any]) -> Iterator[str]:
    if row["champion"]:
        yield "champion"
    if row.get("standing") and not ships(row["standing"]):
        yield row["standing"]
    yield from (f"waived: {gate}" for gate in row.get("waived", ()))
    yield from (f"waiver is over: {gate}" for gate in row.get("waivers_over", ()))
    if "doubt" in row:
        yield row["doubt"]


def _standing(project: Project, number: int) -> dict[str, Any]:
    """Return how a version stands, and its waivers; a verdict that is damaged hides no version."""
    from modelwright.errors import ProjectError

    try:
        stands = project.standing(number)
    except ProjectError as error:
        return {"standing": None, "waived": [], "waivers_over": [], "doubt": str(error)}
    if stands is None:
        return {"standing": None, "waived": [], "waivers_over": []}
    return {
        "standing": stands.answer,
        "waived": [w.gate for w in stands.waivers if w.holds],
        "waivers_over": [w.gate for w in stands.waivers if not w.holds],
    }
