"""A027: rows that are nearly another row."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.twins import CHANCE_TIMES, GAP, HAIR, MAX_NOISE, NEIGHBOURS, Twins, noisy_twins, one_apart

__all__ = ["NearDuplicateRows"]

MIN_ROWS = 100
# Below one row in a hundred, scores move less than they vary from split to split; from one in twenty on, duplicates
# moved the scores of public data sets clearly (see A007).
MIN_SHARE = 0.01
LARGE_SHARE = 0.05
MIN_TWINS = 10
BEYOND_CHANCE = 5.0
SHOWN_PAIRS = 10


class NearDuplicateRows:
    """Finds copies of rows with a little noise or with one column changed."""

    code: ClassVar[str] = "A027"
    title: ClassVar[str] = "Near-duplicate rows"
    tells: ClassVar[bool] = True
    what: ClassVar[str] = (
        "Some rows are another row with one value changed or with a little noise: entered twice, or made from it."
    )
    why_it_matters: ClassVar[str] = (
        "Such rows are hidden groups. A random split puts a row on one side and its near copy on the other, and "
        "testing turns into remembering."
    )
    how_detected: ClassVar[str] = (
        "One column apart: two rows agree in all features but one, and the values they agree in are so rare that no "
        "pair like it is expected by chance; or the one is a number and its values differ by less than "
        f"{percent(HAIR)} of its spread, {CHANCE_TIMES:g} times as often as larger differences make likely. Noise: "
        "among the "
        f"first {NEIGHBOURS} neighbours of a row in its numbers there is a gap (one distance below {GAP:g} of the "
        f"next), and all features but one are equal or, as numbers, within {MAX_NOISE:g} of the spread; "
        f"as a share of the rows this is {BEYOND_CHANCE:g} times what the dimension of the table explains (Facco et "
        f"al. 2017). At least {percent(MIN_SHARE)} of the rows and {MIN_TWINS} rows; from {percent(LARGE_SHARE)} on it "
        "is a warning. Identifiers are left out; at most some thousand rows are asked for their neighbours."
    )
    what_is_done: ClassVar[str] = (
        "Told, with pairs of rows to look at. A column that says which rows were made from one another, named with "
        "--group, keeps them on one side."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        changed, noisy = one_apart(context), noisy_twins(context)
        if changed is None and noisy is None:
            return "too few columns with many different values to tell a near copy from a chance likeness"
        if noisy is not None and noisy.share < BEYOND_CHANCE * noisy.by_chance:
            noisy = None
        found = [t for t in (changed, noisy) if t is not None and t.share >= MIN_SHARE and len(t.rows) >= MIN_TWINS]
        if not found:
            return []
        twins = max(found, key=lambda t: t.share)
        return [self._tell(context, twins, "noise" if twins is noisy else "one column")]

    def _tell(self, context: AuditContext, twins: Twins, how: str) -> Finding:
        high = twins.share >= LARGE_SHARE
        pairs = np.column_stack([twins.rows, twins.twins])
        pairs = np.unique(np.sort(pairs, axis=1), axis=0)[:SHOWN_PAIRS]
        shown = context.row_numbers[pairs]
        first = f"rows {shown[0, 0] + 1:,} and {shown[0, 1] + 1:,}, for one"
        by = (
            f"agree with another row in all features but one (mostly {names(twins.columns)})"
            if how == "one column"
            else f"are another row but for a little noise in {names(twins.columns[:3])} and other numbers"
            if len(twins.columns) > 3
            else f"are another row but for a little noise in {names(twins.columns)}"
        )
        return tell(
            self,
            severity=Severity.WARNING if high else Severity.INFO,
            message=f"{percent(twins.share)} of the rows {by}: {first}. They seem to be copies, entered again or made "
            "from one another, or several looks at one thing. A random split puts them on both sides, and scores come "
            "out too good.",
            evidence={
                "share": twins.share,
                "by_chance": twins.by_chance,
                "n_found": len(twins.rows),
                "how": how,
                "pairs": "; ".join(f"{a}, {b}" for a, b in shown),
            },
            done="nothing was changed: which rows belong together is for the source to say",
            fix="remove the copies, or give rows that belong together one number and name that column with --group",
            rows=shown.ravel(),
            n_rows=round(twins.share * context.n_rows),
        )
