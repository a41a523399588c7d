"""A044: groups of rows that are unlike each other, in what is known of them and in the target."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.grouping import MAX_GROUPS, grouping_columns
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded, memo
from modelwright.audit.names import entity
from modelwright.audit.power import power_sample, quantile_bins
from modelwright.audit.probing import probe
from modelwright.audit.rules.a017_groups import GroupedRows
from modelwright.audit.shifts import numbers_of, tell_apart, tell_apart_noise
from modelwright.data.columns import Strings, take
from modelwright.data.contract import Kind

__all__ = ["GroupShift"]

MIN_ROWS = 200
MIN_GROUP_ROWS = 50
# The other columns tell one group from all others: 0.75 is another population (A019); 0.8 asks for more than that,
# because places honestly differ a little in everything.
LARGE_AUC = 0.8
# A group's share of a class, or its mean rank of the target, differs from the whole's by a tenth, beyond 5 standard
# errors (there are up to fifty groups); a rare class is twice or half as frequent.
TARGET_DIFFERENCE = 0.1
TARGET_RATIO = 2.0
SURE = 5.0
WORST_RATIO = 1.5  # a group's error against that of all rows, which makes it a warning
MAX_JUDGED = 6
MIN_TOLD = 20
WORST_SURE = 3.0
JOINT_ROWS = 2_500
MAX_COLUMNS = 40
OTHER_NAME = 0.8  # of what is not known about the group anyway, a column that tells it is the group by another name
N_BINS = 50


@dataclass(frozen=True)
class _Target:
    """How the target differs between groups: what is compared, in all rows, and in the groups that differ."""

    said: str
    overall: float
    groups: dict[int, float]


@dataclass(frozen=True)
class _Unlike:
    """A group that is unlike the others."""

    label: str
    auc: float
    value: float


@dataclass(frozen=True)
class _Worst:
    """The group in which a quick model errs most; its error against the average."""

    label: str = ""
    ratio: float = 1.0
    n_rows: int = 0


class GroupShift:
    """Finds groups that can be told apart by the other columns and whose targets differ."""

    code: ClassVar[str] = "A044"
    costly: ClassVar[bool] = True
    title: ClassVar[str] = "Shift along groups"
    what: ClassVar[str] = "The rows of one site, region, source or group are unlike those of the others."
    why_it_matters: ClassVar[str] = (
        "One score stands for all of them, and is right for none. At a site that is unlike those in the table the "
        "model may do far worse; where the site alone tells the target, it may learn the site and nothing else."
    )
    how_detected: ClassVar[str] = (
        "The column that groups the split, entities that A017 accuses, and columns named for places and sources (site, "
        f"region, hospital, source) with 2 to {MAX_GROUPS} values. In a group of at least {MIN_GROUP_ROWS} rows the "
        "share of a class, or the mean rank of the target, differs from that of all rows by "
        f"{TARGET_DIFFERENCE:g}, or a share by a factor of {TARGET_RATIO:g}, beyond {SURE:g} standard errors, "
        f"and all other columns tell its rows from the rest with an area under the ROC curve of {LARGE_AUC:g} "
        "(a small gradient boosting machine; columns that are the "
        f"group by another name, places and coordinates are left out); the {MAX_JUDGED} groups whose targets differ "
        f"most are judged. A warning where a quick model errs {WORST_RATIO:g} times as much in the worst group."
    )
    what_is_done: ClassVar[str] = "Told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per grouping column, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None or len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        columns = _candidates(context)
        if not columns:
            return "no column names groups, sites or sources"
        found = (self._judge(context, name) for name in columns)
        return [f for f in found if f is not None]

    def _judge(self, context: AuditContext, name: str) -> Finding | None:
        sample = power_sample(context)
        assert sample is not None
        codes = coded(context, name).codes[sample.rows]
        target = _target(context, codes)
        unlike = _unlike(context, name, codes, target) if target is not None else []
        if target is None or not unlike:
            return None
        worst = _worst(context, name)

        def shown(value: float) -> str:
            return percent(value) if context.classes else f"{value:.4g}"

        groups = ", ".join(f"'{u.label}' ({u.auc:.2f}; {shown(u.value)})" for u in unlike)
        message = (
            f"{count(len(unlike), 'group')} of '{name}' {'is' if len(unlike) == 1 else 'are'} unlike the others, in "
            f"what the other columns say (area under the ROC curve; 0.5 would be none) and in the {target.said} "
            f"({shown(target.overall)} in all rows): {groups}. Scores will differ by group"
        )
        if worst.label:
            message += f"; in '{worst.label}' a quick model errs {worst.ratio:.1f} times as much as on average"
        return tell(
            self,
            severity=Severity.WARNING if worst.ratio >= WORST_RATIO else Severity.INFO,
            columns=[name],
            message=message + ".",
            evidence={
                "auc": max(u.auc for u in unlike),
                "overall": target.overall,
                **{f"target in {u.label}": u.value for u in unlike},
                "worst_error_ratio": worst.ratio,
            },
            fix=f"look at scores group by group; if the model will meet new ones, ask for --group {name}",
        )


def _candidates(context: AuditContext) -> list[str]:
    """Return the columns named for places and sources, and the entities that A017 accuses, with few values."""
    grouped = memo(context, "grouped rows", lambda: GroupedRows().check(context))
    accused = [] if isinstance(grouped, str) else [c for f in grouped for c in f.columns if entity(c)[0]]
    few = [n for n in accused if coded(context, n).n_levels <= MAX_GROUPS]
    return list(dict.fromkeys([*grouping_columns(context), *few]))


def _label(context: AuditContext, name: str, group: int) -> str:
    value = coded(context, name).values[group]
    return str(value) if isinstance(context.columns[name], Strings) else f"{value:g}"


def _large(codes: np.ndarray) -> np.ndarray:
    return np.flatnonzero(np.bincount(codes[codes >= 0]) >= MIN_GROUP_ROWS)


def _target(context: AuditContext, codes: np.ndarray) -> _Target | None:
    """Return how the target differs between large groups, those that differ most first; None where it hardly does."""
    sample = power_sample(context)
    assert sample is not None and context.y is not None
    large, k = _large(codes), sample.n_classes
    if len(large) < 2:
        return None
    asked = {c: (sample.y == c).astype(np.float64) for c in range(k)} if k else {0: sample.y}
    if k == 2:
        del asked[0]
    gaps: dict[tuple[int, int], float] = {}
    for number, values in asked.items():
        mean, spread = float(values.mean()), float(values.std())
        for group in large:
            mine = values[codes == group]
            gap = abs(float(mine.mean()) - mean)
            doubled = k > 0 and not mean / TARGET_RATIO < float(mine.mean()) < mean * TARGET_RATIO
            if gap >= SURE * spread / len(mine) ** 0.5 and (doubled or gap >= TARGET_DIFFERENCE):
                gaps[number, int(group)] = gap
    if not gaps:
        return None
    number = max(gaps, key=lambda key: gaps[key])[0]
    differing = sorted((g for n, g in gaps if n == number), key=lambda g: -gaps[number, g])
    if not k:
        y = context.y[sample.rows]
        return _Target(
            f"median of '{context.target}'",
            float(np.median(y)),
            {g: float(np.median(y[codes == g])) for g in differing},
        )
    y = asked[number]
    said = f"share of '{context.classes[number]}'"
    return _Target(said, float(y.mean()), {g: float(y[codes == g].mean()) for g in differing})


def _unlike(context: AuditContext, name: str, codes: np.ndarray, target: _Target) -> list[_Unlike]:
    """Return the groups with another target that the other columns tell from all other rows."""
    sample = power_sample(context)
    assert sample is not None
    kept = np.flatnonzero(codes >= 0)
    kept = kept[np.linspace(0, len(kept) - 1, min(len(kept), JOINT_ROWS)).astype(np.int64)]
    others = [n for n in context.features if n != name and _is_asked(context, n, sample.rows, codes)][:MAX_COLUMNS]
    if not others:
        return []
    table = take({n: context.columns[n] for n in others}, sample.rows[kept])
    numbers = np.column_stack([numbers_of(c) for c in table.values()])
    folds = sample.folds[kept] % 2
    found = []
    for group, value in list(target.groups.items())[:MAX_JUDGED]:
        mine = (codes[kept] == group).astype(np.int64)
        if not MIN_TOLD <= mine.sum() <= len(mine) - MIN_TOLD:
            continue
        auc = tell_apart(numbers, mine, folds, context.brief.seed)[0]
        noise = tell_apart_noise(int(mine.sum()), int(len(mine) - mine.sum()))
        if auc >= max(LARGE_AUC, 0.5 + SURE * noise):
            found.append(_Unlike(_label(context, name, group), auc, value))
        if len(_large(codes)) == 2:
            break  # the one group is what the other is not
    return found


def _is_asked(context: AuditContext, name: str, rows: np.ndarray, codes: np.ndarray) -> bool:
    """Return whether a column may tell groups apart: no place, no clock, no other name of the group."""
    if context.contract[name].kind in (Kind.TEXT, Kind.GEO, Kind.ID, Kind.DATETIME) or entity(name)[0]:
        return False
    if identifier_reason(context, name) or name in sure_leaks(context) or name in grouping_columns(context):
        return False
    column = coded(context, name)
    cells = column.codes[rows]
    if column.n_levels > N_BINS and not isinstance(context.columns[name], Strings):
        cells = np.where(cells < 0, -1, quantile_bins(cells, column.n_levels, N_BINS))
    known = (codes >= 0) & (cells >= 0)
    if not known.any():
        return False
    k = int(codes.max()) + 1
    pairs = np.bincount(cells[known] * k + codes[known], minlength=(int(cells.max()) + 1) * k).reshape(-1, k)
    purity, base = pairs.max(axis=1).sum() / known.sum(), pairs.sum(axis=0).max() / known.sum()
    return bool(base >= 1 or (purity - base) / (1 - base) < OTHER_NAME)


def _worst(context: AuditContext, name: str) -> _Worst:
    """Return the large group in which a quick model errs most, beyond doubt."""
    made, worst = probe(context), _Worst()
    if made is None:
        return worst
    if made.prediction.shape[1] > 1:
        error = -np.log(np.clip(made.prediction[np.arange(len(made.y)), made.y.astype(np.int64)], 1e-6, 1))
    else:
        error = np.square(made.y - made.prediction[:, 0])
    codes = coded(context, name).codes[made.rows]
    for group in _large(codes):
        mine = error[codes == group]
        ratio = float(mine.mean() / max(float(error.mean()), 1e-12))
        sure = float(mine.mean() - error.mean()) >= WORST_SURE * float(mine.std()) / len(mine) ** 0.5
        if sure and ratio > worst.ratio:
            worst = _Worst(_label(context, name, int(group)), ratio, len(mine))
    return worst
