"""What outcomes are worth: the payoff of the brief, read for the classes or values of a problem."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.errors import UsageError, did_you_mean

__all__ = ["OUTCOMES", "SIDES", "Payoff", "check_names", "check_payoff", "read_payoff"]

OUTCOMES = ("tp", "fp", "fn", "tn")
"""Of two classes: an event found, a false alarm, an event missed, and none."""
SIDES = ("over", "under")
"""Errors of a value: too high, too low."""
RIGHT, WRONG = "right", "wrong"
BETWEEN = ">"
"""Between the true class and the decision, in the name of an outcome."""


@dataclass(frozen=True, kw_only=True)
class Payoff:
    """What outcomes are worth.

    Attributes
    ----------
    given : dict of float
        Money by outcome, as it counts: those of two classes are all there.
    classes : tuple of str
        Of the target, empty for values.
    matrix : tuple of tuple of float
        Money by true class (rows) and decision; empty for values.
    over, under : float
        What each unit too high and too low costs, above 0; for values only.
    """

    given: dict[str, float]
    classes: tuple[str, ...] = ()
    matrix: tuple[tuple[float, ...], ...] = ()
    over: float = 0.0
    under: float = 0.0

    @property
    def break_even(self) -> float:
        """The probability of the event from which on acting pays, for two classes (Elkan 2001)."""
        (tn, fp), (fn, tp) = self.matrix
        return (tn - fp) / (tn - fp + tp - fn)

    @property
    def quantile(self) -> float:
        """Which quantile of what may come is the cheapest value to plan with: the newsvendor's critical ratio."""
        return self.under / (self.over + self.under)

    def of_decisions(self, y: np.ndarray, decided: np.ndarray) -> np.ndarray:
        """Return the money of each row, shape (n_rows,), for decided class numbers or values.

        Of two classes, a number between 0 and 1 is the chance with which a case is acted on.
        """
        if len(self.matrix) == 2:
            left, acted = np.asarray(self.matrix)[y.astype(np.int64)].T
            return (1.0 - decided) * left + decided * acted
        if self.matrix:
            return np.asarray(self.matrix)[y.astype(np.int64), decided.astype(np.int64)]
        error = decided - y
        return np.where(error > 0, -self.over * error, self.under * error)

    def expected(self, prediction: np.ndarray) -> np.ndarray:
        """Return the money to expect of each decision, shape (n_rows, n_classes), if the probabilities come true."""
        return prediction @ np.asarray(self.matrix)

    def changed(self, outcome: str, factor: float) -> Payoff | None:
        """Return the payoff with one outcome times ``factor``; None where nothing sensible is left of it."""
        return self.with_amount(outcome, self.given[outcome] * factor)

    def with_amount(self, outcome: str, amount: float) -> Payoff | None:
        """Return the payoff with another amount for one outcome; None where nothing sensible is left of it."""
        try:
            return read_payoff({**self.given, outcome: amount}, self.classes)
        except UsageError:
            return None

    def amounts(self, outcome: str, y: np.ndarray, decided: np.ndarray) -> np.ndarray:
        """Return how often, or with how many units, an outcome counts in each row: the money is linear in its worth."""
        more = _made({**self.given, outcome: self.given[outcome] + 1.0}, self.classes)
        return more.of_decisions(y, decided) - self.of_decisions(y, decided)


def read_payoff(payoff: Mapping[str, float], classes: Sequence[str]) -> Payoff:
    """Return the payoff for the classes of a target, or for its values where it has none.

    Raises
    ------
    UsageError
        An outcome that the target does not have (MW-U307, MW-U308, MW-U402), no amount of money (MW-U403), or one
        under which no decision makes a difference, or only a foolish one does (MW-U404, MW-U405, MW-U420, MW-U421).
    """
    if not classes:
        return _of_values(payoff)
    if len(classes) == 2:
        _refuse_strange(payoff, OUTCOMES, "tp, fp, fn and tn, for example tp=80, fp=-5", "two classes")
        return _made(check_payoff(payoff), classes)
    return _of_classes(payoff, classes)


def check_payoff(payoff: Mapping[str, float]) -> dict[str, float]:
    """Return money for each of the four outcomes of two classes, 0 where none is given.

    Raises
    ------
    UsageError
        A value is no finite number (MW-U403), or acting is never worth while, always, or on the wrong class only
        (MW-U404, MW-U405).
    """
    for key, value in payoff.items():
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise UsageError(
                f"payoff of '{key}' is {value!r}", fix="give an amount of money, for example tp=80", code="MW-U403"
            )
    full = {name: float(payoff.get(name, 0.0)) for name in OUTCOMES}
    if full["tp"] <= full["fn"]:
        raise UsageError(
            f"payoff: a found event (tp={full['tp']:g}) is worth no more than a missed one (fn={full['fn']:g})",
            fix="give tp more than fn; costs are negative",
            code="MW-U404",
        )
    if full["tn"] <= full["fp"]:
        raise UsageError(
            f"payoff: a false alarm (fp={full['fp']:g}) costs nothing against none (tn={full['tn']:g})",
            fix="give fp less than tn; costs are negative",
            code="MW-U405",
        )
    return full


