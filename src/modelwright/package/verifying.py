"""Checking a version folder before anything in it is parsed, beyond the manifest."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from modelwright.documents import digest_file
from modelwright.errors import BundleError
from modelwright.package.manifest import MANIFEST, MAX_FILES, SEAL, Manifest, read_manifest
from modelwright.runtime.storage import MISSING, NOT_PLAIN, RESTORE, malformed

__all__ = ["ADDED_BY_REGISTRIES", "REQUIRED", "SIGNATURE", "verify_folder"]

SIGNATURE = "model.sig"  # the one file that the manifest does not list: it is made of the manifest

REQUIRED = (
    "contract.json",
    "plan.json",
    "plan.npz",
    "profile.json",
    "golden.json",
    "requirements-runtime.txt",
    "README.md",
    "sbom.cdx.json",
)
ADDED_BY_REGISTRIES = frozenset({"registered_model_meta"})
"""Let be where found, and never read: MLflow's registry lays this file beside ``MLmodel`` whenever it hands a model
out, into the version itself where that lies on the same disk."""


def verify_folder(
    folder: Path, *, digest: str | None = None, signed: Mapping[str, str] | None = None
) -> tuple[Manifest, str]:
    """Return the manifest of a version, and its digest, after checking that the folder is exactly what it says.

    Parameters
    ----------
    folder : Path
    digest : str or None
        Digest of the manifest as it was recorded elsewhere; the version must have this one.
    signed : mapping of str to str or None
        Digest by name of every file but the signature, as somebody signed them, see
        `modelwright.package.signature.read_signature`.

    Raises
    ------
    BundleError
        A file is missing (MW-B105), too much (MW-B106), changed (MW-B107), a link or no plain file (MW-B108); the
        version is not the one recorded (MW-B107) or signed (MW-B123); or the manifest is refused, see
        `read_manifest`.
    """
    found = dict(_walk(folder)) if folder.is_dir() else {}
    for name in ADDED_BY_REGISTRIES:
        found.pop(name, None)
    if signed is not None:
        _check_signed(folder, found, signed)
    manifest, own = read_manifest(folder)
    if signed is not None and signed[MANIFEST] != own:  # of the bytes that were parsed
        raise _not_signed(MANIFEST)
    if digest is not None and digest != own:
        raise malformed(MANIFEST, "this is not the version that was recorded", code="MW-B107")
    listed = {entry.name: entry for entry in manifest.files}
    if SIGNATURE in listed or len({name.casefold() for name in listed}) < len(listed):
        raise malformed(MANIFEST, "it lists its signature, or names that some disks take for one", code="MW-B102")
    absent = sorted((set(REQUIRED) - set(listed)) | (set(listed) - set(found)))
    if absent:
        raise malformed(absent[0], f"it is missing ({len(absent)} missing in all)", code=MISSING)
    extra = sorted(set(found) - set(listed) - {MANIFEST, SEAL, SIGNATURE})
    if extra:
        raise BundleError(
            f"the version in '{folder}' holds '{extra[0]}', which its manifest does not list ({len(extra)} in all)",
            fix="remove what does not belong to the version, or restore the folder",
            code="MW-B106",
        )
    for name, entry in listed.items():
        if found[name] != entry.size or digest_file(folder / name) != entry.digest:
            raise BundleError(
                f"'{name}' in the version '{folder}' was changed after packaging", fix=RESTORE, code="MW-B107"
            )
        if signed is not None and signed[name] != entry.digest:
            raise _not_signed(name)
    return manifest, own


def _check_signed(folder: Path, found: Mapping[str, int], signed: Mapping[str, str]) -> None:
    """Refuse other files than were signed, and a changed manifest before it is parsed."""
    odd = sorted((set(found) - {SIGNATURE}) ^ (set(signed) - ADDED_BY_REGISTRIES))
    if odd:
        raise _not_signed(odd[0])
    for name in (MANIFEST, SEAL):
        if name not in signed or digest_file(folder / name) != signed[name]:
            raise _not_signed(name)


def _not_signed(name: str) -> BundleError:
    return BundleError(f"'{name}' is not as it was when the version was signed", fix=RESTORE, code="MW-B123")


def _walk(folder: Path, prefix: str = "", depth: int = 0) -> Iterator[tuple[str, int]]:
    """Yield name and size of each file; refuse links, devices and folders that are empty or deep."""
    with os.scandir(folder) as entries:
        listed = sorted(entries, key=lambda e: e.name)
    if len(listed) > MAX_FILES or depth > 4 or (depth and not listed):
        raise malformed(prefix or str(folder), "it is an empty folder, too deep or too full", code="MW-B106")
    for entry in listed:
        name = prefix + entry.name
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(folder / entry.name, name + "/", depth + 1)
        elif stat.S_ISREG(status.st_mode):
            yield name, status.st_size
        else:
            raise malformed(name, "it is a link or no plain file", code=NOT_PLAIN)
