"""Framing: from a brief, an audited table and an encoded target to a problem that can be trained and judged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np

from modelwright import objectives
from modelwright.audit.findings import Audit
from modelwright.brief import Brief
from modelwright.data.columns import Columns
from modelwright.data.contract import Contract, Kind
from modelwright.errors import DataError, UsageError
from modelwright.frame.delay import choose_delay
from modelwright.frame.metric import choose_metric
from modelwright.frame.problem import Choice, Problem
from modelwright.frame.roles import refuse_target_elsewhere
from modelwright.frame.sizes import choose_folds, choose_holdout
from modelwright.frame.splitting import Asked, Split, choose_split

__all__ = ["Findings", "frame"]

MOST_TOLD = 10
"""Columns that an error names."""


class Findings(Asked, Protocol):
    """What findings change: the columns for the split, and code of the finding by dropped column."""

    @property
    def dropped(self) -> Mapping[str, str]: ...


def frame(
    brief: Brief,
    contract: Contract,
    columns: Columns,
    y: np.ndarray,
    classes: tuple[str, ...],
    audit: Audit,
    applied: Findings,
    objective_choice: Choice,
) -> Problem:
    """Return the problem, every part of it with who decided it and why.

    Parameters
    ----------
    columns : Columns
        All columns over the used rows (with a target, duplicates left out).
    y : ndarray of float64, shape (n_rows,)
        Encoded target of the used rows, without NaN.
    classes : tuple of str
        Class names by number; empty for values.
    applied
        What `modelwright.audit.acting.apply` returned.
    objective_choice : Choice
        From `modelwright.frame.objective.choose_objective`.

    Raises
    ------
    UsageError, DataError
        What was asked is impossible; see `choose_metric`, `choose_split`, `choose_folds`. No target named
        (MW-U313), the target among the columns to drop (MW-U314), no column left to learn from (MW-D310).
    """
    if brief.target is None:
        raise UsageError("no target column is named", fix="name it with --target COLUMN", code="MW-U313")
    objective = objectives.get(objective_choice.value)
    reasons = [Choice(**reason._asdict()) for reason in objective.reasons(y, classes, brief)]
    metric = choose_metric(objective, y, classes, brief)
    split, split_choice = choose_split(objective, brief, contract, columns, audit, applied)
    delay, delay_choice = choose_delay(brief, split, contract)
    holdout, holdout_choice = choose_holdout(objective, y, classes, split)
    n_folds, n_repeats, folds_choice = choose_folds(objective, y, classes, split, holdout)
    features, features_choice = _choose_features(brief, contract, applied, split, series=not classes)
    return Problem(
        objective=objective.name,
        target=brief.target,
        classes=tuple(classes),
        metric=metric.value,
        split=split.kind,
        group=split.group,
        time=split.clock[0] if len(split.clock) == 1 else None,
        time_parts=split.clock if len(split.clock) > 1 else (),
        n_folds=n_folds,
        n_repeats=n_repeats,
        holdout=holdout,
        features=features,
        n_rows=len(y),
        choices=(
            *(objective_choice, *reasons, metric, split_choice),
            *(() if delay_choice is None else (delay_choice,)),
            *(holdout_choice, folds_choice, features_choice),
        ),
        label_delay=delay,
    )


def _nothing_left(brief: Brief, left_out: Mapping[str, str], *, series: bool) -> DataError:
    """Return the error for a table of which no column can be learned from.

    Parameters
    ----------
    left_out : mapping of str to str
        Why each column but the target is left out.
    series : bool
        The target is a value, and may be meant to be told from its own past.
    """
    shown = "; ".join(f"'{n}' ({w})" for n, w in list(left_out.items())[:MOST_TOLD])
    more = f"; and {len(left_out) - MOST_TOLD} more" if len(left_out) > MOST_TOLD else ""
    what = f"left out were {shown}{more}" if left_out else f"the table holds nothing but the target '{brief.target}'"
    fix = "add columns, or overrule findings with --allow CODE" if left_out else "give a table with more columns"
    if series and len(left_out) <= FEW_LEFT_OUT:
        fix += (
            f"; to tell '{brief.target}' from its own past (there is no forecasting yet), add what was known at the "
            "time as columns: the value a step before, a season before, their mean"
        )
    return DataError(f"no column is left to learn from: {what}", fix=fix, code="MW-D310")


FEW_LEFT_OUT = 2
"""Columns beside the target, such as a month and a number of the row, up to which a table may be a series."""

UNREAD = frozenset({Kind.ID, Kind.CONSTANT})
"""Kinds that no view of the features reads: a version neither asks for such a column nor says that it uses it."""


def _choose_features(
    brief: Brief, contract: Contract, applied: Findings, split: Split, *, series: bool
) -> tuple[tuple[str, ...], Choice]:
    """Return all columns but those left out, and why each is."""
    for name in (*brief.drop, *brief.known_after):
        contract[name]  # raises when there is no such column
    refuse_target_elsewhere(brief)
    left_out = {s.name: f"of kind {s.kind}, which no model reads" for s in contract.columns if s.kind in UNREAD}
    left_out[str(brief.target)] = "the target"
    if split.group is not None:
        left_out[split.group] = "the group: those to come are not among the known ones"
    left_out |= {name: f"dropped by {code}" for name, code in applied.dropped.items()}
    left_out |= dict.fromkeys(brief.known_after, "known only after the fact, says the brief")
    left_out |= dict.fromkeys(brief.drop, "dropped by the brief")
    features = tuple(n for n in contract.names if n not in left_out)
    if not features:
        raise _nothing_left(brief, {n: w for n, w in left_out.items() if n != brief.target}, series=series)
    others = {n: w for n, w in left_out.items() if n != brief.target}
    why = "; ".join(f"without '{n}' ({w})" for n, w in others.items()) or "every column but the target"
    by = "user" if brief.drop or brief.known_after else next(iter(applied.dropped.values()), "default")
    value = f"{len(features)} of {len(contract.names) - 1} columns"
    return features, Choice(question="features", value=value, alternatives=(), decided_by=by, why=why)
