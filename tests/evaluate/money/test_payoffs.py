"""What outcomes are worth: read for the target they are about, and refused where no decision follows from them."""

import numpy as np
import pytest

from modelwright.errors import UsageError
from modelwright.evaluate.money.payoffs import read_payoff

THREE = ("cat", "dog", "cow")


def test_two_classes_break_even_where_both_errors_cost_the_same():
    payoff = read_payoff({"tp": 80, "fp": -5}, ("no", "yes"))
    assert payoff.matrix == ((0, -5), (0, 80)) and payoff.break_even == pytest.approx(5 / 85)
    y, decided = np.array([0.0, 0, 1, 1]), np.array([0, 1, 0, 1])
    assert payoff.of_decisions(y, decided).tolist() == [0, -5, 0, 80]


def test_several_classes_by_pairs_and_by_right_and_wrong():
    payoff = read_payoff({"right": 10, "wrong": -1, "cat>dog": -7}, THREE)
    assert payoff.matrix == ((10, -7, -1), (-1, 10, -1), (-1, -1, 10))
    expected = payoff.expected(np.array([[0.5, 0.4, 0.1]]))
    assert expected[0].tolist() == pytest.approx([4.5, -3.5 + 4 - 0.1, -0.5 - 0.4 + 1])


def test_values_cost_by_the_unit_and_by_the_side():
    payoff = read_payoff({"over": -2, "under": -6}, ())
    assert payoff.quantile == 0.75
    assert payoff.of_decisions(np.array([10.0, 10, 10]), np.array([13.0, 9, 10])).tolist() == [-6, -6, 0]


@pytest.mark.parametrize(
    ("given", "classes", "decided"),
    [
        ({"tp": 80.0, "fp": -5.0}, ("no", "yes"), lambda rng: rng.integers(0, 2, 50)),
        ({"right": 3.0, "cow>cat": -9.0}, THREE, lambda rng: rng.integers(0, 3, 50)),
        ({"over": -2.0, "under": -1.0}, (), lambda rng: rng.normal(size=50)),
    ],
)
def test_money_is_linear_in_each_outcome(given, classes, decided):
    rng = np.random.default_rng(0)
    y = rng.integers(0, len(classes), 50).astype(float) if classes else rng.normal(size=50)
    payoff, said = read_payoff(given, classes), decided(rng)
    total = sum(worth * payoff.amounts(outcome, y, said) for outcome, worth in payoff.given.items())
    np.testing.assert_allclose(total, payoff.of_decisions(y, said), atol=1e-12)


def test_an_outcome_can_be_worth_more_unless_nothing_sensible_is_left():
    payoff = read_payoff({"tp": 80, "fp": -5}, ("no", "yes"))
    assert payoff.changed("fp", 1.2).given["fp"] == pytest.approx(-6)
    assert payoff.changed("tp", -1) is None


@pytest.mark.parametrize(
    ("payoff", "classes", "message"),
    [
        ({"tp": 1}, (), "names 'tp', and the target is a value.*over and under.*MW-U307"),
        ({"tp": 1, "cat>dog": -1}, THREE, "names 'tp', and the target is 3 classes.*MW-U307"),
        ({"over": -1}, ("no", "yes"), "names 'over', and the target is two classes.*MW-U307"),
        ({"win": 1}, ("no", "yes"), "no outcome 'win'.*MW-U308"),
        ({"tp": float("nan"), "fp": -1}, ("no", "yes"), "payoff of 'tp' is nan .* for example tp=80 · MW-U403"),
        ({"tp": -3, "fp": -1}, ("no", "yes"), "is worth no more than a missed one .* · MW-U404"),
        ({"tp": 3, "fp": 1}, ("no", "yes"), "costs nothing against none .* · MW-U405"),
        ({"cat>dgo": -1}, THREE, "no outcome 'cat>dgo'.*did you mean 'cat>dog'.*MW-U402"),
        ({"over": 2, "under": -1}, (), "payoff of 'over' is 2.*below 0: over=-2.*MW-U420"),
        ({"under": -1}, (), "says nothing of 'over'.*MW-U420"),
        ({"right": 2, "wrong": 2}, THREE, "every decision is worth the same.*MW-U421"),
        ({"right": float("inf")}, THREE, "payoff of 'right' is inf.*MW-U403"),
    ],
)
def test_payoffs_that_decide_nothing_are_refused(payoff, classes, message):
    with pytest.raises(UsageError, match=message):
        read_payoff(payoff, classes)
