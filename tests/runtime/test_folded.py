"""Levels folded into sums: multiplying every feature is the slow twin."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.runtime.origins import FromLevel, Now, RowSource
from modelwright.runtime.scorers import folded
from modelwright.runtime.scorers.folded import Folded
from modelwright.runtime.scorers.scaling import Scaling

LEVELS = {None: 0.5, "a": -2.0, "b": 1e9, "": np.nan}
ORIGINS = (
    None,
    FromLevel(1, LEVELS, 7.0),
    None,
    FromLevel(0, {None: 1.0, "x": 0.0}, 0.25),
    FromLevel(1, {None: 0.0, "a": 1.0, "c": 3.0}, -1e9),
)
levels = st.sampled_from([None, "a", "b", "c", "", "x", "never seen"])
numbers = st.floats(-3e38, 3e38) | st.sampled_from([np.nan, 0.0, -0.0, 3e38])


@pytest.mark.parametrize("most", [0, 12, 1 << 20])
@pytest.mark.parametrize("smooth", [False, True])
def test_as_multiplied(smooth: bool, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folded, "MOST_CELLS", most)
    rng = np.random.default_rng(0)
    scaling = Scaling(rng.normal(size=5), rng.normal(size=5), smooth)
    weights, buffer = rng.normal(size=(5, 3)), np.zeros(5)
    source = RowSource(buffer, Now(), ORIGINS)
    several = Folded(source, scaling, weights).several(np.arange(3.0))

    @settings(deadline=None, max_examples=100)
    @given(levels, levels, numbers, numbers)
    def check(first: str | None, second: str | None, x: float, y: float) -> None:
        source.now.values = [first, second]
        row = [x, 0.0, y, 0.0, 0.0]
        for feature, origin in enumerate(ORIGINS):
            if origin is not None:
                row[feature] = origin.features.get((first, second)[origin.place], origin.unknown)
        buffer[:] = [v if feature in source.wanted else np.nan for feature, v in enumerate(row)]
        expected = (scaling(np.array([row])) @ weights)[0]
        np.testing.assert_allclose(several(), expected + np.arange(3.0), rtol=1e-12, atol=1e-12)

    check()
    assert source.wanted == ({0, 2} if most > 12 else {0, 1, 2, 3, 4} if not most else source.wanted)


def test_a_row_of_levels_alone() -> None:
    source = RowSource(np.zeros(2), Now(), ORIGINS[3:])
    scaling = Scaling(np.zeros(2), np.ones(2))
    source.now.values = ["x", "c"]
    assert Folded(source, scaling, np.ones((2, 2))).several(np.array([0.0, 1.0]))().tolist() == [3.0, 4.0]
    assert not source.wanted
