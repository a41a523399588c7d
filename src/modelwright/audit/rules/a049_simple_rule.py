"""A049: a rule is enough."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.audit.building import names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.honest import NO_PROBE, constant_probe, honest_features, honest_probe, skill
from modelwright.audit.looking import coded
from modelwright.audit.power import N_FOLDS, PowerSample, column_cells, power
from modelwright.audit.probing import Probe, difference, probe_rows
from modelwright.audit.simple import Split, best_split, cell_table, linear_model
from modelwright.data.columns import Strings
from modelwright.evaluate.intervals import gain as paired
from modelwright.evaluate.intervals import measure
from modelwright.evaluate.measurements import Measurement

__all__ = ["SimpleRule"]

MIN_ROWS = 150  # with fewer rows the intervals are too wide for anything to be as good as anything else
MIN_SKILL = 0.10  # below, there is no model that a rule could be as good as
# What a rule may be worse by, as a share of what the quick model gains over a constant and of what it leaves open: the
# best guess, and the lower end of the paired interval.
BEST_GUESS, WORST = 0.02, 0.05
BEST_GUESS_OPEN, WORST_OPEN = 0.25, 0.50
MAX_CLASSES = 10  # of more, the quick model has few trees for each and is easily equalled
MAX_COLUMNS = 3  # single columns that are tried
LINEAR_COLUMNS = 3
MAX_LEVELS = 30  # of a table that a person would still read
SHOWN = 4


@dataclass(frozen=True, kw_only=True)
class _Simple:
    """What does as well: columns, words, predictions."""

    columns: tuple[str, ...]
    words: str
    made: Probe


class SimpleRule:
    """Finds targets that one column or a short formula tells as well as a quick model of all columns."""

    code: ClassVar[str] = "A049"
    costly: ClassVar[bool] = True
    title: ClassVar[str] = "A rule is enough"
    what: ClassVar[str] = (
        "One threshold, one table of one column, or a linear formula of a few columns predicts as well as all columns."
    )
    why_it_matters: ClassVar[str] = (
        "A rule can be written down, checked by anybody and run anywhere. A model that is no better has to be served, "
        "watched and explained for nothing."
    )
    how_detected: ClassVar[str] = (
        f"Tried, out of fold, from the simplest: one split and one table of each of the {MAX_COLUMNS} columns that "
        f"tell most alone, a linear model of {LINEAR_COLUMNS} of them. Told when the first of them loses at most "
        f"{percent(BEST_GUESS)} of what a quick model of all columns gains over a constant, and {percent(WORST)} at "
        f"the lower end of the paired interval (of what is left open {percent(BEST_GUESS_OPEN)} and "
        f"{percent(WORST_OPEN)}), and orders two classes as well. From {MIN_ROWS} rows, and a quick model that "
        f"explains {percent(MIN_SKILL)}; with more than one column and at most {MAX_CLASSES} classes."
    )
    what_is_done: ClassVar[str] = "Told. Training compares its models with such rules in any case."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        sample, whole = probe_rows(context), honest_probe(context)
        if sample is None or whole is None or len(whole.y) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows with a target, or {NO_PROBE}"
        used = honest_features(context)
        if len(context.classes) > MAX_CLASSES:
            return f"there are more than {MAX_CLASSES} classes"
        if len(used) < 2:
            return "there is one column only"
        explained = skill(whole)
        if explained < MIN_SKILL:
            return (
                f"a quick model explains {percent(max(0.0, explained))} of the target: there is nothing to be equal to"
            )
        gain = difference(whole, constant_probe(whole), seed=context.brief.seed).value or 0.0
        left = gain * (1 - explained) / explained
        for simple in _candidates(context, sample, whole, used):
            lost = difference(simple.made, whole, seed=context.brief.seed)
            if _equals(lost, gain, left) and _ranks_as_well(simple.made, whole, lost, context.brief.seed):
                return [self._tell(context, simple, lost, len(used), explained)]
        return []

    def _tell(
        self, context: AuditContext, simple: _Simple, lost: Measurement, n_columns: int, explained: float
    ) -> Finding:
        score = "log loss" if context.classes else "R² of ranks"
        return tell(
            self,
            severity=Severity.INFO,
            columns=simple.columns,
            message=f"{simple.words}: this alone explains {percent(max(0.0, skill(simple.made)))} of "
            f"'{context.target}', a quick model of all {n_columns} columns {percent(explained)} (the rule is "
            f"{lost.value or 0:+.2g} better in {score}, {lost.low or 0:+.2g} to {lost.high or 0:+.2g}). You may not "
            "need machine learning.",
            evidence={
                "rule": simple.words,
                "skill": skill(simple.made),
                "skill_of_all": explained,
                "change": lost.value or 0.0,
                "at_worst": lost.low or 0.0,
            },
            fix="write the rule down and use it, or collect columns that know more than these",
        )


def _equals(lost: Measurement, gain: float, left: float) -> bool:
    """Return whether little enough is lost of what the quick model gains, and added to what it leaves open."""
    if lost.value is None or lost.low is None:
        return False
    best, worst = min(BEST_GUESS * gain, BEST_GUESS_OPEN * left), min(WORST * gain, WORST_OPEN * left)
    return lost.value >= -best and lost.low >= -worst


def _ranks_as_well(made: Probe, whole: Probe, better: Measurement, seed: int) -> bool:
    """Return whether a rule also orders two classes as well: a quick model that is too sure of itself still ranks.

    One threshold has ties that cost it some of the area under the ROC curve even where it is all there is to know, so
    that more of it may be lost by a rule whose probabilities are surely better.
    """
    if made.prediction.shape[1] != 2:
        return True
    lost = paired("roc_auc", made.y, made.prediction, whole.prediction, seed=seed)
    reached = measure("roc_auc", whole.y, whole.prediction).value
    if lost.value is None or reached is None:
        return True
    allowed = WORST if better.low is not None and better.low >= 0 else BEST_GUESS
    return lost.value >= -allowed * (reached - 0.5)


def _candidates(context: AuditContext, sample: PowerSample, whole: Probe, used: tuple[str, ...]) -> list[_Simple]:
    """Return simple predictors from the simplest on."""
    alone = sorted(used, key=lambda n: (-(m.skill if (m := power(context, n)) else 0.0), n))[:MAX_COLUMNS]
    found = [s for n in alone if (s := _split(context, sample, whole, n)) is not None]
    found += [s for n in alone if (s := _table(context, sample, whole, n)) is not None]
    line = linear_model(context, sample, alone[:LINEAR_COLUMNS])
    if line is not None:
        words = f"A linear model of {names(alone[:LINEAR_COLUMNS])}"
        found.append(_Simple(columns=tuple(alone[:LINEAR_COLUMNS]), words=words, made=_probe(whole, line)))
    return found


def _probe(whole: Probe, prediction: np.ndarray) -> Probe:
    return Probe(whole.rows, whole.y, prediction)


def _split(context: AuditContext, sample: PowerSample, whole: Probe, name: str) -> _Simple | None:
    column = context.columns[name]
    if isinstance(column, Strings) or coded(context, name).n_levels < 3:
        return None
    x = column[sample.rows]
    prediction = np.empty_like(whole.prediction)
    for fold in range(N_FOLDS):
        held = sample.folds == fold
        part = best_split(x[~held], sample.y[~held], sample.n_classes)
        if part is None:
            return None
        prediction[held] = part.predict(x[held])
    last = best_split(x, sample.y, sample.n_classes)
    if last is None:
        return None
    return _Simple(columns=(name,), words=_split_words(context, name, last), made=_probe(whole, prediction))


def _split_words(context: AuditContext, name: str, split: Split) -> str:
    above, below = (_said(context, p) for p in (split.above, split.below))
    return f"'{name}' > {split.at:.6g} → {above}, else {below}"


def _said(context: AuditContext, prediction: np.ndarray) -> str:
    if context.classes:
        most = int(prediction.argmax())
        return f"'{context.classes[most]}' ({percent(float(prediction[most]))})"
    assert context.y is not None
    return f"about {np.nanquantile(context.y, float(np.clip(prediction[0], 0, 1))):.4g}"


def _table(context: AuditContext, sample: PowerSample, whole: Probe, name: str) -> _Simple | None:
    column = coded(context, name)
    cells = column_cells(context, name, sample, most=10)
    if column.values.dtype == object and column.n_levels > MAX_LEVELS:
        return None
    prediction, n_cells = np.empty_like(whole.prediction), int(cells.max()) + 1
    for fold in range(N_FOLDS):
        held = sample.folds == fold
        prediction[held] = cell_table(cells[~held], sample.y[~held], sample.n_classes, n_cells)[cells[held]]
    words = f"A table of '{name}' ({_branches(context, sample, name, cells)})"
    return _Simple(columns=(name,), words=words, made=_probe(whole, prediction))


def _branches(context: AuditContext, sample: PowerSample, name: str, cells: np.ndarray) -> str:
    """Return the largest cells of a table in words."""
    table = cell_table(cells, sample.y, sample.n_classes, int(cells.max()) + 1)
    column = context.columns[name]
    sizes = np.bincount(cells)
    shown = np.argsort(-sizes, kind="stable")[:SHOWN]
    said = []
    for cell in sorted(shown[sizes[shown] > 0]):
        rows = sample.rows[cells == cell]
        if isinstance(column, Strings):
            code = column.codes[rows[0]]
            label = "missing" if code < 0 else f"'{column.levels[code]}'"
        else:
            values = column[rows][np.isfinite(column[rows])]
            label = f"{values.min():.4g} to {values.max():.4g}" if len(values) else "missing"
            label = label if not len(values) or values.min() < values.max() else f"{values.min():.4g}"
        said.append(f"{label} → {_said(context, table[cell])}")
    more = int((sizes > 0).sum()) - len(said)
    return ", ".join(said) + (f" and {more} more" if more > 0 else "")
