"""What is decided: by theory where that is known, within the capacity, and the same for a row as for many."""

import numpy as np
import pytest

from modelwright.brief import Brief
from modelwright.errors import BundleError, UsageError
from modelwright.evaluate.money.deciding import Asking, Capacity, capped, check_capacity, decide, within
from modelwright.evaluate.money.payoffs import read_payoff
from modelwright.runtime.decisions import BestWorth, Moved, from_json

from ..worlds import binary, multiclass


def _capacity(most: int, cases: int = 1000) -> Capacity:
    return Capacity(most=most, cases=cases, period="day")


def test_capacity_takes_the_most_likely_and_no_more():
    event = np.linspace(0, 1, 1000)
    cut, words = capped(0.2, event, _capacity(50))
    assert (event >= cut).sum() == 50 and "50 of 1,000 cases a day" in words
    assert capped(0.99, event, _capacity(50)) == (0.99, ""), "fewer pay than there is room for"


def test_capacity_leaves_out_ties_that_do_not_fit():
    event = np.repeat([0.1, 0.6, 0.9], [800, 150, 50])
    cut, _ = capped(0.05, event, _capacity(100))
    assert (event >= cut).sum() == 50
    cut, _ = capped(0.05, np.full(100, 0.4), _capacity(100))
    assert cut > 0.4, "all alike: none can be told apart"


def test_within_a_capacity_equals_have_equal_chances():
    event = np.array([0.9, 0.5, 0.5, 0.5, 0.2])
    done = within(event >= 0.4, event, _capacity(400))
    np.testing.assert_allclose(done, [1, 1 / 3, 1 / 3, 1 / 3, 0])
    np.testing.assert_array_equal(within(event >= 0.4, event, _capacity(900)), [1, 1, 1, 1, 0])
    np.testing.assert_array_equal(within(event >= 0.4, event, None), [1, 1, 1, 1, 0])
    assert within(np.ones(1000), np.linspace(0, 1, 1000), _capacity(137)).sum() == pytest.approx(137)


@pytest.mark.parametrize(
    ("fields", "n_classes", "message"),
    [
        ({"capacity": 20}, 2, "capacity is 20, and it is not said of how many.*--cases.*MW-U422"),
        ({"capacity": 20, "cases": 100}, 3, "needs a target with two classes.*MW-U423"),
    ],
)
def test_capacities_that_say_nothing_are_refused(fields, n_classes, message):
    with pytest.raises(UsageError, match=message):
        check_capacity(Brief().merged(**fields), n_classes)


def test_room_for_all_is_no_limit():
    assert check_capacity(Brief().merged(capacity=100, cases=100), 2) is None
    assert check_capacity(Brief().merged(cases=100), 2) is None


def test_payoff_and_capacity_together():
    y, p = binary(np.random.default_rng(0), 4000, share=0.2)
    payoff = read_payoff({"tp": 80, "fp": -5}, ("no", "yes"))
    free = decide(y, p, Asking(payoff=payoff))
    tight = decide(y, p, Asking(payoff=payoff, capacity=_capacity(50)), swing=0.2)
    assert free.threshold == pytest.approx(payoff.break_even) and tight.threshold > free.threshold
    assert tight(p).mean() == pytest.approx(0.05, abs=0.001) and "breaks even" in tight.why and "50 of" in tight.why
    assert [(o.outcome, o.factor) for o in tight.otherwise] == [("tp", 0.8), ("tp", 1.2), ("fp", 0.8), ("fp", 1.2)]
    assert all(o.threshold == tight.threshold for o in tight.otherwise), "the capacity decides, not the amounts"
    alone = decide(y, p, Asking(payoff=None, capacity=_capacity(100)))
    assert alone(p).mean() == pytest.approx(0.1, abs=0.001)


def test_a_dear_mistake_is_avoided_though_it_is_likely_right():
    y, p = multiclass(np.random.default_rng(0), 3000, 3)
    payoff = read_payoff({"right": 1.0, "a>b": -50.0}, ("a", "b", "c"))
    found = decide(y, p, Asking(payoff=payoff))
    assert isinstance(found.decision, BestWorth) and found.threshold is None
    careful, plain = found(p), p.argmax(axis=1)
    assert payoff.of_decisions(y, careful).mean() > payoff.of_decisions(y, plain).mean()
    assert (careful == 1).mean() < (plain == 1).mean()
    np.testing.assert_array_equal(careful, payoff.expected(p).argmax(axis=1))


@pytest.mark.parametrize("errors", ["even", "growing"])
def test_values_are_moved_to_the_cheapest_quantile(errors):
    rng = np.random.default_rng(0)
    value = rng.lognormal(3, 1, 6000)
    y = value + rng.normal(0, 5, 6000) if errors == "even" else value * rng.lognormal(0, 0.4, 6000)
    payoff = read_payoff({"over": -1, "under": -9}, ())
    found = decide(y[:3000], value[:3000, None], Asking(payoff=payoff))
    later = found(value[3000:, None])
    assert np.mean(y[3000:] <= later) == pytest.approx(0.9, abs=0.025)
    cost = -payoff.of_decisions(y[3000:], later).mean()
    assert cost < 0.7 * -payoff.of_decisions(y[3000:], value[3000:]).mean()
    assert (found.decision.factor != 1) == (errors == "growing"), "errors that grow with the value are scaled"


def test_few_rows_move_nothing():
    found = decide(np.ones(5), np.ones((5, 1)), Asking(payoff=read_payoff({"over": -1, "under": -9}, ())))
    assert found.decision == Moved() and "too few rows" in found.why


@pytest.mark.parametrize(
    ("decision", "classes", "rows"),
    [
        (BestWorth(((1.0, -5.0), (0.0, 2.0))), ("no", "yes"), np.random.default_rng(0).dirichlet([1, 1], 20)),
        (Moved(1.1, -2.0), (), np.random.default_rng(0).normal(size=(20, 1))),
    ],
)
def test_kept_decisions_decide_the_same(decision, classes, rows):
    again = from_json(decision.to_json())
    assert again == decision and again.fits(len(classes)) and not again.fits(len(classes) + 5)
    alone = [again(row[None, :], classes)[0] for row in rows]
    assert alone == decision(rows, classes).tolist()


def test_a_decision_of_a_later_release_is_refused():
    with pytest.raises(BundleError, match=r"'oracle' is unknown to this release.*MW-B134"):
        from_json({"kind": "oracle"})
