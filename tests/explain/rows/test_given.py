"""What is taken for a row."""

from __future__ import annotations

import pandas as pd
import polars as pl
import pytest

from modelwright.errors import UsageError
from modelwright.explain.rows.given import one_row

FRAME = pd.DataFrame({"a": [1.5, 2.0], "b": ["x", None]})


def test_rows() -> None:
    row = {"a": 1.5, "b": "x"}
    assert one_row(row) is row
    for given in (FRAME[:1], FRAME.iloc[0], pl.from_pandas(FRAME[:1])):
        assert one_row(given) == row


@pytest.mark.parametrize(
    ("given", "words"), [(FRAME, "the DataFrame has 2 rows"), ([1, 2], "a list is no row"), ("a", "a str is no row")]
)
def test_what_is_none(given: object, words: str) -> None:
    with pytest.raises(UsageError, match=words) as caught:
        one_row(given)
    assert caught.value.code == "MW-U831" and "iloc[0]" in caught.value.fix
