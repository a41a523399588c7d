"""What a model is worth: counted by hand, and the bounds hold where they are said to."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from modelwright.brief.money import Money
from modelwright.data.contract import Contract
from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.measurements import Worth
from modelwright.evaluate.money.deciding import Asking, Capacity, decide
from modelwright.evaluate.money.payoffs import read_payoff
from modelwright.evaluate.money.worth import SWING, _break_even, measure_worth

from ..worlds import binary, multiclass

PAYOFF = read_payoff({"tp": 80, "fp": -5}, ("no", "yes"))


def _evidence(y, p, asked, **more):
    half = len(y) // 2
    decided = decide(y[:half], p[:half], asked, swing=SWING)
    y, p = y[half:], p[half:]
    mean = np.tile(p.mean(axis=0), (len(y), 1))
    return Evidence(
        y=y,
        prediction=p,
        columns={},
        contract=Contract(columns=(), rows_seen=len(y)),
        measured_on="a lockbox",
        baselines={"constant": ("always the same", mean), "linear": ("a line", 0.5 * mean + 0.5 * p)},
        train_y=y,
        decided=decided,
        **more,
    )


def _two(capacity=None, payoff=PAYOFF, n=4000):
    y, p = binary(np.random.default_rng(0), n, share=0.1)
    return _evidence(y, p, Asking(payoff=payoff, capacity=capacity))


def _free():
    return measure_worth(_two())


def test_two_classes_by_hand():
    evidence = _two()
    found = measure_worth(evidence, Money(currency="€", cases=500, period="week"))
    act, y = evidence.prediction[:, 1] >= PAYOFF.break_even, evidence.y
    by_hand = (80 * (act & (y == 1)).sum() - 5 * (act & (y == 0)).sum()) / len(y)
    assert found.value.value == pytest.approx(by_hand) and found.value.unit == "€"
    ways = {w.name: w for w in found.ways}
    assert list(ways) == ["nothing", "all", "linear"]
    assert ways["nothing"].value.value == 0 and ways["nothing"].gain.value == pytest.approx(1000 * by_hand)
    assert ways["all"].value.value == pytest.approx(1000 * (80 * y.mean() - 5 * (1 - y.mean())))
    assert ways["linear"].modelled and not ways["all"].modelled
    rival = ways[found.rival]
    assert rival.value.value == max(w.value.value for w in found.ways)
    assert found.per_thousand.value == rival.gain.value
    assert found.per_period.value == pytest.approx(0.5 * rival.gain.value) and found.period == "week"
    assert found.value.low < by_hand < found.value.high
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(found)), Worth) == found


def test_break_even_is_where_the_gain_is_gone():
    evidence = _two()
    found = measure_worth(evidence)
    for bound in found.break_even:
        assert bound.worth
        for edge, rival in ((bound.low, bound.rival_low), (bound.high, bound.rival_high)):
            if edge is None:
                continue
            moved = replace(PAYOFF, matrix=((0, edge), (0, 80)) if bound.outcome == "fp" else ((0, -5), (0, edge)))
            again = measure_worth(replace(evidence, decided=replace(evidence.decided, payoff=moved, otherwise=())))
            assert next(w for w in again.ways if w.name == rival).gain.value == pytest.approx(0, abs=1e-6) or (
                rival == "linear"  # whose own decisions move with the amounts
            )
    assert {b.outcome for b in found.break_even} == {"tp", "fp"}
    assert all(b.high is None or b.high < 0 for b in found.break_even if b.outcome == "fp"), "an alarm earns nothing"
    assert next(b for b in found.break_even if b.outcome == "tp").low < 80


@pytest.mark.parametrize("rows", [500, 777, 1964])
def test_a_bound_of_nothing_is_not_told_by_what_rounding_leaves(rows):
    """Beside a way that finds as many at more false alarms the model is better as long as an alarm costs anything."""
    payoff = read_payoff({"tp": 900, "fp": -120}, ("no", "yes"))
    y = (np.arange(rows) < 9).astype(float)
    own, other = (np.arange(rows) < 30).astype(int), (np.arange(rows) < 37).astype(int)
    bound = next(b for b in _break_even(payoff, y, own, {"linear": other}) if b.outcome == "fp")
    assert bound.worth and bound.high in (None, 0.0)


def test_a_useless_model_has_no_bounds():
    y, p = binary(np.random.default_rng(0), 2000, share=0.5)
    noise = np.random.default_rng(1).permutation(p)
    found = measure_worth(_evidence(y, noise, Asking(payoff=PAYOFF)))
    assert found.rival in {"all", "linear"} and found.per_thousand.value <= 0
    assert all(not b.worth and b.low is None and b.high is None for b in found.break_even)


def test_swings_lose_nothing_where_the_decision_is_best():
    found = measure_worth(_two(n=8000))
    assert [(s.outcome, s.factor) for s in found.swings] == [("tp", 0.8), ("tp", 1.2), ("fp", 0.8), ("fp", 1.2)]
    for swing in found.swings:
        assert 0 < swing.moved < 0.2 and swing.threshold != pytest.approx(PAYOFF.break_even)
        assert swing.lost.low < 200 * found.value.value and swing.gain.value > 0


def test_capacity_is_held_against_as_many_taken_blindly():
    evidence = _two(Capacity(most=50, cases=1000, period="day"))
    found = measure_worth(evidence, Money(cases=1000))
    ways = {w.name: w for w in found.ways}
    assert list(ways) == ["nothing", "blindly", "linear"] and found.acted == pytest.approx(0.05, abs=0.01)
    blindly = 0.05 * (80 * evidence.y.mean() - 5 * (1 - evidence.y.mean()))
    assert ways["blindly"].value.value == pytest.approx(1000 * blindly)
    assert found.room.acted > 0.2 and found.room.gain.value > 0 and _free().room is None
    own = next(x for x in found.lists if x.capacity)
    assert own.share == 0.05 and own.n == 100 and own.lift > 2
    top = np.sort(evidence.prediction[:, 1])[-100]
    assert own.chance == top and own.hit.value == evidence.y[evidence.prediction[:, 1] >= top].mean()


def test_what_is_counted_keeps_to_the_capacity_where_more_reach_the_threshold():
    room = Capacity(most=50, cases=1000, period="day")
    evidence = _two(room)
    lower = float(np.sort(evidence.prediction[:, 1])[-120])
    found = measure_worth(replace(evidence, decided=replace(evidence.decided, threshold=lower)))
    best = np.argsort(-evidence.prediction[:, 1])[:100]
    by_hand = np.where(evidence.y[best] == 1, 80, -5).sum() / len(evidence.y)
    assert (found.acted, found.wanted) == (0.05, 0.06) and found.curve.chosen == 0.05
    assert found.value.value == pytest.approx(by_hand)
    assert found.value.value == pytest.approx(next(x for x in found.lists if x.capacity).gain.value / 1000)
    assert measure_worth(_two()).wanted is None


def test_simpler_ways_with_few_chances_use_all_of_the_room():
    evidence = _two(Capacity(most=50, cases=1000, period="day"))
    rule = np.where(evidence.prediction[:, 1] > 0.1, 0.3, 0.05)  # one rule: two chances, and many cases of each
    both = {"one rule": ("by a column", np.column_stack([1 - rule, rule]))}
    (way,) = (w for w in measure_worth(replace(evidence, baselines=both)).ways if w.name == "one rule")
    likely = evidence.y[rule > 0.2]
    assert way.value.value == pytest.approx(1000 * 0.05 * np.where(likely == 1, 80, -5).mean())


def test_lists_alone_where_no_money_is_given():
    found = measure_worth(_two(Capacity(most=50, cases=1000, period="day"), payoff=None), Money(cases=1000))
    assert found.value is None and found.ways == () and found.curve is None and found.lists[0].gain is None
    assert measure_worth(_two(payoff=None)) is None


def test_the_curve_begins_with_nothing_and_ends_with_all():
    found = measure_worth(_two())
    curve, everyone = found.curve, next(w for w in found.ways if w.name == "all")
    assert curve.share[0] == 0 and curve.value[0] == 0 and curve.share[-1] == 1
    assert curve.value[-1] == pytest.approx(everyone.value.value)
    assert curve.chosen == pytest.approx(found.acted)
    assert max(curve.value) == pytest.approx(np.interp(curve.best, curve.share, curve.value), rel=0.05)


def test_several_classes_beat_the_most_likely_one():
    y, p = multiclass(np.random.default_rng(0), 4000, 3)
    payoff = read_payoff({"right": 1.0, "a>b": -50.0}, ("a", "b", "c"))
    found = measure_worth(_evidence(y, p, Asking(payoff=payoff)))
    ways = {w.name: w for w in found.ways}
    assert {"always", "most likely", "linear"} == set(ways) and ways["most likely"].gain.low > 0
    assert found.rival != "most likely" and all(s.rival != "most likely" for s in found.swings), (
        "that is the same model"
    )
    assert found.lists == () and found.curve is None and found.acted is None
    assert {b.outcome for b in found.break_even} == {"right", "a>b"}


def test_values_beat_the_prediction_as_it_is():
    rng = np.random.default_rng(0)
    value = rng.normal(100, 20, 4000)
    y, payoff = value + rng.normal(0, 10, 4000), read_payoff({"over": -1, "under": -9}, ())
    found = measure_worth(_evidence(y, value[:, None], Asking(payoff=payoff)), Money(currency="$"))
    ways = {w.name: w for w in found.ways}
    assert list(ways) == ["always", "as predicted", "linear"] and ways["as predicted"].gain.low > 0
    assert found.rival != "as predicted"
    assert found.value.value < 0 < found.per_thousand.value
    assert {(s.outcome, s.factor) for s in found.swings} == {
        ("over", 0.8), ("over", 1.2), ("under", 0.8), ("under", 1.2)
    }  # fmt: skip


def test_rows_of_a_group_widen_the_interval():
    evidence = _two()
    alone = measure_worth(evidence).value
    grouped = measure_worth(replace(evidence, groups=np.arange(len(evidence.y)) // 100)).value
    doubled = measure_worth(replace(evidence, inflation=2.0)).value
    assert doubled.high - doubled.low > 1.3 * (alone.high - alone.low)
    assert grouped.value == alone.value and "clustered" in grouped.method


def test_of_very_many_rows_some_are_counted(monkeypatch):
    monkeypatch.setattr("modelwright.evaluate.money.worth.MOST_ROWS", 500)
    evidence = _two()
    found = measure_worth(replace(evidence, groups=np.arange(len(evidence.y))))
    assert {w.value.n for w in found.ways} == {found.value.n} == {500}
    assert found.value.low < measure_worth(_two()).value.value < found.value.high
