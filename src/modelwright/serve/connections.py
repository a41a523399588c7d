"""HTTP under limits that uvicorn leaves to a proxy: a connection that says nothing, headers without end, broken
requests. Refusals have the form that all of ours have."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import httptools
import msgspec
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from modelwright.serve.quick import LONGEST

__all__ = ["Connection"]

LENGTH_DIGITS = len(str(LONGEST))  # a longer body is refused or read the usual way, before it has come
QUICK_URL = b"/predict"
MOST_PIPELINED = 64  # requests of a connection that wait for the answers before; nobody but an attacker sends more

HEADER_BYTES = 32_768  # of one request, its first line included; nginx allows as much
HEADER_SECONDS = 10.0
_QUIET = logging.Logger("modelwright.serve", logging.CRITICAL)  # a stranger must not fill the log of the process


class Connection(HttpToolsProtocol):
    """One connection. A request line and headers must come whole, within `HEADER_BYTES` and `HEADER_SECONDS`.

    A small ``POST /predict`` is shown to the application (`App.quick`) as soon as it is whole. What that answers is
    written at once: no task, no events, no messages between server and application, which would take longer than the
    prediction. Where it answers None the request goes the usual way, as if nothing had been.

    A request that comes in one piece and begins with the same bytes as one before is not even parsed, see `Heads`.
    """

    _rest_timer: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _in_headers = True
    _kept: bytes | None = None
    """Body so far of a request that may be answered at once; None: the usual way."""
    _between = True
    """Whether the parser is between two requests."""
    _begun = 0
    _was_quick = False
    _tried: dict[str, Any] | None = None
    """What was found out of a caller whom the application would not answer at once."""
    _answered_at = 0.0

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self.logger = _QUIET
        self._await_rest(HEADER_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        self._came()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        if self._kept is not None:  # a request is on its way: uvicorn is to know of it
            self._go_the_usual_way()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        if self._between and self._answer_known(data):
            return
        whole, self._begun = self._between, 0
        if self._in_headers:
            self._header_bytes += len(data)
        super().data_received(data)
        self._tried = None
        if whole and self._between and self._begun == 1 and self._was_quick:
            self.app.heads.keep(data, self.headers)
        if self._header_bytes > HEADER_BYTES and not self.transport.is_closing():
            self._refuse(431, "the headers are too long", "send fewer and shorter ones", "MW-S320")
        elif self._rest_timer is None and self._is_waiting():
            self._await_rest(HEADER_SECONDS if self._in_headers else self.app.state.settings.request_seconds)

    def _answer_known(self, data: bytes) -> bool:
        """Answer one whole request whose head is known; return False where it is to be parsed."""
        head = self.app.heads.of(data)
        if head is None or not self._is_free() or len(self.connections) > self.app.state.settings.connections:
            return False
        scope: dict[str, Any] = {"client": self.client}
        answer = self.app.quick(scope, head.headers, data[head.size :], self.server_state.default_headers, known=True)
        if answer is None:
            self._tried = scope
            return False
        self._came()
        self._write(answer)
        return True

    def _is_free(self) -> bool:
        """Return whether nothing that was asked before is in the way of an answer."""
        return (
            not self.pipeline
            and (self.cycle is None or self.cycle.response_complete)
            and not self.flow.write_paused
            and not self.transport.is_closing()
        )

    def _write(self, answer: bytes) -> None:
        self.server_state.total_requests += 1
        self.transport.write(answer)
        self._answered_at = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """Close the connection where nothing was answered for so long; one timer is enough for many answers."""
        left = self._answered_at + self.timeout_keep_alive - self.loop.time()
        if left > 0 and not self.transport.is_closing():
            self.timeout_keep_alive_task = self.loop.call_later(left, self.timeout_keep_alive_handler)
        else:
            super().timeout_keep_alive_handler()

    def _is_waiting(self) -> bool:
        """Return whether half of something came that nobody else watches: headers, the body of a request that may be
        quick, or what is left of one that was answered already."""
        if self._in_headers:
            return self._header_bytes > 0
        return self._kept is not None or (self.cycle is not None and self.cycle.response_complete)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._in_headers = True
        self._between = self._was_quick = False
        self._begun += 1

    def on_url(self, url: bytes) -> None:
        super().on_url(url)
        if len(self.url) > HEADER_BYTES:
            raise httptools.HttpParserError("the address is too long")

    def on_headers_complete(self) -> None:
        self._header_bytes, self._in_headers = 0, False
        self._came()
        if len(self.pipeline) >= MOST_PIPELINED:
            raise httptools.HttpParserError("too many requests wait")
        if len(self.connections) > self.app.state.settings.connections:
            self._refuse(503, "the server is busy: too many connections", "try again in some seconds", "MW-S323")
        elif self._may_be_quick():
            self._kept = b""
        else:
            super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        if self._kept is None:
            super().on_body(body)
            return
        self._kept += body
        if len(self._kept) > LONGEST:
            self._go_the_usual_way()

    def on_message_complete(self) -> None:
        self._in_headers = self._between = True
        self._came()
        if self.transport.is_closing():
            return
        if self._kept is not None:
            answer = self._quickly(self._kept)
            if answer is not None:
                self._kept, self._was_quick = None, True
                self._write(answer)
                return
            self._go_the_usual_way()
        super().on_message_complete()

    def _quickly(self, body: bytes) -> bytes | None:
        if self._tried is not None:  # a moment ago
            self.scope.update(self._tried)  # type: ignore[typeddict-item]
            return None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in self.headers}
        return self.app.quick(self.scope, headers, body, self.server_state.default_headers)

    def _may_be_quick(self) -> bool:
        """Return whether nothing but the body can speak against an answer at once."""
        return (
            self.url == QUICK_URL
            and self.parser.get_method() == b"POST"
            and self.parser.get_http_version() == "1.1"
            and self.parser.should_keep_alive()
            and not self.parser.should_upgrade()
            and not self.expect_100_continue
            and self._is_free()
            and all(name != b"content-length" or len(value) <= LENGTH_DIGITS for name, value in self.headers)
        )

    def _go_the_usual_way(self) -> None:
        kept, self._kept = self._kept, None
        super().on_headers_complete()
        if kept:
            super().on_body(kept)

    def send_400_response(self, msg: str) -> None:
        self._refuse(400, "the request is no HTTP that can be read", "send HTTP/1.1", "MW-S321")

    def _await_rest(self, seconds: float) -> None:
        self._rest_timer = self.loop.call_later(seconds, self._late)

    def _came(self) -> None:
        if self._rest_timer is not None:
            self._rest_timer.cancel()
            self._rest_timer = None

    def _late(self) -> None:
        if not self.transport.is_closing():
            self._refuse(408, "the request did not come in time", "send it at once", "MW-S322")

    def _refuse(self, status: int, what: str, fix: str, code: str) -> None:
        self._came()
        if self.cycle is not None and not self.cycle.response_complete:
            self.transport.close()  # an answer is under way: nothing may come between
            return
        name = self.app.new_id()
        body = msgspec.json.encode({"error": what, "fix": fix, "code": code, "request_id": name})
        head = f"HTTP/1.1 {status} {_REASONS[status]}\r\ncontent-type: application/json\r\nx-request-id: {name}\r\n"
        head += f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        self.transport.write(head.encode() + body)
        self.transport.close()


_REASONS = {
    400: "Bad Request",
    408: "Request Timeout",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}
