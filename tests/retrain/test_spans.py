"""Where losses change, which rows judge, and which rows a span holds."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.retrain.documents import Span
from modelwright.retrain.spans import FEWEST, change_point, judging_rows, lasting_change, rows_of


@pytest.mark.parametrize("at", [150, 400, 550])
def test_a_change_is_found_where_it_is(at: int) -> None:
    rng = np.random.default_rng(at)
    losses = rng.exponential(1.0, 700)
    losses[at:] *= 4
    found = change_point(losses)
    assert found is not None and abs(found - at) < 25
    judged, change = judging_rows(losses)
    assert change == found and judged == max(FEWEST, (700 - found) // 3)


def test_without_a_change_none_is_found() -> None:
    found = [change_point(np.random.default_rng(seed).exponential(1.0, 400)) for seed in range(100)]
    assert sum(f is not None for f in found) <= 3
    alike = []
    for seed in range(60):
        noise = np.random.default_rng(seed).normal(size=600)
        alike.append(change_point(np.convolve(noise, np.ones(8) / 8, mode="valid")))
    assert sum(f is not None for f in alike) <= 6, "neighbours that are alike are no change"
    assert change_point(np.ones(500)) is None and change_point(np.arange(5.0)) is None


def test_what_spans_hold() -> None:
    past = np.arange(1000) + 7
    assert (rows_of(Span.ALL, past, 3, 0) == past).all()
    assert rows_of(Span.HALF, past, 3, 0)[0] == 507
    assert (rows_of(Span.CHANGE, past, 900, 0) == past[900:]).all()
    fading = rows_of(Span.FADING, past, None, 0)
    early, late = (fading < 257).sum(), (fading >= 757).sum()
    assert 3 * early < late < 250 and (np.diff(fading) > 0).all() and fading[-1] == past[-1]
    assert (fading == rows_of(Span.FADING, past, None, 0)).all()


def test_a_change_counts_once_it_has_lasted_longer_than_labels_take() -> None:
    losses = np.random.default_rng(0).exponential(1.0, 900)
    losses[600:] *= 4
    found = change_point(losses)
    assert found is not None and lasting_change(losses, pending=100) == found
    assert lasting_change(losses, pending=900 - found) is None, "it may be over by now"
