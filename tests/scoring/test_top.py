"""The first of all answers: those of sorting everything, in any number of parts."""

from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.csv
import pytest

from modelwright.errors import UsageError
from modelwright.scoring.answers import Answers
from modelwright.scoring.top import check_top, first_of


def _answers(value: np.ndarray, parts: int) -> Answers:
    tables = [pa.table({"id": pa.array(p), "prediction": pa.array(value[p], from_pandas=True)})
              for p in np.array_split(np.arange(len(value)), parts)]  # fmt: skip
    return Answers(
        schema=tables[0].schema,
        tables=lambda: iter(tables),
        n_rows=len(value),
        n_resumed=0,
        notes=(),
        violations=(),
    )


@pytest.mark.parametrize("parts", [1, 3, 40])
@pytest.mark.parametrize("top", [1, 7, 500])
def test_the_first_are_those_of_sorting_all(parts, top):
    value = np.random.default_rng(0).integers(0, 30, 200).astype(float)
    found = pa.concat_tables(first_of(_answers(value, parts), "prediction", top).tables()).to_pydict()
    order = np.argsort(-value, kind="stable")[:top]
    assert found["row"] == found["id"] == order.tolist(), "of equals the earlier row"
    assert found["rank"] == list(range(1, min(top, 200) + 1)) and found["prediction"] == value[order].tolist()


def test_rows_without_a_value_come_last():
    value = np.array([np.nan, 2.0, np.nan, 3.0])
    (table,) = first_of(_answers(value, 2), "prediction", 3).tables()
    assert table["row"].to_pylist()[:2] == [3, 1]


def _version(*classes: str):
    return SimpleNamespace(plan=SimpleNamespace(classes=classes))


def test_what_is_ranked_by():
    assert check_top(_version("no", "yes"), 5) == "probability_yes"
    assert check_top(_version(), 5) == "prediction"


@pytest.mark.parametrize(
    ("version", "top", "keep", "message"),
    [
        (_version(), 0, (), r"first 0 rows has none.*MW-U015"),
        (_version("a", "b", "c"), 5, (), r"3 classes have no one order.*sort by the probability.*MW-U016"),
        (_version(), 5, ("id", "rank"), r"'rank' of the predictions would replace.*MW-U011"),
    ],
)
def test_lists_that_make_no_sense_are_refused(version, top, keep, message):
    with pytest.raises(UsageError, match=message):
        check_top(version, top, keep)
