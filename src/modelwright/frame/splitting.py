"""Which split: the brief's, or the one that findings ask for, or the objective's default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from modelwright.audit.findings import Action, Audit
from modelwright.brief import Brief
from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import Contract
from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.frame.problem import Choice, SplitKind
from modelwright.frame.split import group_numbers, time_ranks
from modelwright.objectives.base import Objective

__all__ = ["Asked", "Split", "choose_split"]

# With more rows without a time than with one, the order of the others says little about the table.
MAX_TIMES_MISSING = 0.5
# The rules that judge groups and order; what they only tell leaves the split as it is.
GROUPS_RULE, ORDER_RULE = "A017", "A018"
NEEDS_GROUP = frozenset({SplitKind.GROUP, SplitKind.GROUP_TIME})
NEEDS_TIME = frozenset({SplitKind.TIME, SplitKind.GROUP_TIME})


class Asked(Protocol):
    """The columns that findings want the split to use; see `modelwright.audit.acting.Applied`."""

    @property
    def group(self) -> str | None: ...
    @property
    def time(self) -> str | None: ...


@dataclass(frozen=True, kw_only=True)
class Split:
    """The kind of split, its columns, and how many groups and moments they have (None: not used)."""

    kind: SplitKind
    group: str | None = None
    time: str | None = None
    n_groups: int | None = None
    n_times: int | None = None


def choose_split(
    objective: Objective, brief: Brief, contract: Contract, columns: Columns, audit: Audit, asked: Asked
) -> tuple[Split, Choice]:
    """Return the split with who decided it and why.

    Raises
    ------
    UsageError
        An unknown split (MW-U309), a split without its column (MW-U310), the target as group or time (MW-U311), a
        time column of text (MW-U312), a column that is not there (MW-U101).
    DataError
        One group only (MW-D308), a time column that is constant or mostly empty (MW-D309).
    """
    for field, name in (("group", brief.group), ("time", brief.time)):
        if name is not None:
            _check_named(field, name, brief, contract)
    group, time = brief.group or asked.group, brief.time or asked.time
    if brief.split is not None:
        kind, by, why = _asked_kind(brief, group, time), "user", f"the brief asks for a {brief.split} split"
    else:
        kind, by, why = _found_kind(objective, brief, audit, group, time)
    n_groups = n_times = None
    if kind in NEEDS_GROUP and group:
        n_groups = _count_groups(group, columns)
        why += f"; '{group}' has {n_groups:,} groups, and none is on two sides"
    if kind in NEEDS_TIME and time:
        n_times = _count_times(time, columns)
        why += f"; '{time}' has {n_times:,} different times, and the future is judged by the past"
    split = Split(
        kind=kind,
        group=group if n_groups else None,
        time=time if n_times else None,
        n_groups=n_groups,
        n_times=n_times,
    )
    others = tuple(k.value for k in SplitKind if k is not kind)
    return split, Choice(question="split", value=kind.value, alternatives=others, decided_by=by, why=why)


def _check_named(field: str, name: str, brief: Brief, contract: Contract) -> None:
    contract[name]  # raises when there is no such column
    if name == brief.target:
        raise UsageError(
            f"the {field} column is '{name}', which is the target", fix="name another column", code="MW-U311"
        )


def _asked_kind(brief: Brief, group: str | None, time: str | None) -> SplitKind:
    known = [k.value for k in SplitKind]
    if brief.split not in known:
        raise UsageError(
            f"split '{brief.split}' does not exist", fix=did_you_mean(str(brief.split), known), code="MW-U309"
        )
    kind = SplitKind(brief.split)
    for needed, name, field in ((kind in NEEDS_GROUP, group, "group"), (kind in NEEDS_TIME, time, "time")):
        if needed and name is None:
            raise UsageError(
                f"a {kind} split needs a {field} column, and none is named or was found",
                fix=f"name it with --{field} COLUMN",
                code="MW-U310",
            )
    return kind


def _found_kind(
    objective: Objective, brief: Brief, audit: Audit, group: str | None, time: str | None
) -> tuple[SplitKind, str, str]:
    """Return kind, who decided and why, where the brief names no split."""
    if brief.group and brief.time:
        why = f"the brief names a group column ('{group}') and a time column ('{time}')"
        return SplitKind.GROUP_TIME, "user", why
    if brief.group:
        return SplitKind.GROUP, "user", f"the brief says that rows with the same '{group}' belong together"
    if brief.time:
        return SplitKind.TIME, "user", f"the brief says that '{time}' orders the rows"
    if group is not None:
        code, message = _finding(audit, Action.GROUP, group)
        also = f"; rows are also ordered by '{time}': use --split group_time to judge both" if time else ""
        return SplitKind.GROUP, code, message + also
    if time is not None:
        code, message = _finding(audit, Action.TIME, time)
        return SplitKind.TIME, code, message
    value, why = objective.default_split()
    return SplitKind(value), "default", f"{_not_acted_on(audit, value)}: {why}"


def _not_acted_on(audit: Audit, value: str) -> str:
    """Return what was found of groups and of an order in time, where the split follows none of it."""
    codes = sorted({f.code for f in audit.findings if f.code in (GROUPS_RULE, ORDER_RULE)})
    if not codes:
        return "no groups and no order in time were found"
    what = {GROUPS_RULE: "groups", ORDER_RULE: "an order in time"}
    found = " and ".join(f"{c} speaks of {what[c]}" for c in codes)
    return f"a {value} split was kept although {found}"


def _finding(audit: Audit, action: Action, column: str) -> tuple[str, str]:
    for finding in audit.acting(action):
        if column in finding.columns:
            return finding.code, finding.message.rstrip(". ")
    return "default", f"the audit asks for it because of '{column}'"


def _count_groups(name: str, columns: Columns) -> int:
    column = columns[name]
    known = column.codes >= 0 if isinstance(column, Strings) else ~np.isnan(column)
    n = int(group_numbers(column).max()) + 1 if len(column) else 0
    if n < 2 or not known.any():
        found = "no value" if not known.any() else "one group only"
        raise DataError(
            f"the group column '{name}' has {found} in the rows used",
            fix="name another column with --group, or leave it out",
            code="MW-D308",
        )
    return n


def _count_times(name: str, columns: Columns) -> int:
    ranks = time_ranks(columns[name], name)
    missing = float(np.mean(ranks < 0)) if len(ranks) else 1.0
    if missing > MAX_TIMES_MISSING:
        raise DataError(
            f"{missing:.0%} of the rows have no time in '{name}'",
            fix="name another column with --time, or choose another split with --split",
            code="MW-D309",
        )
    n = int(ranks.max()) + 1
    if n < 2:
        raise DataError(
            f"the time column '{name}' is constant in the rows used",
            fix="name another column with --time, or choose another split with --split",
            code="MW-D309",
        )
    return n
