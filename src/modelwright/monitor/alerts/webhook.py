"""An alert posted to a webhook: https alone, no private address unless that is allowed, signed, tried three times.

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
from functools import partial
from urllib.parse import urlsplit

from modelwright.monitor.alerts.settings import Webhook
from modelwright.monitor.alerts.trusting import distrusted, trusting

__all__ = ["SIGNATURE", "Forbidden", "allowed_address", "post", "signature"]

SIGNATURE = "X-Modelwright-Signature"
ATTEMPTS = 3
PAUSE_S = 2.0  # doubled after each attempt
TIMEOUT_S = 10.0
GOES_BY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Answers after which it is tried again (RFC 9110, RFC 8470, RFC 6585)."""


def signature(secret: bytes, body: bytes, at: int) -> str:
    """Return the value of the header that signs a body."""
    return f"t={at},v1={hmac.digest(secret, f'{at}.'.encode() + body, 'sha256').hex()}"


class Forbidden(Exception):
    """Where a webhook must not go; the text says why."""


def allowed_address(host: str, port: int, *, private: bool = False) -> str:
    """Return an address of a host that may be posted to.

    Parameters
    ----------
    host : str
    port : int
    private : bool
        Whether addresses of a private network and of this machine will do. Link-local ones never do: on a rented
        machine they lead to its own credentials.

    Raises
    ------
    OSError
        The host has no address.
    Forbidden
        It has one that must not be: private, loopback, link-local, reserved.
    """
    found = {str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)}
    for address in found:
        own = ipaddress.ip_address(address.partition("%")[0])
        own = getattr(own, "ipv4_mapped", None) or own
        if own.is_link_local or own.is_multicast or own.is_unspecified or (own.is_reserved and not own.is_loopback):
            raise Forbidden(f"'{host}' is an address that nothing is posted to: {own}")
        if not own.is_global and not private:
            raise Forbidden(
                f"'{host}' is an address of a private network; where that is meant, "
                "write 'private = true' under [webhook] in monitor.toml"
            )
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
    resolve: Callable[[str, int], str] | None = None,
    sleep: Callable[[float], None] = time.sleep,
) -> str:
    """Post a body; return why that failed, empty where it did not. What will not change is not tried again.

    Parameters
    ----------
    webhook : Webhook
    body : bytes
        JSON.
    resolve : callable or None
        Host and port to the address that is connected to; raises OSError. None: `allowed_address`.
    sleep : callable
    """
    find = resolve or partial(allowed_address, private=webhook.private)
    why = ""
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(PAUSE_S * 2 ** (attempt - 1))
        try:
            status = _once(webhook, body, find)
        except Forbidden as error:
            return str(error)
        except ssl.SSLCertVerificationError as error:
            return distrusted(error)
        except (OSError, http.client.HTTPException) as error:
            why = str(error) or type(error).__name__
            continue
        if 200 <= status < 300:
            return ""
        why = f"it answered {status}"
        if status not in GOES_BY:
            return why
    return why


def _once(webhook: Webhook, body: bytes, resolve: Callable[[str, int], str]) -> int:
    parts = urlsplit(webhook.url)
    host, port = parts.hostname or "", parts.port or 443
    headers = {"Content-Type": "application/json", "User-Agent": "modelwright"}
    if webhook.secret:
        headers[SIGNATURE] = signature(webhook.secret, body, int(time.time()))
    connection = _Pinned(host, port, resolve(host, port), trusting(webhook.authority))
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body=body, headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()
