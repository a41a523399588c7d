"""What alarms say: what moved, how much, whether it matters, what to do. One sentence each, without values of rows."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec
from modelwright.data.treating.redacting import redacted
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.scales import wilson
from modelwright.format import joined, measured, number, plural, share, value_of
from modelwright.monitor.comparing import Compared
from modelwright.monitor.documents import Judgement
from modelwright.monitor.thresholds import OUTSIDE
from modelwright.package.reference.documents import ColumnReference
from modelwright.runtime.bins import FIRST, NEW, OTHER

if TYPE_CHECKING:
    from modelwright.monitor.fairness import Apart
    from modelwright.monitor.joining import Moved, Together
    from modelwright.monitor.relations import Part

__all__ = [
    "DIFFERS",
    "FAULTY",
    "MOST_PAIRS",
    "NOT_JUDGED",
    "NO_LOSS",
    "NO_TRUST",
    "UNUSED",
    "absent",
    "ahead",
    "all_together",
    "apart",
    "beyond",
    "broken",
    "by_estimate",
    "by_labels",
    "calibration",
    "classes",
    "drift",
    "estimated_up",
    "labels_without_rows",
    "loss",
    "moved",
    "no_estimate",
    "one_class",
    "pair",
    "part",
    "prediction",
    "strange_labels",
    "unreadable",
]

MOST_PAIRS = 3
MOST_LOOKED_AT = 100  # labels and classes, in search of an example
LONGEST_SHOWN = 40  # characters
SHORTEST_ALIKE, ALIKE = 4, 0.75  # characters of a class that a label may resemble, and how much, of 1
SHARED_BY = 5
"""Rows that have a label in common tell of none of them: k of 5 is what statistical offices ask for."""

LOSSES = {
    "log_loss": "log loss",
    "brier": "Brier score",
    "squared_error": "squared error",
    "absolute_error": "absolute error",
}

NO_LOSS = "the version does not say what loss to expect: it was made by an earlier release"
NOT_JUDGED = "the version does not say what loss to expect: too few rows judged it when it was made"
NO_TRUST = "labels that came show a loss above the estimate: what the target depends on has changed"
DIFFERS = "the real loss is above what was estimated from the rows: what the target depends on has changed"
UNUSED = "the model hardly uses the column"
NO_PROOF = "higher, but these rows alone are no proof"
AS_BEFORE = "higher by no more than stretches of training differ by"
FAULTY = "the feed is broken"

DO = {
    Judgement.HARMLESS: "nothing to do",
    Judgement.HARMFUL: "train again on newer rows",
    Judgement.UNKNOWN: "look at the labels of these and the next rows",
    Judgement.BROKEN: "repair the feed; do not train on these rows",
    Judgement.QUIET: "",
}


def moved(check: str, value: float | None, n: int, *, unit: str = "") -> Measurement:
    """Return by how much something moved, as a measurement on the window."""
    names = {
        "drift": "share of rows moved",
        "prediction": "share of rows moved",
        "range": "share of rows outside",
        "missing": "share missing",
        "unit": "factor",
        "levels": "share of new levels",
        "stuck": "share of one value",
        "contract": "share unreadable",
        "estimate": "estimated loss",
        "labels": "share of labels of one class",
    }
    low = high = None
    method = "counted" if value is not None else "it cannot be told"
    if value is not None and not unit:
        low, high = wilson(value * n, n)
        method = "Wilson"
    return Measurement(
        name=names[check], value=value, low=low, high=high, n=n, method=method, greater_is_better=False, unit=unit
    )


def absent(name: str) -> str:
    """Return that a column is not there."""
    return f"column '{name}' is not in the rows"


def unreadable(name: str, part: float, *, refused: bool) -> str:
    """Return that much of a column cannot be read."""
    return f"{share(part)} of '{name}' cannot be read" + (", and such rows are refused" if refused else "")


def broken(words: str) -> str:
    """Return the sentence on a broken feed."""
    return f"{words[0].upper()}{words[1:]}: {DO[Judgement.BROKEN]}."


def _next_move(judgement: Judgement, faulty: bool) -> str:
    """Return what to do; nothing is to be learned from rows that are harmed beside a broken feed."""
    harmed = judgement is Judgement.HARMFUL
    return "look again when the feed is repaired" if faulty and harmed else DO[judgement]


def drift(
    compared: Compared, column: Column, spec: ColumnSpec, judgement: Judgement, because: str, *, faulty: bool = False
) -> str:
    """Return the sentence on a column that moved, beside a broken feed or not."""
    name = compared.reference.name
    used = "" if compared.reference.use is None else f" ({share(compared.reference.use)} of the model's use)"
    return f"'{name}'{used} moved: {_how(compared, column, spec)}; {because}: {_next_move(judgement, faulty)}."


def _how(compared: Compared, column: Column, spec: ColumnSpec) -> str:
    if compared.outside >= OUTSIDE:
        what = "beyond the range of training" if compared.reference.edges else "of levels unknown to training"
        return f"{share(compared.outside)} of the rows are {what}"
    if isinstance(column, Strings) or not compared.reference.edges:
        return _levels(compared)
    present = column[~np.isnan(column)]
    now, before = float(np.median(present)) if len(present) else None, median(compared.reference)
    if now is None or before is None or abs(now - before) < 1e-9 * max(abs(now), 1.0):
        return f"{share(compared.moved)} of the rows lie elsewhere"
    kind = str(spec.kind)
    return f"median {value_of(before, kind)} → {value_of(now, kind)}"


def median(reference: ColumnReference) -> float | None:
    """Return about the median of training."""
    shares = np.asarray(reference.shares[FIRST:])
    if not len(shares) or shares.sum() <= 0:
        return None
    below = np.concatenate([[0.0], np.cumsum(shares) / shares.sum()])
    return float(np.interp(0.5, below, reference.edges))


def _levels(compared: Compared) -> str:
    change = compared.shares - np.asarray(compared.reference.shares)
    place = int(np.abs(change).argmax())
    if place < FIRST:
        name = {0: "missing values", NEW: "new levels", OTHER: "rare levels"}[place]
    elif compared.reference.levels:
        name = f"'{compared.reference.levels[place - FIRST]}'"
    else:
        return f"{share(compared.moved)} of the rows lie elsewhere"
    return f"{name} {share(compared.reference.shares[place])} → {share(float(compared.shares[place]))}"


def prediction(compared: Compared, judgement: Judgement, because: str) -> str:
    """Return the sentence on predictions that moved."""
    return f"The predictions moved: {share(compared.moved)} of them lie elsewhere; {because}: {DO[judgement]}."


def classes(name: str, before: float, now: float, judgement: Judgement, because: str) -> str:
    """Return the sentence on classes that are predicted in other shares."""
    return f"Predicted classes moved: '{name}' {share(before)} → {share(now)}; {because}: {DO[judgement]}."


def apart(found: Apart, *, wider: bool) -> str:
    """Return the sentence on a group for which predictions drifted away from those for all."""
    size = f"{number(found.before)} → {number(found.measurement.value)} beside those for all"
    do = "look at how people of this group are treated before going on" if wider else DO[Judgement.HARMLESS]
    how = "further apart" if wider else "otherwise"
    return f"Where '{found.column}' is {found.group}, predictions lie {how}: {size}: {do}."


def pair(found: Moved, judgement: Judgement, because: str) -> str:
    """Return the sentence on two columns that go together otherwise."""
    before, now = number(found.pair.correlation, 2), number(found.measurement.value, 2)
    names = f"'{found.pair.first}' and '{found.pair.second}'"
    return f"{names} go together otherwise: rank correlation {before} → {now}; {because}: {DO[judgement]}."


def all_together(found: Together, judgement: Judgement, because: str) -> str:
    """Return the sentence on columns that do not go together as in training, with no pair that shows it."""
    before, now = number(found.before, 2), number(found.measurement.value, 2)
    how = "trees that know training rows from shuffled ones tell them apart by"
    return f"The columns go together otherwise: {how} {now} here, by {before} in training; {because}: {DO[judgement]}."


def part(found: Part, *, faulty: bool = False) -> str:
    """Return the sentence on a part of the rows in which the loss is up, beside a broken feed or not."""
    name = LOSSES[found.measurement.name]
    lost, expected = number(found.measurement.value), number(found.estimate)
    return (
        f"Where '{found.column}' is {found.value}, the {name} is {lost} on {found.measurement.n:,} rows with labels, "
        f"and {expected} was to be expected: {_next_move(Judgement.HARMFUL, faulty)}."
    )


def _beside(loss: Measurement, expected: Measurement) -> str:
    rounded = None if expected.value is None else float(f"{expected.value:.3g}")
    return f"{measured(loss)}, {number(rounded)} expected"


def by_labels(real: Measurement, expected: Measurement) -> str:
    """Return what labels say of the loss."""
    return f"the {LOSSES[real.name]} on {real.n:,} labels is {_beside(real, expected)}"


def by_estimate(estimated: Measurement, expected: Measurement) -> str:
    """Return what the estimate says of the loss."""
    return f"the {LOSSES[estimated.name]} is estimated at {_beside(estimated, expected)}"


def loss(real: Measurement, expected: Measurement, *, faulty: bool = False) -> str:
    """Return the sentence on a real loss that is up, beside a broken feed or not."""
    words = by_labels(real, expected)
    return f"{words[0].upper()}{words[1:]}: {_next_move(Judgement.HARMFUL, faulty)}."


def estimated_up(estimated: Measurement, expected: Measurement) -> str:
    """Return the sentence on an estimated loss that is up."""
    words = by_estimate(estimated, expected)
    return f"{words[0].upper()}{words[1:]}: {DO[Judgement.HARMFUL]}."


def calibration(off: Measurement, classes: bool, judgement: Judgement, *, faulty: bool = False) -> str:
    """Return the sentence on predictions that are off on average, beside a broken feed or not.

    Probabilities can be fitted again without a training, values cannot. Where the loss is not up they still mislead
    whoever reads them as they are.
    """
    what = "probabilities are off" if classes else "predictions are off"
    size = f"{number(off.value)} ({number(off.low)} to {number(off.high)})"
    mend = "recalibrate or train again" if classes else "train again"
    if faulty:
        mend = "look again when the feed is repaired"
    elif judgement is not Judgement.HARMFUL:
        mend = f"the loss is not up; {mend} if they are used as they are, and not for their order alone"
    return f"The {what} by {size} on average on {off.n:,} labels ({off.name}): {mend}."


def one_class(n: int, name: str, expected: float) -> str:
    """Return that labels seem to have come by what happened, without a full stop."""
    of = "was" if round(expected) == 1 else "were"
    return (
        f"all {n:,} labels are '{name}', which {round(expected):,} of them {of} expected to be: labels that come by "
        "what happened say nothing of the others"
    )


def beyond(names: Sequence[str]) -> str:
    """Return that rows lie beyond what training has seen."""
    quoted = joined((f"'{n}'" for n in names), 3)
    return f"many rows lie beyond what training has seen in {quoted}, and no estimate reaches there"


def no_estimate(why: str) -> str:
    """Return that the loss cannot be told without labels."""
    return f"The loss without labels: cannot tell, {why}."


def strange_labels(strange: Counter[str], classes: Sequence[str]) -> tuple[str, ...]:
    """Return a sentence on labels that the target cannot have, none where there are none.

    One is named as it is spelled where that tells nothing of a person: it resembles a class, or several rows have it.
    """
    n = strange.total()
    if not n:
        return ()
    what = "none of the model's classes" if classes else ("no number" if n == 1 else "no numbers")
    shown = next((text for text, rows in strange.most_common(MOST_LOOKED_AT) if _may_be_shown(text, rows, classes)), "")
    example = f", such as '{shown}' ({plural(strange[shown], 'row')})" if shown else ""
    are = "1 label is" if n == 1 else f"{n:,} labels are"
    return (f"{are} {what}{example}: unknown here, and not learned from",)


def ahead(n_rows: int) -> tuple[str, ...]:
    """Return that predictions are of the future."""
    if not n_rows:
        return ()
    return (
        f"{plural(n_rows, 'prediction')} in the log {'bears' if n_rows == 1 else 'bear'} a time that has not come: "
        "a clock was ahead when they were written; they wait for it.",
    )


def labels_without_rows(n: int, lost: int) -> tuple[str, ...]:
    """Return a sentence on labels whose rows are not in the log, none where there are none."""
    if not lost:
        return ()
    belong = "belongs" if lost == 1 else "belong"
    why = "their request ids are others than those of the answers, or the log left the rows out or no longer keeps them"
    return (f"{lost:,} of {plural(n, 'label')} {belong} to no row of the log: {why}",)


def _may_be_shown(text: str, rows: int, classes: Sequence[str]) -> bool:
    if len(text) > LONGEST_SHOWN or redacted(text) != text or not text.isprintable():
        return False
    long = [name.casefold() for name in classes[:MOST_LOOKED_AT] if len(name) >= SHORTEST_ALIKE]
    near = difflib.get_close_matches(text.casefold(), long, 1, ALIKE)
    return bool(near) or (rows >= SHARED_BY and not any(c.isdigit() for c in text))
