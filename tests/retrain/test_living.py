"""The maintained life of a replay: nobody is judged by rows that it has learned from."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from modelwright.retrain.living import Life
from modelwright.retrain.triggers import Waiting

ROWS, LEARNED = 800, 600


def life(later_error: float) -> Life:
    """Version 1 answers again, and version 2, made after it, knows the rows up to `LEARNED` by heart."""
    noise = np.random.default_rng(0).normal(size=(2, ROWS))
    errors = {1: noise[0], 2: np.where(np.arange(ROWS) < LEARNED, 0.0, later_error * noise[1])}
    first, second = (SimpleNamespace(manifest=SimpleNamespace(version=number)) for number in (1, 2))
    question = SimpleNamespace(metric="rmse", y=np.zeros(ROWS), order=np.arange(ROWS), seed=0)
    world = SimpleNamespace(
        question=question,
        said=lambda version, rows: errors[version.manifest.version][rows][:, None],
    )
    return Life(
        world=world,  # type: ignore[arg-type]
        version=first,  # type: ignore[arg-type]
        waiting=Waiting(trained_on=200),
        answered=np.zeros((ROWS, 1)),
        learnable=np.ones(ROWS, dtype=bool),
        looked_at=ROWS,
        since=200,
        before=[(second, LEARNED)],  # type: ignore[list-item]
    )


@pytest.mark.parametrize(("later_error", "number"), [(1.2, 1), (0.1, 2)])
def test_a_version_before_is_judged_by_rows_it_was_not_fitted_on(later_error: float, number: int) -> None:
    lived = life(later_error)
    lived._take_back(np.arange(ROWS))
    assert lived.version.manifest.version == number
    assert lived.rollbacks == number - 1
    assert lived.since == (200, LEARNED)[number - 1]
