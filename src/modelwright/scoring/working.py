"""One source on its way through one version: chunk by chunk, part by part, judged as a whole."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from modelwright.data.enforcing import Fit, Tally, fit_of, refuse_unreadable, violations_of
from modelwright.data.reading import no_rows
from modelwright.data.streaming import CHUNK_ROWS, Restarted, Stream
from modelwright.engines.local import n_cores
from modelwright.errors import ContractError, UsageError, did_you_mean
from modelwright.package.unusual.documents import none_to_tell
from modelwright.runtime.unusual import UNUSUAL, UNUSUAL_COLUMNS
from modelwright.scoring.answers import Answers
from modelwright.scoring.flow import REASONS, Wanted, chunk_of, cut, in_order
from modelwright.scoring.parts import Parts
from modelwright.scoring.schemas import conformed, unified

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.package.bundle import Version

__all__ = ["Progress", "Work"]

Progress = Callable[[int, "float | None"], None]
"""Called with the rows scored so far and the share of the source that was read, None where it cannot be told. What it
raises stops the scoring."""

CHUNK_BYTES = 64 << 20
"""What a chunk may take at 16 bytes per cell: raw and canonical."""

PART_ROWS, PART_BYTES, PART_SECONDS = 1 << 18, 64 << 20, 5.0
"""A part is put on the disk when it has so many rows or bytes, or so much time of work is in it."""


class Work:
    """One source on its way through one version."""

    def __init__(
        self,
        version: Version,
        stream: Stream,
        parts: Parts,
        *,
        location: str,
        wanted: Wanted,
        threads: int | None,
        chunk_rows: int | None,
    ) -> None:
        _check_wanted(version, stream.names, wanted)
        self._version, self._stream, self._parts, self._wanted = version, stream, parts, wanted
        self._location = location
        self._fit: Fit = fit_of(stream.names, version.contract, version.contract.names)
        self._columns = {*self._fit.sources.values(), *wanted.keep}
        self._threads = threads or n_cores()
        width = 16 * max(len(self._columns), 1)
        self._chunk_rows = chunk_rows or int(np.clip(CHUNK_BYTES // width, 1 << 10, CHUNK_ROWS))
        self._held: list[pa.Table] = []
        self._held_tally: Tally | None = None
        self._total: Tally | None = None
        self._given = 0

    def done(self, progress: Progress) -> Answers:
        """Score all rows; return the answers."""
        self._total = self._parts.resume()
        if self._parts.manner:
            self._stream.manner = self._parts.manner
        resumed = self._total.n_rows if self._total else 0
        while True:
            try:
                self._run(progress)
                break
            except Restarted:
                self._parts.clear()
                self._held, self._held_tally, self._total, resumed = [], None, None, 0
        tally = self._judged()
        schema = unified([*self._parts.schemas, *(table.schema for table in self._held)])
        told = violations_of(self._fit, tally, self._version.contract)
        target = ("unknown column", self._version.manifest.target)
        return Answers(
            schema=schema,
            tables=partial(self._tables, schema),
            untyped=self._wanted.keep if self._stream.texts_only else (),
            n_rows=tally.n_rows,
            n_resumed=resumed,
            notes=self._stream.notes(),
            violations=tuple(v for v in told if (v.what, v.column) != target),
        )

    def _tables(self, schema: pa.Schema) -> Iterator[pa.Table]:
        for source in (self._parts.tables(), iter(self._held)):
            for table in source:
                yield conformed(table, schema)

    def _run(self, progress: Progress) -> None:
        begun = time.monotonic()
        start = self._total.n_rows if self._total else 0
        self._given = self._stream.skip_to(start)
        tables = self._counted(self._stream.tables(self._columns))
        chunks = cut(tables, self._chunk_rows, start - self._given)
        score = partial(chunk_of, self._version, self._fit, self._wanted)
        for table, tally in in_order(score, chunks, self._threads):
            self._held.append(table)
            self._held_tally = tally if self._held_tally is None else self._held_tally + tally
            self._total = tally if self._total is None else self._total + tally
            self._refuse_early()
            progress(self._total.n_rows, self._share())
            if self._is_part(time.monotonic() - begun):
                self._parts.keep(self._held, self._held_tally, self._stream.manner)
                self._held, self._held_tally, begun = [], None, time.monotonic()

    def _counted(self, tables: Iterator[pa.Table]) -> Iterator[pa.Table]:
        for table in tables:
            self._given += table.num_rows
            yield table

    def _share(self) -> float | None:
        """Return which share of the source was scored; what was read ahead and is not scored yet does not count."""
        assert self._total is not None
        if self._stream.n_rows:
            return self._total.n_rows / self._stream.n_rows
        share = self._stream.share()
        return None if share is None else share * self._total.n_rows / max(self._given, 1)

    def _is_part(self, seconds: float) -> bool:
        rows = sum(table.num_rows for table in self._held)
        return rows >= PART_ROWS or seconds >= PART_SECONDS or sum(t.nbytes for t in self._held) >= PART_BYTES

    def _refuse_early(self) -> None:
        """Refuse as soon as it is certain that a column will be: what is left cannot change it."""
        assert self._total is not None
        if self._stream.n_rows is None:
            return
        left = self._stream.n_rows - self._total.n_rows
        worst = tuple((counts[0] + left, *counts[1:]) for counts in self._total.counts)
        try:
            refuse_unreadable(Tally(n_rows=self._stream.n_rows, counts=worst), self._version.contract)
        except ContractError:
            refuse_unreadable(self._total, self._version.contract)  # in the words of what was seen

    def _judged(self) -> Tally:
        """Return what was counted in all rows, or refuse them."""
        if self._total is None or not self._total.n_rows:
            raise no_rows(self._location)
        refuse_unreadable(self._total, self._version.contract)
        return self._total

    @property
    def without_value(self) -> bool:
        """Whether every value that the model reads is missing."""
        return self._total is not None and not any(present for present, *_ in self._total.counts)


def _check_wanted(version: Version, names: Sequence[str], wanted: Wanted) -> None:
    for name in wanted.keep:
        if name not in names:
            raise UsageError(f"no column '{name}' to keep", fix=did_you_mean(name, names), code="MW-U101")
    answers = wanted.answers(version, np.empty((0, version.plan.n_outputs)))
    if wanted.unusual and version.unusual is None:
        raise none_to_tell(version.manifest.version)
    odd = (UNUSUAL, UNUSUAL_COLUMNS) if wanted.unusual else ()
    names_of_answers = {*answers, *odd, *([REASONS] if wanted.reasons else [])}
    taken = next((name for name in wanted.keep if name in names_of_answers), None)
    if taken is not None:
        raise UsageError(
            f"the column '{taken}' of the predictions would replace the one to keep",
            fix="rename it in the input, or do not keep it",
            code="MW-U011",
        )
