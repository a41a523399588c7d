"""``modelwright sign``: vouch for a version with a key of your own."""

from __future__ import annotations

import os
from pathlib import Path

import click

from modelwright.cli.options import output_options

__all__ = ["command"]

PASSWORD = "MODELWRIGHT_KEY_PASSWORD"  # in the environment: on the command line others could read it


@click.command(short_help="sign a version with a key")
@click.argument("place", metavar="PROJECT_OR_FOLDER")
@click.option("--key", required=True, type=click.Path(), help="PEM file of the private key (P-256, P-384 or P-521).")
@click.option("--version", "number", type=int, help="Of a project; the champion by default.")
@click.option("--make-key", is_flag=True, help="Make the key first; its public half goes beside it, with .pub behind.")
@output_options
def command(place: str, key: str, number: int | None, make_key: bool, as_json: bool, quiet: bool) -> None:
    """Sign a version: model.sig, in the format of OpenSSF Model Signing 1.0, appears among its files.

    An encrypted key is opened with the password in MODELWRIGHT_KEY_PASSWORD.
    """
    from modelwright.cli.commands.verify import version_folder
    from modelwright.cli.showing import print_json
    from modelwright.package import signing

    folder = version_folder(place, number)
    password = os.environ.get(PASSWORD) or None
    public = signing.make_key(Path(key), password=password)[0] if make_key else None
    facts = signing.sign_version(folder, Path(key), password=password)
    if as_json:
        told = {"folder": str(folder), "key": facts.key, "curve": facts.curve, "files": facts.files}
        print_json(told | {"public_key": None if public is None else str(public)})
    elif not quiet:
        if public is not None:
            click.echo(f"made the key {key} (keep it secret) and {public} (give it to whoever verifies)")
        click.echo(f"signed {folder}: {facts.files} files with its manifest and seal, by the key {facts.key[:16]}…")
