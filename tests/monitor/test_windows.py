"""Labels that come late, as the classes of a version."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.monitor.windows import encode_labels


@pytest.mark.parametrize(
    ("classes", "labels", "numbers"),
    [
        (("NEIN", "JA"), ["ja", "Nein", " JA ", "NEIN", "vielleicht", None, ""], [1, 0, 1, 0, None, None, None]),
        (("on time", "late"), ["On-Time", "LATE", "lately"], [0, 1, None]),
        (("<=50K", ">50K"), ["<=50K.", ">50k", "50K"], [0, 1, None]),
        (("a", "A", "b"), ["a", "A", "B", "a."], [0, 1, 2, None]),  # where case tells two classes apart it counts
        (("0", "1"), [1.0, False, "1", "-1", 2], [1, None, 1, None, None]),
    ],
)
def test_a_class_in_another_spelling_is_that_class(classes, labels, numbers):
    expected = [np.nan if n is None else float(n) for n in numbers]
    np.testing.assert_array_equal(encode_labels(labels, classes), expected)


@pytest.mark.parametrize(
    ("labels", "numbers"),
    [
        (["2.873,55 €", "999,99 €", "1 €", None, "n/a"], [2873.55, 999.99, 1, None, None]),
        (["1,234.5", "12", "7,000"], [1234.5, 12, 7000]),
        (["950", "1.200", "12.500"], [950, 1200, 12500]),
        (["15.3%", "2 %"], [15.3, 2]),
        (["3", "4.5", "-1e3"], [3, 4.5, -1000]),
        ([1, 2.5, "3", "perhaps", float("inf"), 10**400, 1e308, True], [1, 2.5, 3, None, None, None, None, 1]),
    ],
)
def test_numbers_are_read_as_they_are_written(labels, numbers):
    expected = [np.nan if n is None else float(n) for n in numbers]
    np.testing.assert_array_equal(encode_labels(labels, ()), expected)
