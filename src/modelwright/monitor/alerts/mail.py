"""An alert by mail, through a server of the user's choice."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import formatdate, make_msgid

from modelwright.monitor.alerts.settings import Mail
from modelwright.monitor.alerts.trusting import distrusted, trusting
from modelwright.monitor.documents import Alert

__all__ = ["message_of", "send_mail"]

TIMEOUT_S = 20.0


def message_of(mail: Mail, alert: Alert) -> EmailMessage:
    """Return the message."""
    message = EmailMessage()
    message["Subject"] = alert.title.replace("\r", " ").replace("\n", " ")
    message["From"], message["To"] = mail.sender, ", ".join(mail.to)
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=_domain(mail.sender))
    when = f", {alert.start} to {alert.end}" if alert.start else ""
    lines = [f"{alert.rows:,} rows{when}", "", *(f"- {sentence}" for sentence in alert.sentences)]
    if alert.left_out:
        lines.append(f"- and {alert.left_out} more")
    message.set_content("\n".join([*lines, "", f"modelwright monitor {alert.project}", ""]))
    return message


def _domain(sender: str) -> str:
    """Return where a sender is at: an id names that, and not the machine that it was made on."""
    return sender.rpartition("@")[2].strip("> ") or "localhost"


def send_mail(mail: Mail, alert: Alert) -> str:
    """Send an alert; return why that failed, empty where it did not."""
    try:
        context = trusting(mail.authority)
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
    except ssl.SSLCertVerificationError as error:
        return distrusted(error)
    except smtplib.SMTPRecipientsRefused as error:
        return "; ".join(f"it refused {to}: {_said(code, text)}" for to, (code, text) in error.recipients.items())
    except smtplib.SMTPResponseException as error:
        return f"it answered {_said(error.smtp_code, error.smtp_error)}"
    except (OSError, smtplib.SMTPException) as error:
        return str(error) or type(error).__name__
    return ""


def _said(code: int, text: bytes | str) -> str:
    told = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return " ".join(f"{code} {told}".split())
