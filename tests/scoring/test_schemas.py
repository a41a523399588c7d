"""Columns of a CSV file that are kept: numbers where they are written as numbers are, else the texts that they were."""

from __future__ import annotations

import pyarrow as pa
import pytest

from modelwright.scoring.schemas import conformed, typed


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["1", "-20", ""], [1, -20, None]),
        (["250.0", "401.95", "1e-05"], [250.0, 401.95, 1e-05]),  # as libraries write floats
        (["1.50", "2.25", "3.00"], [1.5, 2.25, 3.0]),  # a format
        (["1", "2.5"], [1.0, 2.5]),
        (["1.10", "1.1"], None),
        (["250.00", "250.0", "401.9"], None),
        (["1.10", "3"], None),
        (["250.0", "250"], None),
        (["007", "12"], None),
        (["1", "x"], None),
        (["12345678901234567", "0.5"], None),
    ],
)
@pytest.mark.parametrize("apart", [False, True])
def test_kept_texts(texts: list[str], expected: list[float | None] | None, apart: bool) -> None:
    whole = pa.table({"id": texts})
    tables = [whole.slice(i, 1) for i in range(len(texts))] if apart else [whole]
    schema = typed(whole.schema, lambda: iter(tables), ["id"])
    found = pa.concat_tables([conformed(table, schema) for table in tables]).column("id").to_pylist()
    assert found == (texts if expected is None else expected)
