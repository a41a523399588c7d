"""Old rows are deleted: retention is a promise, so it needs neither Arrow nor a server that runs."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from modelwright.errors import ProjectError
from modelwright.serve.log.policy import LogPolicy
from modelwright.serve.log.segments import DAMAGED, DAY, PARQUET, SEGMENT, LogFile, log_files, only_lock

__all__ = ["Expired", "expire"]


@dataclass(frozen=True, kw_only=True)
class Expired:
    """What `expire` deleted: files by age, files because the log was too large, and their bytes."""

    old: int = 0
    surplus: int = 0
    bytes_freed: int = 0


def expire(folder: Path, policy: LogPolicy, now: float) -> Expired:
    """Delete files of the log that are too old, then the oldest ones until the log is small enough; return what went.

    A row goes when it is ``keep_days`` old, and at the latest a day after: files hold one day each. A segment that is
    being written stays; it closes at midnight.

    Parameters
    ----------
    folder : Path
    policy : LogPolicy
        ``keep_days`` and ``keep_bytes`` count.
    now : float
        Seconds since 1970.

    Raises
    ------
    ProjectError
        A file cannot be deleted (MW-P652).
    """
    files = [f for kind in (SEGMENT, PARQUET, DAMAGED) for f in log_files(Path(folder), kind)]
    files.sort(key=lambda f: f.path.name.partition("-")[2])
    try:
        old = [f for f in files if now >= f.day + DAY + policy.keep_days * DAY]
        freed_by_age = [_delete(f) for f in old]
        left = [f for f in files if f not in set(old)]
        freed_by_size = _shrink(left, policy.keep_bytes)
    except OSError as error:
        raise ProjectError(
            f"old files of the prediction log in '{folder}' cannot be deleted: {error.strerror or error}",
            fix="let this user write there, or delete them by hand",
            code="MW-P652",
        ) from error
    return Expired(
        old=sum(b is not None for b in freed_by_age),
        surplus=len(freed_by_size),
        bytes_freed=sum(b or 0 for b in freed_by_age) + sum(freed_by_size),
    )


def _shrink(files: list[LogFile], keep_bytes: int) -> list[int]:
    sizes = {f: size for f in files if (size := _size(f.path)) is not None}
    surplus = sum(sizes.values()) - keep_bytes
    freed: list[int] = []
    for file in sizes:
        if surplus <= 0:
            break
        size = _delete(file)
        if size is not None:
            freed.append(size)
            surplus -= size
    return freed


def _size(path: Path) -> int | None:
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return None


def _delete(file: LogFile) -> int | None:
    """Delete a file that nobody writes; return its bytes, None where it stays or is gone."""
    if file.kind != SEGMENT:
        size = _size(file.path)
        file.path.unlink(missing_ok=True)
        return size
    with only_lock(file.path) as fd:
        if fd is None:
            return None
        size = os.fstat(fd).st_size
        file.path.unlink(missing_ok=True)
        return size
