"""Ids of requests, and how many rows the last requests had: a label for a row that never was is refused where it shows.

An id that this process made says by its number when it was made; of most requests, those of one row under such an id,
nothing has to be remembered. What is known of others is forgotten, oldest first. Of requests to other workers and to
earlier servers nothing is known: labels of them are taken.
"""

from __future__ import annotations

import itertools
import secrets

__all__ = ["Ids"]

MOST = 10_000
"""Requests that are remembered: some 2 MB where ids are long."""

_HEXADECIMAL = frozenset("0123456789abcdef")
_LONGEST_NUMBER = 16  # digits


class Ids:
    """Those of one process. Belongs to the thread of the event loop."""

    def __init__(self) -> None:
        self.prefix = f"{secrets.token_hex(6)}-"
        self._numbers = itertools.count(1)
        self._rows: dict[str, int] = {}
        self._forgotten = 0

    def new(self) -> str:
        """Return an id that no other request has."""
        return f"{self.prefix}{next(self._numbers):x}"

    def note(self, request_id: str, n_rows: int) -> None:
        """Remember how many rows a request had that was answered; of several with one id, the one that had most."""
        if n_rows == 1 and request_id.startswith(self.prefix):
            return
        self._rows[request_id] = max(n_rows, self._rows.pop(request_id, 0))
        if len(self._rows) > MOST:
            oldest = next(iter(self._rows))
            del self._rows[oldest]
            self._forgotten = max(self._forgotten, self._number(oldest))

    def rows_of(self, request_id: str) -> int | None:
        """Return how many rows a request had, None where that is not known."""
        found = self._rows.get(request_id)
        return 1 if found is None and self._number(request_id) > self._forgotten else found

    def _number(self, request_id: str) -> int:
        """Return the number of an id that was made here, else 0."""
        digits = request_id[len(self.prefix) :]
        ours = request_id.startswith(self.prefix) and 0 < len(digits) <= _LONGEST_NUMBER
        return int(digits, 16) if ours and _HEXADECIMAL.issuperset(digits) else 0
