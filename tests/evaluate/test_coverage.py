"""How often nominal 95 % intervals contain the truth, on simulated data: 93 to 97 %, give or take the simulation."""

import numpy as np
import pytest

from modelwright.evaluate.intervals import gain, measure
from modelwright.evaluate.metrics import applicable, get

from .worlds import binary, distorted, multiclass, values

REPEATS = 600
# Two standard errors of a share of 95 % in 600 draws are 1.8 points.
SLACK = 0.018

pytestmark = pytest.mark.slow


def _covered(rng, metric, make, n):
    truth = np.mean([get(metric)(*make(rng, 200_000)) for _ in range(5)])
    hits = []
    for _ in range(REPEATS):
        found = measure(metric, *make(rng, n))
        hits.append(found.low <= truth <= found.high)
    return np.mean(hits)


@pytest.mark.parametrize("metric", [m.name for m in applicable("classify")])
@pytest.mark.parametrize("make", [binary, multiclass])
@pytest.mark.parametrize("n", [200, 1000])
def test_classification(metric, make, n):
    rng = np.random.default_rng(7)
    assert 0.93 - SLACK < _covered(rng, metric, make, n) < 0.97 + SLACK


@pytest.mark.parametrize("metric", ["roc_auc", "pr_auc", "log_loss", "f1"])
def test_rare_events(metric):
    def rare(rng, n):
        return binary(rng, n, share=0.05, apart=2.2)

    assert 0.93 - SLACK < _covered(np.random.default_rng(8), metric, rare, 600) < 0.97 + SLACK


@pytest.mark.parametrize("metric", ["rmse", "mae", "median_ae", "ae_90", "mape", "rmsle"])
@pytest.mark.parametrize("n", [200, 3000])
def test_regression(metric, n):
    def positive(rng, n):
        y, p = values(rng, n)
        return y, np.maximum(p, 0.1)

    assert 0.93 - SLACK < _covered(np.random.default_rng(9), metric, positive, n) < 0.97 + SLACK


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "f1", "accuracy"])
def test_paired_gain(metric):
    rng = np.random.default_rng(10)

    def pair(n):
        y, p = binary(rng, n)
        return y, p, distorted(p, 1.0, rng.normal(size=n) / 2)

    truth = np.mean([gain(metric, *pair(200_000)).value for _ in range(5)])
    found = [gain(metric, *pair(400)) for _ in range(REPEATS)]
    covered = np.mean([g.low <= truth <= g.high for g in found])
    assert 0.93 - SLACK < covered < 0.97 + SLACK


@pytest.mark.parametrize("metric", ["roc_auc", "accuracy", "log_loss", "f1", "pr_auc"])
def test_groups(metric):
    rng = np.random.default_rng(11)

    def grouped(n_groups):
        group = np.repeat(np.arange(n_groups), 8)
        own = rng.normal(size=n_groups)[group]
        y = (rng.random(len(group)) < 1 / (1 + np.exp(1 - own))).astype(float)
        event = 1 / (1 + np.exp(0.5 - rng.normal(size=len(group)) - 1.2 * y - 0.7 * own))
        return y, np.column_stack([1 - event, event]), group

    truth = np.mean([get(metric)(*grouped(30_000)[:2]) for _ in range(5)])
    hits = []
    for _ in range(REPEATS):
        y, p, group = grouped(40)
        found = measure(metric, y, p, groups=group)
        hits.append(found.low <= truth <= found.high)
    assert 0.93 - SLACK < np.mean(hits) < 0.97 + SLACK
