"""A look at a project: every window since the last look, judged, kept and told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from modelwright.errors import UsageError
from modelwright.ledger import horizon
from modelwright.monitor import wording
from modelwright.monitor.alerts.sending import queue_alert, send_alerts
from modelwright.monitor.alerts.settings import read_settings
from modelwright.monitor.documents import Judgement, Monitoring
from modelwright.monitor.history import History
from modelwright.monitor.keeping import Kept
from modelwright.monitor.sources import FILE_ROWS, WINDOW_ROWS, late_labels, log_windows, table_windows
from modelwright.monitor.watching import are_enough, can_be_measured, watch_window
from modelwright.project import Project
from modelwright.serve.log.places import log_folder

__all__ = ["look_at_log", "look_at_table", "read_labels"]


def look_at_table(
    project: Project,
    source: Any,
    *,
    number: int | None = None,
    query: str | None = None,
    labels: Sequence[Any] | np.ndarray | None = None,
    rows: int = FILE_ROWS,
) -> tuple[Monitoring, ...]:
    """Return what the windows of a file, a database or a table say of a version, the champion by default.

    Evidence is gathered from window to window, and nothing is kept in the project: rows that were scored elsewhere have
    their own life.

    Raises
    ------
    DataError
        The source cannot be read, or has not as many rows as there are labels.
    """
    version, history = project.version(number), History()
    windows = table_windows(version, source, query=query, rows=rows, labels=labels)
    return tuple(watch_window(version, window, history=history) for window in windows)


def look_at_log(
    project: Project,
    *,
    number: int | None = None,
    log: Path | None = None,
    rows: int = WINDOW_ROWS,
    everything: bool = False,
) -> tuple[Monitoring, ...]:
    """Return what the predictions logged since the last look say of a version, the champion by default.

    What was judged is kept in ``PROJECT/monitor``, and alerts go to the ledger and where ``PROJECT/monitor.toml`` says.
    Labels that came since the last look are measured with the first window, those that cannot be measured alone with
    the next ones.

    Parameters
    ----------
    log : Path or None
        Folder of the log, or one that holds it; None: that of the project.
    rows : int
        Of a window.
    everything : bool
        A last window is judged however few rows it has.

    Raises
    ------
    ProjectError
        Another process monitors the project (MW-P701), or a file cannot be read or written.
    """
    kept, version, settings = Kept(project.path), project.version(number), read_settings(project.path)
    own = version.manifest.version
    place = log_folder(project.path, log)
    found: list[Monitoring] = []
    with kept.lock():
        history = kept.history(own)
        history.set_back(horizon(), (w.end for w in kept.windows(own) if w.end is not None))
        late, n_labels, lost = late_labels(version, place, history=history)
        known, told = late, wording.labels_without_rows(n_labels, lost)
        for window in log_windows(version, place, history=history, rows=rows, everything=everything):
            found.append(watch_window(version, window, history=history, late=late))
            late = None
        if late is not None and are_enough(late) and not found:  # labels alone are news as well
            found.append(watch_window(version, late, history=history, seen=True))
        if told and not found:
            found.append(Monitoring(version=str(own), rows=0, judgement=Judgement.QUIET))
        if told:
            found[0] = replace(found[0], told=(*found[0].told, *told))
        if known is not None and can_be_measured(known):
            history.waiting = ""
        queue_alert(project, found, settings, history)
        kept.add(tuple(w for w in found if w.rows))
        kept.remember(own, history)
        if history.undelivered:
            if failed := send_alerts(project, settings, history):
                found = found or [Monitoring(version=str(own), rows=0, judgement=Judgement.QUIET)]
                found[-1] = replace(found[-1], undelivered=failed)
            kept.remember(own, history)
    return tuple(found)


def read_labels(source: str, *, target: str) -> list[Any]:
    """Return the labels in a file, in its order: the column of the target, or its only column.

    Raises
    ------
    UsageError
        The file has several columns and none is the target's (MW-U706).
    """
    from modelwright.data.reading import read_table

    table, _ = read_table(source, every_row=True)
    if target in table.column_names:
        return list(table.column(target).to_pylist())
    if table.num_columns == 1:
        return list(table.column(0).to_pylist())
    raise UsageError(
        f"'{source}' has {table.num_columns} columns and none is '{target}'",
        fix=f"give a file with a column '{target}', a row for each row that is watched",
        code="MW-U706",
    )
