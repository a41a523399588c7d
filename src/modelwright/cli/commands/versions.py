"""``modelwright versions``: what there is, and which serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from modelwright.cli.options import output_options

if TYPE_CHECKING:
    from modelwright.project import Project

__all__ = ["command"]


@click.command(short_help="list the versions of a project")
@click.argument("project")
@output_options
def command(project: str, as_json: bool, quiet: bool) -> None:
    """List the versions of PROJECT, checking each."""
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.errors import BundleError
    from modelwright.project import Project

    opened = Project(project)
    champion = opened.champion
    rows: list[dict[str, Any]] = []
    for number in opened.versions():
        row: dict[str, Any] = {"version": number, "champion": champion is not None and champion.version == number}
        try:
            version = opened.version(number)
        except BundleError as error:
            rows.append({**row, "intact": False, "error": str(error)})
            continue
        manifest = version.manifest
        rows.append(
            {
                **row,
                "intact": True,
                "created": manifest.created,
                "score": to_builtins(manifest.score),
                "bytes": version.size_bytes,
                **_standing(opened, number),
            }
        )
    if as_json:
        print_json({"project": project, "versions": rows})
        return
    for row in rows:
        marks = ["champion"] * row["champion"]
        if row.get("standing") and not row["standing"].startswith("ship"):
            marks.append(row["standing"])
        marks += [f"waived: {gate}" for gate in row.get("waived", ())]
        marks += [f"waiver is over: {gate}" for gate in row.get("waivers_over", ())]
        marks += [row["doubt"]] if "doubt" in row else []
        mark = ", ".join(marks)
        if row["intact"]:
            score: dict[str, Any] = row["score"] or {}
            told = f"{score.get('name', '')} {score['value']:.4g}" if score.get("value") is not None else ""
            click.echo(f"{row['version']:>4}  {row['created']}  {told:<20} {row['bytes'] / 1e6:.1f} MB  {mark}")
        else:
            click.echo(f"{row['version']:>4}  REFUSED: {row['error']}  {mark}")
    if not rows:
        click.echo("no version yet")


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
