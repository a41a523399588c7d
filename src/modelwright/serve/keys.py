"""API keys: how they are made, kept and read.

A key is ``mw_<id>_<secret>``: a public id to find it by, and 256 random bits. Kept is its SHA-256 alone, in
``access.json`` of the project (readable by its owner only), or in ``MODELWRIGHT_API_KEYS`` for containers. What must
stay true: the secret is shown once and kept nowhere; a damaged list lets nobody in. Why SHA-256 and not scrypt:
``docs/adr/0006-keys-are-kept-as-sha-256.md``.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import secrets
import stat
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path

import msgspec

from modelwright.errors import ProjectError, UsageError, did_you_mean
from modelwright.locking import held

__all__ = [
    "ENVIRONMENT",
    "FILE_NAME",
    "TOKEN_LENGTH",
    "Key",
    "KeyFile",
    "Scope",
    "digest_of_token",
    "id_of_token",
    "make_key",
    "parse_lifetime",
    "printed",
    "read_environment",
]

ENVIRONMENT = "MODELWRIGHT_API_KEYS"
FILE_NAME = "access.json"
FORMAT = 1

ID_BYTES = 6
SECRET_BYTES = 32  # 256 bits: beyond guessing, whatever the speed of the hash
_PREFIX = "mw_"
_ID_END = len(_PREFIX) + 2 * ID_BYTES
TOKEN_LENGTH = _ID_END + 1 + 43  # 32 bytes are 43 characters of base64 without padding
_ID = re.compile(rf"[0-9a-f]{{{2 * ID_BYTES}}}")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_LIFETIME = re.compile(r"([0-9]{1,7})\s*([smhdw])")
_UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_TIME = "%Y-%m-%dT%H:%M:%SZ"

MAX_NAME = 100  # characters: it is shown in lists and logs
MAX_KEYS = 10_000
MAX_FILE_BYTES = 16 << 20
LOCK_S = 5.0


class Scope(StrEnum):
    """What a key may be used for; ``admin`` includes all others."""

    PREDICT = "predict"
    FEEDBACK = "feedback"
    READ = "read"
    ADMIN = "admin"


@dataclass(frozen=True, kw_only=True)
class Key:
    """A key as it is kept.

    Attributes
    ----------
    id : str
        The public part, 12 hexadecimal digits.
    name : str
        What people call it; empty for keys of the environment.
    scopes : tuple of Scope
    digest : str
        SHA-256 of the whole key, hexadecimal.
    created, revoked : str
        UTC, ISO 8601, to the second; ``revoked`` is empty while the key counts.
    expires : str
        From this moment on it does not count; empty: never.
    """

    id: str
    name: str
    scopes: tuple[Scope, ...]
    digest: str
    created: str = ""
    expires: str = ""
    revoked: str = ""

    @property
    def expires_at(self) -> float:
        """The end in seconds since 1970; infinite where there is none."""
        return _seconds(self.expires) if self.expires else float("inf")

    def usable(self, now: float) -> bool:
        """Tell whether the key counts at a moment."""
        return not self.revoked and now < self.expires_at


@dataclass(frozen=True, kw_only=True)
class _Document:
    format: int
    keys: tuple[Key, ...] = ()


def make_key(name: str, scopes: Iterable[str], *, lasts_s: float | None = None, now: float) -> tuple[Key, str]:
    """Return a new key as it is kept, and the key itself, which is to be shown once.

    Raises
    ------
    UsageError
        The name is empty, long or not printable; a scope is unknown or none is given; it would end before it begins.
    """
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable():
        raise UsageError(
            f"the name of a key has {len(name)} characters or some that cannot be printed",
            fix=f"give a name of 1 to {MAX_NAME} printable characters that says who uses it",
            code="MW-U040",
        )
    expires = ""
    if lasts_s is not None:
        if lasts_s < 1 or now + lasts_s > _LATEST:
            raise UsageError(
                "the key would end at once, or after the year 9999", fix="give a time such as 90d", code="MW-U041"
            )
        expires = _text(now + lasts_s)
    public = secrets.token_hex(ID_BYTES)
    token = f"{_PREFIX}{public}_{secrets.token_urlsafe(SECRET_BYTES)}"
    kept = Key(
        id=public,
        name=name.strip(),
        scopes=_scopes(scopes),
        digest=digest_of_token(token),
        created=_text(now),
        expires=expires,
    )
    return kept, token


def parse_lifetime(text: str) -> float:
    """Return the seconds in a time such as ``90d``, ``12h`` or ``4w``.

    Raises
    ------
    UsageError
        It is no such time.
    """
    found = _LIFETIME.fullmatch(text.strip().lower())
    if found is None or not int(found[1]):
        raise UsageError(f"a key cannot last {text!r}", fix="give a time such as 90d, 12h or 4w", code="MW-U046")
    return int(found[1]) * _UNITS_S[found[2]]


def _scopes(names: Iterable[str]) -> tuple[Scope, ...]:
    found = set()
    for name in names:
        if name not in set(Scope):
            raise UsageError(f"there is no scope '{name}'", fix=did_you_mean(name, list(Scope)), code="MW-U042")
        found.add(Scope(name))
    if not found:
        raise UsageError("a key without a scope opens nothing", fix="give --scope predict", code="MW-U042")
    return tuple(s for s in Scope if s in found)


def digest_of_token(token: str) -> str:
    """Return what is kept of a key: SHA-256 of all of it, hexadecimal."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def id_of_token(token: str) -> str:
    """Return the public id in a key; some text that is no id where it is no key."""
    return token[len(_PREFIX) : _ID_END]


