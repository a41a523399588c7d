"""The manifest: what is in a version, where it comes from, and the digest of every file.

``manifest.sha256`` holds the digest of ``manifest.json`` in the form that ``sha256sum -c`` checks; the manifest holds
those of all other files. So one short line stands for the whole version: keep it elsewhere and nothing can be changed
unseen.
"""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from modelwright.documents import digest_bytes
from modelwright.errors import BundleError
from modelwright.evaluate.measurements import Measurement
from modelwright.runtime.storage import ODD_NAME, TOO_LARGE, check_format, malformed, parse_json, read_bytes

__all__ = [
    "FORMAT",
    "MANIFEST",
    "MAX_FILES",
    "SEAL",
    "FileEntry",
    "Manifest",
    "check_name",
    "current_platform",
    "read_manifest",
    "seal",
]

FORMAT = 1
MANIFEST, SEAL = "manifest.json", "manifest.sha256"
MAX_MANIFEST_BYTES = 4 << 20  # some 20,000 files
MAX_FILES = 10_000
MAX_VERSION_BYTES = 16 << 30  # no model of a table is larger; a larger number is a trick
MAX_COUNT = 1 << 53  # beyond it readers of JSON see other numbers
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*){0,3}")
MAX_NAME = 200
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class FileEntry:
    """One file of a version: its name (relative, with ``/``), digest and size in bytes."""

    name: str
    digest: str
    size: int


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """What a version says of itself.

    Attributes
    ----------
    format : int
        Format of the version folder.
    made_by : str
        Release of Modelwright.
    version : int
    created : str
        UTC, ``"2026-01-31T12:00:00Z"``.
    objective, target, metric : str
    score : Measurement or None
        The headline of the evaluation; None where nothing was evaluated.
    files : tuple of FileEntry
        Every file but the manifest and its seal.
    documents : dict
        Digest by name of the documents the version comes from (brief, source, audit, …): its lineage.
    rows : dict
        Row counts by name: ``{"table": 45211, "used": 45199}``.
    parity_difference : float or None
        Largest difference between this plan and the libraries that trained it, see `modelwright.package.parity`; None
        where there was nothing to compare with.
    python, platform : str
        Where it was made.
    libraries, licences : dict
        Version and licence by name of the libraries that scoring uses.
    """

    format: int
    made_by: str
    version: int
    created: str
    objective: str
    target: str
    metric: str
    score: Measurement | None
    files: tuple[FileEntry, ...]
    documents: dict[str, str]
    rows: dict[str, int]
    parity_difference: float | None = None
    python: str = ""
    platform: str = ""
    libraries: dict[str, str] = field(default_factory=dict)
    licences: dict[str, str] = field(default_factory=dict)

    @property
    def size(self) -> int:
        """Bytes of all files listed."""
        return sum(entry.size for entry in self.files)

    def has(self, name: str) -> bool:
        """Return whether a file is listed."""
        return any(entry.name == name for entry in self.files)


def current_platform() -> str:
    """Return system and processor, ``"linux-x86_64"``."""
    return f"{sys.platform}-{platform.machine()}"


def check_name(name: str) -> str:
    """Return the name of a file in a version.

    Raises
    ------
    BundleError
        Absolute, with ``..``, hidden, too long or with other than plain characters (MW-B104).
    """
    if len(name) > MAX_NAME or not _NAME.fullmatch(name):
        raise malformed(MANIFEST, "it names a file outside the folder or with odd characters", code=ODD_NAME)
    return name


def seal(content: bytes) -> bytes:
    """Return the line that seals a manifest, as ``sha256sum`` writes it."""
    return f"{digest_bytes(content).removeprefix('sha256:')}  {MANIFEST}\n".encode()


def read_manifest(folder: Path) -> tuple[Manifest, str]:
    """Return the manifest of a version folder and its digest, after checking its seal and every name and number in it.

    Raises
    ------
    BundleError
        No version folder (MW-B101), a manifest that was changed (MW-B107), is malformed (MW-B102, MW-B110), of an
        unknown format (MW-B103), with names that leave the folder (MW-B104), or announcing too much (MW-B109).
    """
    if not (folder / MANIFEST).is_file():
        raise BundleError(
            f"'{folder}' is no version: it has no {MANIFEST}",
            fix="give the folder of a version, for example PROJECT/versions/1",
            code="MW-B101",
        )
    content = read_bytes(folder / MANIFEST, MAX_MANIFEST_BYTES)
    if read_bytes(folder / SEAL, 200) != seal(content):
        raise malformed(MANIFEST, f"it was changed after {SEAL} was written", code="MW-B107")
    raw = parse_json(MANIFEST, content)  # the very bytes that were digested
    check_format(f"the version in '{folder}'", raw, FORMAT)
    try:
        manifest = msgspec.convert(raw, Manifest)
    except msgspec.ValidationError as error:
        raise malformed(MANIFEST, str(error), code="MW-B102") from error
    _check(manifest)
    return manifest, digest_bytes(content)


def _check(manifest: Manifest) -> None:
    names = [check_name(entry.name) for entry in manifest.files]
    if len(set(names)) < len(names) or {MANIFEST, SEAL} & set(names):
        raise malformed(MANIFEST, "it lists a file twice, or itself", code="MW-B102")
    if not all(_DIGEST.fullmatch(entry.digest) and entry.size >= 0 for entry in manifest.files):
        raise malformed(MANIFEST, "a digest or a size in it is none", code="MW-B102")
    if len(names) > MAX_FILES or manifest.size > MAX_VERSION_BYTES:
        # The sum is not told: it may have more digits than Python writes.
        raise malformed(
            MANIFEST, f"it announces {len(names):,} files, or more bytes than a version has", code=TOO_LARGE
        )
    if not 1 <= manifest.version <= MAX_COUNT or not all(0 <= count <= MAX_COUNT for count in manifest.rows.values()):
        raise malformed(MANIFEST, "a count in it is negative, or larger than any", code="MW-B102")
