"""Chunks of rows through a version, on all cores, in order.

Each chunk is read by the contract and scored by one thread, and several are under way: numpy, Arrow and the boosters
release Python's lock. A booster gets one thread of its own for a chunk, which wastes less than many threads for one
chunk after the other: making rows canonical then runs beside the trees (see ``benchmarks/batch.py``).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from modelwright.data.canonical import read_columns
from modelwright.data.columns import Columns
from modelwright.data.enforcing import Fit, Tally

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.package.bundle import Version

__all__ = ["REASONS", "Chunk", "Wanted", "chunk_of", "cut", "in_order"]

T = TypeVar("T")
R = TypeVar("R")

AHEAD = 2
"""Chunks under way beyond one for each thread, so that none waits for the reader."""

REASONS = "reasons"
"""The column of answers that holds them."""

Chunk = tuple["pa.Table", Tally]
"""The kept columns and the answers of some rows, and what was counted in them."""


def in_order(function: Callable[[T], R], items: Iterable[T], threads: int) -> Iterator[R]:
    """Yield ``function(item)`` for each item, in order; at most ``threads + AHEAD`` items are held at any time."""
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="scoring") as pool:
        try:
            for item in items:
                pending.append(pool.submit(function, item))
                if len(pending) >= threads + AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def cut(tables: Iterable[pa.Table], rows: int, skip: int) -> Iterator[pa.Table]:
    """Yield the rows after the first ``skip`` in tables of at most ``rows`` rows."""
    for table in tables:
        if skip >= table.num_rows:
            skip -= table.num_rows
            continue
        for start in range(skip, table.num_rows, rows):
            yield table.slice(start, rows)
        skip = 0


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is wanted of each row.

    Attributes
    ----------
    keep : tuple of str
        Columns of the source to write beside the answers.
    interval : float or None
        Coverage of intervals, see `Version.interval`.
    reasons : int
        How many reasons, see `Version.explain`.
    abstain : float or None
        Risk at which rows are left to a person, see `Version.abstain`.
    unusual : bool
        Whether it is wanted which rows are unlike training, see `Version.odd`.
    """

    keep: tuple[str, ...] = ()
    interval: float | None = None
    reasons: int = 0
    abstain: float | None = None
    unusual: bool = False

    def answers(self, version: Version, prediction: np.ndarray, columns: Columns | None = None) -> dict[str, Any]:
        """Return the columns of answers of what a version predicted, but for the reasons."""
        answers: dict[str, Any] = version.answers(prediction, self.abstain)
        if self.interval is not None:
            answers.update(version.interval(prediction, self.interval, columns))
        return answers


def chunk_of(version: Version, fit: Fit, wanted: Wanted, table: pa.Table) -> Chunk:
    """Return the answers of a version to some rows."""
    from modelwright.data.writing import as_table

    columns, tally = read_columns(table, fit, version.contract)
    answers = wanted.answers(version, version.plan.predict(columns), columns)
    columns_of_answers = {name: _answer(values) for name, values in answers.items()}
    if wanted.unusual:
        columns_of_answers |= {name: _answer(values, lists=True) for name, values in version.odd(columns).items()}
    if wanted.reasons:
        columns_of_answers[REASONS] = _reasons(version.explain(columns).strongest(wanted.reasons))
    kept = {name: _kept(table.column(name)) for name in wanted.keep}
    return as_table({**kept, **columns_of_answers}), tally


def _reasons(rows: list[list[dict[str, Any]]]) -> Any:
    import pyarrow as pa

    return pa.array(rows, pa.list_(pa.struct([("column", pa.string()), ("effect", pa.float64())])))


def _answer(values: np.ndarray, *, lists: bool = False) -> Any:
    """Return a column of answers: class names are texts whatever classes occur in these rows, sets are lists."""
    import pyarrow as pa

    if values.dtype != object:
        return pa.array(values, from_pandas=True)
    sets = lists or (len(values) and not isinstance(values[0], str))
    return pa.array(values, pa.list_(pa.string()) if sets else pa.string())


def _kept(column: Any) -> Any:
    """Return a column of the input as it is written: of a plain type, NaN as null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    from modelwright.data.tidying import plain_column

    column = plain_column(column)
    if pa.types.is_floating(column.type):
        return pc.if_else(pc.is_nan(column), pa.scalar(None, column.type), column)
    return column
