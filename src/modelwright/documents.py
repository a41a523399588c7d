"""Documents: what stages take and return, and how it is kept.

A document is a frozen dataclass. Saved, it is JSON with the names and digests of its parents: that is the lineage,
and what makes resume possible. NaN and infinity do not exist in JSON: a number that may be absent is ``float | None``.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from modelwright.errors import ProjectError

__all__ = [
    "digest_bytes",
    "digest_file",
    "digest_of",
    "encode",
    "load",
    "not_written",
    "save",
    "to_builtins",
    "write_atomic",
]

T = TypeVar("T")

DOCUMENT_FORMAT = 1


def to_builtins(document: Any) -> Any:
    """Return the document as dicts, lists, strings and numbers."""
    return msgspec.to_builtins(document)


def encode(document: Any) -> bytes:
    """Return canonical JSON: keys in alphabetical order, no white space. What is read back encodes to the same."""
    return msgspec.json.encode(document, order="sorted")


def digest_bytes(data: bytes) -> str:
    """Return ``sha256:`` and the hexadecimal digest."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def digest_of(document: Any) -> str:
    """Return the digest of a document's canonical JSON."""
    return digest_bytes(encode(document))


def digest_file(path: Path, chunk: int = 1 << 20) -> str:
    """Return the digest of a file, read in chunks."""
    with open(path, "rb") as handle:
        return "sha256:" + hashlib.file_digest(handle, "sha256").hexdigest()


def write_atomic(path: Path, data: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a part.

    Raises
    ------
    ProjectError
        The disk is full or the folder cannot be written.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    try:
        with open(temporary, "wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise not_written(path, error) from error


def not_written(path: Path, error: OSError) -> ProjectError:
    """Return the error of a file that the system does not let us write, or of files in a folder."""
    odd = isinstance(error, FileNotFoundError) and path.parent.is_dir()  # a folder of the system
    return ProjectError(
        f"cannot write '{path}': {'its folder takes no files' if odd else error.strerror}",
        fix="free some disk space, check who may write there, or choose another folder",
        code="MW-P001",
    )


def save(document: Any, path: Path, parents: dict[str, str] | None = None) -> str:
    """Save a document with its parents' digests; return its own digest."""
    digest = digest_of(document)
    envelope = {
        "document": type(document).__name__,
        "format": DOCUMENT_FORMAT,
        "digest": digest,
        "parents": parents or {},
        "body": document,
    }
    write_atomic(path, msgspec.json.format(encode(envelope), indent=1))
    return digest


def load(path: Path, kind: type[T], *, fix: str = "restore the file or start a new run") -> T:
    """Load a document.

    Parameters
    ----------
    path : Path
    kind : type
    fix : str
        The next move where the file is damaged.

    Raises
    ------
    ProjectError
        The file is missing, is no such document, or was changed by hand.
    """
    try:
        raw = msgspec.json.decode(path.read_bytes())
        body = msgspec.convert(raw["body"], kind)
        changed = raw["digest"] != digest_of(raw["body"])
    except FileNotFoundError as error:
        raise ProjectError(
            f"'{path}' does not exist", fix="run 'modelwright run' again to make it", code="MW-P002"
        ) from error
    except OSError as error:
        raise ProjectError(
            f"'{path}' cannot be read: {error.strerror or error}", fix="check who may read it", code="MW-P007"
        ) from error
    except (msgspec.DecodeError, msgspec.ValidationError, KeyError, TypeError) as error:
        raise ProjectError(
            f"'{path}' is damaged: it is not a {kind.__name__} document ({error})", fix=fix, code="MW-P003"
        ) from error
    if changed:
        raise ProjectError(f"'{path}' is damaged: it was changed by hand", fix=fix, code="MW-P003")
    return body
