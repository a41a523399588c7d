"""The key of hashes: without it nobody can try out who is behind a hash. It lies beside the log, never in it."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

from modelwright.errors import ProjectError
from modelwright.serve.log.policy import KEY_BYTES
from modelwright.serve.log.segments import PRIVATE

__all__ = ["log_key"]

NEW_KEY_BYTES = 32  # as long as the block that HMAC-SHA256 makes


def log_key(path: Path) -> bytes:
    """Return the key that a file holds (hexadecimal); it is made where it is missing, for its owner alone.

    Processes that make it at the same time get the same one. Without the file, old hashes match no new ones.

    Raises
    ------
    ProjectError
        The file cannot be made or read, or holds no such key (MW-P655).
    """
    path = Path(path)
    try:
        if not path.exists():
            _make(path)
        key = bytes.fromhex(path.read_text("ascii").strip())
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error
    except ValueError as error:
        raise _unusable(path, "it is not hexadecimal") from error
    if len(key) < KEY_BYTES:
        raise _unusable(path, f"it holds {len(key)} bytes, {KEY_BYTES} are needed")
    return key


def _make(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(3)}.tmp")
    fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE)
    try:
        with os.fdopen(fd, "w", encoding="ascii") as handle:
            handle.write(secrets.token_hex(NEW_KEY_BYTES) + "\n")
            handle.flush()
            os.fsync(handle.fileno())
        with contextlib.suppress(FileExistsError):  # another process was first: its key counts
            os.link(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def _unusable(path: Path, why: str) -> ProjectError:
    return ProjectError(
        f"the key of the prediction log, '{path}', cannot be used: {why}",
        fix="let the server write there, or put at least 32 hexadecimal digits into it",
        code="MW-P655",
    )
