"""Staying awake between requests that follow closely: it takes less time than to sleep, and more processor.

A process that waits for the next request gives its processor back. On a virtual machine giving it back and getting it
again takes tens of microseconds of processor, half as long as the request itself. So after an answer the event loop
looks for the next request again and again, for about as long as a sleep would cost: who waits for as long as the
alternative costs pays at most twice of what is best (Karlin et al. 1988, "Competitive snoopy caching"). It does so only
where that is asked for, while requests are so many that most waits are met, and nobody else wants the processor: as
soon as the system takes it away from us again and again, or a version is being loaded beside, the loop sleeps at once,
for a while. Where a control group counts the time of processors and bounds it, it always sleeps at once.
"""

from __future__ import annotations

import resource
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

__all__ = ["Wakefulness"]

AWAKE_S = 100e-6
"""The longest wait: what a sleep costs on the virtual machines where that was measured, and some more."""

WORTH = 0.5
"""Requests that come in this time on average, from which on it is worth it."""

MOST_TAKEN = 1
"""Times that the processor was taken away from us between two looks; one may be chance."""

REST_S = 1.0
"""How long the loop sleeps at once, when somebody else wants the processor."""


class Wakefulness:
    """Keeps an event loop awake, where that is worth it. Belongs to its thread.

    Parameters
    ----------
    meanwhile : callable
        What is done where a look finds no request: it need not wait longer.
    wanted : bool
        Whether to be awake at all.
    """

    def __init__(self, meanwhile: Callable[[], None], *, wanted: bool) -> None:
        self._meanwhile = meanwhile
        self._seen = 0
        self._soon: Callable[[Callable[[], None]], Any] | None = None
        self._until = 0.0
        self._looking = self._worth_it = False
        self._answered = 0
        self._judged_at = self._rests_until = time.perf_counter()
        self._taken, self._may = _taken(), wanted and not is_rationed(_CONTROL_GROUPS, _OWN_GROUP)

    def answered(self) -> None:
        """Take note of an answer to a small request: another one may follow closely."""
        self._answered += 1
        if self._worth_it:
            self._until = time.perf_counter() + AWAKE_S
            if not self._looking and self._soon is not None:
                self._looking = True
                self._soon(self._look)

    def _look(self) -> None:
        """Be called again in the next turn of the loop, which then does not sleep."""
        if self._worth_it and self._soon is not None and time.perf_counter() < self._until:
            self._soon(self._look)
        else:
            self._looking = False
        found_none, self._seen = self._answered == self._seen, self._answered
        if found_none:
            self._meanwhile()

    def judge(self, soon: Callable[[Callable[[], None]], Any], *, busy: bool) -> None:
        """Judge whether it is worth it now; called a few times a second.

        Parameters
        ----------
        soon : callable
            ``call_soon`` of the loop.
        busy : bool
            Whether this process does something else beside.
        """
        now, taken = time.perf_counter(), _taken()
        if busy or taken - self._taken > MOST_TAKEN:
            self._rests_until = now + REST_S
        rate = self._answered / (now - self._judged_at)
        self._worth_it = self._may and now >= self._rests_until and rate * AWAKE_S >= WORTH
        self._soon, self._judged_at, self._taken = soon, now, taken
        self._answered = self._seen = 0


def _taken() -> int:
    """Return how often the processor was taken away from this process although it had work."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw


def is_rationed(groups: Path, own: Path) -> bool:
    """Return whether a control group of Linux allows this process only so much time of processors.

    Parameters
    ----------
    groups : Path
        Where control groups are told of.
    own : Path
        Which ones are those of this process.
    """
    group = ""
    with suppress(OSError, UnicodeError):
        group = next((line[3:] for line in own.read_text().splitlines() if line.startswith("0::")), "")
    for file, no_bound in (
        (groups / group.strip("/") / "cpu.max", "max"),  # the second version, the group of the process
        (groups / "cpu.max", "max"),
        (groups / "cpu" / "cpu.cfs_quota_us", "-1"),  # the first version
    ):
        with suppress(OSError, UnicodeError):
            if file.read_text().split()[:1] not in ([no_bound], []):
                return True
    return False


_CONTROL_GROUPS, _OWN_GROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