_LATEST = datetime(9999, 1, 1, tzinfo=UTC).timestamp()


def _text(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_TIME)


def _seconds(text: str) -> float:
    return datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp()


# ------------------------------------------------------------------------------------------------------ environment


def printed(key: Key) -> str:
    """Return a key as `ENVIRONMENT` takes it: ``id/scope+scope/digest`` and ``/end`` where it ends."""
    parts = [key.id, "+".join(key.scopes), key.digest, *([key.expires] if key.expires else [])]
    return "/".join(parts)


def read_environment(text: str) -> tuple[Key, ...]:
    """Return the keys in the value of `ENVIRONMENT`: as `printed`, divided by commas or white space.

    Raises
    ------
    UsageError
        A part is no such key. It is not repeated: somebody may have put the secret itself there.
    """
    keys = {}
    for number, part in enumerate(re.split(r"[\s,]+", text.strip(" \t\r\n,")) if text.strip(" \t\r\n,") else [], 1):
        parts = part.split("/")
        try:
            public, scopes, digest, expires = [*parts, ""][:4] if len(parts) == 3 else parts
            key = Key(id=public, name="", scopes=tuple(map(Scope, scopes.split("+"))), digest=digest, expires=expires)
            _check(key)
        except ValueError:
            raise UsageError(
                f"entry {number} of {ENVIRONMENT} is no hashed key",
                fix="give what 'modelwright keys add … --print-hash' prints, never the key itself",
                code="MW-U043",
            ) from None  # the message of the cause would repeat the entry
        keys[key.id] = key
    return tuple(keys.values())


def _check(key: Key) -> None:
    """Raise ValueError for a key that none of ours would be."""
    if not _ID.fullmatch(key.id) or not _DIGEST.fullmatch(key.digest) or not key.scopes:
        raise ValueError("no key of ours")
    for moment in filter(None, (key.created, key.expires, key.revoked)):
        _seconds(moment)


# ------------------------------------------------------------------------------------------------------------- file


