import numpy as np
import pytest

from modelwright.evaluate.metrics import get
from modelwright.evaluate.money.payoffs import read_payoff
from modelwright.evaluate.threshold import choose_threshold

from .worlds import binary, distorted, multiclass

PAYOFF = read_payoff({"tp": 80, "fp": -5}, ("no", "yes"))


def test_payoff_breaks_even_by_theory_where_probabilities_are_true():
    y, p = binary(np.random.default_rng(0), 5000, share=0.1)
    threshold, why = choose_threshold(y, p, metric="roc_auc", payoff=PAYOFF)
    assert threshold == pytest.approx(5 / 85)
    assert "breaks even" in why


def test_payoff_follows_the_rows_where_probabilities_are_wrong():
    y, p = binary(np.random.default_rng(0), 5000, share=0.1)
    bent = distorted(p, 3.0, -2.0)
    threshold, why = choose_threshold(y, bent, metric="roc_auc", payoff=PAYOFF)
    assert threshold < 5 / 85 / 2 and "more per row" in why
    earned = PAYOFF.of_decisions(y, bent[:, 1] >= threshold).mean()
    best = PAYOFF.of_decisions(y, p[:, 1] >= 5 / 85).mean()
    assert earned > 0.97 * best


@pytest.mark.parametrize("metric", ["f1", "mcc", "balanced_accuracy", "kappa"])
@pytest.mark.parametrize("n", [500, 10_000])
def test_metric_threshold_is_good_on_new_rows(metric, n):
    rng = np.random.default_rng(3)
    y, p = binary(rng, n, share=0.1, apart=2.0)
    threshold, why = choose_threshold(y, p, metric=metric)
    new_y, new_p = binary(rng, 100_000, share=0.1, apart=2.0)
    best = max(get(metric)(new_y, new_p, t) for t in np.linspace(0.02, 0.9, 60))
    assert get(metric)(new_y, new_p, threshold) > (0.9 if n == 500 else 0.98) * best
    assert why


def test_accuracy_stays_at_one_half():
    stayed = 0
    for seed in range(10):
        y, p = binary(np.random.default_rng(seed), 2000)
        stayed += choose_threshold(y, p, metric="accuracy")[0] == 0.5
    assert stayed >= 9


def test_reasons_for_one_half_and_for_none():
    y, p = binary(np.random.default_rng(0), 200)
    assert choose_threshold(y, p, metric="roc_auc") == (
        0.5,
        "one half: no payoff was given, and ROC AUC does not settle a threshold",
    )
    assert "too few" in choose_threshold(y[:12], p[:12], metric="f1")[1]
    assert choose_threshold(*multiclass(np.random.default_rng(0), 50), metric="f1")[0] is None


def test_threshold_is_a_probability_whatever_the_predictions():
    y = np.array([0.0, 1.0] * 50)
    for event in (y, 1 - y, np.zeros(100), np.ones(100), np.full(100, 0.3)):
        p = np.column_stack([1 - event, event])
        for metric in ("f1", "mcc", "accuracy", "roc_auc"):
            for payoff in (None, PAYOFF):
                threshold, why = choose_threshold(y, p, metric=metric, payoff=payoff)
                assert 0 <= threshold <= 1 and why
