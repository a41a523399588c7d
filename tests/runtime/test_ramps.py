"""Ramps of numbers: a loop over features is the slow twin."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.learners.networks.ramping import fit_ramps, strength
from modelwright.runtime.origins import FromLevel, Now, RowSource
from modelwright.runtime.scorers.folded import Folded
from modelwright.runtime.scorers.ramps import MIDDLE, Ramps

NAMES = ("wide", "flag", "constant", "wide:rank", "few")


def some(rows: int = 500) -> np.ndarray:
    rng = np.random.default_rng(1)
    wide = rng.lognormal(sigma=2, size=rows)
    flag, few = rng.integers(0, 2, rows), rng.integers(0, 4, rows)
    return np.column_stack([wide, flag, np.ones(rows), np.argsort(np.argsort(wide)), few]).astype(float)


@pytest.fixture(scope="module")
def ramps() -> Ramps:
    return fit_ramps(some(), NAMES, 8)


def test_only_numbers_of_several_values_have_ramps(ramps: Ramps) -> None:
    assert np.bincount(ramps.feature, minlength=5).tolist() == [8, 0, 0, 0, 3]


def test_each_ramp_rises_from_one_quantile_to_the_next(ramps: Ramps) -> None:
    matrix = some()
    own = ramps(matrix)[:, 5:] + MIDDLE
    assert own.min() == 0.0 and own.max() == 1.0
    order = np.argsort(matrix[:, 0])
    assert (np.diff(own[order][:, :8], axis=0) >= 0).all()
    # a value has climbed all ramps below it
    climbed = own[:, :8].sum(axis=1)
    share = np.argsort(np.argsort(matrix[:, 0])) / (len(matrix) - 1) * 8
    assert np.abs(climbed - share).max() < 1.0


def test_rounding_errors_are_not_climbed() -> None:
    rng = np.random.default_rng(0)
    nearly = np.where(rng.random(500) < 0.5, 1e-15 * rng.normal(size=500), rng.normal(size=500))
    assert fit_ramps(nearly[:, None], ("topic",), 16).slope.max() < 1e3


def test_inputs_are_of_equal_strength(ramps: Ramps) -> None:
    found = strength(ramps)
    assert found[:5].tolist() == [1.0] * 5
    assert np.square(found[5:13]).sum() == pytest.approx(1.0) and np.square(found[13:]).sum() == pytest.approx(1.0)


def test_missing_is_the_centre(ramps: Ramps) -> None:
    centre = np.where(ramps.scaling.factor > 0, ramps.scaling.centre, 0.0)[None]
    assert np.array_equal(ramps(np.full((1, 5), np.nan)), ramps(centre))


def test_a_part_reads_what_the_whole_does(ramps: Ramps) -> None:
    part, positions = ramps.part([4, 0])
    matrix = some(7)
    np.testing.assert_array_equal(part(matrix[:, [4, 0]]), ramps(matrix)[:, positions])


def test_folded_with_levels(ramps: Ramps) -> None:
    """The last feature is of a level; numbers come from the buffer, one of them missing now and then."""
    rng = np.random.default_rng(2)
    weights, buffer = rng.normal(size=(ramps.width, 3)), np.zeros(5)
    levels = {"a": 0.0, "b": 3.0, None: 1.0}
    source = RowSource(buffer, Now(), (None, None, None, None, FromLevel(0, levels, 2.0)))
    several = Folded(source, ramps, weights).several(np.zeros(3))
    for row, level in zip(some(30), [*levels, "never seen"] * 8):
        row[4] = levels.get(level, 2.0)
        buffer[:4] = row[:4] if level else np.nan
        source.now.values = [level]
        expected = (ramps(np.array([[*buffer[:4], row[4]]])) @ weights)[0]
        np.testing.assert_allclose(several(), expected, rtol=1e-12, atol=1e-12)
    assert source.wanted == {0, 1, 2, 3}
