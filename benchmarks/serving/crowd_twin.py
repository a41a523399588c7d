"""What ``crowd.c`` does, in Python: for machines without a compiler, and to hold the C against.

    python benchmarks/serving/crowd_twin.py HOST PORT FILE CONNECTIONS RATE BEGIN SECONDS WINDOW KEPT CORE

Arguments and output are those of ``crowd.c``, which says what they mean. This one is at its end at some thousands of
requests a second, and its own cost is in every latency.
"""

from __future__ import annotations

import json
import math
import os
import resource
import select
import selectors
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path

from client import Connection

FINE = 7
MOST_VARIANTS = 64
MOST_FAILURES = 100
FINISH_S = 30.0
LONGEST_WAIT_S = 0.01
REQUEST_ID = b',"request_id"'
VERSION = b'"version":"'


def bucket(ns: int) -> int:
    """Return the number of the bucket of a latency: below 128 ns one each, then 128 for every power of two."""
    shift = max(0, ns.bit_length() - 1 - FINE)
    return (shift << FINE) + (ns >> shift)


@dataclass
class Window:
    """What became of the requests that were due in some seconds."""

    asked: int = 0
    answered: int = 0
    errors: int = 0
    lost: int = 0
    versions: Counter[str] = field(default_factory=Counter)
    histogram: Counter[int] = field(default_factory=Counter)

    @property
    def concluded(self) -> bool:
        """Whether nothing is in flight."""
        return self.asked == self.answered + self.errors + self.lost


@dataclass(frozen=True)
class Pending:
    """A request in flight: its row, when it was due and sent (seconds of the monotonic clock)."""

    row: int
    due: float
    sent: float
    window: Window


