"""Peaks agree with those of `scipy.signal`, the slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import find_peaks

from modelwright.audit.peaks import peaks_of


@given(st.lists(st.integers(-4, 4), max_size=60), st.integers(0, 5))
def test_peaks_agree_with_the_slow_twin(values: list[int], prominence: int) -> None:
    curve = np.array(values, dtype=float)
    assert peaks_of(curve, prominence).tolist() == find_peaks(curve, prominence=prominence)[0].tolist()


@pytest.mark.parametrize("seed", range(3))
def test_peaks_of_a_noisy_wave(seed: int) -> None:
    x = np.arange(500)
    curve = np.cos(x * 2 * np.pi / 24) + np.random.default_rng(seed).normal(0, 0.1, 500)
    found = peaks_of(curve, 1.0)
    assert found.tolist() == find_peaks(curve, prominence=1.0)[0].tolist()
    assert len(found) == 20 or np.abs(np.diff(found) - 24).max() <= 6
