"""Explains one raw row with a version: reasons, what-if, counterfactuals."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.data.columns import Columns
from modelwright.data.contract import Violation
from modelwright.errors import UsageError, did_you_mean
from modelwright.explain.rows.documents import Change, Counterfactual, Interval, Reason, RowExplanation, WhatIf
from modelwright.explain.rows.given import one_row
from modelwright.explain.rows.goals import goal_of
from modelwright.explain.rows.moves import Moves, moves_of
from modelwright.explain.rows.searching import MOST_CHANGES, nearest
from modelwright.explain.rows.similar import similar_cases
from modelwright.explain.rows.wording import outcome_name, reason, told, value_in_words
from modelwright.format import joined, plural, short
from modelwright.package.bundle import Version
from modelwright.runtime.decisions import DECISION
from modelwright.runtime.intervals import Intervals
from modelwright.runtime.reasons import Reasons, explain_rows

__all__ = ["COUNTERFACTUALS", "COVERAGE", "explain_record"]

COVERAGE = 0.9
"""Of the interval beside a prediction; less where the version has none so wide."""

COUNTERFACTUALS = 3
AGREED = 0.75
"""Weight of the models below which the sign of an effect is in doubt: a fourth of them says the opposite."""

NOT_ALL = ", on which the models of the ensemble disagree"
WRONG_TYPE = "wrong type"
MOST_NAMED = 6
"""Columns that one note names."""

NO_SIMILAR_CASES = (
    "Similar training cases are not shown: the version keeps no training rows; 'modelwright explain --cases FILE' "
    "finds them in a file."
)
SMALLEST_ODDS = 1e-15


def explain_record(
    version: Version,
    record: Mapping[str, Any],
    *,
    what_if: Mapping[str, Any] | None = None,
    want: str | None = None,
    fixed: Collection[str] = (),
    vary: Collection[str] = (),
    counterfactuals: int = COUNTERFACTUALS,
    cases: Any = None,
) -> RowExplanation:
    """Return why a raw row is predicted as it is.

    Parameters
    ----------
    version : Version
    record : mapping of str
        Raw values by column; or a table of one row.
    what_if : mapping of str, optional
        Other values of some columns; the answer to the row with them is told too.
    want : str, optional
        What counterfactuals lead to: a class, or a bound of values, see `goals.goal_of`. For values none are looked for
        without it.
    fixed : collection of str
        Columns that counterfactuals leave as they are.
    vary : collection of str
        If any, the only columns that they change, whatever they are.
    counterfactuals : int
        How many are wanted at most; 0 looks for none.
    cases : table or path, optional
        Past rows, as those of training, of which the most similar ones are told, see `similar.similar_cases`.

    Raises
    ------
    ContractError
        A column that the model reads is missing.
    UsageError
        It is not one row (MW-U831), a named column is none that the model reads (MW-U820), another value is of a kind
        that its column is not (MW-U830), ``want`` cannot be, see `goals.goal_of`, or there is no row among the cases
        (MW-U832).
    """
    record = one_row(record)
    for names in (what_if or {}, fixed, vary):
        _check_names(version, names)
    columns, violations = version.read_row(record)
    found = explain_rows(version.explainer, columns)
    output = int(found.output[0])
    name = outcome_name(version.plan.classes, output, version.manifest.target)
    told_of = _Row(version, columns, found, name)
    notes = _messages(violations)
    goal, ways, more = told_of.counterfactuals(want, frozenset(fixed), frozenset(vary), counterfactuals)
    notes += more
    interval = told_of.interval()
    if interval is None:
        notes.append("The version has no intervals.")
    similar, became = ((), NO_SIMILAR_CASES) if cases is None else similar_cases(version, found, cases)
    if became:
        notes.append(became)
    return RowExplanation(
        prediction=told_of.prediction,
        outcome_name=name,
        outcome=float(found.outcome[0]),
        typical=float(found.typical[0]),
        scale=told_of.scale(),
        exact=bool(found.exact[0]),
        reasons=told_of.reasons(),
        interval=interval,
        what_if=told_of.what_if({**record, **what_if}, what_if) if what_if else None,
        goal=goal,
        counterfactuals=ways,
        similar=similar,
        notes=tuple(notes),
        decision=told_of.decision(),
    )


def _check_names(version: Version, names: Collection[str]) -> None:
    for name in names:
        if name not in version.contract.names:
            raise UsageError(
                f"the model reads no column '{name}'", fix=did_you_mean(name, version.contract.names), code="MW-U820"
            )


def _refuse_unread(violations: Sequence[Violation], changed: Collection[str]) -> None:
    """Refuse other values that would be read as missing: the answer would be to a question that nobody asked."""
    for violation in violations:
        if violation.column in changed and violation.what == WRONG_TYPE:
            raise UsageError(
                f"the other value of '{violation.column}' is of the wrong type: {violation.message}",
                fix=f"give '{violation.column}' a value as the model reads them, or null for one that is not known",
                code="MW-U830",
            )


def _messages(violations: Sequence[Violation]) -> list[str]:
    """Return how the row differs from the contract, in one sentence for all columns that are ignored."""
    ignored = [v.column for v in violations if v.what == "unknown column"]
    told_of = [v.message for v in violations if v.what != "unknown column"]
    if ignored:
        names = joined((f"'{short(name)}'" for name in ignored), limit=MOST_NAMED)
        told_of.append(f"{plural(len(ignored), 'column')} that the model does not use: {names}.")
    return told_of


class _Row:
    """One canonical row, and what the version says of it."""

    def __init__(self, version: Version, columns: Columns, found: Reasons, name: str) -> None:
        self.version, self.columns, self.found, self.name = version, columns, found, name
        self.contract, self.classes = version.contract, version.plan.classes
        self.output = int(found.output[0])
        self.predicted = found.prediction
        self.prediction = self._answer(self.predicted)

    def _answer(self, predicted: np.ndarray) -> str | float:
        answer = self.version.plan.answers(predicted)["prediction"][0]
        return str(answer) if self.classes else float(answer)

    def decision(self) -> str | float | None:
        """Return what is decided by the payoff; None where the version decides nothing beside the prediction."""
        decided = self.version.plan.answers(self.predicted).get(DECISION)
        if decided is None:
            return None
        return str(decided[0]) if self.classes else float(decided[0])

    def scale(self) -> str:
        """Return on which scale reasons add up, in words."""
        if not self.classes:
            return "reasons add up in the unit of the prediction"
        return "reasons add up in points of probability; in proportion to them, in log odds"

    def reasons(self) -> tuple[Reason, ...]:
        """Return what every column with an effect does, the strongest first."""
        per_point = self._log_odds_per_point()
        typical = self.version.typical
        told_of = []
        for item in self.found.strongest(len(self.found.columns))[0]:
            column, effect = item["column"], item["effect"]
            spec = self.contract[column]
            agreement = float(self.found.agreement[0, self.found.columns.index(column)])
            value = value_in_words(spec, self.columns)
            told_of.append(
                Reason(
                    column=column,
                    value=value,
                    typical=value_in_words(spec, typical),
                    effect=effect,
                    log_odds=None if per_point is None else effect * per_point,
                    agreement=agreement,
                    sentence=reason(column, value, effect, self.name, chance=bool(self.classes))
                    + (NOT_ALL if agreement < AGREED else ""),
                )
            )
        return tuple(told_of)

    def _log_odds_per_point(self) -> float | None:
        """Return how much an effect of 1 in probability is in log odds, None for values."""
        if not self.classes:
            return None
        ends = np.clip([self.found.typical[0], self.found.outcome[0]], SMALLEST_ODDS, 1.0 - SMALLEST_ODDS)
        before, after = np.log(ends) - np.log1p(-ends)
        moved = ends[1] - ends[0]
        middle = ends[1] * (1.0 - ends[1])
        return float((after - before) / moved) if abs(moved) > 1e-12 else float(1.0 / middle)

    def interval(self) -> Interval | None:
        """Return what holds the truth nine times of ten, or as often as the version can say; None where it cannot."""
        uncertainty = self.version.uncertainty
        if uncertainty is None:
            return None
        coverage = float(min(COVERAGE, uncertainty.fitted.coverages[-1]))
        told_of = self.version.interval(self.predicted, coverage, self.columns)
        if isinstance(uncertainty.overall, Intervals):
            return Interval(coverage=coverage, low=float(told_of["low"][0]), high=float(told_of["high"][0]))
        return Interval(coverage=coverage, classes=tuple(told_of["set"][0]))

    def what_if(self, record: Mapping[str, Any], changed: Collection[str]) -> WhatIf:
        """Return the answer to another record."""
        columns, violations = self.version.read_row(record)
        _refuse_unread(violations, changed)
        predicted = self.version.plan.predict(columns)
        changes = tuple(self._change(name, columns) for name in changed)
        after, answer = float(predicted[0, self.output]), self._answer(predicted)
        sentence = self._told(changes, answer, predicted)
        return WhatIf(changes=changes, prediction=answer, outcome=after, sentence=sentence)

    def _told(self, changes: Sequence[Change], answer: str | float, predicted: np.ndarray) -> str:
        """Return what changes come to; of classes in the chance of the one that is answered then."""
        output, name = self.output, self.name
        if self.classes and answer in self.classes:
            output = self.classes.index(answer)
            name = outcome_name(self.classes, output, self.version.manifest.target)
        return told(changes, answer, name, float(self.predicted[0, output]), float(predicted[0, output]))

    def _change(self, name: str, columns: Columns) -> Change:
        spec = self.contract[name]
        return Change(column=name, before=value_in_words(spec, self.columns), after=value_in_words(spec, columns))

    def counterfactuals(
        self, want: str | None, fixed: frozenset[str], vary: frozenset[str], most: int
    ) -> tuple[str, tuple[Counterfactual, ...], list[str]]:
        """Return the goal, the ways to it, and what there is to say of the search."""
        if not most:
            return "", (), []
        goal = goal_of(self.version.plan, self.predicted, want)
        if goal is None:
            return "", (), ["What would have to change was not looked for: say what is wanted, as '>= 200'."]
        names = frozenset(self.contract.names)
        held = names - vary if vary else fixed
        moves = moves_of(self.contract, self.version.profile, self.columns, held)
        found = nearest(self.version.plan.predict, moves, goal, most)
        ways = tuple(self._way(moves, chosen, cost) for chosen, cost in found)
        notes = []
        if not ways:
            free = sum(len(m.costs) > 1 for m in moves.values())
            few = f"up to {MOST_CHANGES} of " if free > MOST_CHANGES else ""
            tried = f"no change of {few}the {plural(free, 'column')} that may change, to values that training rows had"
            notes.append(f"Nothing was found that leads to {goal.words}: {tried if free else 'no column may change'}.")
        if held and not vary:
            notes.append(f"Held fixed: {joined(sorted(held), limit=10)}.")
        return goal.words, ways, notes

    def _way(self, moves: Mapping[str, Moves], chosen: Mapping[str, int], cost: float) -> Counterfactual:
        """Return what moves, given by their positions, come to."""
        columns = {name: m.column(np.array([chosen.get(name, 0)])) for name, m in moves.items()}
        predicted = self.version.plan.predict(columns)
        changes = tuple(self._change(name, columns) for name in chosen)
        after, answer = float(predicted[0, self.output]), self._answer(predicted)
        sentence = self._told(changes, answer, predicted)
        return Counterfactual(changes=changes, prediction=answer, outcome=after, cost=cost, sentence=sentence)
