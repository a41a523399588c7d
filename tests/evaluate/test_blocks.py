"""Stretches of time whose rows count as one."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.evaluate.blocks import FEWEST_BLOCKS, block_length, time_blocks
from modelwright.evaluate.intervals import measure


def _walk(rng: np.random.Generator, n: int, memory: float) -> np.ndarray:
    """A series in which each value remembers a share of the one before."""
    made = rng.normal(size=n)
    for i in range(1, n):
        made[i] += memory * made[i - 1]
    return made


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_the_longer_the_memory_the_longer_the_block(rng: np.random.Generator) -> None:
    lengths = [np.mean([block_length(_walk(rng, 2_000, m)) for _ in range(10)]) for m in (0.0, 0.5, 0.9)]
    assert lengths[0] < 3 < lengths[1] < lengths[2]
    # The optimal length of an AR(1) is (3/2 (2 m / (1 - m²))² n)^(1/3).
    for memory, found in ((0.5, lengths[1]), (0.9, lengths[2])):
        best = (1.5 * (2 * memory / (1 - memory**2)) ** 2 * 2_000) ** (1 / 3)
        assert 0.5 * best < found < 2 * best


def test_short_flat_and_endless_series() -> None:
    assert block_length(np.arange(5.0)) == 1 and block_length(np.ones(500)) == 1
    assert block_length(np.arange(500.0)) <= 500 // FEWEST_BLOCKS


def test_rows_of_one_moment_share_a_block(rng: np.random.Generator) -> None:
    order = np.repeat(np.arange(50), 8)
    order = order[rng.permutation(400)]
    blocks = time_blocks(order, rng.normal(size=400), np.zeros((400, 1)))
    assert blocks is not None and all(len(np.unique(blocks[order == moment])) == 1 for moment in range(50))


def test_independent_rows_have_no_blocks(rng: np.random.Generator) -> None:
    p = rng.random((600, 1)) * 0.5
    assert time_blocks(np.arange(600), (rng.random(600) < p[:, 0]).astype(float), np.hstack([1 - p, p])) is None


def test_intervals_over_blocks_contain_the_truth_where_plain_ones_do_not(rng: np.random.Generator) -> None:
    """RMSE of errors with a memory: the truth is the square root of the variance of the process."""
    memory, n, truth = 0.9, 800, float(np.sqrt(1 / (1 - 0.9**2)))
    inside = {True: 0, False: 0}
    for _ in range(100):
        error, prediction = _walk(rng, n + 200, memory)[200:], np.zeros((n, 1))
        for blocked in inside:
            groups = time_blocks(np.arange(n), error, prediction) if blocked else None
            found = measure("rmse", error, prediction, groups=groups)
            inside[blocked] += found.low <= truth <= found.high
    assert inside[False] < 65 and inside[True] >= 84
