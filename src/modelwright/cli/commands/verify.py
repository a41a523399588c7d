"""``modelwright verify``: is this version what was packaged, by whom, and does it still answer as it did?"""

from __future__ import annotations

from pathlib import Path

import click

from modelwright.cli.options import output_options

__all__ = ["command", "version_folder"]


def version_folder(place: str, number: int | None) -> Path:
    """Return the folder of a version: ``place`` itself, or in the project there the champion or the one named.

    Raises
    ------
    ProjectError
        There is neither a version nor a project, or no such version in it.
    UsageError
        A number was given with the folder of a version (MW-U063).
    """
    from modelwright.errors import UsageError
    from modelwright.package.manifest import MANIFEST
    from modelwright.project import Project

    if not (Path(place) / MANIFEST).is_file():
        return Project(place).version_folder(number)
    if number is not None:
        raise UsageError(
            f"'{place}' is one version, and --version chooses among those of a project",
            fix="leave --version away, or name the folder of the project",
            code="MW-U063",
        )
    return Path(place)


@click.command(short_help="check a version: files, signature, answers")
@click.argument("place", metavar="PROJECT_OR_FOLDER")
@click.option("--version", "number", type=int, help="Of a project; the champion by default.")
@click.option("--public-key", type=click.Path(), help="PEM file of the key that must have signed it.")
@click.option("--require-signature", is_flag=True, help="Refuse to go on without --public-key.")
@output_options
def command(
    place: str, number: int | None, public_key: str | None, require_signature: bool, as_json: bool, quiet: bool
) -> None:
    """Check a version: every digest, its signature, that its plan loads, and that its golden requests reproduce."""
    from modelwright.cli.showing import print_json
    from modelwright.documents import to_builtins
    from modelwright.package.bundle import open_version
    from modelwright.package.manifest import MANIFEST, SEAL

    folder = version_folder(place, number)
    version = open_version(folder, public_key=public_key, require_signature=require_signature)
    test = version.self_test()
    n_files = len(version.manifest.files) + len((MANIFEST, SEAL))  # as many as a signature vouches for
    if as_json:
        print_json(
            {
                "folder": str(folder),
                "version": version.manifest.version,
                "digest": version.digest,
                "files": n_files,
                "signature": to_builtins(version.signature),
                "golden": to_builtins(test),
            }
        )
    elif not quiet:
        manifest, signature = version.manifest, version.signature
        told = "not checked: no key was named" if signature is None else f"by the key {signature.key[:16]}…"
        click.echo(
            f"version {manifest.version} is intact: {n_files} files with its manifest and seal, {version.digest}"
        )
        click.echo(f"signature: {told}")
        click.echo(f"golden requests: {test.n_rows} reproduced, largest difference {test.max_difference:.1e}")