class Twin:
    """The connections and what is counted."""

    def __init__(self, arguments: list[str]) -> None:
        self.host, port, file, connections, rate, begin, seconds, window, kept, core = arguments
        self.port, self.rate, self.seconds, self.window_s = int(port), float(rate), float(seconds), float(window)
        self.kept, self.requests = Path(kept), read_requests(Path(file))
        if int(core) >= 0:
            os.sched_setaffinity(0, {int(core)})
        self.windows = [Window() for _ in range(math.ceil(self.seconds / self.window_s))]
        self.answers: list[Counter[bytes]] = [Counter() for _ in self.requests]
        self.failures: list[tuple[int, bytes]] = []
        self.sent = self.told = self.unkept = 0
        self.selector = selectors.SelectSelector()  # epoll waits whole milliseconds
        self.idle: deque[Connection] = deque()
        self.asked: dict[Connection, Pending] = {}
        self.missing = int(connections)
        while self.missing:
            self._reconnect()
        self.began = float(begin) or time.monotonic()

    def run(self) -> None:
        """Ask, and print what came of it."""
        total = int(self.seconds * self.rate) if self.rate else sys.maxsize
        end = self.began + self.seconds
        while (now := time.monotonic()) < end + FINISH_S and (now < end or self._unsent(total) or self.asked):
            if self.rate:
                due = 0 if now < self.began else min(total, int((now - self.began) * self.rate) + 1)
                while self.sent < due and self._ask(self._due(self.sent)):
                    pass
            else:
                while self.began <= time.monotonic() < end and self._ask(time.monotonic()):
                    pass
            pause = LONGEST_WAIT_S
            if self.rate and self.idle and self.sent < total:
                pause = min(pause, max(0.0, self._due(self.sent) - time.monotonic()))
            self._read(pause)
            if self.missing:
                self._reconnect()
            self._tell(min(now, self._due(self.sent)) if self.rate else now)
        for number in range(self.sent, total if self.rate else 0):  # never had their turn
            self._window(self._due(number)).asked += 1
        self._tell(math.inf)
        self._write_kept()
        used = resource.getrusage(resource.RUSAGE_SELF)
        end_line = {"user_s": used.ru_utime, "system_s": used.ru_stime, "asked": self.sent, "unkept": self.unkept}
        print(json.dumps({"end": end_line}), flush=True)

    def _unsent(self, total: int) -> bool:
        return bool(self.rate) and self.sent < total

    def _due(self, number: int) -> float:
        return self.began + number / self.rate

    def _window(self, due: float) -> Window:
        return self.windows[min(int((due - self.began) / self.window_s), len(self.windows) - 1)]

    # --- connections -------------------------------------------------------------------------------------------------

    def _reconnect(self) -> None:
        try:
            made = Connection(self.port, blocking=False)
        except ConnectionError:
            time.sleep(LONGEST_WAIT_S)
            return
        self.missing -= 1
        self.selector.register(made.socket, selectors.EVENT_READ, made)
        self.idle.append(made)

    def _broken(self, connection: Connection) -> None:
        port = connection.socket.getsockname()[1]
        self.selector.unregister(connection.socket)
        connection.close()
        self.missing += 1
        pending = self.asked.pop(connection, None)
        if pending is None:
            self.idle.remove(connection)
            return
        pending.window.lost += 1
        lost = {"port": port, "row": pending.row, "sent": pending.sent, "broke": time.monotonic()}
        print(json.dumps({"lost": lost}), flush=True)

    def _ask(self, due: float) -> bool:
        """Ask for the next row; False where no connection could be asked."""
        while self.idle:
            connection = self.idle[0]
            row = self.sent % len(self.requests)
            if select.select([connection.socket], [], [], 0)[0]:  # it has been closed: nothing can be asked there
                self._broken(connection)
                continue
            try:
                connection.socket.sendall(self.requests[row])
            except ConnectionError:
                self._broken(connection)
                continue
            self.idle.popleft()
            self.sent += 1
            window = self._window(due)
            window.asked += 1
            self.asked[connection] = Pending(row, due, time.monotonic(), window)
            return True
        return False

    def _read(self, timeout: float) -> None:
        for key, _ in self.selector.select(timeout):
            connection: Connection = key.data
            try:
                answer = connection.received()
            except ConnectionError:
                self._broken(connection)
                continue
            if answer is not None:
                pending = self.asked.pop(connection)
                self.idle.append(connection)
                self._answered(pending, *answer)

    # --- what is counted ---------------------------------------------------------------------------------------------

    def _answered(self, pending: Pending, status: int, body: bytes) -> None:
        window = pending.window
        if status != 200:
            window.errors += 1
            if len(self.failures) < MOST_FAILURES:
                self.failures.append((status, body))
            return
        window.answered += 1
        window.histogram[bucket(int(1e9 * (time.monotonic() - pending.due)))] += 1
        body = body.partition(REQUEST_ID)[0]
        window.versions[body.partition(VERSION)[2].partition(b'"')[0].decode()] += 1
        answers = self.answers[pending.row]
        if body in answers or len(answers) < MOST_VARIANTS:
            answers[body] += 1
        else:
            self.unkept += 1

    def _tell(self, following: float) -> None:
        """Print the windows that are over: what is still to be asked is due at ``following`` or later."""
        while self.told < len(self.windows):
            window = self.windows[self.told]
            over = following >= self.began + (self.told + 1) * self.window_s and window.concluded
            if not over and following < math.inf:
                return
            line = {name: getattr(window, name) for name in ("asked", "answered", "errors", "lost", "versions")}
            line |= {"window": self.told, "histogram": sorted(window.histogram.items())}
            print(json.dumps(line), flush=True)
            self.told += 1

    def _write_kept(self) -> None:
        kept = [(200, row, n, body) for row, found in enumerate(self.answers) for body, n in found.items()]
        kept += [(status, -1, 0, body) for status, body in self.failures]
        with self.kept.open("wb") as file:
            for status, row, count, body in kept:
                file.write(b"%d %d %d %d\n%b\n" % (status, row, count, len(body), body))


def read_requests(path: Path) -> list[bytes]:
    """Return the requests of a file: each follows a line with its length."""
    found, rest = [], path.read_bytes()
    while rest:
        length, _, rest = rest.partition(b"\n")
        found.append(rest[: int(length)])
        rest = rest[int(length) :]
    return found


if __name__ == "__main__":
    Twin(sys.argv[1:]).run()
