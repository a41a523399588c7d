"""A stream of lines on its way to disk: a bounded buffer and the segment that it is appended to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from modelwright.serve.log.policy import LogPolicy
from modelwright.serve.log.segments import Segment

__all__ = ["Counters", "Stream"]

SPILL_BYTES = 16 << 10
"""So much is written without waiting for the timer. Requests wait while a write goes on: for this one a fiftieth of a
millisecond, for what comes together in a fifth of a second under load as long as for ten predictions."""

LINE_OVERHEAD = 48  # bytes that Python adds to a bytes object and its place in a list


@dataclass(slots=True)
class Counters:
    """What became of rows. ``written`` and ``dropped`` count rows, ``failed`` counts writes that the system refused."""

    written: int = 0
    dropped: int = 0
    failed: int = 0


class Stream:
    """Lines of one kind. `add` and `flush` never raise; both belong to one thread.

    A write that fails is tried again at every `flush`; meanwhile lines gather up to the limit, and those that come
    after are dropped and counted. A line that was half written when the disk filled is completed when there is room
    again.
    """

    def __init__(self, folder: Path, name: str, header: bytes, policy: LogPolicy, worker: int) -> None:
        self.counters = Counters()
        self._folder, self._name, self._header, self._policy, self._worker = folder, name, header, policy, worker
        self._segment: Segment | None = None
        self._lines: list[bytes] = []
        self._rows = 0  # that are held, in ``_lines`` and ``_rest``
        self._size = 0
        self._rest = b""  # of an earlier write, may begin within a line
        self._torn = False  # whether the segment ends within a line
        self._failing = False
        self._rotated = False

    @property
    def failing(self) -> bool:
        """Whether the last write was refused by the system; what comes is held as long as there is room."""
        return self._failing

    def add(self, lines: bytes, rows: int = 1) -> None:
        """Take some whole lines; drop them where the buffer is full."""
        size = len(lines) + LINE_OVERHEAD
        if self._size + size > self._policy.buffer_bytes:
            self.counters.dropped += rows
            return
        self._lines.append(lines)
        self._rows += rows
        self._size += size
        if self._size >= SPILL_BYTES and not self._failing:
            self._try(time.time())

    def flush(self, now: float | None = None) -> bool:
        """Write what has come together; return whether a segment was closed since the last call."""
        self._try(time.time() if now is None else now)
        rotated, self._rotated = self._rotated, False
        return rotated

    def use(self, header: bytes) -> None:
        """Begin a new segment with another header; what came before goes to the old one if it can be written."""
        if header == self._header:
            return
        self._try(time.time())
        self._drop_pending()  # of another header: in the new segment they would be misread
        self._header = header
        self._close_segment()

    def close(self) -> None:
        """Write what there is and close the segment; what cannot be written is counted as dropped."""
        self._try(time.time())
        self._drop_pending()
        self._close_segment()

    def _try(self, now: float) -> None:
        try:
            self._write(now)
            self._failing = False
        except OSError:
            self.counters.failed += 1
            self._failing = True

    def _write(self, now: float) -> None:
        if self._segment is not None and not self._segment.is_there:
            self._forget_torn()
            self._close_segment()
        if self._lines or self._rest:
            if self._segment is None:
                self._segment = Segment(self._folder, self._name, self._worker, self._header, now)
            self._gather()
            self._append(self._segment)
        if self._segment is not None and self._segment.is_due(
            now, self._policy.rotate_bytes, self._policy.rotate_seconds
        ):
            self._close_segment()

    def _forget_torn(self) -> None:
        """Drop the end of a line whose beginning went with its file."""
        if self._torn:
            self._rest = self._rest.partition(b"\n")[2]
            self._rows -= 1
            self.counters.dropped += 1

    def _gather(self) -> None:
        self._rest = b"".join((self._rest, *self._lines))
        self._lines.clear()

    def _append(self, segment: Segment) -> None:
        view, done = self._rest, 0
        try:
            while done < len(view):
                done += segment.write(view[done:] if done else view)
        finally:
            if done:
                self._torn = view[done - 1] != ord("\n")
            self._rest = view[done:]
            left = self._rest.count(b"\n") if self._rest else 0
            self.counters.written += self._rows - left
            self._rows = left
            self._size = len(self._rest)

    def _drop_pending(self) -> None:
        self.counters.dropped += self._rows
        self._lines.clear()
        self._rest, self._rows, self._size = b"", 0, 0

    def _close_segment(self) -> None:
        if self._segment is not None:
            self._segment.close()
            self._segment, self._torn = None, False
            self._rotated = True
