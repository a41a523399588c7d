import numpy as np
import pytest

from modelwright.evaluate.intervals import measure
from modelwright.evaluate.metrics import get
from modelwright.evaluate.optimism import corrected, reselect

from .worlds import binary


def _world(rng, n, m):
    """Candidates that are all equally good in truth: choosing the best one buys nothing but optimism."""
    y, p = binary(rng, n, apart=1.0)
    odds = np.log(p[:, 1] / p[:, 0])
    events = 1 / (1 + np.exp(-(odds + 1.5 * rng.normal(size=(m, n)))))
    return y, np.stack([1 - events, events], axis=-1)


def _pick_best(y, predictions):
    metric = get("roc_auc")

    def select(rows):
        scores = [metric(y[rows], p[rows]) for p in predictions]
        return np.eye(len(predictions))[int(np.argmax(scores))]

    return select


def bbc(metric, y, predictions, select, seed=0):
    """The score of choosing an ensemble, corrected for choosing on the rows of the score."""
    selections = reselect(predictions, select, seed=seed)
    whole = np.tensordot(selections.on_all, predictions, axes=1)
    return corrected(measure(metric, y, whole, seed=seed), y, selections)


def test_correction_takes_away_most_of_the_optimism():
    rng = np.random.default_rng(0)
    truth = np.mean([get("roc_auc")(y, p[0]) for y, p in (_world(rng, 100_000, 1) for _ in range(3))])
    apparent, honest, covered = [], [], []
    for seed in range(30):
        y, predictions = _world(rng, 150, 20)
        select = _pick_best(y, predictions)
        whole = np.tensordot(select(np.arange(150)), predictions, axes=1)
        apparent.append(measure("roc_auc", y, whole).value)
        found = bbc("roc_auc", y, predictions, select, seed=seed)
        honest.append(found.value)
        covered.append(found.low <= truth <= found.high)
    assert np.mean(apparent) - truth > 0.02
    assert abs(np.mean(honest) - truth) < 0.4 * (np.mean(apparent) - truth)
    assert np.mean(covered) >= 0.85


def test_same_seed_same_bits_and_the_method_is_named():
    y, predictions = _world(np.random.default_rng(1), 100, 5)
    first = bbc("log_loss", y, predictions, _pick_best(y, predictions), seed=3)
    assert first == bbc("log_loss", y, predictions, _pick_best(y, predictions), seed=3)
    assert "BBC-CV" in first.method and first.low < first.value < first.high


def test_groups_are_resampled_as_wholes():
    _, predictions = _world(np.random.default_rng(2), 120, 3)
    groups = np.repeat(np.arange(30), 4)
    seen = []

    def select(rows):
        seen.append(np.bincount(rows, minlength=120).reshape(30, 4))
        return np.ones(3) / 3

    selections = reselect(predictions, select, groups=groups, seed=0)
    assert all((times == times[:, :1]).all() for times in seen)
    for left, _, _ in selections.resampled:
        assert (np.bincount(groups[left], minlength=30) % 4 == 0).all()


def test_a_fixed_choice_needs_no_correction():
    y, predictions = _world(np.random.default_rng(3), 200, 4)
    found = bbc("roc_auc", y, predictions, lambda rows: np.ones(4) / 4)
    assert found.value == pytest.approx(measure("roc_auc", y, predictions.mean(axis=0)).value)
    one_class = bbc("roc_auc", np.zeros(200), predictions, lambda rows: np.ones(4) / 4)
    assert one_class.value is None
