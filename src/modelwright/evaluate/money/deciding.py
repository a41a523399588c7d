"""What is decided under a payoff and a capacity: chosen on out-of-fold rows, applied to every row that comes later.

Two classes: a threshold. Where only so many cases can be acted on, it rises until no more are: with one capacity and
one worth per hit, taking the most probable cases first is the best use of it (the fractional knapsack of equal
weights). More classes: the decision that earns most if the probabilities come true. Values: the prediction is moved to
the quantile at which one unit more would cost as often as it saves (the newsvendor's critical ratio).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelwright import format as fmt
from modelwright.brief import Brief
from modelwright.errors import UsageError
from modelwright.evaluate.intervals import beyond_noise
from modelwright.evaluate.money.payoffs import Payoff, read_payoff
from modelwright.evaluate.threshold import choose_threshold
from modelwright.runtime.decisions import BestWorth, Decision, Moved

__all__ = ["Capacity", "Decided", "Otherwise", "asking", "capped", "check_capacity", "decide", "within"]

FEWEST_ROWS = 30
"""Out-of-fold rows, to place a quantile by them."""


@dataclass(frozen=True, kw_only=True)
class Capacity:
    """How many cases can be acted on, of how many that come in a period."""

    most: int
    cases: int
    period: str

    @property
    def share(self) -> float:
        """The share of the cases that can be acted on."""
        return self.most / self.cases


def check_capacity(brief: Brief, n_classes: int) -> Capacity | None:
    """Return the capacity that the brief gives, None where all cases can be acted on.

    Raises
    ------
    UsageError
        It is not said of how many cases (MW-U422), or there is nothing to act on or not to (MW-U423).
    """
    if brief.capacity is None:
        return None
    if brief.cases is None:
        raise UsageError(
            f"capacity is {brief.capacity:,}, and it is not said of how many cases",
            fix=f"say how many come in a {brief.period}: --cases",
            code="MW-U422",
        )
    if n_classes != 2:
        raise UsageError("a capacity needs a target with two classes", fix="leave the capacity out", code="MW-U423")
    if brief.capacity >= brief.cases:
        return None
    return Capacity(most=brief.capacity, cases=brief.cases, period=brief.period)


def capped(threshold: float, event: np.ndarray, capacity: Capacity) -> tuple[float, str]:
    """Return the threshold that keeps to a capacity, and the words for it, empty where it binds nothing.

    Parameters
    ----------
    threshold : float
        From which on acting would pay.
    event : ndarray of float64, shape (n_rows,)
        Probabilities of cases like those that will come.
    """
    if not len(event):
        return threshold, ""
    cut = float(np.quantile(event, 1 - capacity.share, method="higher"))
    if (event >= cut).mean() > capacity.share:  # ties: those at the cut are more than there is room for
        above = event[event > cut]
        cut = float(above.min()) if len(above) else float(min(np.nextafter(cut, 1.0), 1.0))
    if cut <= threshold:
        return threshold, ""
    words = (
        f"{capacity.most:,} of {capacity.cases:,} cases a {capacity.period} can be acted on, the most likely ones, "
        f"which makes it {cut:.3f}"
    )
    return cut, words


def within(acts: np.ndarray, event: np.ndarray, capacity: Capacity | None) -> np.ndarray:
    """Return the chance with which each case is acted on, shape (n_rows,), where no more are than there is room for.

    A threshold lets through a share that other rows had; on these rows it may be more. The most likely cases are taken
    first, and of those alike that do not all fit, each has the same chance.

    Parameters
    ----------
    acts : ndarray, shape (n_rows,)
        1 where acting would pay, else 0.
    event : ndarray of float64, shape (n_rows,)
        Chance of the event.
    """
    acts = acts.astype(float)
    room = np.inf if capacity is None else capacity.share * len(acts)
    if acts.sum() <= room:
        return acts
    wanted = np.sort(event[acts > 0])[::-1]
    cut = wanted[int(room)]  # the first for which there is no whole place left
    above, alike = acts * (event > cut), acts * (event == cut)
    return above + alike * (room - above.sum()) / alike.sum()


@dataclass(frozen=True, kw_only=True)
class Otherwise:
    """What would be decided if an outcome were worth ``factor`` times what was given."""

    outcome: str
    factor: float
    payoff: Payoff
    threshold: float | None
    decision: Decision | None

    def done(self, prediction: np.ndarray, capacity: Capacity | None) -> np.ndarray:
        """Return what is done, as `Decided.done`."""
        return _done(_applied(prediction, self.threshold, self.decision), prediction, capacity)


@dataclass(frozen=True, kw_only=True)
class Decided:
    """What is done about predictions, and what it was chosen for.

    Attributes
    ----------
    payoff : Payoff or None
    capacity : Capacity or None
    threshold : float or None
        For two classes.
    decision : Decision or None
        For values and more classes.
    why : str
    otherwise : tuple of Otherwise
        What would be decided if outcomes were worth a little more or less.
    """

    payoff: Payoff | None
    capacity: Capacity | None
    threshold: float | None
    decision: Decision | None
    why: str
    otherwise: tuple[Otherwise, ...] = ()

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        """Return the numbers of the classes decided for, or the values, shape (n_rows,)."""
        return _applied(prediction, self.threshold, self.decision)

    def done(self, prediction: np.ndarray) -> np.ndarray:
        """Return what is done about all of the cases together: as decided, and no more than there is room for.

        Of two classes that is the chance with which each case is acted on, see `within`.
        """
        return _done(self(prediction), prediction, self.capacity)


def _done(decided: np.ndarray, prediction: np.ndarray, capacity: Capacity | None) -> np.ndarray:
    return within(decided, prediction[:, 1], capacity) if prediction.shape[1] == 2 else decided


def _applied(prediction: np.ndarray, threshold: float | None, decision: Decision | None) -> np.ndarray:
    if isinstance(decision, BestWorth):
        return decision.numbers(prediction)
    if isinstance(decision, Moved):
        return decision.values(prediction)
    if prediction.shape[1] == 1:
        return prediction[:, 0]
    if threshold is None:
        return prediction.argmax(axis=1)
    return (prediction[:, 1] >= threshold).astype(np.int64)


@dataclass(frozen=True, kw_only=True)
class Asking:
    """What decisions are for.

    Attributes
    ----------
    payoff : Payoff or None
        None: two classes are told apart as the metric has it.
    capacity : Capacity or None
    metric : str
        Of the problem.
    choosing : bool
        The rows out of fold may choose a threshold; False where they also measure.
    """

    payoff: Payoff | None
    capacity: Capacity | None = None
    metric: str = "log_loss"
    choosing: bool = True


def asking(brief: Brief, classes: Sequence[str], metric: str, *, choosing: bool) -> Asking:
    """Return what decisions are for, as the brief has it; raises UsageError as `read_payoff` and `check_capacity`."""
    payoff = read_payoff(brief.payoff, classes) if brief.payoff else None
    return Asking(payoff=payoff, capacity=check_capacity(brief, len(classes)), metric=metric, choosing=choosing)


def decide(y: np.ndarray, prediction: np.ndarray, asked: Asking, *, swing: float = 0.0) -> Decided:
    """Return what is done about predictions.

    Parameters
    ----------
    y : ndarray of float64, shape (n_rows,)
    prediction : ndarray of float64, shape (n_rows, n_outputs)
        Calibrated, out of fold.
    asked : Asking
    swing : float
        By which share each outcome is worth less and more in `Decided.otherwise`; 0: that is not asked.
    """
    payoff = asked.payoff
    threshold, why = _threshold(y, prediction, asked)
    decision: Decision | None = None
    if payoff is not None and prediction.shape[1] != 2:
        decision, why = _decision(y, prediction, payoff)
    found = Decided(payoff=payoff, capacity=asked.capacity, threshold=threshold, decision=decision, why=why)
    return replace(found, otherwise=_otherwise(y, prediction, asked, swing)) if swing else found


def _otherwise(y: np.ndarray, prediction: np.ndarray, asked: Asking, swing: float) -> tuple[Otherwise, ...]:
    found = []
    payoff = asked.payoff
    for outcome, worth in payoff.given.items() if payoff is not None else ():
        for factor in (1 - swing, 1 + swing) if worth else ():
            other = None if payoff is None else payoff.changed(outcome, factor)
            if other is None:
                continue
            then = decide(y, prediction, replace(asked, payoff=other))
            found.append(
                Otherwise(
                    outcome=outcome, factor=factor, payoff=other, threshold=then.threshold, decision=then.decision
                )
            )
    return tuple(found)


def _threshold(y: np.ndarray, prediction: np.ndarray, asked: Asking) -> tuple[float | None, str]:
    """Return the threshold of two classes: what pays, and no more than there is room for."""
    if prediction.shape[1] != 2:
        return None, ""
    event, capacity = prediction[:, 1], asked.capacity
    if capacity is not None and asked.payoff is None:
        return capped(0.0, event, capacity)
    if asked.choosing:
        found, why = choose_threshold(y, prediction, metric=asked.metric, payoff=asked.payoff)
    else:
        # Rows that also measure must not choose; what follows from the payoff alone is free of them.
        found, why = choose_threshold(y[:0], prediction[:0], metric="log_loss", payoff=asked.payoff)
        if asked.payoff is None:
            why = "one half: no payoff was given, and no rows were set aside that may choose another"
    if capacity is None or found is None:
        return found, why
    cut, words = capped(found, event, capacity)
    return cut, f"{why}; {words}" if words else why


def _decision(y: np.ndarray, prediction: np.ndarray, payoff: Payoff) -> tuple[Decision, str]:
    if payoff.matrix:
        return BestWorth(payoff.matrix), "payoff: the class from which most money is to be expected"
    if len(y) < FEWEST_ROWS:
        return Moved(), f"payoff: too few rows out of fold to move the prediction by, {len(y)}"
    return _moved(y, prediction[:, 0], payoff)


def _moved(y: np.ndarray, value: np.ndarray, payoff: Payoff) -> tuple[Decision, str]:
    """Return the prediction plus the quantile of its errors, or times that of its ratios if that costs clearly less."""
    share = payoff.quantile
    ways = [Moved(shift=float(np.quantile(y - value, share)))]
    if (value > 0).all():
        ways.append(Moved(factor=float(np.quantile(y / value, share))))
    cost = [-payoff.of_decisions(y, way.values(value[:, None])) for way in ways]
    best = int(len(ways) > 1 and beyond_noise(cost[0] - cost[1]))
    chosen = ways[best]
    sign = "plus" if chosen.shift >= 0 else "minus"
    how = f"times {fmt.number(chosen.factor, 4)}" if best else f"{sign} {fmt.number(abs(chosen.shift), 4)}"
    return chosen, (
        f"payoff: the prediction {how}, so that the truth is below the decision in {share:.0%} of cases: there one "
        "unit more costs as often as it saves"
    )
