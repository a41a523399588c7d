"""``modelwright export``: a version in a form that other software runs."""

from __future__ import annotations

import click

from modelwright.cli.options import output_options

__all__ = ["command"]


@click.command(short_help="write a version in a form that other software runs")
@click.argument("project")
@click.option("--to", "to", required=True, help="The form: docker, onnx, …")
@click.option("--output", "-o", required=True, type=click.Path(), help="Folder to write; empty or not there yet.")
@click.option("--version", "number", type=int, help="Version; the champion by default.")
@output_options
def command(project: str, to: str, output: str, number: int | None, as_json: bool, quiet: bool) -> None:
    """Write a version of PROJECT in another form, after proving that it answers the same.

    \b
      modelwright export bank-deposit --to onnx -o bank-onnx
    """
    import sys

    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.package.exports import export
    from modelwright.project import Project

    opened = Project(project)
    version = opened.version(number)
    doubt = opened.not_champion(version.manifest.version)
    exported = export(version, to, output)
    notes = [*([doubt] if doubt else []), *exported.notes]
    if as_json:
        print_json({"project": project, **to_builtins(exported), "champion": not doubt, "notes": notes})
    elif not quiet:
        for note in notes:
            print(f"note: {note}", file=sys.stderr)
        size = f"{exported.size_bytes / 1e6:.1f} MB in {len(exported.files)} files"
        click.echo(f"version {exported.version} as {exported.to} in {output}: {size}")