class KeyFile:
    """The list of keys of a project.

    Promises: what `load` returns was whole and valid; changes are atomic, one at a time over all processes, and on the
    disk when the method returns; the file is readable by its owner only.
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def stamp(self) -> tuple[int, int, int] | None:
        """Return what changes with the file; None while there is none."""
        try:
            found = os.stat(self.path)
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size)

    def load(self) -> tuple[Key, ...]:
        """Return all keys, the revoked too, in order of creation; none where there is no file.

        Raises
        ------
        ProjectError
            The file is damaged, cannot be read, or anybody may write it.
        """
        try:
            with open(self.path, "rb") as handle:
                if os.fstat(handle.fileno()).st_mode & stat.S_IWOTH:
                    raise ProjectError(
                        f"'{self.path}' may be written by anybody on this machine",
                        fix=f"chmod 600 '{self.path}', and look through its keys",
                        code="MW-P042",
                    )
                raw = handle.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise ProjectError(
                f"'{self.path}' cannot be read: {error.strerror}", fix="check who may read it", code="MW-P041"
            ) from error
        try:
            return self._parsed(raw)
        except ValueError as error:  # msgspec's errors are among them
            raise ProjectError(
                f"'{self.path}' is damaged: it is no list of keys",
                fix="restore it, or remove it and add the keys anew",
                code="MW-P040",
            ) from error

    @staticmethod
    def _parsed(raw: bytes) -> tuple[Key, ...]:
        document = msgspec.json.decode(raw, type=_Document)
        if document.format != FORMAT or len(raw) > MAX_FILE_BYTES:
            raise ValueError("another format")
        for key in document.keys:
            _check(key)
        if len({key.id for key in document.keys}) != len(document.keys):
            raise ValueError("two keys with one id")
        return document.keys

    def add(self, name: str, scopes: Iterable[str], *, lasts_s: float | None = None) -> tuple[Key, str]:
        """Add a key; return it as it is kept, and the key itself.

        Raises
        ------
        UsageError
            As `make_key`, there are too many keys, or one that was not revoked has the name.
        ProjectError
            As `load`, or the file cannot be written.
        """
        key, token = make_key(name, scopes, lasts_s=lasts_s, now=time.time())
        with self._alone():
            kept = self.load()
            if any(k.name == key.name and not k.revoked for k in kept):  # `revoke` goes by names, and people do
                raise UsageError(
                    f"there is a key with the name '{key.name}'",
                    fix="choose another name, or revoke that one first with 'modelwright keys revoke'",
                    code="MW-U031",
                )
            if len(kept) >= MAX_KEYS:
                raise UsageError(
                    f"'{self.path}' has {len(kept)} keys already", fix="remove those that were revoked", code="MW-U044"
                )
            self._write((*kept, key))
        return key, token

    def revoke(self, which: str) -> Key:
        """Take a key out of use, by its id or by its name where only one in use has it; it stays in the list.

        Raises
        ------
        UsageError
            There is no such key in use, or several.
        ProjectError
            As `load`, or the file cannot be written.
        """
        with self._alone():
            kept = self.load()
            chosen = _chosen(kept, which)
            revoked = replace(chosen, revoked=_text(time.time()))
            self._write(tuple(revoked if k.id == chosen.id else k for k in kept))
        return revoked

    def _write(self, keys: tuple[Key, ...]) -> None:
        """Replace the file. Not `documents.write_atomic`: nobody else may see even the temporary file."""
        raw = msgspec.json.format(msgspec.json.encode(_Document(format=FORMAT, keys=keys)), indent=1)
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        try:
            temporary.unlink(missing_ok=True)
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with open(descriptor, "wb") as handle:
                handle.write(raw)
                handle.flush()
                os.fsync(handle.fileno())
            os.replace(temporary, self.path)
        except OSError as error:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise _not_written(self.path, error) from error

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """Hold a lock of the list's own: revoking must not wait until a training run gives the project free."""
        lock = self.path.with_name(f".{self.path.name}.lock")
        try:
            descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise _not_written(self.path, error) from error
        taken = ProjectError(
            f"cannot write '{self.path}': another process changes it",
            fix="run the same command again in a moment",
            code="MW-P043",
        )
        with held(open(descriptor, "wb"), taken, wait_s=LOCK_S):
            yield


def _not_written(path: Path, error: OSError) -> ProjectError:
    return ProjectError(
        f"cannot write '{path}': {error.strerror}",
        fix="check who may write it, and the space on the disk",
        code="MW-P043",
    )


def _chosen(keys: tuple[Key, ...], which: str) -> Key:
    named = [k for k in keys if k.id == which] or [k for k in keys if k.name == which and not k.revoked]
    if len(named) == 1 and not named[0].revoked:
        return named[0]
    if len(named) > 1:
        raise UsageError(
            f"{len(named)} keys in use have this name",
            fix=f"name one by its id: {', '.join(k.id for k in named)}",
            code="MW-U045",
        )
    raise UsageError("there is no such key in use", fix="see 'modelwright keys list'", code="MW-U045")
