"""Who is told of alarms: ``PROJECT/monitor.toml``. Secrets are in files of their own, never in it.

::

    from = "harmful"        # gravity from which on somebody is told: harmless, cannot tell, harmful, broken
    quiet = "6h"            # the same is not told again before

    [webhook]
    url = "https://hooks.example.org/modelwright"
    secret_file = "hook.secret"
    private = true          # it may be in a private network, or on this machine
    ca_file = "ca.pem"      # its certificate is of an authority of your own

    [mail]
    host = "mail.example.org"
    port = 587
    security = "starttls"   # starttls, tls or none
    user = "modelwright"
    password_file = "mail.secret"
    from = "modelwright@example.org"
    to = ["team@example.org"]
    ca_file = "ca.pem"
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from modelwright.brief import parse_duration
from modelwright.errors import UsageError, did_you_mean
from modelwright.monitor.alerts.trusting import trusting
from modelwright.monitor.documents import Judgement

__all__ = ["SETTINGS", "Mail", "Settings", "Webhook", "read_settings"]

SETTINGS = "monitor.toml"
LEAST_SECRET = 16  # bytes: a shorter one can be guessed
FORBIDDEN = "\r\n\0"  # in what becomes a header of a mail


@dataclass(frozen=True, kw_only=True)
class Webhook:
    """Where alerts are posted; ``secret`` signs them, empty: they are not signed. ``private``: in a private network,
    too; ``authority`` is a file of certificates that are believed beside those of the system."""

    url: str
    secret: bytes = b""
    private: bool = False
    authority: str = ""


@dataclass(frozen=True, kw_only=True)
class Mail:
    """The server that takes mail, and who writes to whom. ``security`` is ``"starttls"``, ``"tls"`` or ``"none"``;
    ``authority`` as of a `Webhook`."""

    host: str
    sender: str
    to: tuple[str, ...]
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = ""
    authority: str = ""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """Who is told of what: ``since`` is the gravity from which on, ``quiet_s`` how long the same is not told again."""

    since: Judgement = Judgement.HARMFUL
    quiet_s: float = 6 * 3600.0
    webhook: Webhook | None = None
    mail: Mail | None = None


def read_settings(project: Path) -> Settings:
    """Return the settings of a project; without a file nobody but the ledger is told.

    Raises
    ------
    UsageError
        The file is no TOML (MW-U710), has a field that is none (MW-U711), or one with a value that cannot be (MW-U712).
    """
    path = project / SETTINGS
    if not path.is_file():
        return Settings()
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"'{path}' is no TOML: {error}", fix="correct it there", code="MW-U710") from error
    _known(raw, ("from", "quiet", "webhook", "mail"), path)
    return Settings(
        since=_judgement(raw.get("from", Judgement.HARMFUL.value), path),
        quiet_s=_quiet(raw["quiet"], path) if "quiet" in raw else Settings.quiet_s,
        webhook=_webhook(raw["webhook"], path) if "webhook" in raw else None,
        mail=_mail(raw["mail"], path) if "mail" in raw else None,
    )


def _known(raw: Any, names: tuple[str, ...], path: Path) -> None:
    if not isinstance(raw, dict):
        raise _wrong(path, f"'{names[0]}'", "write a table for it: [webhook], [mail]")
    for name in raw:
        if name not in names:
            raise UsageError(f"'{path}' has a field '{name}'", fix=did_you_mean(name, names), code="MW-U711")


def _judgement(value: Any, path: Path) -> Judgement:
    known = [j.value for j in Judgement if j is not Judgement.QUIET]
    if value not in known:
        raise _wrong(path, f"'from' is {value!r}", did_you_mean(str(value), known))
    return Judgement(value)


def _quiet(value: Any, path: Path) -> float:
    try:
        return parse_duration(value)
    except UsageError as error:
        raise _wrong(path, f"'quiet' is {value!r}", "give a time such as 30m, 6h or 1d") from error


def _webhook(raw: Any, path: Path) -> Webhook:
    _known(raw, ("url", "secret_file", "private", "ca_file"), path)
    url = _text(raw, "url", path)
    parts = urlsplit(url)
    if parts.scheme != "https" or not parts.hostname or parts.username is not None:
        raise _wrong(path, "'url' is no address of https", "give https://HOST/PATH, without a name and password in it")
    secret = _secret(raw, "secret_file", path)
    if secret and len(secret) < LEAST_SECRET:
        raise _wrong(path, f"the secret has {len(secret)} bytes", f"give one of at least {LEAST_SECRET}, at random")
    private = raw.get("private", False)
    if not isinstance(private, bool):
        raise _wrong(path, f"'private' is {private!r}", "give true or false")
    return Webhook(url=url, secret=secret, private=private, authority=_authority(raw, path))


def _mail(raw: Any, path: Path) -> Mail:
    _known(raw, ("host", "port", "security", "user", "password_file", "from", "to", "ca_file"), path)
    to, security, port = raw.get("to"), raw.get("security", "starttls"), raw.get("port", 587)
    if not isinstance(to, list) or not to or not all(isinstance(t, str) and _plain(t) for t in to):
        raise _wrong(path, f"'to' is {to!r}", 'give a list of addresses: to = ["team@example.org"]')
    if security not in ("starttls", "tls", "none"):
        raise _wrong(path, f"'security' is {security!r}", "use starttls, tls or none")
    if not isinstance(port, int) or not 0 < port < 65536:
        raise _wrong(path, f"'port' is {port!r}", "give 587, 465 or 25")
    user = _text(raw, "user", path) if "user" in raw else ""
    if user and security == "none":
        raise _wrong(path, "a password would be sent in the clear", "use starttls or tls with a user")
    return Mail(
        host=_text(raw, "host", path),
        sender=_text(raw, "from", path),
        to=tuple(to),
        port=port,
        security=security,
        user=user,
        password=_secret(raw, "password_file", path).decode("utf-8", "replace"),
        authority=_authority(raw, path),
    )


def _authority(raw: dict[str, Any], path: Path) -> str:
    """Return the file with the certificates of an authority of the user's own, empty where none is named."""
    if "ca_file" not in raw:
        return ""
    file = path.parent / _text(raw, "ca_file", path)
    try:
        trusting(str(file))
    except OSError as error:  # ssl.SSLError is one
        raise _wrong(path, f"'ca_file' holds no certificates that can be read: {file}", "name a file of PEM") from error
    return str(file)


def _text(raw: dict[str, Any], name: str, path: Path) -> str:
    value = raw.get(name)
    if not isinstance(value, str) or not _plain(value):
        raise _wrong(path, f"'{name}' is {value!r}", f'give it as a text: {name} = "…"')
    return value


def _plain(value: str) -> bool:
    return bool(value.strip()) and not any(c in value for c in FORBIDDEN)


def _secret(raw: dict[str, Any], name: str, path: Path) -> bytes:
    if name not in raw:
        return b""
    file = path.parent / _text(raw, name, path)
    try:
        return file.read_bytes().strip()
    except OSError as error:
        raise _wrong(path, f"'{name}' cannot be read: {error.strerror}", "name a file that can, beside it") from error


def _wrong(path: Path, what: str, fix: str) -> UsageError:
    return UsageError(f"'{path}': {what}", fix=fix, code="MW-U712")
