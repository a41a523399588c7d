"""A linear model of one row: the sum over a table is the slow twin, and the bits are its."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.runtime.origins import FromLevel, Now, Origin, RowSource
from modelwright.runtime.scorers.linear import LinearScorer
from modelwright.runtime.scorers.scaling import Scaling

LEVELS = (None, "a", "b", "c")


def origins(rng: np.random.Generator) -> list[Origin]:
    """Numbers, two columns of levels side by side, numbers again, and a column with two features."""

    def of(place: int) -> FromLevel:
        return FromLevel(place, dict(zip(LEVELS, rng.normal(size=4).tolist())), float(rng.normal()))

    return [None] * 30 + [of(0)] * 1 + [of(0)] + [of(1) for _ in range(5)] + [None] * 3 + [of(2), of(2)]


@pytest.mark.parametrize("n_classes", [0, 2])
@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_a_row_has_the_bits_of_a_table(n_classes: int, missing: float) -> None:
    rng = np.random.default_rng(n_classes)
    known = origins(rng)
    width = len(known)
    scaling = Scaling(rng.normal(size=width), rng.lognormal(size=width))
    scorer = LinearScorer(scaling, rng.normal(size=(width, 1)), rng.normal(size=1), n_classes)
    buffer, now = np.zeros(width), Now()
    score = scorer.row_of(RowSource(buffer, now, known))
    rows, scored = np.empty((50, width)), []
    for i in range(50):
        now.values = rng.choice(np.array([*LEVELS, "never seen"], dtype=object), 3).tolist()
        row = np.where(rng.random(width) < missing, np.nan, rng.normal(size=width) * 20)
        for feature, origin in enumerate(known):
            if isinstance(origin, FromLevel):
                row[feature] = origin.features.get(now.values[origin.place], origin.unknown)
        buffer[:] = np.where([origin is None for origin in known], row, 1e9)  # levels are not read from it
        rows[i] = row
        scored.append(score())
    assert scored == scorer.predict(rows).tolist()


def test_several_sums_and_no_levels() -> None:
    rng = np.random.default_rng(1)
    scaling = Scaling(rng.normal(size=7), rng.lognormal(size=7))
    for n_sums, n_classes in ((1, 2), (3, 3)):
        scorer = LinearScorer(scaling, rng.normal(size=(7, n_sums)), rng.normal(size=n_sums), n_classes)
        buffer = np.zeros(7)
        score = scorer.row_of(RowSource(buffer, Now(), [None] * 7))
        for _ in range(10):
            buffer[:] = rng.normal(size=7)
            assert np.abs(np.array(score()) - scorer.predict(buffer[None])[0]).max() <= (1e-15 if n_sums > 1 else 0.0)
