"""The application, as ASGI has it: from a request to an answer, in this order and for every route.

    find the route → admit the caller → read the body under its limits → decode → score → encode → send
    and when the answer is out: count → log → shadow

One place makes every refusal, and whatever is not foreseen becomes a 500 that says nothing. A request that is small
is scored in the event loop, where that takes microseconds; a large one goes to a thread, and few of those at a time.
Most requests are one bare record for ``/predict``: `App.quick` is the same way for these, in one piece.
"""

from __future__ import annotations

import asyncio
import ctypes
import re
import time
import traceback
import urllib.parse
from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from modelwright.errors import ModelwrightError, RequestError
from modelwright.serve.access import response_headers
from modelwright.serve.afterwards import Afterwards, Done
from modelwright.serve.deployment import CHALLENGER, CHAMPION
from modelwright.serve.exchange import Asked, Protocol, Reply, Request
from modelwright.serve.heads import Heads
from modelwright.serve.models import Model
from modelwright.serve.pacing import in_small_bites
from modelwright.serve.pages import PAGES
from modelwright.serve.protocols import make_protocols
from modelwright.serve.protocols.bodies import CSV, JSON_LINES, is_json
from modelwright.serve.quick import is_plain
from modelwright.serve.rates import Gate
from modelwright.serve.routes import PREDICT, Route, Routes
from modelwright.serve.state import State

__all__ = ["App"]

INLINE_BYTES = 8_192
"""Bodies of so many bytes are scored in the event loop: some tens of rows, less than a millisecond."""

LARGE_BYTES = 1 << 20
"""After a body of so many bytes memory is given back: allocators keep what a large request needed for the next."""

