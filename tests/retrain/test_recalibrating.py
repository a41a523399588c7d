"""Probabilities put right by the newest labels: where that helps, near to no change, in a version of its own."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.evaluate.valuing import log_loss_rows
from modelwright.retrain.recalibrating import Adjustment, Recalibration, adjusted, fit_adjustment, recalibration
from modelwright.runtime.calibrators import Beta, Calibrator, Identity, Isotonic, Sigmoid, Temperature, Vector


def answered(n: int, seed: int, *, shift: float = 0.0, slope: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, and answers whose log odds are ``shift`` too high and ``slope`` times too far out."""
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.5, n)
    y = (rng.random(n) < 1 / (1 + np.exp(-odds))).astype(float)
    event = 1 / (1 + np.exp(-(slope * odds + shift)))
    return y, np.column_stack([1 - event, event])


def test_probabilities_that_are_off_are_put_right():
    y, said = answered(900, 0, shift=1.5, slope=2.0)
    found = recalibration(y, said, said)
    assert (
        isinstance(found, Recalibration)
        and found.wins
        and found.gain.low > 0
        and "better by more than the noise" in found.why
    )
    assert found.rows == 400 and len(found.y) == len(found.lived) == found.gain.n == 800
    later, fresh = answered(4000, 1, shift=1.5, slope=2.0)
    right = answered(4000, 1)[1]
    losses = [log_loss_rows(later, p).mean() for p in (fresh, found.adjustment(fresh), right)]
    assert losses[1] - losses[2] < 0.1 * (losses[0] - losses[2])


def test_probabilities_that_come_true_stay():
    wins = 0
    for seed in range(40):
        y, said = answered(600, seed)
        found = recalibration(y, said, said)
        assert isinstance(found, Recalibration)
        wins += found.wins
        assert abs(found.adjustment.slope - 1) < 0.35 and max(map(abs, found.adjustment.offsets)) < 0.3
    assert wins <= 4


def test_one_that_was_recalibrated_is_not_again_without_need():
    y, said = answered(900, 2, shift=1.5)
    first = recalibration(y, said, said)
    assert isinstance(first, Recalibration) and first.wins
    y, said = answered(900, 3, shift=1.5)
    again = recalibration(y, said, first.adjustment(said))
    assert isinstance(again, Recalibration) and not again.wins


def test_what_cannot_be_told():
    y, said = answered(299, 0, shift=3.0)
    assert recalibration(y, said, said) == "only 299 labelled rows that the models do not know, 300 are needed"
    values = np.zeros((900, 1))
    assert recalibration(np.arange(900.0), values, values) == "not applicable: the predictions are values"


def test_a_change_that_is_younger_than_labels_decides_nothing():
    (y, before), (late, after) = answered(600, 0), answered(200, 1, shift=3.0)
    y, said = np.concatenate([y, late]), np.vstack([before, after])
    assert "may be over by now" in str(recalibration(y, said, said, pending=400))
    found = recalibration(y, said, said, pending=50)
    assert isinstance(found, Recalibration) and found.wins


def test_many_classes_are_put_right_class_by_class():
    rng = np.random.default_rng(0)
    scores = rng.normal(0, 1.5, (3000, 3))
    right = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    y = (rng.random((3000, 1)) > right.cumsum(axis=1)).sum(axis=1).astype(float)
    said = right * np.array([1.0, 3.0, 0.5])
    said /= said.sum(axis=1, keepdims=True)
    found = fit_adjustment(y, said)
    assert np.allclose(found(said), right, atol=0.05)
    assert found.offsets[2] > found.offsets[0] > found.offsets[1]


def test_the_order_of_rows_stays():
    y, said = answered(500, 0)
    found = fit_adjustment(1 - y, said)
    assert found.slope == pytest.approx(0.05)
    order = np.argsort(said[:, 1])
    assert (np.diff(found(said)[order, 1]) > 0).all()


@pytest.mark.parametrize(
    "calibrator",
    [
        None,
        Identity(),
        Temperature(1.3),
        Sigmoid(0.8, -0.4),
        Beta(0.7, 1.2, 0.1),
        Isotonic((0.0, 0.3, 1.0), (0.1, 0.4, 0.8)),
    ],
)
def test_a_calibrator_is_adjusted_as_its_answers_are(calibrator: Calibrator | None):
    raw = answered(300, 0)[1]
    points = np.array([0.3]) if isinstance(calibrator, Isotonic) else raw[:, 1]
    raw = np.column_stack([1 - points, points])
    by = Adjustment(0.6, (0.2, -0.3))
    said = raw if calibrator is None else calibrator(raw)
    assert np.allclose(adjusted(calibrator, by)(raw), by(said), atol=1e-9)


@pytest.mark.parametrize("calibrator", [None, Temperature(0.7), Vector((0.5, 1.1, 0.9), (0.1, 0.0, -0.2))])
def test_so_is_one_of_many_classes(calibrator: Calibrator | None):
    raw = np.random.default_rng(0).dirichlet((1.0, 2.0, 3.0), 200)
    by = Adjustment(1.4, (0.2, -0.3, 0.1))
    said = raw if calibrator is None else calibrator(raw)
    assert np.allclose(adjusted(calibrator, by)(raw), by(said), atol=1e-9)
