"""An alert by mail, through a server of the user's choice."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage

from modelwright.monitor.alerts.deciding import Alert
from modelwright.monitor.alerts.settings import Mail

__all__ = ["message_of", "send_mail"]

TIMEOUT_S = 20.0


def message_of(mail: Mail, alert: Alert) -> EmailMessage:
    """Return the message."""
    message = EmailMessage()
    message["Subject"] = alert.title.replace("\r", " ").replace("\n", " ")
    message["From"], message["To"] = mail.sender, ", ".join(mail.to)
    when = f", {alert.start} to {alert.end}" if alert.start else ""
    lines = [f"{alert.rows:,} rows{when}", "", *(f"- {sentence}" for sentence in alert.sentences)]
    if alert.left_out:
        lines.append(f"- and {alert.left_out} more")
    message.set_content("\n".join([*lines, "", f"modelwright monitor {alert.project}", ""]))
    return message


def send_mail(mail: Mail, alert: Alert) -> str:
    """Send an alert; return why that failed, empty where it did not."""
    try:
        context = ssl.create_default_context()
        if mail.security == "tls":
            server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=TIMEOUT_S, context=context)
        else:
            server = smtplib.SMTP(mail.host, mail.port, timeout=TIMEOUT_S)
        with server:
            if mail.security == "starttls":
                server.starttls(context=context)
            if mail.user:
                server.login(mail.user, mail.password)
            server.send_message(message_of(mail, alert))
    except (OSError, smtplib.SMTPException) as error:
        return str(error) or type(error).__name__
    return ""
