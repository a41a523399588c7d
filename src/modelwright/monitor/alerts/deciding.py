"""What is told of a look, if anything: one alert for all that was alarmed, and the same again only after a while."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from modelwright.documents import digest_of
from modelwright.monitor.alerts.settings import Settings
from modelwright.monitor.documents import GRAVITY, Alert, Monitoring, worst
from modelwright.monitor.history import History

__all__ = ["alert_of", "is_due", "note"]

MOST_SENTENCES = 10
MOST_REMEMBERED = 200


def is_due(alert: Alert, way: str, history: History, *, at: datetime, quiet_s: float) -> bool:
    """Return whether an alert goes a way now: the same alarms only after the quiet period, others at once.

    A time in the future, as a clock that was set back leaves it, keeps nobody quiet.
    """
    before = history.alerted.get(f"{way}:{alert.key}")
    return before is None or not 0 <= (at - datetime.fromisoformat(before)).total_seconds() < quiet_s


def note(alert: Alert, way: str, history: History, *, at: datetime) -> None:
    """Note that an alert was delivered a way; the oldest notes make place."""
    history.alerted[f"{way}:{alert.key}"] = at.isoformat()
    for old in sorted(history.alerted, key=history.alerted.__getitem__)[:-MOST_REMEMBERED]:
        del history.alerted[old]


def alert_of(windows: Sequence[Monitoring], settings: Settings, *, project: str) -> Alert | None:
    """Return the alert for the windows of a look, None where none is grave enough."""
    told = GRAVITY[GRAVITY.index(settings.since) :]
    grave = [w for w in windows if w.judgement in told]
    if not grave:
        return None
    alarms = [a for w in reversed(grave) for a in w.alarms if a.judgement in told]
    alarms.sort(key=lambda a: -GRAVITY.index(a.judgement))  # stable: the newest window first
    about = sorted({(a.check, a.column or "", str(a.judgement)) for a in alarms})
    key = digest_of([grave[-1].version, about])[7:23]
    sentences = list(dict.fromkeys(a.sentence for a in alarms))
    return Alert(
        project=project,
        version=grave[-1].version,
        judgement=worst([w.judgement for w in grave]),
        windows=len(grave),
        rows=sum(w.rows for w in grave),
        start=grave[0].start,
        end=grave[-1].end,
        sentences=tuple(sentences[:MOST_SENTENCES]),
        left_out=max(len(sentences) - MOST_SENTENCES, 0),
        key=key,
    )
