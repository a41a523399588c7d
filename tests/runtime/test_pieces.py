"""Features that are straight between cuts: the encoders, and each function by itself, are the slow twins."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.runtime.now import Now
from modelwright.runtime.ops.numbers import Complete, QuantileNumbers, ScaledNumbers
from modelwright.runtime.origins import FromPieces, RowSource
from modelwright.runtime.pieces import PieceRow, Pieces
from modelwright.runtime.scorers.folded import Folded
from modelwright.runtime.scorers.linear import LinearScorer
from modelwright.runtime.scorers.ramps import Ramps
from modelwright.runtime.scorers.scaling import Scaling

NAMES = ("x", "y")
SCALED = ScaledNumbers(
    inputs=NAMES, names=("x", "y", "x?"), indicators=(0,), fill=np.array([2.5, -1.0]), low=np.array([-3.0, 0.0]),
    high=np.array([700.0, 0.0]), center=np.array([1.5, 0.0]), factor=np.array([0.3, 1.0]),
)  # fmt: skip
QUANTILE = QuantileNumbers(
    inputs=NAMES, names=("x'", "y'"), indicators=(), starts=(0, 5, 6), knots=np.array([-2.0, 0.0, 0.0, 0.1, 50.0, 7.0]),
    heights=np.array([-3.0, -1.0, -0.5, 0.0, 4.0, 0.25]), fill=np.array([0.5, 0.0]),
)  # fmt: skip
numbers = (
    st.floats(-1e308, 1e308)
    | st.floats(-60, 60)
    | st.sampled_from([np.nan, np.inf, 0.0, -0.0, -2.0, 0.1, 50.0, 7.0, 700.0, -3.0])
)


def features() -> list[FromPieces]:
    found = []
    for op in (SCALED, QUANTILE):
        assert isinstance(op, Complete)
        for (name,), pieces in zip(op.sources, op.pieces()):
            assert pieces is not None
            found.append(FromPieces(NAMES.index(name), pieces))
    return found


def encoded(x: float, y: float) -> np.ndarray:
    return np.concatenate([op({"x": np.array([x]), "y": np.array([y])})[0] for op in (SCALED, QUANTILE)])


@settings(deadline=None, max_examples=300)
@given(numbers, numbers)
def test_as_encoded(x: float, y: float) -> None:
    now = Now()
    row = PieceRow(now, [(origin.place, origin.pieces) for origin in features()])
    out = np.full(row.size, 9.0)
    write = row.writer(out)
    for values in ([x, y], [y, x], [1.0, np.nan]):
        now.values = values
        write()
        assert out[row.at].tolist() == encoded(*values).tolist()
        assert np.delete(out, row.at).tolist() == [0.0] * (row.size - len(row.at))
        each = [float(o.pieces.at(np.array([values[o.place]]))[0]) for o in features()]
        assert each == encoded(*values).tolist()


@settings(deadline=None, max_examples=300)
@given(numbers, st.floats(-5, 5), st.floats(-20, 20), st.floats(0.01, 10))
def test_moved_and_bounded(x: float, centre: float, factor: float, bound: float) -> None:
    for origin in features():
        moved = origin.pieces.moved(centre, factor)
        expected = (origin.pieces.at(np.array([x])) - centre) * factor
        np.testing.assert_allclose(moved.at(np.array([x])), expected, rtol=1e-12, atol=1e-12)
        bounded = moved.bounded(bound)
        np.testing.assert_allclose(bounded.at(np.array([x])), np.clip(expected, -bound, bound), rtol=1e-9, atol=1e-9)
        assert np.abs(bounded.heights[[0, -1]]).max() <= bound and not bounded.slopes[[0, -1]].any()


def test_what_is_no_such_function() -> None:
    two, three = np.array([0.0, 1.0]), np.zeros(3)
    assert Pieces.of(two[::-1], three, three, three, 0.0) is None  # cuts that fall
    assert Pieces.of(two, three, np.ones(3), three, 0.0) is None  # without an end
    assert Pieces.of(np.array([-np.inf, 0.0]), three, three, three, 0.0) is None
    assert Pieces.of(two, three, three, three, np.nan) is None


@settings(deadline=None, max_examples=100)
@given(numbers, numbers, st.floats(-100, 100) | st.just(np.nan))
@pytest.mark.parametrize("smooth", [False, True])
@pytest.mark.parametrize("members", [1, 3])
def test_folded(smooth: bool, members: int, x: float, y: float, other: float) -> None:
    """Beside what the buffer holds, which may be missing."""
    rng = np.random.default_rng(0)
    scaling = Scaling(rng.normal(size=6), rng.lognormal(size=6, sigma=2), smooth)
    ramps = Ramps(scaling, np.array([0, 3, 3, 5, 4]), rng.normal(size=5), rng.normal(size=5))
    weights, scales = rng.normal(size=(11, 2)), rng.normal(size=(members, 11))
    now, buffer = Now(), np.full(6, 1e9)
    source = RowSource(buffer, now, [*features()[:3], None, *features()[3:]])
    several = Folded(source, ramps, weights, scales).several(np.arange(2.0 * members))
    now.values, buffer[3] = [x, y], other
    inputs = ramps(np.insert(encoded(x, y), 3, other)[None])
    expected = np.concatenate([(inputs * scale) @ weights for scale in scales], axis=1)[0] + np.arange(2.0 * members)
    np.testing.assert_allclose(several(), expected, rtol=1e-9, atol=1e-9)
    assert source.wanted == {3}


@settings(deadline=None, max_examples=100)
@given(numbers, numbers)
@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_linear(n_classes: int, x: float, y: float) -> None:
    rng = np.random.default_rng(1)
    n_logits = 3 if n_classes == 3 else 1
    scorer = LinearScorer(
        Scaling(rng.normal(size=5), rng.lognormal(size=5, sigma=2)),
        rng.normal(size=(5, n_logits)),
        rng.normal(size=n_logits),
        n_classes,
    )
    now = Now()
    score = scorer.row_of(RowSource(np.full(5, 1e9), now, features()))
    now.values = [x, y]
    np.testing.assert_allclose(score(), scorer.predict(encoded(x, y)[None])[0], rtol=1e-9, atol=1e-9)
