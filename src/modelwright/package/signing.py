"""Signing a version with a local key. What a signature is and how it is checked: `modelwright.package.signature`."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

from modelwright.documents import digest_file
from modelwright.errors import ProjectError, UsageError
from modelwright.package.manifest import MANIFEST, SEAL
from modelwright.package.signature import (
    SignatureFacts,
    bundle_of,
    ecdsa_for,
    fingerprint,
    known_curve,
    pre_authentication,
    read_key,
    statement_of,
    unusable,
    verify_signature,
)
from modelwright.package.verifying import SIGNATURE, verify_folder
from modelwright.runtime.storage import malformed

__all__ = ["PUBLIC_SUFFIX", "SignatureFacts", "make_key", "sign_version", "verify_signature"]

PUBLIC_SUFFIX = ".pub"
READABLE = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


def sign_version(folder: Path, private_key: Path, *, password: str | None = None) -> SignatureFacts:
    """Sign a version: write ``model.sig`` beside its files, in place of an earlier one. Nothing else changes.

    What is signed is what was checked: the version must be intact, and every digest is taken while checking.

    Parameters
    ----------
    folder : Path
    private_key : Path
        PEM, on P-256, P-384 or P-521; `make_key` makes one.
    password : str or None
        Of an encrypted key.

    Raises
    ------
    UsageError
        The key cannot be used (MW-U060).
    BundleError
        The version is refused, see `verify_folder`; it changed meanwhile (MW-B123).
    ProjectError
        The signature cannot be written (MW-P403).
    """
    folder = Path(folder)
    key = _load_private_key(Path(private_key), password)
    manifest, digest = verify_folder(folder)
    digests = {entry.name: entry.digest for entry in manifest.files}
    digests |= {name: digest_file(folder / name) for name in (MANIFEST, SEAL)}
    if digests[MANIFEST] != digest:
        raise malformed(MANIFEST, "it changed while the version was being signed", code="MW-B123")
    payload = statement_of(folder.resolve().name, digests)
    signature = key.sign(pre_authentication(payload), ecdsa_for(key))
    _write(folder, bundle_of(payload, signature, key.public_key()))
    return SignatureFacts(key=fingerprint(key.public_key()), curve=key.curve.name, files=len(digests))


def make_key(path: Path, *, password: str | None = None) -> tuple[Path, str]:
    """Make a key pair on P-256: the private half in ``path``, for its owner alone, the public one in ``path`` + .pub.

    Returns
    -------
    public : Path
    fingerprint : str
        See `SignatureFacts`.

    Raises
    ------
    UsageError
        One of the files exists (MW-U061) or cannot be written (MW-U060). A key is never overwritten: what it has
        signed could not be verified any more.
    """
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import (
        BestAvailableEncryption,
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    path = Path(path)
    public = path.with_name(path.name + PUBLIC_SUFFIX)
    for taken in (path, public):
        if os.path.lexists(taken):
            raise _exists(taken)
    key = ec.generate_private_key(ec.SECP256R1())
    locked = BestAvailableEncryption(password.encode()) if password else NoEncryption()
    _create(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, locked), 0o600)
    _create(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo), 0o644)
    return public, fingerprint(key.public_key())


def _create(path: Path, content: bytes, mode: int) -> None:
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0), mode)
    except FileExistsError as error:  # made since it was looked for
        raise _exists(path) from error
    except OSError as error:
        raise unusable(path, f"it cannot be written ({error.strerror})") from error
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _exists(path: Path) -> UsageError:
    return UsageError(
        f"'{path}' exists, and a key is never overwritten",
        fix="sign with it as it is, or name another file",
        code="MW-U061",
    )


def _load_private_key(path: Path, password: str | None) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(read_key(path), None if password is None else password.encode())
    except TypeError as error:
        needed = "it is encrypted and no password was given" if password is None else "it has no password"
        raise unusable(path, needed) from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise unusable(path, "it is no private key in PEM, or the password is wrong") from error
    return known_curve(key, path)


def _write(folder: Path, content: bytes) -> None:
    """Write beside the folder and move: a reader finds no half signature, nor a file that is not the version's."""
    temporary = folder.resolve().with_name(f".{folder.resolve().name}.{SIGNATURE}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        temporary.chmod(READABLE)
        os.replace(temporary, folder / SIGNATURE)
    except OSError as error:
        raise ProjectError(
            f"the signature of '{folder}' cannot be written: {error.strerror or error}",
            fix="check who may write the folder, and that it and the one above lie on the same disk",
            code="MW-P403",
        ) from error
    finally:
        temporary.unlink(missing_ok=True)
