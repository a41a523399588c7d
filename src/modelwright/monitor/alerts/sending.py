"""A look's alert, sent everywhere it is to go. Nothing here raises for a receiver that is down.

What is to be told is put into an outbox, the history, first; whoever looks saves that, and only then is anything sent.
So a look that cannot be written down tells nobody, instead of telling the same at every attempt, and an alert whose
receiver is down, or whose sender was killed, goes at the next look.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from modelwright.documents import encode
from modelwright.errors import ProjectError
from modelwright.monitor.alerts.deciding import alert_of, is_due, note
from modelwright.monitor.alerts.mail import send_mail
from modelwright.monitor.alerts.settings import Settings
from modelwright.monitor.alerts.webhook import post
from modelwright.monitor.documents import Alert, Monitoring
from modelwright.monitor.history import History
from modelwright.project import Project

__all__ = ["EVENT", "queue_alert", "send_alerts"]

EVENT = "alarmed"
"""Kind of the entry in the ledger."""

MOST_UNDELIVERED = 10
"""Alerts that wait for a receiver: the newest, which is a working day of other alarms every hour."""


def queue_alert(
    project: Project, windows: Sequence[Monitoring], settings: Settings, history: History, *, at: datetime | None = None
) -> None:
    """Put what is to be told of the windows of a look into the outbox of ``history``, way by way.

    An alert of the same alarms that waits there already is replaced: it is told once.
    """
    moment, ways = at or datetime.now(UTC), _ways(project, settings)
    history.undelivered = {way: waiting for way, waiting in history.undelivered.items() if way in ways}
    alert = alert_of(windows, settings, project=project.path.resolve().name)
    if alert is None:
        return
    for way in ways:
        if is_due(alert, way, history, at=moment, quiet_s=settings.quiet_s):
            others = [a for a in history.undelivered.get(way, ()) if a.key != alert.key]
            history.undelivered[way] = (*others, alert)[-MOST_UNDELIVERED:]


def send_alerts(
    project: Project, settings: Settings, history: History, *, at: datetime | None = None
) -> tuple[str, ...]:
    """Send what waits in the outbox, the oldest first; return what could not be delivered, in words.

    What was delivered is noted in ``history``, way by way. The first alert that a way refuses ends that way's turn.
    """
    moment, failed = at or datetime.now(UTC), []
    for way, send in _ways(project, settings).items():
        while waiting := history.undelivered.get(way):
            if why := send(waiting[0]):
                failed.append(f"the alert did not reach {way}: {why}")
                break
            note(waiting[0], way, history, at=moment)
            history.undelivered[way] = waiting[1:]
    history.undelivered = {way: waiting for way, waiting in history.undelivered.items() if waiting}
    return tuple(failed)


def _ways(project: Project, settings: Settings) -> dict[str, Callable[[Alert], str]]:
    """Return, by name, what delivers an alert and returns why it could not, empty where it did."""
    ways: dict[str, Callable[[Alert], str]] = {"the ledger": lambda alert: _to_ledger(project, alert)}
    if (webhook := settings.webhook) is not None:
        ways["the webhook"] = lambda alert: post(webhook, encode(alert))
    if (mail := settings.mail) is not None:
        ways["the mail server"] = lambda alert: send_mail(mail, alert)
    return ways


def _to_ledger(project: Project, alert: Alert) -> str:
    try:
        with project.lock():
            project.ledger.append(EVENT, "", alert)
    except ProjectError as error:
        return error.what
    return ""
