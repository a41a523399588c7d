"""Who may ask for what: keys and scopes, where the server may listen, and which pages of the web it does not answer.

What must stay true: nothing is open that was not said to be; a wrong key, an unknown one, one that ended and one that
was revoked are answered alike and in the same time; a server that began with keys never opens, whatever becomes of
the list. No message holds anything of the request.
"""

from __future__ import annotations

import ipaddress
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest
from pathlib import Path

from modelwright.errors import ProjectError, RequestError, UsageError
from modelwright.serve.keys import (
    ENVIRONMENT,
    FILE_NAME,
    TOKEN_LENGTH,
    Key,
    KeyFile,
    Scope,
    digest_of_token,
    id_of_token,
    read_environment,
)

__all__ = ["Access", "Caller", "Hosts", "Scope", "check_bind", "is_loopback", "response_headers"]

LOOK_AGAIN_S = 1.0  # how long a revoked key may still count
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_NOBODY = "0" * TOKEN_LENGTH  # compared with where there is no key: the same work, never equal
_NO_DIGEST = digest_of_token("")


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: the id and the name of the key, both empty where the server is open."""

    id: str = ""
    name: str = ""
    scopes: frozenset[Scope] = frozenset()


EVERYBODY = Caller(scopes=frozenset(Scope))


class Access:
    """Knows the keys, and follows changes of their list within a second.

    Parameters
    ----------
    file : KeyFile or None
        The list of a project.
    fixed : iterable of Key
        Keys that do not change while the server runs: those of the environment.
    clock, now : callable
        Seconds for looking again, and seconds since 1970 for what ends.

    Raises
    ------
    ProjectError
        The list is damaged, cannot be read, or anybody may write it.
    """

    def __init__(
        self,
        file: KeyFile | None = None,
        fixed: Iterable[Key] = (),
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._file = file
        self._fixed = tuple(fixed)
        self._clock, self._now = clock, now
        self._known: dict[str, tuple[str, float, Caller]] = {}
        self._guarded = bool(self._fixed)
        self._stamp: tuple[int, int, int] | None = None
        self._damaged = False
        self._look_at = clock() + LOOK_AGAIN_S
        self._take(self._fixed)
        if file is not None:
            self._stamp = file.stamp()
            self._take((*file.load(), *self._fixed))

    @classmethod
    def of(cls, project: Path, environment: Mapping[str, str]) -> Access:
        """Return the access to the server of a project: its list, and the keys of the environment.

        Raises
        ------
        UsageError
            What the environment has are no keys.
        ProjectError
            The list is damaged, cannot be read, or anybody may write it.
        """
        return cls(KeyFile(project / FILE_NAME), read_environment(environment.get(ENVIRONMENT, "")))

    @classmethod
    def open(cls) -> Access:
        """Return the access of a server that asks nobody for a key; `check_bind` keeps it to this machine."""
        return cls()

    @property
    def guarded(self) -> bool:
        """Whether a key is asked for: as soon as there was one, used up or not."""
        return self._guarded

    def usable(self) -> int:
        """Return how many keys count now."""
        now = self._now()
        return sum(ends > now for _, ends, _ in self._known.values())

    def check(self, headers: Mapping[str, str], scope: Scope | None) -> Caller:
        """Return who asks, when the key in the headers opens the scope.

        Parameters
        ----------
        headers : mapping of str
            Names in lower case.
        scope : Scope or None
            None: nobody said who may use the route, so nobody may.

        Raises
        ------
        RequestError
            401 without a key that counts, 403 with one for other things, 503 while the list is damaged.
        """
        if self._clock() >= self._look_at:
            self._look()
        if scope is None:
            raise RequestError(
                "this route is open to nobody",
                fix="use a route of the description at /openapi.json",
                code="MW-S204",
                status=403,
            )
        if not self._guarded:
            return EVERYBODY
        caller = self._caller(headers)
        if scope in caller.scopes:
            return caller
        raise RequestError(
            f"the key is not for '{scope.value}'",
            fix=f"use a key with the scope '{scope.value}'",
            code="MW-S203",
            status=403,
        )

    def _caller(self, headers: Mapping[str, str]) -> Caller:
        token = _token(headers)
        looked_at = token if len(token) == TOKEN_LENGTH else _NOBODY
        digest, ends, caller = self._known.get(id_of_token(looked_at), _UNKNOWN)
        same = compare_digest(digest_of_token(looked_at), digest)
        if same and self._now() < ends:
            return caller
        if self._damaged:
            raise RequestError(
                "the list of keys cannot be read",
                fix="tell the owner of this server",
                code="MW-S205",
                status=503,
                retry_after=60,
            )
        if not token:
            raise RequestError(
                "a key is needed",
                fix="send the header 'Authorization: Bearer <key>' or 'X-API-Key: <key>'",
                code="MW-S201",
                status=401,
            )
        raise RequestError(
            "the key does not count: it is wrong, has ended or was revoked",
            fix="ask the owner of this server for one",
            code="MW-S202",
            status=401,
        )

    def _look(self) -> None:
        """Read the list again when it has changed; one that is damaged lets nobody in."""
        self._look_at = self._clock() + LOOK_AGAIN_S
        if self._file is None:
            return
        stamp = self._file.stamp()
        if stamp == self._stamp:
            return
        try:
            self._take((*self._file.load(), *self._fixed))
            self._damaged = False
        except ProjectError:
            self._take(self._fixed)
            self._damaged = self._guarded = True
        self._stamp = stamp

    def _take(self, keys: Iterable[Key]) -> None:
        everything = tuple(keys)
        self._guarded = self._guarded or bool(everything)
        self._known = {
            k.id: (k.digest, k.expires_at, Caller(k.id, k.name, _all_of(k.scopes))) for k in everything if not k.revoked
        }


_UNKNOWN = (_NO_DIGEST, float("-inf"), Caller())


def _all_of(scopes: Iterable[Scope]) -> frozenset[Scope]:
    own = frozenset(scopes)
    return frozenset(Scope) if Scope.ADMIN in own else own


def _token(headers: Mapping[str, str]) -> str:
    """Return the key that the headers hold, empty without one; raises RequestError where they hold two."""
    given = headers.get("authorization", "")
    alone = headers.get("x-api-key", "").strip()
    scheme, _, bearer = given.partition(" ")
    bearer = bearer.strip() if scheme.lower() == "bearer" else ""
    if bearer and alone and bearer != alone:
        raise RequestError(
            "two different keys were sent",
            fix="send one, in 'Authorization' or in 'X-API-Key'",
            code="MW-S206",
            status=401,
        )
    return bearer or alone


def response_headers(error: RequestError) -> tuple[tuple[str, str], ...]:
    """Return what the headers of an answer say of a refusal: how to ask, or when."""
    found = []
    if error.status == 401:
        found.append(("www-authenticate", 'Bearer realm="modelwright"'))
    if error.retry_after is not None:
        found.append(("retry-after", str(error.retry_after)))
    return tuple(found)


# ---------------------------------------------------------------------------------------------------------- listening


def is_loopback(host: str) -> bool:
    """Tell whether only this machine reaches an address; of names ``localhost`` alone is believed."""
    name = host.strip().lower().removeprefix("[").removesuffix("]").removesuffix(".")
    if name == "localhost":
        return True
    try:
        address = ipaddress.ip_address(name.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def check_bind(host: str, access: Access, insecure: bool = False) -> None:
    """Refuse to listen where others reach the server and nobody is asked for a key.

    Raises
    ------
    UsageError
        ``host`` is not this machine alone, and there is no key that counts.
    """
    if is_loopback(host) or insecure or access.usable():
        return
    raise UsageError(
        f"'{host}' can be reached from other machines, and no key counts",
        fix="add one with 'modelwright keys add', or listen on 127.0.0.1",
        code="MW-U047",
    )


class Hosts:
    """Refuses what pages of the web make a browser ask of a server that asks for no key.

    A page whose name is made to point to 127.0.0.1 (DNS rebinding) shows in ``Host``; a page of another site that sends
    a form shows in ``Origin``. With keys neither matters: a browser sends none by itself.

    Parameters
    ----------
    allowed : iterable of str
        Names, without ports, beside those of this machine.
    """

    def __init__(self, allowed: Iterable[str] = ()) -> None:
        self._allowed = frozenset(a.strip().lower().removesuffix(".") for a in allowed)
        self._fits = lru_cache(maxsize=256)(self._fit)

    def check(self, method: str, headers: Mapping[str, str]) -> None:
        """Let a request pass or not; health routes are not to be asked about.

        Raises
        ------
        RequestError
            421 for another host, 403 for another origin.
        """
        host = headers.get("host", "")
        if not self._fits(host):
            raise RequestError(
                "the request names another host than this one",
                fix="ask for localhost, or start the server with --allow-host",
                code="MW-S207",
                status=421,
            )
        if method in SAFE_METHODS:
            return
        origin = headers.get("origin")
        foreign = origin is not None and not self._own(origin, host)
        if foreign or headers.get("sec-fetch-site") == "cross-site":
            raise RequestError(
                "the request comes from a page of another site",
                fix="ask without a browser, or with a key",
                code="MW-S208",
                status=403,
            )

    def _own(self, origin: str, host: str) -> bool:
        scheme, divider, place = origin.lower().partition("://")
        if not divider or scheme not in ("http", "https"):
            return False
        return place == host.lower() or _without_port(place) in self._allowed

    def _fit(self, host: str) -> bool:
        name = _without_port(host)
        return name is not None and (name in self._allowed or is_loopback(name))


def _without_port(host: str) -> str | None:
    """Return the name in a ``Host`` header; None where it is none."""
    name, rest = host.strip().lower(), ""
    if name.startswith("["):
        name, closed, rest = name.partition("]")
        name = name + closed
        if not closed or (rest and not rest.startswith(":")):
            return None
        rest = rest[1:]
    elif ":" in name:
        name, _, rest = name.partition(":")
    if not name or (rest and not (rest.isascii() and rest.isdigit())):
        return None
    return name.removesuffix(".")
