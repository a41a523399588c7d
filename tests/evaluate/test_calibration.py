import numpy as np
import pytest
from scipy.special import expit

from modelwright.evaluate.calibrating import BINARY_FITS, MULTICLASS_FITS
from modelwright.evaluate.calibration import calibration_bins, calibration_error, fit_calibrator
from modelwright.evaluate.metrics import get

from .worlds import binary, distorted, multiclass, values


def test_true_probabilities_are_left_alone():
    touched = 0
    for seed in range(20):
        y, p = binary(np.random.default_rng(seed), 1500)
        calibrator, note = fit_calibrator(y, p, metric="roc_auc", seed=seed)
        touched += calibrator.kind != "identity"
        if calibrator.kind == "identity":
            assert note.startswith("none: ECE 0.0") and "no calibrator lowers the log loss" in note
    assert touched <= 2


@pytest.mark.parametrize(("slope", "offset"), [(2.5, 0.0), (0.4, 0.0), (1.0, 1.5), (2.5, 1.0)])
@pytest.mark.parametrize("n", [800, 6000])
def test_distorted_probabilities_are_mended(slope, offset, n):
    rng = np.random.default_rng(1)
    y, p = binary(rng, n)
    bent = distorted(p, slope, offset)
    calibrator, note = fit_calibrator(y, bent, metric="roc_auc", seed=0)
    assert "→" in note and note.startswith(calibrator.kind)
    new_y, new_p = binary(rng, 50_000)
    new_bent = distorted(new_p, slope, offset)
    mended = calibrator(new_bent)
    best, worst = get("log_loss")(new_y, new_p), get("log_loss")(new_y, new_bent)
    assert get("log_loss")(new_y, mended) - best < 0.15 * (worst - best) + 0.002
    assert get("roc_auc")(new_y, mended) == pytest.approx(get("roc_auc")(new_y, new_bent), abs=1e-12)


def test_a_shape_no_line_has_is_mended_by_isotonic():
    rng = np.random.default_rng(2)
    stated = rng.random(20_000)
    y = (rng.random(20_000) < np.where(stated < 0.5, 0.1, 0.6)).astype(float)
    p = np.column_stack([1 - stated, stated])
    calibrator, _ = fit_calibrator(y, p, metric="log_loss", seed=0)
    assert calibrator.kind == "isotonic"
    assert calibration_error(y, calibrator(p)).value < 0.01
    assert get("roc_auc")(y, calibrator(p)) == get("roc_auc")(y, p)


def test_many_classes_are_mended():
    rng = np.random.default_rng(3)
    y, p = multiclass(rng, 3000)
    sharp = p**3 / (p**3).sum(axis=1, keepdims=True)
    calibrator, _ = fit_calibrator(y, sharp, metric="log_loss", seed=0)
    assert calibrator.kind in MULTICLASS_FITS
    assert get("log_loss")(y, calibrator(sharp)) < 0.8 * get("log_loss")(y, sharp)


def test_too_few_rows_values_and_one_class_are_left_alone():
    y, p = binary(np.random.default_rng(0), 30, share=0.1)
    assert "rarest class" in fit_calibrator(y, p, metric="roc_auc", seed=0)[1]
    assert "rarest class" in fit_calibrator(np.zeros(50), np.tile(p[:1], (50, 1)), metric="roc_auc", seed=0)[1]
    v, q = values(np.random.default_rng(0), 50)
    calibrator, note = fit_calibrator(v, q, metric="rmse", seed=0)
    assert calibrator.kind == "identity" and note.startswith("not applicable")


@pytest.mark.parametrize("name", list(BINARY_FITS))
def test_every_fit_survives_extreme_predictions(name):
    y = np.array([0.0, 1.0] * 400)
    for event in (y, np.full(800, 0.5), np.where(np.arange(800) % 7 == 0, 1 - y, y)):
        fitted = BINARY_FITS[name](y, np.column_stack([1 - event, event]))
        if fitted is not None:
            result = fitted(np.column_stack([1 - event, event]))
            assert np.isfinite(result).all() and ((result >= 0) & (result <= 1)).all()


def test_groups_are_kept_together_and_same_seed_same_calibrator():
    rng = np.random.default_rng(4)
    y, p = binary(rng, 2000)
    bent, groups = distorted(p, 3.0), rng.integers(0, 100, 2000)
    first = fit_calibrator(y, bent, metric="f1", seed=5, groups=groups)
    assert first == fit_calibrator(y, bent, metric="f1", seed=5, groups=groups)
    assert first[0].kind != "identity"


def test_calibration_error_has_no_bias_and_an_interval():
    found = [calibration_error(*binary(np.random.default_rng(s), 600)) for s in range(40)]
    assert np.mean([f.value for f in found]) < 0.015  # the plain estimate would be about 0.04
    y, p = binary(np.random.default_rng(0), 40_000)
    off = calibration_error(y, distorted(p, 1.0, 1.0))
    truth = np.abs(p[:, 1] - distorted(p, 1.0, 1.0)[:, 1]).mean()
    assert off.low < truth < off.high


def test_bins():
    y, p = binary(np.random.default_rng(0), 1000)
    bins = calibration_bins(y, p)
    assert len(bins) == 10 and sum(b.n for b in bins) == 1000
    assert all(b.low <= b.observed <= b.high for b in bins)
    assert sum(b.observed * b.n for b in bins) == pytest.approx(y.sum())
    assert len(calibration_bins(y, np.full((1000, 2), 0.5))) == 1
    assert calibration_bins(y[:0], p[:0]) == ()
    assert sum(b.n for b in calibration_bins(*multiclass(np.random.default_rng(0), 100))) == 100


@pytest.mark.parametrize(("slope", "offset"), [(1.0, 0.0), (1.6, 0.0), (0.5, 0.0), (1.0, 0.7)])
def test_the_interval_of_the_calibration_error_holds_the_true_one(slope, offset):
    rng = np.random.default_rng(5)

    def drawn(n):
        odds = rng.normal(0, 1.8, n)
        return expit(odds), expit(slope * odds + offset)

    true, stated = drawn(200_000)
    error = float(np.abs(true - stated).mean())
    held = 0
    for seed in range(40):
        true, stated = drawn(500)
        y = (rng.random(500) < true).astype(float)
        found = calibration_error(y, np.column_stack([1 - stated, stated]), seed=seed)
        assert found.low <= found.value <= found.high
        held += found.low <= error <= found.high
    assert held >= 35  # of 38 to be expected
