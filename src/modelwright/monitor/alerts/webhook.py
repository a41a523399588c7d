"""An alert posted to a webhook: https alone, no address of a private network, signed, tried three times.

The name is resolved once and the connection goes to the very address that was checked, so that a name which changes in
between reaches nothing inside (DNS rebinding). Redirects are not followed. The signature is ``X-Modelwright-Signature:
t=<seconds>,v1=<hex>``, HMAC-SHA256 of ``<seconds>.<body>``; a receiver refuses old times, and nothing can be replayed.
"""

from __future__ import annotations

import hmac
import http.client
import ipaddress
import socket
import ssl
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from modelwright.monitor.alerts.settings import Webhook

__all__ = ["SIGNATURE", "post", "public_address", "signature"]

SIGNATURE = "X-Modelwright-Signature"
ATTEMPTS = 3
PAUSE_S = 2.0  # doubled after each attempt
TIMEOUT_S = 10.0
GOES_BY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which it is tried again (RFC 9110, RFC 8470, RFC 6585)."""


def signature(secret: bytes, body: bytes, at: int) -> str:
    """Return the value of the header that signs a body."""
    return f"t={at},v1={hmac.digest(secret, f'{at}.'.encode() + body, 'sha256').hex()}"


def public_address(host: str, port: int) -> str:
    """Return an address of a host on the public internet.

    Raises
    ------
    OSError
        The host has none, or also one that is not public: private, loopback, link-local, reserved.
    """
    found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    for address in found:
        own = ipaddress.ip_address(address.partition("%")[0])
        own = getattr(own, "ipv4_mapped", None) or own
        if not own.is_global or own.is_multicast:
            raise OSError(f"'{host}' is an address of a private network")
    return sorted(found, key=lambda a: ":" in a)[0]


class _Pinned(http.client.HTTPSConnection):
    """A connection to one address, under the name of the host."""

    def __init__(self, host: str, port: int, address: str, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=TIMEOUT_S, context=context)
        self._address, self._ssl = address, context

    def connect(self) -> None:
        plain = socket.create_connection((self._address, self.port), self.timeout)
        self.sock = self._ssl.wrap_socket(plain, server_hostname=self.host)


def post(
    webhook: Webhook,
    body: bytes,
    *,
    resolve: Callable[[str, int], str] = public_address,
    context: ssl.SSLContext | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Post a body; return why that failed, empty where it did not.

    Parameters
    ----------
    webhook : Webhook
    body : bytes
        JSON.
    resolve : callable
        Host and port to the address that is connected to; raises OSError.
    context : ssl.SSLContext or None
        None: certificates are checked as the system does.
    sleep : callable
    """
    why = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(PAUSE_S * 2 ** (attempt - 1))
        try:
            status = _once(webhook, body, resolve, context or ssl.create_default_context())
        except (OSError, http.client.HTTPException) as error:
            why = str(error) or type(error).__name__
            continue
        if 200 <= status < 300:
            return ""
        why = f"it answered {status}"
        if status not in GOES_BY:
            return why
    return why


def _once(webhook: Webhook, body: bytes, resolve: Callable[[str, int], str], context: ssl.SSLContext) -> int:
    parts = urlsplit(webhook.url)
    host, port = parts.hostname or "", parts.port or 443
    headers = {"Content-Type": "application/json", "User-Agent": "modelwright"}
    if webhook.secret:
        headers[SIGNATURE] = signature(webhook.secret, body, int(time.time()))
    connection = _Pinned(host, port, resolve(host, port), context)
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
