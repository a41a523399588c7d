"""Screening finds the columns that tell, and takes about as much noise beside them as it says."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings
from modelwright.features import screening
from modelwright.features.screening import FALSE_SHARE, FEWEST_SURE, screen, screen_matrix


@pytest.fixture
def noise() -> np.ndarray:
    return np.random.default_rng(0).normal(size=(400, 1_000))


def test_a_line_is_told_as_the_square_of_the_correlation_of_ranks(noise: np.ndarray) -> None:
    from scipy.stats import spearmanr

    y = noise[:, 0] + noise[:, 1]
    found = screen_matrix(noise[:, :1], y, 0)
    assert found.shares[0] == pytest.approx(spearmanr(noise[:, 0], y)[0] ** 2, abs=0.02)
    assert found.terms.tolist() == [2]


def test_lines_parabolas_and_gaps_tell(noise: np.ndarray) -> None:
    x, rng = noise.copy(), np.random.default_rng(1)
    x[rng.random(400) < 0.3, 30] = np.nan
    y = x[:, 10] + (x[:, 20] ** 2 - 1) + 1.5 * np.isnan(x[:, 30]) + 0.5 * rng.normal(size=400)
    assert screen_matrix(x, y, 0).most_telling(3).tolist() == [10, 20, 30]
    assert screen_matrix(x, (y > y.mean()).astype(np.int64), 2).most_telling(3).tolist() == [10, 20, 30]


def test_the_best_told_of_several_classes_counts(noise: np.ndarray) -> None:
    y = np.where(noise[:, 5] > 1, 2, (noise[:, 6] > 0).astype(np.int64))
    found = screen_matrix(noise, y, 3)
    assert found.most_telling(2).tolist() == [5, 6] and found.n_goals == 3


def test_columns_that_do_not_vary_tell_nothing() -> None:
    x = np.column_stack([np.full(60, np.nan), np.ones(60), np.full(60, 1e17)])
    found = screen_matrix(x, np.arange(60) % 2, 2)
    assert found.shares.tolist() == [0.0, 0.0, 0.0] and found.terms.tolist() == [0, 0, 0]
    assert found.luck().tolist() == [1.0, 1.0, 1.0]
    assert screen_matrix(np.arange(60.0)[:, None], np.zeros(60), 0).shares.tolist() == [0.0]


def test_scale_and_order_of_rows_do_not_matter(noise: np.ndarray) -> None:
    x = np.round(noise[:, :20])  # many ties
    y = (noise[:, 3] + noise[:, 30] > 0).astype(np.int64)
    turned = np.random.default_rng(2).permutation(len(x))
    expected = screen_matrix(x, y, 2).shares
    np.testing.assert_allclose(screen_matrix(np.exp(3 * x[turned]), y[turned], 2).shares, expected, atol=1e-9)


def test_blocks_change_nothing(noise: np.ndarray, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = screen_matrix(noise, noise[:, 0], 0).shares
    monkeypatch.setattr(screening, "BLOCK_CELLS", 4_000)
    np.testing.assert_allclose(screen_matrix(noise, noise[:, 0], 0).shares, expected, atol=1e-12)


def test_noise_has_no_more_luck_than_it_should(noise: np.ndarray) -> None:
    y = np.random.default_rng(5).integers(0, 2, 400)
    luck = screen_matrix(noise, y, 2).luck()
    assert 0.02 < (luck < 0.05).mean() < 0.09


def test_noise_is_told_from_what_tells(noise: np.ndarray) -> None:
    x = noise.copy()
    y = (np.random.default_rng(3).normal(size=400) > 0).astype(np.int64)
    x[:, :40] += 0.6 * (2 * y[:, None] - 1)
    kept = screen_matrix(x, y, 2).surely_telling(500)
    assert set(range(40)) <= set(kept.tolist())
    assert (kept >= 40).mean() <= FALSE_SHARE + 0.1


def test_of_noise_alone_the_fewest_are_taken(noise: np.ndarray) -> None:
    found = screen_matrix(noise, np.random.default_rng(4).random(400), 0)
    assert len(found.surely_telling(500)) <= 2 * FEWEST_SURE
    assert len(found.surely_telling(3)) == 3
    assert len(screen_matrix(noise[:, :4], noise[:, 9], 0).surely_telling(500)) == 4


def test_categories_are_asked_by_their_levels(noise: np.ndarray) -> None:
    rng = np.random.default_rng(6)
    levels = rng.integers(0, 4, 400)
    columns: Columns = {
        "number": noise[:, 0],
        "told": Strings.from_values([None if v == 3 else "abc"[v] for v in levels]),
        "key": Strings.from_values([f"K{i}" for i in range(400)]),
        "many": Strings.from_values([f"L{v}" for v in rng.integers(0, 300, 400)]),
    }
    y = np.array([0.0, 1.0, 0.2, 2.0])[levels] + 0.5 * rng.normal(size=400)
    found = screen(columns, list(columns), y, 0)
    assert found.most_telling(1).tolist() == [1]
    assert found.terms[0] == 2 and found.terms[1] == 3 and found.terms[2] == 0
    matrix = screen_matrix(noise[:, :1], y, 0)
    assert found.shares[0] == pytest.approx(matrix.shares[0])
