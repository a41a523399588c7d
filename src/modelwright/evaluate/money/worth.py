"""What a model is worth: the money its decisions bring on rows that chose nothing, against what else could be done.

The decisions were settled on out-of-fold rows (`modelwright.evaluate.money.deciding`); here they are only counted.
Simpler ways decide by the same payoff and within the same capacity; of values, each with the shift that suits it best.
Where there is room for so many cases only, no way is counted for more: the most likely ones of those it would act on.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright import format as fmt
from modelwright.brief.money import Money
from modelwright.data.sampling import sample_rows
from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.measurements.money import BreakEven, Room, Swing, Way, Worth
from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.evaluate.money.counting import THOUSAND, money, per_thousand, times
from modelwright.evaluate.money.deciding import Decided, within
from modelwright.evaluate.money.payoffs import Payoff
from modelwright.evaluate.money.ranked import profit_curve, top_lists
from modelwright.runtime.decisions import BestWorth

__all__ = ["SWING", "measure_worth"]

SWING = 0.2
"""Of an amount: so far off are estimates of what an outcome is worth, and it is told what that would change."""
ROUNDING = 1e-9  # of an amount as given: another one as near to nothing is nothing
MOST_ROWS = 200_000
"""Rows that are counted: an interval is then a few thousandths of the spread wide; each list and swing is a pass."""
AS_PREDICTED, MOST_LIKELY = "as predicted", "most likely"
SAME_MODEL = frozenset({AS_PREDICTED, MOST_LIKELY})
"""What the same model would say without the payoff: it shows what that adds, and is no other way of deciding."""


def measure_worth(evidence: Evidence, told: Money | None = None, *, seed: int = 0) -> Worth | None:
    """Return what the decisions of ``evidence.decided`` are worth; None where no payoff and no capacity was given.

    ``told`` has the currency, and the cases that come in a period.
    """
    decided = evidence.decided
    if decided is None or not len(evidence.y) or (decided.payoff is None and decided.capacity is None):
        return None
    evidence, told = _some(evidence, seed), told or Money()
    two, currency = evidence.prediction.shape[1] == 2, told.currency or ""
    wanted, acted = (float(f(evidence.prediction).mean()) if two else None for f in (decided, decided.done))
    found = Worth(
        currency=currency,
        value=None,
        model=None,
        per_thousand=None,
        acted=acted,
        wanted=None if wanted == acted else wanted,
        cases=told.cases,
        capacity=None if decided.capacity is None else decided.capacity.most,
        period=told.period or "day",
        lists=top_lists(decided, evidence, currency, seed) if two else (),
        curve=profit_curve(decided, evidence) if two else None,
    )
    return found if decided.payoff is None else _in_money(found, decided, decided.payoff, evidence, seed)


def _some(evidence: Evidence, seed: int) -> Evidence:
    """Return at most `MOST_ROWS` of the rows, drawn at random."""
    n = len(evidence.y)
    if n <= MOST_ROWS:
        return evidence
    rows = sample_rows(n, MOST_ROWS, np.random.default_rng([seed, 37]))
    return replace(
        evidence,
        y=evidence.y[rows],
        prediction=evidence.prediction[rows],
        baselines={name: (text, p[rows]) for name, (text, p) in evidence.baselines.items()},
        groups=None if evidence.groups is None else evidence.groups[rows],
    )


def _in_money(found: Worth, decided: Decided, payoff: Payoff, evidence: Evidence, seed: int) -> Worth:
    y, currency = evidence.y, found.currency
    own = decided.done(evidence.prediction)
    earned = payoff.of_decisions(y, own)
    others = _others(decided, payoff, evidence)
    ways = []
    for name, (text, rows) in others.items():
        theirs = payoff.of_decisions(y, rows)
        ways.append(
            Way(
                name=name,
                text=text,
                value=per_thousand(name, theirs, evidence, currency, seed),
                gain=per_thousand("gain", earned - theirs, evidence, currency, seed),
                modelled=name in evidence.baselines or name in SAME_MODEL,
            )
        )
    best = max((w for w in ways if w.name not in SAME_MODEL), key=lambda w: w.value.value or 0.0)
    value = money("value_per_row", earned, evidence, currency, seed)
    return replace(
        found,
        value=value,
        model=times(value, THOUSAND, "model"),
        per_thousand=replace(best.gain, name="per_thousand"),
        ways=tuple(ways),
        rival=best.name,
        per_period=None if found.cases is None else times(best.gain, found.cases / THOUSAND, "per_period"),
        room=_room(decided, payoff, evidence, currency, seed),
        break_even=_break_even(payoff, y, own, {n: rows for n, (_, rows) in others.items() if n not in SAME_MODEL}),
        swings=_swings(decided, evidence, currency, seed),
    )


def _room(decided: Decided, payoff: Payoff, evidence: Evidence, currency: str, seed: int) -> Room | None:
    """Return what it would bring to act on every case that pays; None where there is room for all of them."""
    if decided.capacity is None:
        return None
    free = (evidence.prediction[:, 1] >= payoff.break_even).astype(float)
    own = decided.done(evidence.prediction)
    if free.sum() <= own.sum():
        return None
    more = payoff.of_decisions(evidence.y, free) - payoff.of_decisions(evidence.y, own)
    return Room(acted=float(free.mean()), gain=per_thousand("gain", more, evidence, currency, seed))


# what else could be done


def _others(decided: Decided, payoff: Payoff, evidence: Evidence) -> dict[str, tuple[str, np.ndarray]]:
    """Return the words and the decisions of simpler ways, by name."""
    if not payoff.matrix:
        return _values_otherwise(payoff, evidence)
    if len(payoff.matrix) == 2:
        return _acting_otherwise(decided, payoff, evidence)
    return _classes_otherwise(payoff, evidence)


def _acting_otherwise(decided: Decided, payoff: Payoff, evidence: Evidence) -> dict[str, tuple[str, np.ndarray]]:
    n, capacity = len(evidence.y), decided.capacity
    none, every = np.zeros(n), np.ones(n)
    found: dict[str, tuple[str, np.ndarray]] = {"nothing": ("act on no case", none)}
    if capacity is None:
        found["all"] = ("act on every case", every)
    else:
        found["blindly"] = (
            f"act on {capacity.most:,} of {capacity.cases:,} cases, taken blindly",
            np.full(n, capacity.share),
        )
    for name, (text, prediction) in evidence.baselines.items():
        if name == CONSTANT:
            continue  # acts on none or on all
        event = prediction[:, 1]
        found[name] = (text, within(event >= payoff.break_even, event, capacity))
    return found


def _classes_otherwise(payoff: Payoff, evidence: Evidence) -> dict[str, tuple[str, np.ndarray]]:
    y, best = evidence.y, BestWorth(payoff.matrix)
    earned = [payoff.of_decisions(y, np.full(len(y), float(c))).mean() for c in range(len(payoff.matrix))]
    always = int(np.argmax(earned))
    found: dict[str, tuple[str, np.ndarray]] = {
        "always": (f"always decide for '{payoff.classes[always]}'", np.full(len(y), float(always))),
        MOST_LIKELY: ("decide for the most likely class, whatever it is worth", evidence.prediction.argmax(axis=1)),
    }
    for name, (text, prediction) in evidence.baselines.items():
        if name != CONSTANT:
            found[name] = (text, best.numbers(prediction))
    return found


def _values_otherwise(payoff: Payoff, evidence: Evidence) -> dict[str, tuple[str, np.ndarray]]:
    y = evidence.y
    known = evidence.train_y if evidence.train_y is not None and len(evidence.train_y) else y
    always = float(np.quantile(known, payoff.quantile))
    found: dict[str, tuple[str, np.ndarray]] = {
        "always": (f"always plan with {fmt.number(always, 4)}", np.full(len(y), always)),
        AS_PREDICTED: ("plan with the prediction as it is", evidence.prediction[:, 0]),
    }
    for name, (text, prediction) in evidence.baselines.items():
        if name != CONSTANT:
            shift = float(np.quantile(y - prediction[:, 0], payoff.quantile))
            found[name] = (f"{text}, moved as suits it best", prediction[:, 0] + shift)
    return found


# how sure the amounts must be


def _break_even(payoff: Payoff, y: np.ndarray, own: np.ndarray, others: dict[str, np.ndarray]) -> tuple[BreakEven, ...]:
    """Return for each outcome the amounts between which the model earns more than every other way.

    With the decisions as they are, the gain over a way is a straight line in the worth of one outcome.
    """
    mine = float(payoff.of_decisions(y, own).mean())
    gains = {name: mine - float(payoff.of_decisions(y, rows).mean()) for name, rows in others.items()}
    worth = min(gains.values()) > 0
    found = []
    for outcome, given in payoff.given.items():
        if not given:
            continue
        below: list[tuple[float, str]] = []
        above: list[tuple[float, str]] = []
        counted = float(payoff.amounts(outcome, y, own).mean())
        for name, rows in others.items() if worth else ():
            slope = counted - float(payoff.amounts(outcome, y, rows).mean())
            if abs(slope) > 1e-12:
                amount = given - gains[name] / slope
                amount = 0.0 if abs(amount) <= ROUNDING * abs(given) else amount
                if payoff.with_amount(outcome, amount) is not None:
                    (below if slope > 0 else above).append((amount, name))
        low, high = max(below, default=None), min(above, default=None)
        found.append(
            BreakEven(
                outcome=outcome,
                given=given,
                low=None if low is None else low[0],
                high=None if high is None else high[0],
                rival_low="" if low is None else low[1],
                rival_high="" if high is None else high[1],
                worth=worth,
            )
        )
    return tuple(found)


def _swings(decided: Decided, evidence: Evidence, currency: str, seed: int) -> tuple[Swing, ...]:
    y, prediction = evidence.y, evidence.prediction
    today = decided.done(prediction)
    found = []
    for other in decided.otherwise:
        then = other.done(prediction, decided.capacity)
        earned = other.payoff.of_decisions(y, then)
        ways = _others(decided, other.payoff, evidence)
        theirs = {name: other.payoff.of_decisions(y, rows) for name, (_, rows) in ways.items()}
        rival = max(theirs.keys() - SAME_MODEL, key=lambda name: (float(theirs[name].mean()), name))
        change = np.abs(then - today) if not other.payoff.matrix else then != today
        found.append(
            Swing(
                outcome=other.outcome,
                factor=other.factor,
                threshold=other.threshold,
                moved=float(change.mean()),
                lost=per_thousand("lost", earned - other.payoff.of_decisions(y, today), evidence, currency, seed),
                gain=per_thousand("gain", earned - theirs[rival], evidence, currency, seed),
                rival=rival,
            )
        )
    return tuple(found)
