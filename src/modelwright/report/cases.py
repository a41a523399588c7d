"""The score in cases, for a reader who decides and knows no metric: what was asked, what comes out, on which rows."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright import format as fmt
from modelwright.evaluate.measurements import Cases, Evaluation, Measurement
from modelwright.frame.problem import Problem, SplitKind
from modelwright.report.inputs import ReportInput
from modelwright.report.words import class_words, event_words

__all__ = ["Tile", "counted_words", "flagged_words", "question_words", "tiles"]

BASES = (100, 1_000, 10_000, 100_000)
"""Of so many cases a share is told: the least that makes a whole number of it."""

PRICE = " Say what a hit and a false alarm are worth (--payoff), and the line is drawn where it pays."

UNSEEN = {
    SplitKind.GROUP: "of groups that it had never met",
    SplitKind.TIME: "that came later than all it learned from",
    SplitKind.GROUP_TIME: "that came later, of groups that it had never met",
}


@dataclass(frozen=True, kw_only=True)
class Tile:
    """One number in cases.

    Attributes
    ----------
    big : str
        The number: ``"55 of 100"``, ``"8,900 €"``.
    said : str
        What it is, read after the number.
    between : str
        Its interval, empty where there is none.
    beside : str
        What would be without a model, or what it takes cases for; without a final stop, may be empty.
    sentence : str
        All of it in one sentence, without a final stop.
    """

    big: str
    said: str
    between: str
    beside: str
    sentence: str


def tiles(e: Evaluation, problem: Problem) -> tuple[Tile, ...]:
    """Return at most two numbers that say how good the model is; none where nothing was counted."""
    c = e.cases
    if c is None:
        return ()
    if c.found is not None and len(problem.classes) == 2:
        return _two(c, c.found, problem)
    if c.right is not None:
        return _several(c, c.right, problem)
    return _values(c, problem)


def _two(c: Cases, found: Measurement, problem: Problem) -> tuple[Tile, ...]:
    made = []
    event = event_words(problem)
    if found.value is not None:
        base = _base(found)
        made.append(
            Tile(
                big=_of(found.value, base),
                said=f"cases {event} are found",
                between=_between(found, base),
                beside="",
                sentence=f"Of {base:,} cases {event}, it finds {_count(found.value, base)}{_bracket(found, base)}",
            )
        )
    if c.hit is not None and c.hit.value is not None:
        base = _base(c.hit)
        beside = ""
        if c.events is not None and c.events.value is not None:
            beside = f"without a model, of {base:,} picked blindly, {_count(c.events.value, base)} would be"
        made.append(
            Tile(
                big=_of(c.hit.value, base),
                said="cases that it flags are rightly flagged",
                between=_between(c.hit, base),
                beside=beside,
                sentence=f"Of {base:,} cases that it flags, {_count(c.hit.value, base)}{_bracket(c.hit, base)} are "
                "rightly flagged" + (f"; {beside}" if beside else ""),
            )
        )
    return tuple(made)


def _several(c: Cases, right: Measurement, problem: Problem) -> tuple[Tile, ...]:
    made = []
    if right.value is not None:
        base, without = _base(right), c.right_without
        beside = ""
        if without is not None and without.value is not None:
            beside = f"without a model, always naming one class, {_count(without.value, base)} would"
        made.append(
            Tile(
                big=_of(right.value, base),
                said="cases get the right class",
                between=_between(right, base),
                beside=beside,
                sentence=f"Of {base:,} cases, {_count(right.value, base)}{_bracket(right, base)} get the right class"
                + (f"; {beside}" if beside else ""),
            )
        )
    if c.worst_found is not None and c.worst_found.value is not None:
        share, base = c.worst_found, _base(c.worst_found)
        name = class_words(problem, c.worst)
        mistaken = ""
        if c.taken is not None and c.taken.value:
            mistaken = f"{_count(c.taken.value, base)} are taken for {class_words(problem, c.taken_for)}"
        made.append(
            Tile(
                big=_of(share.value or 0.0, base),
                said=f"cases of {name} are known as such: it knows no class worse",
                between=_between(share, base),
                beside=mistaken,
                sentence=f"It is worst at {name}: of {base:,} such cases it knows "
                f"{_count(share.value or 0.0, base)}{_bracket(share, base)}" + (f"; {mistaken}" if mistaken else ""),
            )
        )
    return tuple(made)


def _values(c: Cases, problem: Problem) -> tuple[Tile, ...]:
    named = (
        (c.half, c.half_without, "half of the predictions"),
        (c.most, c.most_without, "nine of ten predictions"),
    )
    made = []
    for within, without, part in named:
        if within is None or within.value is None:
            continue
        known = without is not None and without.value is not None
        naive = f"without a model, always guessing the same, it would be {fmt.amount(without)}" if known else ""
        bounds = fmt.bounds(within)
        made.append(
            Tile(
                big=fmt.amount(within),
                said=f"{part} are off by less than this",
                between=f"{bounds}, {within.level:.0%} sure" if bounds else "",
                beside=naive,
                sentence=f"{part[0].upper()}{part[1:]} of {problem.target} are off by less than {fmt.measured(within)}"
                + (f"; {naive}" if naive else ""),
            )
        )
    return tuple(made)


def question_words(r: ReportInput) -> str:
    """Return what was asked, in one sentence."""
    problem, rows = r.problem, fmt.plural(r.problem.n_rows, "case")
    learned = f"Learned from {rows} with {fmt.plural(len(r.version.columns or problem.features), 'column')}."
    if r.brief.goal:
        return f"Asked: {r.brief.goal.rstrip('.')}. {learned}"
    name = f"“{fmt.short(problem.target, 40)}”"
    if len(problem.classes) == 2:
        return f"Asked: which cases are those {event_words(problem)}? {learned}"
    if problem.classes:
        return f"Asked: which of {len(problem.classes)} classes of {name} is a case? {learned}"
    return f"Asked: how much is {name}? {learned}"


def flagged_words(e: Evaluation, *, priced: bool) -> str:
    """Return how many cases are flagged and from which chance on; empty without two classes.

    ``priced``: the brief says what hits and false alarms are worth.
    """
    c = e.cases
    if c is None or c.flagged is None or c.flagged.value is None or e.threshold is None:
        return ""
    chance = fmt.share(e.threshold)
    if c.ranked:
        return (
            f"Next to no case reaches a chance of {chance}, from which on cases are flagged. Here the tenth of the "
            f"cases with the highest chance counts as flagged.{'' if priced else PRICE}"
        )
    base = _base(c.flagged)
    told = f"It flags {_of(c.flagged.value, base)} cases: those with a chance of {chance} or more."
    return told + ("" if priced else PRICE)


def counted_words(e: Evaluation, problem: Problem) -> str:
    """Return on which rows the numbers were counted."""
    n = fmt.plural(e.headline.n, "case")
    if problem.holdout > 0:
        which = UNSEEN.get(problem.split, "drawn at random")
        return (
            f"Counted on {n} {which}. They were kept apart: nothing was learned from them, and nothing chosen by them."
        )
    return f"Counted on {n}, each predicted by models that had never seen it."


def _base(m: Measurement) -> int:
    """Return of how many cases a share is told in whole numbers."""
    value = m.value or 0.0
    if value in (0.0, 1.0):
        return BASES[0]
    return next((b for b in BASES if value * b >= 1 and (1 - value) * b >= 1), BASES[-1])


def _of(share: float, base: int) -> str:
    return f"{_count(share, base)} of {base:,}"


def _count(share: float, base: int) -> str:
    return fmt.count(share * base)


def _between(m: Measurement, base: int) -> str:
    if m.low is None or m.high is None:
        return ""
    return f"{_count(m.low, base)} to {_count(m.high, base)}, {m.level:.0%} sure"


def _bracket(m: Measurement, base: int) -> str:
    return "" if m.low is None or m.high is None else f" ({_count(m.low, base)} to {_count(m.high, base)})"
