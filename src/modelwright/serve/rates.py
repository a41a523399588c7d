"""How much one caller may ask for, and how much is worked on at a time.

`Rates` is a token bucket per caller in the form of one number, the moment at which the bucket is full again (the
generic cell rate algorithm of ATM Forum TM 4.0, annex A: equal to a bucket of ``burst`` tokens that gets
``per_second``). Both classes belong to one event loop and take no lock.
"""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import TracebackType

from modelwright.errors import RequestError, UsageError

__all__ = ["FAILED_KEYS", "Gate", "Rate", "Rates", "caller_of_address"]

TABLE = 10_000  # callers remembered; some 2 MB
LONGEST_WAIT_S = 3600


@dataclass(frozen=True, kw_only=True)
class Rate:
    """How often: ``per_second`` in the long run (above 0), ``burst`` at once (1 or more).

    Raises
    ------
    UsageError
        A number is out of its bounds.
    """

    per_second: float
    burst: int

    def __post_init__(self) -> None:
        if not (1.0 / LONGEST_WAIT_S <= self.per_second <= 1e6 and 1 <= self.burst <= 10**6):
            raise UsageError(
                f"the rate is {self.per_second:g} a second with {self.burst} at once",
                fix="give one an hour to 1,000,000 a second, and 1 to 1,000,000 at once",
                code="MW-U048",
            )


FAILED_KEYS = Rate(per_second=0.2, burst=20)  # a mistyped deployment may retry for a minute; a guesser gets nowhere


class Rates:
    """A limit for each caller.

    Parameters
    ----------
    rate : Rate
    callers : int
        How many are remembered. Those that asked longest ago are forgotten first; a forgotten one has its burst again.
    clock : callable
    """

    def __init__(self, rate: Rate, *, callers: int = TABLE, clock: Callable[[], float] = time.monotonic) -> None:
        self._step = 1.0 / rate.per_second
        self._slack = self._step * (rate.burst - 1)
        self._burst = rate.burst
        self._callers = callers
        self._clock = clock
        self._full_at: OrderedDict[str, float] = OrderedDict()

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, caller: str, cost: int = 1) -> None:
        """Count a request of a caller; ``cost`` more than the burst counts as the burst.

        Raises
        ------
        RequestError
            429: more than the rate; it is not counted.
        """
        now = self._clock()
        table = self._full_at
        full_at = table.get(caller, now)
        if full_at < now:
            full_at = now
        step = self._step if cost == 1 else self._step * min(cost, self._burst)
        over = full_at + step - self._step - now - self._slack
        if over > 1e-9:
            raise RequestError(
                "too many requests",
                fix="wait as long as the header 'Retry-After' says",
                code="MW-S210",
                status=429,
                retry_after=max(1, math.ceil(over)),
            )
        table[caller] = full_at + step
        table.move_to_end(caller)
        if len(table) > self._callers:
            table.popitem(last=False)


@lru_cache(maxsize=TABLE)
def caller_of_address(address: str) -> str:
    """Return what counts as one caller: an IPv4 address, or the 64 bits that one holder of IPv6 addresses has."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address[:64]
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    if found.ipv4_mapped is not None:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((int(found) >> 64 << 64, 64)))


class Gate:
    """Lets some requests be worked on at a time, some more wait in order, and turns the others away at once.

    Promises: whoever came in is counted out, cancelled or not; nobody overtakes those who wait; where there is room,
    entering does not give the event loop away.

    Parameters
    ----------
    max_running, max_waiting : int
        1 or more, and 0 or more.
    longest_wait_s : float
        Who waited longer is turned away: its caller has given up.

    Raises
    ------
    UsageError
        A number is out of its bounds.
    """

    def __init__(self, max_running: int, max_waiting: int, *, longest_wait_s: float = 10.0) -> None:
        if not (max_running >= 1 and max_waiting >= 0 and longest_wait_s > 0):
            raise UsageError(
                f"{max_running} requests at a time, {max_waiting} waiting {longest_wait_s:g} s are no limits",
                fix="give at least 1 at a time, and 0 or more that wait",
                code="MW-U049",
            )
        self._room = max_running
        self._max_running, self._max_waiting = max_running, max_waiting
        self._longest_wait_s = longest_wait_s
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def running(self) -> int:
        """How many are worked on."""
        return self._max_running - self._room

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def try_enter(self) -> bool:
        """Enter when there is room and nobody waits; who entered must `leave`."""
        if self._room > 0 and not self._waiting:
            self._room -= 1
            return True
        return False

    async def enter(self) -> None:
        """Enter, after waiting where it is full; who entered must `leave`.

        Raises
        ------
        RequestError
            503: too many wait already, or it took too long.
        """
        if self.try_enter():
            return
        if len(self._waiting) >= self._max_waiting:
            raise _busy()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            await asyncio.wait_for(turn, self._longest_wait_s)
        except (TimeoutError, asyncio.CancelledError) as stop:  # nothing else ends the waiting: a turn has no error
            self._give_up(turn)
            if isinstance(stop, TimeoutError):
                raise _busy() from None
            raise

    def _give_up(self, turn: asyncio.Future[None]) -> None:
        """Take back a turn that nobody will use: one just granted goes to the next."""
        if turn in self._waiting:
            self._waiting.remove(turn)
        elif turn.done() and not turn.cancelled():
            self.leave()

    def leave(self) -> None:
        """Make room for the next."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)  # the room goes from one to the other
                return
        self._room += 1

    async def __aenter__(self) -> Gate:
        await self.enter()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.leave()


def _busy() -> RequestError:
    return RequestError(
        "the server is busy: too many requests wait",
        fix="try again after the time that 'Retry-After' says",
        code="MW-S211",
        status=503,
        retry_after=1,
    )
