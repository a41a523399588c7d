"""A look's alert, sent everywhere it is to go. Nothing here raises for a receiver that is down."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from modelwright.documents import encode
from modelwright.errors import ProjectError
from modelwright.monitor.alerts.deciding import Alert, alert_of, is_due, note
from modelwright.monitor.alerts.mail import send_mail
from modelwright.monitor.alerts.settings import Settings
from modelwright.monitor.alerts.webhook import post
from modelwright.monitor.documents import Monitoring
from modelwright.monitor.history import History
from modelwright.project import Project

__all__ = ["EVENT", "send_alerts"]

EVENT = "alarmed"
"""Kind of the entry in the ledger."""


def send_alerts(
    project: Project, windows: Sequence[Monitoring], settings: Settings, history: History, *, at: datetime | None = None
) -> tuple[str, ...]:
    """Send what is to be told of the windows of a look; return what could not be delivered, in words.

    What was delivered is noted in ``history``, way by way; a way that failed is tried again at the next look that
    alarms of the same.
    """
    moment = at or datetime.now(UTC)
    alert = alert_of(windows, settings, project=project.path.resolve().name)
    if alert is None:
        return ()
    failed = []
    for way, send in _ways(project, settings).items():
        if not is_due(alert, way, history, at=moment, quiet_s=settings.quiet_s):
            continue
        if why := send(alert):
            failed.append(f"the alert did not reach {way}: {why}")
        else:
            note(alert, way, history, at=moment)
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
