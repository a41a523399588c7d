"""Broken rows are not learned from, however few of them there are among the new ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from modelwright.data.columns import Strings
from modelwright.errors import DataError
from modelwright.package.bundle import Version
from modelwright.retrain.feed import STRETCH, check_feed, sound_rows

from ..monitor import making
from ..monitor.conftest import classifier  # noqa: F401 - a fixture


def arrived(n: int, seed: int, **changes: Any) -> pa.Table:
    """New rows with their labels; ``changes`` are columns that are others from the middle on, for a tenth of all."""
    columns = making.rows(n, seed)
    label = making.outcomes(columns, seed)
    table = {k: v.to_object() if isinstance(v, Strings) else v.copy() for k, v in columns.items()}
    broken = slice(n // 2, n // 2 + n // 10)
    for name, change in changes.items():
        table[name][broken] = change(table[name][broken])
    return pa.table({**table, "bought": np.where(label == 1, "yes", "no")})


BREAKS = {
    "turned null": {"income": lambda v: np.full(len(v), np.nan)},
    "another unit": {"income": lambda v: v * 1000},
    "another spelling": {"channel": lambda v: np.array([f"{level.upper()}" for level in v], dtype=object)},
    "stuck": {"income": lambda v: np.full(len(v), 20.0)},
}


@pytest.mark.parametrize("how", BREAKS)
def test_a_tenth_that_is_broken_is_found(classifier: Version, how: str) -> None:  # noqa: F811
    table = arrived(4000, 1, **BREAKS[how])
    sound, words = sound_rows(classifier, table)
    assert not sound[2000:2400].any(), words
    assert sound.mean() >= 0.8 and "rows 2,001 to" in words[0]
    with pytest.raises(DataError, match=r"broken and are not learned from.*MW-D802"):
        check_feed(classifier, table)


def test_sound_rows_are_left_in(classifier: Version) -> None:  # noqa: F811
    found = [sound_rows(classifier, arrived(4000, seed))[0].all() for seed in range(2, 6)]
    assert all(found)


def test_half_of_the_rows_in_another_unit_are_one_source_of_two(classifier: Version) -> None:  # noqa: F811
    table = arrived(STRETCH, 7)
    income = table.column("income").to_numpy().copy()
    income[::2] *= 1000
    place = table.column_names.index("income")
    sound, words = sound_rows(classifier, table.set_column(place, "income", pa.array(income)))
    assert not sound.any() and "50% of 'income' have the shape of training in another unit" in words[0]


def test_labels_that_came_by_what_happened_are_not_learned_from(classifier: Version) -> None:  # noqa: F811
    whole = arrived(400, 31)
    known = np.array(whole.column("bought").to_pylist()) == "yes"
    with pytest.raises(DataError, match=r"labels are 'yes', which .* were expected to be") as caught:
        check_feed(classifier, whole.filter(known))
    assert caught.value.code == "MW-D805"
    few = whole.filter(known).slice(0, 10)
    assert check_feed(classifier, few).rows == 10


@pytest.mark.parametrize("nothing", [None, "", " ", "NA"])
def test_labels_that_are_not_there_yet_are_no_other_classes(classifier: Version, nothing: str | None) -> None:  # noqa: F811
    whole = arrived(400, 31)
    late = np.where(np.arange(400) % 3 > 0, nothing, np.array(whole.column("bought").to_pylist(), dtype=object))
    place = whole.column_names.index("bought")
    assert check_feed(classifier, whole.set_column(place, "bought", pa.array(late, pa.string()))).labelled == 134
    strange = np.where(np.arange(400) % 3 > 0, nothing, "perhaps")
    with pytest.raises(DataError, match=r"134 labels of 134 in 'bought' are none that the target had.*MW-D803"):
        check_feed(classifier, whole.set_column(place, "bought", pa.array(strange, pa.string())))
