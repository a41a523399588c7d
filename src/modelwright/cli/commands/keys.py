"""``modelwright keys``: who may use the server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from modelwright.cli.options import output_options

if TYPE_CHECKING:
    from modelwright.serve.keys import Key, KeyFile

__all__ = ["command"]


@click.group(short_help="add, list and revoke keys of the server", no_args_is_help=True)
def command() -> None:
    """Add, list and revoke the API keys of a project's server. A running server follows within a second."""


@command.command(short_help="make a key and show it once")
@click.argument("project")
@click.option("--name", required=True, help="Who or what uses it.")
@click.option(
    "--scope", "scopes", multiple=True, default=("predict",), show_default=True,
    help="predict, feedback, read or admin (repeat).",
)  # fmt: skip
@click.option("--expires", help="How long it counts: 90d, 12h; for ever by default.")
@click.option(
    "--print-hash", is_flag=True, help="Show what MODELWRIGHT_API_KEYS takes too, and keep nothing in PROJECT."
)
@output_options
def add(
    project: str, name: str, scopes: tuple[str, ...], expires: str | None, print_hash: bool, as_json: bool, quiet: bool
) -> None:
    """Make a key for the server of PROJECT. It is shown once and cannot be shown again."""
    import time

    from modelwright.cli.showing import print_json
    from modelwright.serve.keys import make_key, parse_lifetime, printed

    kept_in = _file(project)
    lasts = None if expires is None else parse_lifetime(expires)
    if print_hash:
        key, token = make_key(name, scopes, lasts_s=lasts, now=time.time())
    else:
        key, token = kept_in.add(name, scopes, lasts_s=lasts)
    hashed = printed(key) if print_hash else None
    if as_json:
        print_json({"project": project, "key": token, "hash": hashed, **_told(key)})
        return
    click.echo(token)
    if hashed is not None:
        click.echo(hashed)
    if not quiet:
        click.echo(f"{_sentence(key)} · this is the only time that the key is shown", err=True)
        if hashed is not None:
            click.echo("set MODELWRIGHT_API_KEYS to the second line where the server runs", err=True)


@command.command("list", short_help="list the keys")
@click.argument("project")
@output_options
def list_(project: str, as_json: bool, quiet: bool) -> None:
    """List the keys of PROJECT, the revoked too; the keys themselves are kept nowhere."""
    from modelwright.cli.showing import print_json

    keys = _file(project).load()
    if as_json:
        print_json({"project": project, "keys": [_told(k) for k in keys]})
        return
    for key in keys:
        click.echo(_sentence(key))
    if not keys and not quiet:
        click.echo("no key yet")


@command.command(short_help="take a key out of use")
@click.argument("project")
@click.argument("key")
@output_options
def revoke(project: str, key: str, as_json: bool, quiet: bool) -> None:
    """Take KEY, its id or its name, out of use."""
    from modelwright.cli.showing import print_json

    revoked = _file(project).revoke(key)
    if as_json:
        print_json({"project": project, **_told(revoked)})
    elif not quiet:
        click.echo(_sentence(revoked))


def _file(project: str) -> KeyFile:
    """Return the list of keys of a project that is there."""
    from modelwright.project import Project
    from modelwright.serve.keys import FILE_NAME, KeyFile

    return KeyFile(Path(Project(project).path) / FILE_NAME)


def _told(key: Key) -> dict[str, object]:
    """Return what may be known of a key: everything but its digest."""
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "created": key.created,
        "expires": key.expires or None,
        "revoked": key.revoked or None,
        "state": _state(key),
    }


def _state(key: Key) -> str:
    import time

    if key.revoked:
        return "revoked"
    return "in use" if key.usable(time.time()) else "expired"


def _sentence(key: Key) -> str:
    ends = {"revoked": f"revoked {key.revoked}", "expired": f"expired {key.expires}"}.get(_state(key))
    until = ends or (f"until {key.expires}" if key.expires else "for ever")
    return f"{key.id}  {key.name}  {', '.join(key.scopes)}  {until}"
