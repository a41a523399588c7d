from __future__ import annotations

import numpy as np

from modelwright.train.ensemble import greedy_weights


def rmse(y, prediction):
    return float(np.sqrt(np.mean((y - prediction[:, 0]) ** 2)))


def candidates(rng, y, noises):
    return np.stack([(y + rng.normal(0, s, len(y)))[:, None] for s in noises])


def test_weights_sum_to_one_and_beat_the_best_alone():
    rng = np.random.default_rng(0)
    y = rng.normal(size=2000)
    predictions = candidates(rng, y, [0.5, 0.5, 0.6, 3.0])
    weights = greedy_weights(rmse, y, predictions)
    assert np.isclose(weights.sum(), 1)
    together = np.tensordot(weights, predictions, axes=1)
    assert rmse(y, together) < 0.8 * min(rmse(y, p) for p in predictions)
    assert weights[3] < 0.1


def test_one_that_adds_nothing_is_left_out():
    rng = np.random.default_rng(1)
    y = rng.normal(size=500)
    good = candidates(rng, y, [0.1])[0]
    weights = greedy_weights(rmse, y, np.stack([good, good, np.zeros_like(good)]))
    assert np.count_nonzero(weights) == 1 and weights[2] == 0


def test_the_number_of_members_is_bounded():
    rng = np.random.default_rng(2)
    y = rng.normal(size=1000)
    weights = greedy_weights(rmse, y, candidates(rng, y, [1.0] * 12), max_members=3)
    assert np.count_nonzero(weights) <= 3


def test_a_candidate_with_an_undefined_loss_is_not_chosen():
    y = np.arange(10.0)
    broken, fair = np.full((10, 1), np.nan), np.zeros((10, 1))
    assert greedy_weights(rmse, y, np.stack([broken, fair])).tolist() == [0, 1]


def test_large_data_is_sampled_and_deterministic():
    rng = np.random.default_rng(3)
    y = rng.normal(size=50_000)
    predictions = candidates(rng, y, [0.5, 0.7])
    first = greedy_weights(rmse, y, predictions, seed=4)
    assert (first == greedy_weights(rmse, y, predictions, seed=4)).all()
