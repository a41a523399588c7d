"""Which split: the brief's, or the one that findings ask for, or the objective's default."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from modelwright.audit.acting import ROW_ORDER
from modelwright.audit.building import names
from modelwright.audit.findings import Action, Audit, Finding
from modelwright.brief import Brief
from modelwright.data.columns import Column, Columns, Strings
from modelwright.data.contract import Contract
from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.frame.problem import Choice, SplitKind
from modelwright.frame.roles import refuse_target_elsewhere
from modelwright.frame.split import clock_ranks, group_numbers
from modelwright.objectives.base import Objective

__all__ = ["MOSTLY_KNOWN", "NEEDS_GROUP", "NEEDS_TIME", "Asked", "Split", "check_split", "choose_split"]

# With more rows without a time than with one, the order of the others says little about the table.
MAX_TIMES_MISSING = 0.5
# The rules that judge groups and order; what they only tell leaves the split as it is.
GROUPS_RULE, ORDER_RULE = "A017", "A018"
# Whether groups come back is read off the latest fifth of the rows: as much as a lockbox holds.
LATEST = 0.2
MOSTLY_KNOWN = 0.5
NEEDS_GROUP = frozenset({SplitKind.GROUP, SplitKind.GROUP_TIME})
NEEDS_TIME = frozenset({SplitKind.TIME, SplitKind.GROUP_TIME})


class Asked(Protocol):
    """The columns that findings want the split to use; see `modelwright.audit.acting.Applied`."""

    @property
    def group(self) -> str | None: ...
    @property
    def time(self) -> str | None: ...
    @property
    def time_parts(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, kw_only=True)
class Split:
    """The kind of split, its columns, and how many groups and moments they have (None: not used)."""

    kind: SplitKind
    group: str | None = None
    clock: tuple[str, ...] = ()
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
    refuse_target_elsewhere(brief)
    for name in (brief.group, brief.time):
        if name is not None:
            contract[name]  # raises when there is no such column
    group, time = brief.group or asked.group, brief.time or asked.time
    clock = (time,) if time else asked.time_parts
    if brief.split is not None:
        kind = _asked_kind(brief, group, in_order=bool(clock) or _in_file_order(audit) is not None)
        by, why = "user", f"the brief asks for a {brief.split} split"
    else:
        kind, by, why = _found_kind(objective, brief, audit, group, clock, columns)
    n_groups = n_times = None
    if kind in NEEDS_GROUP and group:
        n_groups = _count_groups(group, columns)
        why += f"; '{group}' has {n_groups:,} groups, and none is on two sides"
    if kind in NEEDS_TIME and clock:
        n_times = _count_times(clock, columns)
        why += f"; {names(clock)} {'has' if len(clock) == 1 else 'have'} {n_times:,} different times"
        why += f"{'' if len(clock) == 1 else ' together'}, and the future is judged by the past"
    elif kind in NEEDS_TIME:
        why += "; the order of the file is the order of time, and later rows are judged by earlier ones"
    split = Split(
        kind=kind,
        group=group if n_groups else None,
        clock=clock if n_times else (),
        n_groups=n_groups,
        n_times=n_times,
    )
    others = tuple(k.value for k in SplitKind if k is not kind)
    return split, Choice(question="split", value=kind.value, alternatives=others, decided_by=by, why=why)


def _in_file_order(audit: Audit) -> Finding | None:
    """Return the finding that calls the order of the file one of time, where no column says it."""
    return next((f for f in audit.findings if f.code == ORDER_RULE and ROW_ORDER in f.evidence), None)


def check_split(split: str) -> SplitKind:
    """Return the split of that name; raises UsageError where there is none (MW-U309)."""
    known = [k.value for k in SplitKind]
    if split not in known:
        raise UsageError(f"split '{split}' does not exist", fix=did_you_mean(split, known), code="MW-U309")
    return SplitKind(split)


def _asked_kind(brief: Brief, group: str | None, *, in_order: bool) -> SplitKind:
    kind = check_split(str(brief.split))
    lacking = {"group": kind in NEEDS_GROUP and group is None, "time": kind in NEEDS_TIME and not in_order}
    for field, lacks in lacking.items():
        if lacks:
            raise UsageError(
                f"a {kind} split needs a {field} column, and none is named or was found",
                fix=f"name it with --{field} COLUMN",
                code="MW-U310",
            )
    return kind


def _found_kind(
    objective: Objective, brief: Brief, audit: Audit, group: str | None, clock: tuple[str, ...], columns: Columns
) -> tuple[SplitKind, str, str]:
    """Return kind, who decided and why, where the brief names no split."""
    acting = {column for finding in audit.acting(Action.TIME) for column in finding.columns}
    if not brief.time and not acting.issuperset(clock):
        clock = ()  # parts of a date that are only told
    if brief.group and brief.time:
        why = f"the brief names a group column ('{group}') and a time column ('{brief.time}')"
        return SplitKind.GROUP_TIME, "user", why
    if brief.group:
        return SplitKind.GROUP, "user", f"the brief says that rows with the same '{group}' belong together"
    if brief.time:
        return SplitKind.TIME, "user", f"the brief says that '{brief.time}' orders the rows"
    if group is not None and clock:
        return _both(audit, group, clock, columns)
    if group is not None:
        return SplitKind.GROUP, *_finding(audit, Action.GROUP, group)
    if clock:
        return SplitKind.TIME, *_finding(audit, Action.TIME, clock[0])
    ordered = _in_file_order(audit)
    if ordered is not None and ordered.action is Action.TIME and not ordered.overruled:
        return SplitKind.TIME, ordered.code, ordered.message.rstrip(". ")
    value, why = objective.default_split()
    return SplitKind(value), "default", f"{_not_acted_on(audit, value)}: {why}"


def _both(audit: Audit, group: str, clock: tuple[str, ...], columns: Columns) -> tuple[SplitKind, str, str]:
    """Return the split where groups and time are both strong: what the end of the table says the future holds.

    Are most of the latest rows of groups that were there before, then the question is how known groups go on, and a
    group that is on both sides is no leak. Else new groups come, and the split keeps both time and groups apart.
    """
    known = _known_later(columns[group], clock_ranks(clock, columns))
    code, message = _finding(audit, Action.TIME, clock[0])
    seen = f"{known:.0%} of the latest {LATEST:.0%} of the rows are of a '{group}' that was there before"
    if known >= MOSTLY_KNOWN:
        other = "ask for --split group_time, or --split group, if new ones will come"
        return SplitKind.TIME, code, f"{message}; {seen}: what is judged is the future of known ones; {other}"
    code, _ = _finding(audit, Action.GROUP, group)
    other = "ask for --split time if the model will meet known ones, or --split group to leave time out"
    return SplitKind.GROUP_TIME, code, f"{message}; only {seen}: later rows of new ones are judged; {other}"


def _known_later(group: Column, ranks: np.ndarray) -> float:
    """Return the share of the latest rows whose group has earlier rows."""
    groups = group_numbers(group)
    late = ranks > np.quantile(ranks, 1 - LATEST)
    if not late.any():
        return 0.0
    return float(np.isin(groups[late], groups[~late]).mean())


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


def _count_times(clock: tuple[str, ...], columns: Columns) -> int:
    ranks = clock_ranks(clock, columns)
    missing = float(np.mean(ranks < 0)) if len(ranks) else 1.0
    if missing > MAX_TIMES_MISSING:
        raise DataError(
            f"{missing:.0%} of the rows have no time in {names(clock)}",
            fix="name another column with --time, or choose another split with --split",
            code="MW-D309",
        )
    n = int(ranks.max()) + 1
    if n < 2:
        raise DataError(
            f"the time in {names(clock)} is constant in the rows used",
            fix="name another column with --time, or choose another split with --split",
            code="MW-D309",
        )
    return n
