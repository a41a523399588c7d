"""HTTP under limits that uvicorn leaves to a proxy: a connection that says nothing, headers without end, broken
requests. Refusals have the form that all of ours have."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

__all__ = ["Connection"]

HEADER_BYTES = 32_768  # of one request, its first line included; nginx allows as much
HEADER_SECONDS = 10.0
_QUIET = logging.Logger("modelwright.serve", logging.CRITICAL)  # a stranger must not fill the log of the process


class Connection(HttpToolsProtocol):
    """One connection. A request line and headers must come whole, within `HEADER_BYTES` and `HEADER_SECONDS`."""

    _header_timer: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _in_headers = True

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.logger = _QUIET
        self._await_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        self._headers_came()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self._in_headers:
            self._header_bytes += len(data)
            if self._header_timer is None:
                self._await_headers()
        super().data_received(data)
        if self._in_headers and self._header_bytes > HEADER_BYTES and not self.transport.is_closing():
            self._refuse(431, "the headers are too long", "send fewer and shorter ones", "MW-S320")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers = True

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > HEADER_BYTES:
            raise httptools.HttpParserError("the address is too long")

    def on_headers_complete(self) -> None:
        self._headers_came()
        self._header_bytes = 0
        self._in_headers = False
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_headers = True
        super().on_message_complete()

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "the request is no HTTP that can be read", "send HTTP/1.1", "MW-S321")

    def _await_headers(self) -> None:
        self._header_timer = self.loop.call_later(HEADER_SECONDS, self._late)

    def _headers_came(self) -> None:
        if self._header_timer is not None:
            self._header_timer.cancel()
            self._header_timer = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408, "the request did not come in time", "send it at once", "MW-S322")

    def _refuse(self, status: int, what: str, fix: str, code: str) -> None:
        self._headers_came()
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()  # an answer is under way: nothing may come between
            return
        body = msgspec.json.encode({"error": what, "fix": fix, "code": code, "request_id": ""})
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()


_REASONS = {400: "Bad Request", 408: "Request Timeout", 431: "Request Header Fields Too Large"}
