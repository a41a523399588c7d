from __future__ import annotations

import numpy as np
import pytest

from modelwright.evaluate import metrics
from modelwright.train.standing import MOST_ROWS, Standing

FOLDS = (0, 1)


@pytest.fixture
def truth():
    rng = np.random.default_rng(0)
    return {f: rng.normal(size=2 * MOST_ROWS) for f in FOLDS}


def noisy(truth, spread, seed):
    rng = np.random.default_rng(seed)
    return {f: (y + spread * rng.normal(size=len(y)))[:, None] for f, y in truth.items()}


def test_an_independent_candidate_promises_something_and_a_poor_one_nothing(truth):
    standing = Standing(metrics.get("rmse").loss, truth)
    weights, first = standing.update([noisy(truth, 0.5, 1)], FOLDS)
    assert weights.tolist() == [1.0] and first == np.inf  # there was nothing to compare it with
    assert standing.gain(noisy(truth, 0.5, 2)) > 0.2  # half of two independent errors has 0.71 of one
    assert standing.gain({0: noisy(truth, 9.0, 3)[0]}) < 0


def test_the_gain_of_an_update_is_the_part_of_the_loss_taken_off(truth):
    standing = Standing(metrics.get("rmse").loss, truth)
    members = [noisy(truth, 0.5, 1)]
    standing.update(members, FOLDS)
    before = standing.value
    weights, gain = standing.update([*members, noisy(truth, 0.5, 2)], FOLDS)
    assert weights == pytest.approx([0.5, 0.5], abs=0.1)
    assert gain == pytest.approx((before - standing.value) / before) and gain > 0.2


def test_where_nothing_can_be_compared_a_candidate_may_go_on():
    """A fold with one class has no area under the curve."""
    standing = Standing(metrics.get("roc_auc").loss, {0: np.zeros(20)})
    even = {0: np.full((20, 2), 0.5)}
    standing.update([even], (0,))
    assert standing.gain(even) == np.inf
