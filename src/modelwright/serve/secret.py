"""The project's secret: 32 random bytes that only its owner can read."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from modelwright.errors import ProjectError

__all__ = ["FILE_NAME", "project_secret"]

FILE_NAME = "secret.key"
SIZE = 32


def project_secret(project: Path) -> bytes:
    """Return the secret of a project, which is made the first time; two servers that start together get the same.

    Raises
    ------
    ProjectError
        It cannot be read or written, or is damaged.
    """
    path = project / FILE_NAME
    try:
        if not path.exists():
            temporary = path.with_name(f".{FILE_NAME}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
            handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(secrets.token_bytes(SIZE))
                os.fsync(file.fileno())
            try:
                os.link(temporary, path)  # who comes second uses what the first has made
            except FileExistsError:
                pass
            finally:
                temporary.unlink()
        found = path.read_bytes()
    except OSError as error:
        raise ProjectError(
            f"the secret of the project, '{path}', cannot be used: {error.strerror or error}",
            fix="check who may read and write the project's folder",
            code="MW-P073",
        ) from error
    if len(found) != SIZE:
        raise ProjectError(
            f"the secret of the project, '{path}', is damaged",
            fix="restore it; without it hashes in the prediction log can no longer be compared",
            code="MW-P074",
        )
    return found
