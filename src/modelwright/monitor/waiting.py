"""What is new in a prediction log and too little to be judged, so that nobody takes silence for a log that is empty."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from modelwright.format import plural
from modelwright.ledger import horizon
from modelwright.monitor import wording
from modelwright.monitor.history import History
from modelwright.monitor.keeping import Kept
from modelwright.monitor.sources import FEWEST_ROWS, MOST_LATE, come
from modelwright.monitor.watching import FEWEST_LABELS
from modelwright.project import Project
from modelwright.serve.log.places import log_folder

__all__ = ["what_waits"]


def what_waits(project: Project, *, number: int | None = None, log: Path | None = None, rows: int | None = None) -> str:
    """Return in a sentence, without a full stop, what a look at the log left for the next one.

    Parameters
    ----------
    project, number, log, rows
        As of `modelwright.monitor.looking.look_at_log`.
    """
    version = project.version(number).manifest.version
    history, place = Kept(project.path).history(version), log_folder(project.path, log)
    (predictions, ahead), labels = _rows(str(version), place, history), _labels(str(version), place, history)
    fewest = min(FEWEST_ROWS, rows or FEWEST_ROWS)
    waiting = []
    if predictions:
        waiting.append(f"{plural(predictions, 'prediction')} ({fewest:,} are needed, or --all)")
    if labels:
        needs = f"{FEWEST_LABELS} are needed" if labels < FEWEST_LABELS else "those of the other rows are needed"
        waiting.append(f"{plural(labels, 'label')} ({needs})")
    found = f"too little is new in the log to be judged: {' and '.join(waiting)}"
    return "; ".join((found if waiting else "no new predictions in the log", *(a[:-1] for a in wording.ahead(ahead))))


def _rows(version: str, log: Path, history: History) -> tuple[int, int]:
    """Return how many predictions are new, and of how many the time has not come."""
    from modelwright.serve.log import iter_log

    since = datetime.fromisoformat(history.seen) if history.seen else None
    found = [come(table, horizon()) for table in iter_log(log, since=since, version=version)]
    return sum(table.num_rows for table, _ in found), sum(ahead for _, ahead in found)


def _labels(version: str, log: Path, history: History) -> int:
    """Return how many labels of rows that the version answered wait."""
    from modelwright.serve.log import iter_log
    from modelwright.serve.log.reading import labelled, latest_labels, newest_feedback

    since = history.waiting or history.labelled
    feedback, _ = come(newest_feedback(log, since=_moment(since), most=MOST_LATE), horizon())
    if not feedback.num_rows:
        return 0
    latest = latest_labels(feedback)
    return sum(labelled(table, latest).num_rows for table in iter_log(log, version=version))


def _moment(told: str) -> datetime | None:
    return datetime.fromisoformat(told).astimezone(UTC) if told else None
