"""A047: groups of people or places that are too small to measure errors in."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import MAX_EXAMPLES, count, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.grouping import MAX_GROUPS, grouping_columns
from modelwright.audit.looking import coded
from modelwright.audit.people import AGE, age_bands, protected_columns
from modelwright.data.columns import Strings

__all__ = ["SmallGroups"]

# With 30 rows a share near one half is known to within 18 percentage points (95 %); with 10 events a rate of hits to
# within 31, and fewer than ten per thing measured is the rule of thumb against (Peduzzi et al. 1996).
MIN_ROWS = 30
MIN_EVENTS = 10
MAX_SHOWN = 5


class SmallGroups:
    """Finds groups, of protected attributes and of places, with too few rows or events."""

    code: ClassVar[str] = "A047"
    title: ClassVar[str] = "Small groups"
    what: ClassVar[str] = "A group of people (by sex, origin, age, …) or a place has very few rows or events."
    why_it_matters: ClassVar[str] = (
        "How often the model errs there cannot be measured: the numbers for such a group are mostly luck, and a bad "
        "error can hide in them."
    )
    how_detected: ClassVar[str] = (
        f"Groups with fewer than {MIN_ROWS} rows with a target, or, for two classes, fewer than {MIN_EVENTS} rows of "
        "the rarer one (where the table as a whole has enough of them), in the protected columns (named in the brief "
        "or found by A046; ages in bands of ten years), in the column that groups the split, and in columns such as "
        f"site, region and source, with at most {MAX_GROUPS} values."
    )
    what_is_done: ClassVar[str] = "Told."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column with small groups, or why there is nothing to check."""
        columns = list(dict.fromkeys([*protected_columns(context), *grouping_columns(context)]))
        if not columns:
            return "no column names groups of people or places"
        found = (self._judge(context, name) for name in columns)
        return [f for f in found if f is not None]

    def _judge(self, context: AuditContext, name: str) -> Finding | None:
        codes, labels = _groups(context, name)
        if not 2 <= len(labels) <= MAX_GROUPS:
            return None
        known = codes >= 0
        if context.y is not None:
            known &= ~np.isnan(context.y)
        rows = np.bincount(codes[known], minlength=len(labels))
        events = _events(context, codes, known, len(labels))
        # Of a larger table only a sample was looked at: a group is judged by the size it has in all of it.
        scale = context.n_rows / max(1, len(context.row_numbers))
        few = (rows > 0) & (rows * scale < MIN_ROWS)
        poor = ~few & (rows > 0) & (events * scale < MIN_EVENTS)
        small = np.flatnonzero(few | poor)
        if not len(small) or len(small) == np.count_nonzero(rows):
            return None
        small = small[np.argsort(rows[small], kind="stable")]
        shown = ", ".join(_told(labels[g], rows[g], events[g] if poor[g] else np.inf) for g in small[:MAX_SHOWN])
        more = f" and {len(small) - MAX_SHOWN} more" if len(small) > MAX_SHOWN else ""
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{count(len(small), 'group')} of {len(labels)} of '{name}' {'is' if len(small) == 1 else 'are'} "
            f"too small to measure errors in: {shown}{more}.",
            evidence={
                "n_groups": len(labels),
                "n_small": len(small),
                **{f"rows of {labels[g]}": rows[g] for g in small[:MAX_EXAMPLES]},
            },
            fix="collect more rows of them, join groups that belong together, or do not use the model on them unseen",
            n_rows=int(rows[small].sum()),
        )


def _groups(context: AuditContext, name: str) -> tuple[np.ndarray, list[str]]:
    """Return the group of each row (-1: unknown) and the groups' names; ages in bands."""
    column, values = coded(context, name), context.columns[name]
    if isinstance(values, Strings) or column.n_levels <= MAX_GROUPS // 2:
        shown = [str(v) if isinstance(values, Strings) else f"{v:g}" for v in column.values]
        return column.codes, shown
    if protected_columns(context).get(name) != AGE:
        return column.codes, [""] * column.n_levels
    used, codes = np.unique(age_bands(values), return_inverse=True)
    labels = [f"{10 * b} to {10 * b + 9}" if b < 8 else "80 and more" for b in used if b >= 0]
    return codes - int(used[0] < 0), labels


def _events(context: AuditContext, codes: np.ndarray, known: np.ndarray, n_groups: int) -> np.ndarray:
    """Return the rows of the rarer class per group; infinite where there are not two classes, or it is rare anyway."""
    none = np.full(n_groups, np.inf)
    if context.y is None or len(context.classes) != 2:
        return none
    y = context.y[known] == (1.0 if np.nanmean(context.y) <= 0.5 else 0.0) if known.any() else np.zeros(0, dtype=bool)
    if y.sum() < MIN_EVENTS * 2:
        return none
    return np.bincount(codes[known], weights=y, minlength=n_groups)


def _told(label: str, rows: int, events: float) -> str:
    told = f"'{label}' ({count(int(rows), 'row')}"
    return told + (f", {int(events)} of the rarer class)" if np.isfinite(events) else ")")
