"""Writing a version: into a hidden folder beside its place, then one rename. A reader sees all of it or nothing."""

from __future__ import annotations

import os
import platform
import shutil
import stat
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.data.profile import Profile
from modelwright.documents import digest_file
from modelwright.errors import ProjectError
from modelwright.evaluate.measurements import Measurement
from modelwright.package.golden import GOLDEN, make_golden
from modelwright.package.libraries import bill_of_materials, licences_of, made_by, requirements, runtime_libraries
from modelwright.package.manifest import (
    FORMAT,
    MANIFEST,
    SEAL,
    FileEntry,
    Manifest,
    check_name,
    current_platform,
    seal,
)
from modelwright.package.mlmodel import mlflow_files
from modelwright.package.readme import render_readme
from modelwright.package.reference.documents import REFERENCE, Reference
from modelwright.package.uncertainty import INTERVALS, Uncertainty
from modelwright.runtime.plan import Plan
from modelwright.runtime.storage import write_json

__all__ = ["Facts", "write_version"]

READ_ONLY = stat.S_IRUSR | stat.S_IRGRP | stat.S_IROTH


@dataclass(frozen=True, kw_only=True)
class Facts:
    """What a version says of itself beside its plan.

    Attributes
    ----------
    version : int
    target, metric : str
    score : Measurement or None
    documents : dict
        Digest by name: the lineage.
    rows : dict
        Row counts by name.
    created : datetime or None
        None: now.
    """

    version: int
    target: str
    metric: str
    score: Measurement | None = None
    documents: Mapping[str, str]
    rows: Mapping[str, int]
    created: datetime | None = None


def write_version(
    folder: Path,
    plan: Plan,
    *,
    facts: Facts,
    profile: Profile,
    seed: int,
    check: Callable[[Plan], float | None] = lambda loaded: None,
    uncertainty: Uncertainty | None = None,
    reference: Reference | None = None,
    parts: Mapping[str, Any] | None = None,
) -> Manifest:
    """Write a version into ``folder``, which must not exist. Files are read-only from then on.

    Parameters
    ----------
    folder : Path
    plan : Plan
    facts : Facts
    profile : Profile
        Of the training rows; monitoring compares with it.
    seed : int
        For the golden requests.
    check : callable
        Given the plan as loaded back from disk; returns the largest difference it found to the training side, or
        raises: then no version exists.
    uncertainty : Uncertainty or None
        What makes intervals or sets of classes, if anything.
    reference : Reference or None
        What monitoring compares with; without one it has the profile.
    parts : mapping or None
        More documents, by the name of their file.

    Raises
    ------
    ProjectError
        The folder exists (MW-P401), or the disk is full or cannot be written (MW-P402).
    BundleError
        The plan cannot be kept, or does not load back.
    """
    if folder.exists() or folder.is_symlink():
        raise _taken(folder)
    temporary = folder.with_name(f".{folder.name}.{os.getpid()}.tmp")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        shutil.rmtree(temporary, ignore_errors=True)
        temporary.mkdir()
        manifest = _fill(temporary, plan, facts, profile, seed, check, uncertainty, reference, parts or {})
        _make_durable(temporary)
        _move(temporary, folder)
    except OSError as error:
        raise ProjectError(
            f"the version '{folder}' cannot be written: {error.strerror or error}",
            fix="free some disk space, or choose another folder with --project",
            code="MW-P402",
        ) from error
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return manifest


def _fill(
    folder: Path,
    plan: Plan,
    facts: Facts,
    profile: Profile,
    seed: int,
    check: Callable[[Plan], float | None],
    uncertainty: Uncertainty | None,
    reference: Reference | None,
    parts: Mapping[str, Any],
) -> Manifest:
    names = plan.save(folder)
    loaded = Plan.load(folder)
    difference = check(loaded)
    libraries = runtime_libraries(plan)
    created = (facts.created or datetime.now(UTC)).strftime("%Y-%m-%dT%H:%M:%SZ")
    documents: dict[str, Any] = {
        "profile.json": _needed(profile, (*plan.contract.names, facts.target)),
        GOLDEN: make_golden(loaded, profile, np.random.default_rng(seed)),
        "sbom.cdx.json": bill_of_materials(libraries, name=facts.target, version=facts.version, created=created),
    }
    if uncertainty is not None:
        documents[INTERVALS] = uncertainty.document()
    if reference is not None:
        documents[REFERENCE] = reference.document()
    documents |= parts
    for name, document in documents.items():
        write_json(folder / name, document)
    manifest = _manifest(plan, facts, created, libraries, difference)
    texts = {
        "requirements-runtime.txt": requirements(libraries),
        "README.md": render_readme(manifest, plan),
        **mlflow_files(manifest, plan),
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    entries = tuple(_entry(folder, name) for name in sorted((*names, *documents, *texts)))
    manifest = replace(manifest, files=entries)
    write_json(folder / MANIFEST, manifest)
    (folder / SEAL).write_bytes(seal((folder / MANIFEST).read_bytes()))
    return manifest


def _manifest(plan: Plan, facts: Facts, created: str, libraries: dict[str, str], difference: float | None) -> Manifest:
    """Return the manifest but for its files: what is written of the version beside them is rendered from it."""
    return Manifest(
        format=FORMAT,
        made_by=made_by(),
        version=facts.version,
        created=created,
        objective=plan.objective,
        target=facts.target,
        metric=facts.metric,
        score=facts.score,
        files=(),
        documents=dict(facts.documents),
        rows=dict(facts.rows),
        parity_difference=difference,
        python=platform.python_version(),
        platform=current_platform(),
        libraries=libraries,
        licences=licences_of(libraries),
    )


def _needed(profile: Profile, names: tuple[str, ...]) -> Profile:
    """Return the profile of the columns the version has to do with: what else was in the table stays out of it."""
    return replace(profile, columns=tuple(c for c in profile.columns if c.name in names))


def _entry(folder: Path, name: str) -> FileEntry:
    path = folder / check_name(name)
    return FileEntry(name=name, digest=digest_file(path), size=path.stat().st_size)


def _make_durable(folder: Path) -> None:
    """Make every file read-only and have the disk hold it all before the rename makes it a version."""
    for path in (*sorted(folder.rglob("*")), folder):
        if path.is_file():
            path.chmod(READ_ONLY)
        _sync(path)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _move(temporary: Path, folder: Path) -> None:
    try:
        temporary.rename(folder)
    except OSError as error:
        if folder.exists():  # another process was faster
            raise _taken(folder) from error
        raise
    _sync(folder.parent)


def _taken(folder: Path) -> ProjectError:
    return ProjectError(
        f"the version '{folder}' exists, and a version never changes", fix="use the next number", code="MW-P401"
    )
