"""Whom the model treats differently: the groups of a run, and the measures on the rows that are reported."""

from __future__ import annotations

from modelwright.audit.findings import Audit
from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.measurements import Fairness, Flip
from modelwright.govern.fairness.groups import Grouping, groupings
from modelwright.running import Run
from modelwright.steps.opening import fold_plan
from modelwright.steps.pacing import rows_within

__all__ = ["fairness", "groups_of", "protected_names"]

ATTRIBUTES_RULE = "A046"
FLIPPED_ROWS, FEWEST_FLIPPED = 2_000, 200  # a share of so many is known to two points, to seven where time is short
FLIP_SHARE = 0.1  # of what is left of the budget
MOST_COLUMNS = 8  # each is a table in the report

CHOSE = (
    "There was no lockbox: the rows that measure the groups also chose the model, which flatters it, and their numbers "
    "are not corrected for that as the score is."
)


def protected_names(run: Run) -> tuple[tuple[str, ...], bool]:
    """Return the columns whose groups are compared, and whether the audit proposed them."""
    target = run.documents["problem"].target
    named = tuple(n for n in run.brief.protected if n != target)
    if named:
        return named[:MOST_COLUMNS], False
    audit: Audit = run.documents["audit"]
    found = (f.columns for f in audit.findings if f.code == ATTRIBUTES_RULE and "n_columns" in f.evidence)
    return tuple(n for n in next(found, ()) if n != target)[:MOST_COLUMNS], True


def groups_of(run: Run, names: tuple[str, ...]) -> tuple[Grouping, ...]:
    """Return the groups of the used rows; a column need not be a feature."""
    return groupings(run.used(names), names, run.documents["contract"])


def _flips(run: Run, names: tuple[str, ...], evidence: Evidence) -> tuple[Flip, ...]:
    """Ask the models of the first fold, as explaining does: they have not seen these rows."""
    from modelwright.data.columns import take
    from modelwright.govern.fairness.flipping import flip_test

    lockbox = run.folds.holdout
    plan = fold_plan(run, 0)
    most = rows_within(run, FLIP_SHARE * run.budget.left / (1 + len(names)), least=FEWEST_FLIPPED, most=FLIPPED_ROWS)
    rows = (lockbox if len(lockbox) else run.folds.folds[0][1])[:most]
    columns = take(run.used(plan.contract.names), rows)
    return flip_test(
        plan.predict, columns, names, seen=plan.contract.names, threshold=plan.threshold, unit=evidence.unit
    )


def fairness(run: Run, evidence: Evidence) -> Fairness | None:
    """Return the measures by group on the rows that are reported, None where no column is about people."""
    from dataclasses import replace

    from modelwright.govern.fairness import measure_fairness
    from modelwright.govern.fairness.measuring import Judged
    from modelwright.steps.mitigating import options, why_not_tried

    names, proposed = protected_names(run)
    groups = groups_of(run, names) if names else ()
    if not groups:
        return None
    lockbox = run.folds.holdout
    rows = lockbox if len(lockbox) else run.outcome.rows
    found = measure_fairness(
        Judged(
            y=evidence.y,
            prediction=evidence.prediction,
            threshold=evidence.threshold,
            clusters=evidence.groups,
            unit=evidence.unit,
        ),
        [g.take(rows) for g in groups],
        asked=run.brief.fairness,
        least=run.brief.fairness_ratio,
        proposed=proposed,
    )
    notes = ("" if len(lockbox) else CHOSE, why_not_tried(run))
    return replace(
        found,
        flips=_flips(run, names, evidence),
        options=options(run, evidence.y, rows, groups),
        notes=tuple(note for note in notes if note),
    )
