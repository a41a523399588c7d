"""Labels that came by what happened."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.monitor.selective import only_class


def said(*event: float) -> np.ndarray:
    return np.column_stack([1 - np.array(event), np.array(event)])


@pytest.mark.parametrize(
    ("y", "prediction", "expected"),
    [
        ([1.0] * 40, said(*[0.4] * 40), 1),
        ([0.0] * 40 + [np.nan], said(*[0.5] * 41), 0),
        ([1.0] * 39 + [0.0], said(*[0.4] * 40), None),
        ([0.0] * 500, said(*[0.01] * 500), None),  # events are rare: none among so many is nothing strange
        ([0.0] * 5000, said(*[0.01] * 5000), 0),
        ([0.0] * 6, said(*[1.0] * 6), None),  # sure, and wrong six times, is no proof
        ([np.nan] * 3, said(*[0.5] * 3), None),
        ([3.0] * 40, np.full((40, 1), 3.0), None),
    ],
)
def test_labels_of_one_class_where_others_were_expected(
    y: list[float], prediction: np.ndarray, expected: int | None
) -> None:
    assert only_class(np.array(y), prediction) == expected
