"""Reasons, changes and outcomes in words."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec
from modelwright.explain.grids import MISSING
from modelwright.explain.rows.documents import Change, Interval, RowExplanation
from modelwright.format import joined, number, share, short, value_of

__all__ = ["amount", "changed", "lines", "outcome_name", "reason", "told", "value_in_words"]

LONGEST = 40  # characters of a value in a sentence

SEPARATED = 10_000
"""Numbers from here on have separators of thousands: the year 1997 is no 1,997."""


def value_in_words(spec: ColumnSpec, columns: Columns, row: int = 0) -> str:
    """Return the value of a column in a row: ``1042``, ``12.5 kg``, ``'clerk'``, ``missing``."""
    column = columns[spec.name]
    if isinstance(column, Strings):
        value = column.to_object()[row]
        return MISSING if value is None else f"'{short(value, LONGEST)}'"
    if math.isnan(column[row]):
        return MISSING
    value = spec.as_written(float(column[row]))
    text = value_of(value, spec.kind)
    if abs(value) < SEPARATED:
        text = text.replace(",", "")
    return f"{text} {spec.unit}" if spec.unit else text


def outcome_name(classes: Sequence[str], output: int, target: str) -> str:
    """Return what is explained: ``the chance of 'yes'``, ``the predicted price``."""
    return f"the chance of '{classes[output]}'" if classes else f"the predicted {target}"


def amount(value: float, *, chance: bool) -> str:
    """Return an outcome: ``43%``, ``182,400``."""
    return share(value) if chance else number(value, 4)


def reason(column: str, value: str, effect: float, outcome: str, *, chance: bool) -> str:
    """Return what a column does: ``duration = 1042 s raises the chance of 'yes' by 31 points``."""
    does = "raises" if effect > 0 else "lowers"
    if not chance:
        return f"{column} = {value} {does} {outcome} by {number(abs(effect), 3)}"
    points = abs(effect) * 100
    size = "less than 0.1 points" if points < 0.1 else f"{number(points, 2)} point{'s' * (number(points, 2) != '1')}"
    return f"{column} = {value} {does} {outcome} by {size}"


def changed(changes: Sequence[Change]) -> str:
    """Return changes: ``age from 31 to 40 and job from 'clerk' to 'nurse'``."""
    return joined((f"{c.column} from {c.before} to {c.after}" for c in changes), limit=max(len(changes), 2))


def told(changes: Sequence[Change], prediction: str | float, outcome: str, before: float, after: float) -> str:
    """Return what changes come to: ``with age from 31 to 40: 'yes'; the chance of 'yes' goes from 12% to 55%``."""
    chance = isinstance(prediction, str)
    answer = f"'{prediction}'; " if chance else ""
    moves = f"goes from {amount(before, chance=chance)} to {amount(after, chance=chance)}"
    if np.isclose(before, after, rtol=0.0, atol=1e-12):
        moves = f"stays {amount(after, chance=chance)}"
    return f"with {changed(changes)}: {answer}{outcome} {moves}"


def lines(found: RowExplanation, most: int) -> list[str]:
    """Return an explanation in lines: the answer, at most so many reasons, what if, what would have to change,
    similar cases."""
    chance = isinstance(found.prediction, str)
    said = f"'{found.prediction}': {found.outcome_name} is" if chance else f"{found.outcome_name} is"
    told_of = [f"{said} {amount(found.outcome, chance=chance)}{_within(found.interval)}"]
    if found.decision is not None:
        decided = f"'{found.decision}'" if isinstance(found.decision, str) else number(found.decision, 4)
        told_of.append(f"  decided by the payoff: {decided}; reasons and changes are of the prediction")
    told_of += [f"  {r.sentence} (typical: {r.typical})" for r in found.reasons[:most]]
    if rest := found.reasons[most:]:
        together = sum(r.effect for r in rest)
        size = f"{together * 100:+.2g} points" if chance else f"{'+' * (together > 0)}{number(together, 3)}"
        told_of.append(f"  {len(rest)} other column{'s' * (len(rest) > 1)}: {size} together")
    if not found.reasons:
        told_of.append("  it is typical in every column that the model reads")
    if found.what_if is not None:
        told_of.append(f"what if: {found.what_if.sentence}")
    if found.counterfactuals:
        told_of.append(f"what would lead to {found.goal}:")
        told_of += [f"  {way.sentence}" for way in found.counterfactuals]
    if found.similar:
        told_of.append("similar cases:")
        told_of += [f"  {case.sentence}" for case in found.similar]
    return told_of


def _within(interval: Interval | None) -> str:
    if interval is None:
        return ""
    held = share(interval.coverage)
    if interval.low is not None:
        return f" ({held} interval {number(interval.low, 4)} to {number(interval.high, 4)})"
    names = joined((f"'{name}'" for name in interval.classes), last="or")
    return f" ({held} set: {names})"
