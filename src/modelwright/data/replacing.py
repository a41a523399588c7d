"""What is written must not replace what is read: looked at before the work, through links and other spellings."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from modelwright.data.readers import SUFFIXES
from modelwright.errors import UsageError

__all__ = ["files_of", "refuse_replacing"]


def files_of(source: Any) -> list[Path]:
    """Return the files that a source is read from: one, those of a folder, none of a table in memory or a server."""
    if not isinstance(source, str | os.PathLike):
        return []
    text = re.sub(r"^(sqlite:///|file://(localhost)?)", "", os.fspath(source))
    path = Path(text).expanduser()
    if path.is_dir():
        from modelwright.data.readers.folder import data_files

        return data_files(path)[0]
    return [path] if path.exists() else []


def refuse_replacing(
    written: Mapping[str, str | Path | None], read: Iterable[Path], *, tables: Iterable[str] = ()
) -> None:
    """Raise UsageError where a file to be written is one that is read, or another one to be written.

    Parameters
    ----------
    written : mapping of str to path or None
        Files by the option that names them: ``{"--fix": "repaired.csv"}``.
    read : iterable of Path
    tables : iterable of str
        Options whose file is a table. What the others write is none, and replaces no file that is named like one.

    Raises
    ------
    UsageError
        See above (MW-U010); nothing is written.
    """
    inputs = list(read)
    given = {option: Path(path) for option, path in written.items() if path is not None}
    for i, (option, path) in enumerate(given.items()):
        other = next((o for o in list(given)[:i] if _same(path, given[o])), None)
        if any(_same(path, file) for file in inputs):
            what = "the data that is read"
        elif other is not None:
            what = f"what {other} writes"
        elif option not in tables and path.is_file() and path.suffix.lower() in SUFFIXES.keys() - {".txt"}:
            what = "a file that is there and is named like data"
        else:
            continue
        raise UsageError(
            f"'{path}' of {option} would replace {what}", fix=f"name another file with {option}", code="MW-U010"
        )


def _same(one: Path, other: Path) -> bool:
    """Return whether two paths lead to one file, be it there or not; hard links are one file, too."""
    try:
        return one.samefile(other)
    except OSError:
        return one.resolve() == other.resolve()
