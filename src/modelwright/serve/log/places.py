"""Where the log is that somebody names: its folder, or the one that ``serve --log-to`` was given, which holds it."""

from __future__ import annotations

from pathlib import Path

from modelwright.errors import UsageError
from modelwright.serve.log import LOG_FOLDER

__all__ = ["log_folder"]


def log_folder(project: Path, log: Path | None) -> Path:
    """Return the folder of a log, the project's own where none is named.

    Parameters
    ----------
    project : Path
        Its own log need not be there yet.
    log : Path or None
        A folder of a log, or one that holds it.

    Raises
    ------
    UsageError
        The folder that is named does not exist (MW-U708).
    """
    if log is None:
        return project / LOG_FOLDER
    if not log.is_dir():
        raise UsageError(
            f"the folder '{log}' of the prediction log does not exist",
            fix="name the folder that 'modelwright serve --log-to' was given",
            code="MW-U708",
        )
    held = log / LOG_FOLDER
    return held if held.is_dir() else log
