"""The key of pseudonyms. It comes from the environment or a file of the user's and is never stored.

Whoever has the key can try out which value is behind a pseudonym; without it nobody can, and the same value gets the
same pseudonym only where the same key is used. What is stored is a fingerprint of the key, so that another one is
refused instead of making pseudonyms that match nothing.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import os
import re
from functools import lru_cache
from pathlib import Path

from modelwright.errors import UsageError

__all__ = [
    "ENVIRONMENT",
    "HASHED",
    "fingerprint_of",
    "has_key",
    "key_file_named",
    "key_for",
    "place_of_key",
    "pseudonym",
]

ENVIRONMENT = "MODELWRIGHT_PRIVACY_KEY"

KEY_BYTES = 16
"""Fewer could be guessed."""

PSEUDONYM_BYTES = 16
"""128 bits: two of a billion people get the same pseudonym with a chance below 1e-20."""

HASHED = re.compile(r"#[0-9a-f]{32}", re.ASCII)
"""What a pseudonym looks like."""

_FIX = f"put 32 or more hexadecimal digits into {ENVIRONMENT}, or into a file named with --privacy-key"


SECRETS = Path("/run/secrets")
"""Where containers find files that are not in their image (Docker, Kubernetes by convention)."""

_places: dict[str, list[str]] = {}
"""Where key files lie whose name alone is stored, the latest that was heard of first; each process learns it from the
briefs of the projects it works on, and those of two projects may have one name."""


def key_file_named(key_file: str | None) -> str | None:
    """Return the name of a key file, which is all that is stored of its place, and keep the place for this process."""
    if key_file is None:
        return None
    place = Path(key_file).expanduser()
    whole = str(place.absolute())
    _places[place.name] = [whole, *(other for other in _places.get(place.name, []) if other != whole)]
    return place.name


def place_of_key(key_file: str) -> str:
    """Return where a key file lies: as it is written, else where `key_file_named` saw it, else among the secrets."""
    return _places_of(key_file)[0]


def _places_of(key_file: str) -> tuple[str, ...]:
    """Return where a key file may lie, the likeliest place first."""
    written = Path(key_file).expanduser()
    if len(written.parts) > 1:
        return (str(written.absolute()),)
    here = [str(written.absolute())] if written.is_file() else []
    secret = SECRETS / key_file
    found = [*here, *_places.get(key_file, []), *([str(secret)] if secret.is_file() else [])]
    return tuple(found) or (key_file,)


def has_key(key_file: str | None) -> bool:
    """Return whether a key is named at all, usable or not."""
    return bool(os.environ.get(ENVIRONMENT)) or key_file is not None


def key_for(key_file: str | None, fingerprint: str = "") -> bytes:
    """Return the key of the environment, else of the file: with a fingerprint, wherever one of that name has it.

    Without one it is a path that somebody gives, and lies where it says or nowhere.

    Raises
    ------
    UsageError
        There is none (MW-U910), it cannot be used (MW-U911), or it is another one than that which made the
        pseudonyms before (MW-U912).
    """
    given = os.environ.get(ENVIRONMENT, "")
    if given or key_file is None:
        return _key(given, (), fingerprint)
    written = (str(Path(key_file).expanduser().absolute()),)
    return _key("", _places_of(key_file) if fingerprint else written, fingerprint)


@lru_cache(maxsize=16)
def _key(given: str, places: tuple[str, ...], fingerprint: str) -> bytes:
    if not given and not places:
        raise UsageError("pseudonyms need a key, and there is none", fix=_FIX, code="MW-U910")
    for place in places:
        with contextlib.suppress(UsageError):
            return _usable("", place, fingerprint)
    return _usable(given, places[0] if places else "", fingerprint)  # tells what is wrong with the likeliest


def _usable(given: str, place: str, fingerprint: str) -> bytes:
    try:
        key = bytes.fromhex(given or Path(place).read_text("ascii").strip())
    except (OSError, ValueError) as error:
        where = ENVIRONMENT if given else f"'{place}'"
        why = error.strerror if isinstance(error, OSError) else "it is not hexadecimal"
        raise UsageError(f"the privacy key in {where} cannot be used: {why}", fix=_FIX, code="MW-U911") from None
    if len(key) < KEY_BYTES:
        raise UsageError(f"the privacy key has {len(key)} bytes, {KEY_BYTES} are needed", fix=_FIX, code="MW-U911")
    if fingerprint and fingerprint_of(key) != fingerprint:
        raise UsageError(
            "the privacy key is another one than that which made the pseudonyms this version knows",
            fix="give the key that was there when it was trained",
            code="MW-U912",
        )
    return key


def fingerprint_of(key: bytes) -> str:
    """Return 16 hexadecimal digits that tell one key from another."""
    return hmac.digest(hashlib.sha256(key).digest(), b"modelwright privacy key", "sha256")[:8].hex()


def pseudonym(key: bytes, salt: str, text: str) -> str:
    """Return the pseudonym of a value; of a pseudonym, itself."""
    if HASHED.fullmatch(text):
        return text
    said = salt.encode("utf-8", "replace") + b"\0" + text.encode("utf-8", "replace")
    return "#" + hmac.digest(key, said, "sha256")[:PSEUDONYM_BYTES].hex()
