"""A003: classes with too few rows to learn or to measure."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, tell, verb
from modelwright.audit.findings import AuditContext, Finding, Severity

__all__ = ["RareClasses"]

# Five folds of training and validation and a holdout need two rows each to have any class on every side.
FEW_ROWS = 12


class RareClasses:
    """Finds classes with so few rows that no split can have them on every side."""

    code: ClassVar[str] = "A003"
    title: ClassVar[str] = "Rare classes"
    what: ClassVar[str] = "Some classes of the target have only a handful of rows."
    why_it_matters: ClassVar[str] = (
        "A class that is missing from a training fold cannot be predicted there, and one that is missing from the "
        "holdout cannot be measured."
    )
    how_detected: ClassVar[str] = (
        f"Classes with fewer than {FEW_ROWS} rows: two for each of five folds and for the holdout."
    )
    what_is_done: ClassVar[str] = (
        "Told. The classes stay; the split spreads their rows as evenly as it can, and rows of a class that is absent "
        "from a training part count as errors there, as they would in use."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if not context.classes:
            return "the target is a number"
        y = context.y[~np.isnan(context.y)].astype(np.int64)
        seen = np.bincount(y, minlength=len(context.classes))
        counts = seen * (context.n_rows / max(1, len(context.y)))
        rare = [i for i in np.argsort(counts, kind="stable") if counts[i] < FEW_ROWS]
        if not rare:
            return []
        chosen = np.flatnonzero(np.isin(context.y, rare))
        shown = [str(context.classes[i]) for i in rare]
        smallest = int(seen[rare[0]])
        rarest = f"the rarest has {smallest}"
        if len(context.y) < context.n_rows:
            rarest = (
                f"as far as the sample of {len(context.y):,} of {context.n_rows:,} rows tells (it holds "
                f"{smallest or 'none'} of the rarest)"
            )
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=[str(context.target)],
                message=f"{count(len(rare), 'class', 'classes')} of {len(context.classes)} of '{context.target}' "
                f"{verb(len(rare), 'has', 'have')} fewer than {FEW_ROWS} rows: {names(shown)}; {rarest}. "
                f"{verb(len(rare), 'It', 'They')} can hardly be learned, and scores of "
                f"{verb(len(rare), 'it', 'them')} say little.",
                evidence={"n_classes": len(context.classes), "n_rare": len(rare), "smallest": smallest},
                done="nothing was left out: the split spreads the rows of these classes as evenly as it can",
                fix="collect more rows of these classes, or merge them into one",
                rows=context.row_numbers[chosen],
                n_rows=len(chosen),
            )
        ]
