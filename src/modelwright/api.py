"""The functions of the package: `run` and `audit_data`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from modelwright.brief import Brief, read_brief
from modelwright.lifecycle import Listener, run_lifecycle
from modelwright.project import Project

__all__ = ["audit_data", "make_brief", "run"]


def make_brief(
    source: Any, test: Any, brief: str | Path | Brief | None, fields: dict[str, Any]
) -> tuple[Brief, Any, Any]:
    """Return the brief, and the tables where they are given in memory.

    Raises
    ------
    UsageError
        A field that does not exist, or a wrong value.
    """
    asked = brief if isinstance(brief, Brief) else read_brief(Path(brief)) if brief is not None else Brief()
    in_memory = {}
    for name, value in (("source", source), ("test", test)):
        if isinstance(value, str | Path):
            asked = asked.merged(**{name: str(value)})
        elif value is not None:
            in_memory[name] = value
    return asked.merged(**fields), in_memory.get("source"), in_memory.get("test")


def run(
    source: Any = None,
    *,
    test: Any = None,
    brief: str | Path | Brief | None = None,
    project: str | Path | None = None,
    listener: Listener | None = None,
    **fields: Any,
) -> Project:
    """Do the whole job: from raw data to a report and a version.

    Parameters
    ----------
    source : str, Path, DataFrame or pyarrow.Table
        A file, a folder of files, a database URL, or a table in memory.
    test : like ``source``
        Scored when it has the target, predicted when it has not.
    brief : path, Brief or None
        What else was asked; ``fields`` win over it.
    project : str, Path or None
        Folder of the project; None: ``<file>-<target>`` in the current folder.
    listener : Listener or None
        Told how the run goes.
    **fields
        Fields of `Brief` and its limits: ``target="deposit"``, ``budget="5m"``, ``drop=["id"]``.

    Returns
    -------
    Project

    Raises
    ------
    ModelwrightError
        What was asked or given cannot be used; the message says what, where and how to mend it.

    Examples
    --------
    >>> import modelwright as mw
    >>> project = mw.run("bank.csv", target="deposit", budget="5m")  # doctest: +SKIP
    >>> project.report.path  # doctest: +SKIP
    """
    started = time.monotonic()
    asked, data, held_out = make_brief(source, test, brief, fields)
    return run_lifecycle(
        asked,
        data=data,
        test=held_out,
        project=None if project is None else str(project),
        listener=listener,
        started=started,
    )


def audit_data(source: Any = None, *, brief: str | Path | Brief | None = None, test: Any = None, **fields: Any) -> Any:
    """Audit data without training.

    Parameters are those of `run`; ``target`` may be missing, and rules that need it then say that they do not apply.

    Returns
    -------
    Audit
    """
    from modelwright.auditing import audit_only

    asked, data, held_out = make_brief(source, test, brief, fields)
    return audit_only(asked, data=data, test=held_out).audit