def _made(given: Mapping[str, float], classes: Sequence[str]) -> Payoff:
    """Return the payoff of outcomes that are known to exist."""
    given, classes = dict(given), tuple(classes)
    if not classes:
        return Payoff(given=given, over=-given["over"], under=-given["under"])
    if len(classes) == 2:
        return Payoff(given=given, classes=classes, matrix=((given["tn"], given["fp"]), (given["fn"], given["tp"])))
    matrix = np.full((len(classes), len(classes)), float(given.get(WRONG, 0.0)))
    np.fill_diagonal(matrix, float(given.get(RIGHT, 0.0)))
    for i, true in enumerate(classes):
        for j, said in enumerate(classes):
            matrix[i, j] = given.get(f"{true}{BETWEEN}{said}", matrix[i, j])
    return Payoff(given=given, classes=classes, matrix=tuple(map(tuple, matrix.tolist())))


def _of_values(payoff: Mapping[str, float]) -> Payoff:
    _refuse_strange(payoff, SIDES, "over and under, money per unit: over=-2, under=-5", "a value")
    for side in SIDES:
        worth = payoff.get(side)
        if worth is None:
            raise UsageError(
                f"the payoff says nothing of '{side}'",
                fix=f"say what each unit too high and too low costs, below 0: over=-2, under=-5; '{side}' is missing",
                code="MW-U420",
            )
        if not math.isfinite(worth) or worth >= 0:
            raise UsageError(
                f"payoff of '{side}' is {worth!r}",
                fix=f"give what each unit of error costs, below 0: {side}=-2",
                code="MW-U420",
            )
    return _made({side: float(payoff[side]) for side in SIDES}, ())


def _of_classes(payoff: Mapping[str, float], classes: Sequence[str]) -> Payoff:
    named = [f"{true}{BETWEEN}{said}" for true in classes for said in classes]
    of_two = [k for k in payoff if k in OUTCOMES]
    if of_two or any(k in SIDES for k in payoff):
        _refuse_strange(payoff, (RIGHT, WRONG), "right, wrong and truth>decision", f"{len(classes)} classes")
    for key, worth in payoff.items():
        if key not in named and key not in (RIGHT, WRONG):
            raise UsageError(
                f"payoff has no outcome '{key}'", fix=did_you_mean(key, [RIGHT, WRONG, *named]), code="MW-U402"
            )
        if not math.isfinite(worth):
            raise UsageError(
                f"payoff of '{key}' is {worth!r}", fix="give an amount of money, for example right=80", code="MW-U403"
            )
    found = _made({k: float(v) for k, v in payoff.items()}, classes)
    matrix = np.asarray(found.matrix)
    if (matrix == matrix[:, :1]).all():
        raise UsageError(
            "payoff: every decision is worth the same",
            fix="give a right decision more than a wrong one: right=10, wrong=-1",
            code="MW-U421",
        )
    return found


def check_names(payoff: Mapping[str, float]) -> None:
    """Refuse outcomes that no target has, before anything is known of it.

    Raises
    ------
    UsageError
        There is no such outcome (MW-U308), or outcomes of different kinds of targets are mixed (MW-U307).
    """
    kinds = (OUTCOMES, SIDES, (RIGHT, WRONG))
    known = [name for names in kinds for name in names]
    for name in payoff:
        if name not in known and BETWEEN not in name:
            raise UsageError(f"payoff has no outcome '{name}'", fix=did_you_mean(name, known), code="MW-U308")
    said = [names for names in kinds if any(n in names for n in payoff)]
    pairs = any(BETWEEN in n for n in payoff)
    if len(said) > 1 or (pairs and any(names != kinds[-1] for names in said)):
        raise UsageError(
            f"the payoff mixes outcomes of different kinds of targets: {', '.join(payoff)}",
            fix="use tp, fp, fn and tn for two classes, right, wrong and truth>decision for more, over and under for "
            "values",
            code="MW-U307",
        )


def _refuse_strange(payoff: Mapping[str, float], known: Sequence[str], fix: str, target: str) -> None:
    """Raise where an outcome is one of another kind of target, or of none."""
    strange = [k for k in payoff if k not in known]
    if not strange:
        return
    others = {*OUTCOMES, *SIDES, RIGHT, WRONG} - set(known)
    if strange[0] in others or BETWEEN in strange[0]:
        raise UsageError(
            f"the payoff names '{strange[0]}', and the target is {target}", fix=f"use {fix}", code="MW-U307"
        )
    raise UsageError(f"payoff has no outcome '{strange[0]}'", fix=f"use {fix}", code="MW-U308")
