"""A002: fewer rows than a trustworthy model needs."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, tell
from modelwright.audit.findings import AuditContext, Finding, Severity

__all__ = ["TinyData"]

# An accuracy near 80 % measured on 100 rows is known to within 8 points (95 %, Wilson).
FEW_ROWS = 100
# Rows (or rows of the rarest class) per feature; ten is the classic rule (Peduzzi et al. 1996, J Clin Epidemiol 49).
ROWS_PER_FEATURE = 10
# With this many rows of every class trees and penalised models choose features safely, however many there are.
ENOUGH_ROWS = 1_000


class TinyData:
    """Finds tables with few rows, absolutely or for their number of features."""

    code: ClassVar[str] = "A002"
    title: ClassVar[str] = "Tiny data"
    what: ClassVar[str] = "There are few rows, in all or for each feature."
    why_it_matters: ClassVar[str] = (
        "Scores measured on few rows are uncertain, and with many features some fit the target by luck alone."
    )
    how_detected: ClassVar[str] = (
        f"Fewer than {FEW_ROWS} rows with a target; or fewer than {ROWS_PER_FEATURE} rows per feature, counting for "
        "classes only the rows of the rarest class (Peduzzi et al. 1996), "
        f"as long as these are fewer than {ENOUGH_ROWS:,}."
    )
    what_is_done: ClassVar[str] = "Told. Framing prefers repeated cross-validation where a holdout would be too small."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        y = context.y[~np.isnan(context.y)]
        n_rows = round(len(y) * context.n_rows / max(1, len(context.y)))
        n_features = len(context.features)
        informative, of_what = n_rows, "rows"
        if context.classes and len(y):
            seen = np.bincount(y.astype(np.int64))
            share = seen[seen > 0].min() / len(y)
            informative, of_what = round(n_rows * share), "rows of the rarest class"
        few = n_rows < FEW_ROWS
        wide = informative < min(ENOUGH_ROWS, ROWS_PER_FEATURE * n_features)
        if not few and not wide:
            return []
        return [
            tell(
                self,
                severity=Severity.WARNING if few else Severity.INFO,
                message=f"{count(n_rows, 'row')} with a target and {count(n_features, 'feature')}: "
                f"{informative:,} {of_what}, {informative / max(1, n_features):.1f} per feature "
                f"(at least {ROWS_PER_FEATURE} are wanted). Expect wide intervals, and features that fit by luck.",
                evidence={
                    "n_rows": n_rows,
                    "n_features": n_features,
                    "informative_rows": informative,
                    "rows_per_feature": informative / max(1, n_features),
                },
                fix="collect more rows, or leave out features that cannot matter with --drop",
                n_rows=n_rows,
            )
        ]
