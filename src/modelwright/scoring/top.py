"""The first of all answers: the cases to act on when only so many can be.

Of two classes those with the highest chance of the event come first; under a payoff of the brief these are also the
ones that acting earns most on. Of values the highest come first. Memory holds the rows that are asked for, and a part.
"""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from modelwright.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from modelwright.package.bundle import Version
    from modelwright.scoring.answers import Answers

__all__ = ["RANK", "ROW", "check_top", "first_of"]

RANK, ROW = "rank", "row"
"""Columns beside the answers: the place on the list, from 1, and the row of the source, from 0."""


def check_top(version: Version, top: int, keep: tuple[str, ...] = ()) -> str:
    """Return by which column of answers rows are ranked.

    Raises
    ------
    UsageError
        No row is asked for (MW-U015), more than two classes have no one order (MW-U016), or a column to keep has the
        name of one that is written (MW-U011).
    """
    if top < 1:
        raise UsageError(
            f"a list of the first {top} rows has none", fix="give a whole number, 1 or more", code="MW-U015"
        )
    if len(version.plan.classes) > 2:
        raise UsageError(
            f"rows of {len(version.plan.classes)} classes have no one order",
            fix="score all rows, and sort by the probability that matters",
            code="MW-U016",
        )
    taken = next((name for name in keep if name in (RANK, ROW)), None)
    if taken is not None:
        raise UsageError(
            f"the column '{taken}' of the predictions would replace the one to keep",
            fix="rename it in the input, or do not keep it",
            code="MW-U011",
        )
    return f"probability_{version.plan.classes[1]}" if version.plan.classes else "prediction"


def first_of(answers: Answers, by: str, top: int) -> Answers:
    """Return the ``top`` answers with the highest value of a column, highest first; of equals, the earlier row.

    `Answers.n_rows` stays the number of rows that were scored.
    """
    import pyarrow as pa

    schema = pa.schema([pa.field(RANK, pa.int64()), pa.field(ROW, pa.int64()), *answers.schema])
    return replace(answers, schema=schema, tables=partial(_tables, answers, by, top, schema))


def _tables(answers: Answers, by: str, top: int, schema: pa.Schema) -> Iterator[pa.Table]:
    import pyarrow as pa

    kept: pa.Table | None = None
    start = 0
    for table in answers.tables():
        numbered = table.append_column(ROW, pa.array(np.arange(start, start + table.num_rows)))
        start += table.num_rows
        both = numbered if kept is None else pa.concat_tables([kept, numbered])
        value = both.column(by).to_numpy(zero_copy_only=False)
        kept = both.take(np.argsort(-value, kind="stable")[:top])  # rows without a value come last
    if kept is not None:
        yield kept.append_column(RANK, pa.array(np.arange(1, kept.num_rows + 1))).select(schema.names)
