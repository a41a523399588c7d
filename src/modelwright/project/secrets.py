"""Where the key of pseudonyms lies: the brief of a project says it, a version only the name of the file."""

from __future__ import annotations

import tomllib
from pathlib import Path

from modelwright.data.treating.keys import key_file_named

__all__ = ["note_key"]


def note_key(project: Path) -> None:
    """Take from a project's brief where its key file lies; servers do so too, and do without the rest of the brief."""
    try:
        said = tomllib.loads((project / "brief.toml").read_text("utf-8")).get("privacy")
    except (OSError, ValueError):
        return  # no brief, or a broken one: whoever needs the key is told that there is none
    key = said.get("key") if isinstance(said, dict) else None
    if isinstance(key, str):
        key_file_named(str(project / Path(key).expanduser()))
