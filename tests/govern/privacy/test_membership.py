"""Attacks on who was trained on: blind where there is nothing to see, sharp where a model has memorised."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.evaluate.measurements import Attack, Measurement, Membership
from modelwright.govern.privacy.membership import attack, losses
from tests.govern.test_gates import _evaluation, _gate, _judge


def test_scores_that_say_nothing_are_guessing():
    rng = np.random.default_rng(0)
    covered = 0
    for seed in range(40):
        found = attack("loss", rng.normal(size=400), rng.normal(size=400), seed=seed)
        assert isinstance(found, Attack) and found.auc.low is not None and found.auc.high is not None
        covered += found.auc.low <= 0.5 <= found.auc.high
    assert covered >= 34, "of 40 intervals at 95 %"


def test_scores_that_say_all_find_all():
    found = attack("loss", np.linspace(1, 2, 200), np.linspace(-2, -1, 200), seed=0)
    assert isinstance(found, Attack)
    assert found.auc.value == 1.0 and found.caught.value == 1.0


def test_what_is_caught_at_one_false_alarm_in_a_hundred():
    others = np.arange(1000.0)
    members = np.concatenate([np.full(300, 995.0), np.full(700, -1.0)])
    found = attack("loss", members, others, seed=0)
    assert isinstance(found, Attack) and found.caught.value == pytest.approx(0.3)
    assert found.caught.low <= 0.3 <= found.caught.high


def test_few_rows_are_not_judged():
    assert "100 of each are needed" in str(attack("loss", np.zeros(99), np.zeros(500), seed=0))


def test_a_model_that_memorises_gives_its_rows_away():
    from sklearn.tree import DecisionTreeClassifier

    rng = np.random.default_rng(1)
    x = rng.normal(size=(1200, 5))
    y = (x[:, 0] + rng.normal(size=1200) > 0).astype(float)
    for depth, low, high in ((1, 0.44, 0.56), (None, 0.6, 1.0)):
        tree = DecisionTreeClassifier(max_depth=depth, random_state=0).fit(x[:600], y[:600])
        loss = losses(y, tree.predict_proba(x), 2)
        found = attack("loss", -loss[:600], -loss[600:], seed=0)
        assert isinstance(found, Attack) and low <= (found.auc.value or 0) <= high


def test_losses_of_classes_and_values():
    p = np.array([[0.9, 0.1], [0.2, 0.8]])
    assert losses(np.array([0.0, 0.0]), p, 2) == pytest.approx([-np.log(0.9), -np.log(0.2)])
    assert losses(np.array([3.0]), np.array([[1.0]]), 0) == pytest.approx([4.0])


def measured(value: float, low: float, *, asked: bool = True, most: float = 0.6) -> Membership:
    auc = Measurement(name="membership_auc", value=value, low=low, high=value + 0.02, n=400, method="")
    return Membership(attacks=(Attack(name="loss", auc=auc, caught=auc),), most=most, asked=asked)


def judged(membership: Membership | None):
    return _judge(_evaluation(membership=membership))


def test_the_gate_fires():
    verdict = judged(measured(0.7, 0.66))
    assert verdict.answer == "do not ship" and "beyond the noise" in _gate(verdict, "private enough").why
    assert judged(measured(0.7, 0.66, asked=False)).answer == "ship with conditions"
    unsure = judged(measured(0.61, 0.58))
    assert unsure.answer == "ship with conditions" and "may be more than 0.6" in _gate(unsure, "private enough").why


def test_the_gate_stays_quiet():
    verdict = judged(measured(0.55, 0.52))
    assert verdict.answer == "ship" and _gate(verdict, "private enough").passed


def test_the_gate_does_not_apply():
    assert "not applicable" in _gate(judged(None), "private enough").why
    none = Membership(attacks=(), most=0.6, asked=False, notes=("too few rows",))
    assert _gate(judged(none), "private enough").why == "not applicable: too few rows"


def test_a_limit_that_was_asked_for_and_could_not_be_measured_is_no_pass():
    none = Membership(attacks=(), most=0.6, asked=True, notes=("too few rows",))
    verdict = judged(none)
    assert verdict.answer == "ship with conditions" and not _gate(verdict, "private enough").passed
    assert _gate(verdict, "private enough").why.endswith("could not be measured: too few rows")
