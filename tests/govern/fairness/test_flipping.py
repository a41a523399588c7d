"""The flip test: a model that looks at the column, one that does not, values, and columns that cannot be flipped."""

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.govern.fairness.flipping import flip_test

SEX = Strings(np.array([0, 1, 0, 1], dtype=np.int32), np.array(["f", "m"], dtype=object))
SKILL = np.array([0.2, 0.2, 0.9, 0.9])
COLUMNS = {"sex": SEX, "skill": SKILL}


def _biased(columns):
    chance = np.clip(columns["skill"] + 0.4 * (columns["sex"].codes == 1), 0, 1)
    return np.column_stack([1 - chance, chance])


def test_rows_near_the_threshold_flip():
    (found,) = flip_test(_biased, COLUMNS, ["sex"], seen=["sex", "skill"], threshold=0.5)
    assert found.changed.value == 0.5  # the two of little skill: 0.2 for one value, 0.6 for the other
    assert found.changed.n == 4
    assert found.changed.low < 0.5 < found.changed.high


def test_a_column_that_the_model_does_not_see_flips_nothing():
    (found,) = flip_test(_biased, COLUMNS, ["age"], seen=["sex", "skill"], threshold=0.5)
    assert found.changed is None
    assert "does not see" in found.why


def test_values_move():
    (found,) = flip_test(
        lambda c: (10 + 3.0 * (c["sex"].codes == 1))[:, None],
        COLUMNS,
        ["sex"],
        seen=["sex"],
        threshold=None,
        unit="EUR",
    )
    assert found.changed.value == pytest.approx(3.0)
    assert found.changed.unit == "EUR"


def test_a_number_is_set_to_low_middle_and_high():
    rows = {"age": np.arange(20.0, 80.0)}
    (found,) = flip_test(
        lambda c: np.column_stack([c["age"] < 60, c["age"] >= 60]).astype(float),
        rows, ["age"], seen=["age"], threshold=0.5,
    )  # fmt: skip
    assert found.changed.value == 1.0


def test_one_value_cannot_be_flipped():
    rows = {"sex": SEX.take(np.array([0, 2]))}
    (found,) = flip_test(_biased, {**rows, "skill": SKILL[:2]}, ["sex"], seen=["sex"], threshold=0.5)
    assert found.changed is None
    assert "one value" in found.why
