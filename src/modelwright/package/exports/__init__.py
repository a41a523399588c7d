"""Exports: a version in a form that other software runs. One file or folder each; the registry is a table of names.

An export is a function that is given an opened version and an empty folder, writes into the folder, and returns notes
for the user. What it writes shows at its place as a whole, or not at all: `export` moves the folder there at the end.
"""

from __future__ import annotations

import importlib
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from modelwright.errors import ProjectError, UsageError, did_you_mean

if TYPE_CHECKING:
    from modelwright.package.bundle import Version

__all__ = ["EXPORTS", "Exported", "Exporter", "export"]

EXPORTS: dict[str, str] = {
    "docker": "modelwright.package.exports.docker:write",
    "onnx": "modelwright.package.exports.onnx:write",
}
"""By the name that ``--to`` takes: the function that writes it."""

Exporter = Callable[["Version", Path], tuple[str, ...]]
"""Promises: writes into the (empty) folder only, changes nothing of the version, returns notes of one sentence each,
and raises a `ModelwrightError` where the version cannot be expressed or does not answer as it should."""


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written.

    Attributes
    ----------
    to : str
        Name in `EXPORTS`.
    version : int
    folder : str
    files : tuple of str
        Relative to the folder, with ``/``.
    size_bytes : int
        Of all files.
    notes : tuple of str
        What the user should know, one sentence each.
    """

    to: str
    version: int
    folder: str
    files: tuple[str, ...]
    size_bytes: int
    notes: tuple[str, ...]


def export(version: Version, to: str, folder: str | Path) -> Exported:
    """Write a version in another form into ``folder``, which must be empty or not there yet.

    Raises
    ------
    UsageError
        There is no such export (MW-U701), the folder is in use (MW-U702), or among the versions (MW-U703).
    ProjectError
        The folder cannot be written (MW-P410).
    """
    if to not in EXPORTS:
        raise UsageError(f"there is no export '{to}'", fix=did_you_mean(to, EXPORTS), code="MW-U701")
    place = Path(folder)
    _check_place(place, version)
    module, _, attribute = EXPORTS[to].partition(":")
    write: Exporter = getattr(importlib.import_module(module), attribute)
    try:
        place.absolute().parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{place.name}.", suffix=".tmp", dir=place.absolute().parent))
    except OSError as error:
        raise _unwritable(place, error) from error
    try:
        notes = write(version, temporary)
        temporary.chmod(0o777 & ~_umask())  # mkdtemp's own is for its user alone
        os.replace(temporary, place)  # onto nothing, or an empty folder
    except OSError as error:
        raise _unwritable(place, error) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    files = sorted(path for path in place.rglob("*") if path.is_file())
    return Exported(
        to=to,
        version=version.manifest.version,
        folder=str(folder),
        files=tuple(path.relative_to(place).as_posix() for path in files),
        size_bytes=sum(path.stat().st_size for path in files),
        notes=notes,
    )


def _check_place(place: Path, version: Version) -> None:
    if place.is_symlink() or (place.exists() and (not place.is_dir() or any(place.iterdir()))):
        raise UsageError(
            f"'{place}' exists and is not an empty folder", fix="name another folder with --output", code="MW-U702"
        )
    if place.resolve().is_relative_to(version.folder.resolve().parent):
        raise UsageError(
            f"'{place}' lies among the versions of the project, which nothing else may change",
            fix="name a folder outside with --output",
            code="MW-U703",
        )


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _unwritable(place: Path, error: OSError) -> ProjectError:
    return ProjectError(
        f"the export '{place}' cannot be written: {error.strerror or error}",
        fix="free some disk space, or name another folder with --output",
        code="MW-P410",
    )
