"""Every kind of model gives a row the same answer to the bit, alone and in batches of any size."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.canonical import canonicalise
from modelwright.data.columns import take
from modelwright.learners import LEARNERS
from modelwright.runtime.scorers.linear import weighted_sums
from tests.package.fitting import fitted, table


@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("name", LEARNERS)
def test_batches_of_any_size(name, n_classes):
    plan, _, _ = fitted((name,), n_classes)
    rows = 130
    columns, _ = canonicalise(table(rows, 5)[0], plan.contract)
    whole = plan.predict(columns)
    for size in (1, 3, 50, 127):
        parts = [plan.predict(take(columns, np.arange(i, min(i + size, rows)))) for i in range(0, rows, size)]
        np.testing.assert_array_equal(np.concatenate(parts), whole)


@pytest.mark.parametrize("width", [1, 13, 256, 400])
@pytest.mark.parametrize("n_sums", [1, 2, 20, 256])
def test_products_do_not_depend_on_how_many_rows_there_are(width, n_sums):
    rng = np.random.default_rng(0)
    matrix, coef = rng.normal(size=(2050, width)), rng.normal(size=(width, n_sums))
    whole = weighted_sums(matrix, coef)
    np.testing.assert_allclose(whole, matrix @ coef, rtol=1e-9, atol=1e-9)
    for size in (1, 2, 5, 64, 999):
        for start in (0, 7, 1050):
            part = slice(start, start + size)
            np.testing.assert_array_equal(weighted_sums(matrix[part], coef), whole[part])
    assert weighted_sums(matrix[:0], coef).shape == (0, n_sums)