SLOW_THREADS = 2  # at work on large requests
SLOW_WAITING = 16  # more wait; the rest is turned away
MOST_FIELDS = 100  # after the question mark
TICK_S = 0.1  # between two looks at the champion, the log and those who send slowly
NOTES_HEADER = "x-contract-notes"  # in how many ways the rows differ from the contract
VERDICT = "modelwright.admitted"
_QUICK_ANSWER = (
    b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nx-content-type-options: nosniff\r\n%b%b"
    b"content-length: %d\r\nx-request-id: %b\r\n\r\n%b"
)
_PLAIN_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class App:
    """The ASGI application of one worker.

    Parameters
    ----------
    state : State
        What it serves, counts and keeps.
    routes : Routes
    """

    def __init__(self, state: State, routes: Routes) -> None:
        self.state, self.routes = state, routes
        limits = state.settings.limits
        self._protocols: Mapping[str, Protocol] = make_protocols(limits)
        self._most_bytes = limits.body_bytes
        self._gate = Gate(SLOW_THREADS, SLOW_WAITING)
        self._threads = ThreadPoolExecutor(SLOW_THREADS, thread_name_prefix="scoring")
        self.new_id = state.ids.new
        self._reading: dict[asyncio.Task[Any], float] = {}
        self._afterwards = Afterwards(state, self._gate, self._threads)
        self._timer: asyncio.TimerHandle | None = None
        self._changing = False
        self.heads = Heads()
        self._more: Sequence[tuple[bytes, bytes]] = ()
        self._more_lines = b""
        predict, _ = routes.find(PREDICT.method, PREDICT.template)
        self._may_be_quick = predict == PREDICT  # a platform may mean something else by it

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._lifespan(receive, send)

    # --- a request ---------------------------------------------------------------------------------------------------

    async def _http(self, scope: Scope, receive: Receive, send: Send) -> None:
        state = self.state
        self._afterwards.catch_up()
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        method, path = scope["method"], scope["path"]
        route, parameters = self.routes.find("GET" if method == "HEAD" else method, path)
        request = Request(method, path, headers, b"", parameters=parameters, request_id=self._id(headers))
        template = "" if route is None else route.template
        state.metrics.began()
        done: Done | None = None
        began = time.perf_counter()
        try:
            self._admit(route, request, scope)
            assert route is not None
            if query := scope["query_string"]:
                request.query = _query(query)
            if method == "POST":
                request.body = await self._body(request, receive)
                began = time.perf_counter()  # how long a caller takes to send is not ours
            if route.protocol:
                done = await self._predict(route, request)
                reply = done.reply
            else:
                reply = PAGES[route.page](state, request)
        except Exception as error:  # noqa: BLE001 - the one place where everything ends
            reply = self._refusal(error, route, request)
        try:
            await send(self._head(reply, request))
            await send({"type": "http.response.body", "body": b"" if method == "HEAD" else reply.body})
        finally:
            state.metrics.ended(template, reply.status)
            if done is not None:  # in the next turn of the loop: the answer leaves at the end of this one
                asyncio.get_running_loop().call_soon(self._afterwards, done, request, time.perf_counter() - began)

    def _id(self, headers: Mapping[str, str]) -> str:
        given = headers.get("x-request-id")
        if given is not None and _PLAIN_ID.fullmatch(given):
            return given
        return self.new_id()

    def _admit(self, route: Route | None, request: Request, scope: Scope) -> None:
        """Let the request in or raise; a route that does not exist is told to those alone who may read."""
        if route is not None and route.scope is None:
            return
        verdict = scope.get(VERDICT)  # of the short way, which may have looked already: nobody is counted twice
        if isinstance(verdict, RequestError):
            raise verdict
        if verdict is not None:
            return
        client = scope.get("client")
        peer = client[0] if client else ""
        wanted = self.state.read_scope if route is None else route.scope
        self.state.guard.admit(request.method, request.headers, peer, wanted)
        if route is None:
            methods = self.routes.methods(request.path)
            if methods:
                raise RequestError(
                    f"this route does not take {request.method if request.method.isalpha() else 'this method'}",
                    fix=f"use {' or '.join(methods)}",
                    code="MW-S302",
                    status=405,
                )
            plain = "/" + "/".join(part for part in request.path.split("/") if part)
            superfluous = plain != request.path and self.routes.methods(plain)
            raise RequestError(
                "there is no such route",
                fix="leave out the superfluous slash" if superfluous else "see /openapi.json for those that are",
                code="MW-S301",
                status=404,
            )

    async def _body(self, request: Request, receive: Receive) -> bytes:
        declared = request.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > self._most_bytes:
            self.state.settings.limits.check_body(int(declared))
        task = asyncio.current_task()
        assert task is not None
        self._reading[task] = time.monotonic() + self.state.settings.request_seconds
        try:
            message = await receive()
            body = message.get("body", b"")
            if message.get("more_body"):
                parts, size = [body], len(body)
                while message.get("more_body"):
                    message = await receive()
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    self.state.settings.limits.check_body(size)
                body = b"".join(parts)
        except asyncio.CancelledError:
            if self._reading[task] > time.monotonic():
                raise  # the server stops
            task.uncancel()
            raise RequestError(
                "the body did not come in time", fix="send it at once", code="MW-S303", status=408
            ) from None
        finally:
            del self._reading[task]
        if message["type"] == "http.disconnect":
            raise RequestError("the caller has gone", fix="stay for the answer", code="MW-S304", status=499)
        return body

    def quick(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        body: bytes,
        more: Sequence[tuple[bytes, bytes]],
        *,
        known: bool = False,
    ) -> bytes | None:
        """Return the whole HTTP answer to ``POST /predict``, made at once; None where it must go the usual way.

        Parameters
        ----------
        scope : mapping
            Of ASGI, or its ``client`` alone; what was found out of the caller is noted in it for the usual way.
        headers : mapping of str
            Names in lower case.
        body : bytes
            At most `quick.LONGEST`.
        more : sequence of (bytes, bytes)
            Headers that every answer has.
        known : bool
            Whether a request with the same headers was answered here before: they ask for nothing else, and have no id.
        """
        if not self._may_be_quick or self.state.draining:
            return None
        try:
            if known:
                return self._quick(scope, headers, body, more, self.new_id())
            if is_plain(headers, self.state.settings.limits):
                return self._quick(scope, headers, body, more, self._id(headers))
        except RequestError as refused:
            scope[VERDICT] = refused
        except Exception:  # noqa: BLE001 - the usual way meets it again, and tells it
            pass
        return None

    def _quick(
        self,
        scope: Scope,
        headers: Mapping[str, str],
        body: bytes,
        more: Sequence[tuple[bytes, bytes]],
        request_id: str,
    ) -> bytes | None:
        began = time.perf_counter()
        client = scope["client"]
        self.state.guard.admit("POST", headers, client[0] if client else "", PREDICT.scope)
        scope[VERDICT] = True
        model, role = self.state.deployment.choose(request_id)
        name = request_id.encode()
        found = model.quick(body, name)
        if found is None:
            return None
        document, told = found[0], found[3]
        self._afterwards.quick(model, role, request_id, found, time.perf_counter() - began)
        if more is not self._more:  # once a second: the date
            self._more, self._more_lines = more, b"".join(b"%b: %b\r\n" % header for header in more)
        notes = b"%b: %d\r\n" % (NOTES_HEADER.encode(), len(told)) if told else b""
        return _QUICK_ANSWER % (self._more_lines, notes, len(document), name, document)

    async def _predict(self, route: Route, request: Request) -> Done:
        model, role = self.state.deployment.choose(request.request_id, request.parameters.get("version"))
        self.state.check_names(request, model)
        protocol = self._protocols[route.protocol]
        asked = protocol.decode(request, model.facts) if role != CHALLENGER and _is_small(request) else None
        if asked is not None and not (asked.reasons or asked.explain):
            return self._answer(protocol, asked, model, role, request)
        async with self._gate:
            return await asyncio.get_running_loop().run_in_executor(
                self._threads, self._slowly, protocol, asked, model, role, request
            )

    def _slowly(self, protocol: Protocol, asked: Asked | None, model: Model, role: str, request: Request) -> Done:
        try:
            return self._in_thread(protocol, asked, model, role, request)
        finally:
            if len(request.body) > LARGE_BYTES:
                give_back_memory()

    def _in_thread(self, protocol: Protocol, asked: Asked | None, model: Model, role: str, request: Request) -> Done:
        """Answer a request; ``asked`` is what it says where that is known already."""
        if role == CHALLENGER:
            try:
                return self._answer(protocol, protocol.decode(request, model.facts), model, role, request)
            except Exception as error:  # noqa: BLE001 - a challenger costs nobody an answer
                self.state.tell(f"request {request.request_id}: the challenger failed ({type(error).__name__})")
                model, role = self.state.deployment.champion, CHAMPION
        return self._answer(protocol, asked or protocol.decode(request, model.facts), model, role, request)

    def _answer(self, protocol: Protocol, asked: Asked, model: Model, role: str, request: Request) -> Done:
        scored = model.score(asked)
        reply = protocol.encode(asked, scored, model.facts, request)
        if scored.violations:  # not every protocol has a place for them
            reply.headers = (*reply.headers, (NOTES_HEADER, str(len(scored.violations))))
        return Done(reply, asked, scored, model, role)

    def _refusal(self, error: Exception, route: Route | None, request: Request) -> Reply:
        """Return the answer that an error becomes; what nobody foresaw is logged by its kind and says nothing."""
        if not isinstance(error, RequestError):
            self.state.tell(f"request {request.request_id}: unforeseen {type(error).__name__}")
            if self.state.debug:
                traceback.print_exception(error)
            code = error.code if isinstance(error, ModelwrightError) else "MW-S500"
            error = RequestError(
                "the server failed", fix="try again; tell its owner the request id", code="MW-S500", status=500
            )
            error.code = code
        if route is not None and route.protocol:
            self.state.champion_metrics.failed(error.code)
        document = {"error": error.what, "fix": error.fix, "code": error.code, "request_id": request.request_id}
        reply = Reply.of(document, error.status)
        reply.headers = response_headers(error)
        if error.status == 405:
            reply.headers = (*reply.headers, ("allow", ", ".join(self.routes.methods(request.path))))
        return reply

    def _head(self, reply: Reply, request: Request) -> dict[str, Any]:
        headers = [
            (b"content-type", reply.content_type.encode("latin-1")),
            (b"content-length", b"%d" % len(reply.body)),
            (b"x-request-id", request.request_id.encode("latin-1")),
            (b"x-content-type-options", b"nosniff"),
        ]
        for name, value in reply.headers:
            headers.append((name.encode("latin-1"), value.encode("latin-1")))
        if reply.status in (408, 413) or self.state.draining:  # what was not read would be taken for the next request
            headers.append((b"connection", b"close"))
        return {"type": "http.response.start", "status": reply.status, "headers": headers}

    # --- while the server runs ----------------------------------------------------------------------------------------

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._tick()
                await send({"type": "lifespan.startup.complete"})
            else:
                if self._timer is not None:
                    self._timer.cancel()
                self._threads.shutdown(wait=False, cancel_futures=True)
                self._afterwards.catch_up()
                self.state.close()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _tick(self) -> None:
        loop, now = asyncio.get_running_loop(), time.monotonic()
        self._timer = loop.call_later(TICK_S, self._tick)
        for task, deadline in list(self._reading.items()):
            if now > deadline:
                task.cancel()
        self.state.tick()
        if not self._changing and self.state.deployment.behind():
            self._changing = True
            self._afterwards.in_background(self._change())

    async def _change(self) -> None:
        """Load the new champion beside the old one, then have it answer; until the one that answers is the champion."""
        deployment, loop = self.state.deployment, asyncio.get_running_loop()
        try:
            while (number := deployment.wanted()) != deployment.champion.number:
                model = await loop.run_in_executor(None, in_small_bites, deployment.fetch, number)
                if deployment.wanted() == number:  # else somebody went back or on while it was loaded
                    before = deployment.champion
                    self._afterwards.catch_up()  # of columns that the log keeps until now
                    deployment.swap(model, self.state.tell)
                    self.state.swapped(before, model)
            deployment.agrees()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with the new one, the old one goes on
            deployment.refused(error, self.state.tell)
        finally:
            self._changing = False


def give_back_memory() -> None:
    """Give freed memory back to the system, where the C library can (glibc)."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)


def _is_small(request: Request) -> bool:
    """Return whether a body can hold no more than what takes a millisecond."""
    return (
        len(request.body) <= INLINE_BYTES
        and "content-encoding" not in request.headers
        and (is_json(request) or request.content_type in (CSV, *JSON_LINES))
    )


def _query(raw: bytes) -> dict[str, str]:
    try:
        return dict(urllib.parse.parse_qsl(raw.decode("latin-1"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise RequestError(
            "the address has too many fields after '?'", fix=f"give at most {MOST_FIELDS}", code="MW-S307"
        ) from None
