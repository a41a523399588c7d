"""A015: columns that add up to the target."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import names, percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.identities import (
    EXACT_R2,
    PART_COVERAGE,
    PART_EXACT_COVERAGE,
    PART_EXACT_PURITY,
    PART_MAX_BASE,
    PART_PURITY,
    PRODUCT_R2,
    WHOLE_R2,
    Identity,
    find_identity,
    find_parts,
    find_product,
    find_smaller_parts,
)
from modelwright.audit.leaks import find_leaks
from modelwright.audit.looking import coded, rank_correlation, values_of
from modelwright.audit.near import bulk
from modelwright.audit.power import MIN_ROWS, power_sample
from modelwright.audit.signs import Sign
from modelwright.data.contract import Kind
from modelwright.data.ranks import average_ranks

__all__ = ["AdditiveLeak"]

SEARCH_ROWS = 5_000
MOSTLY_PRESENT = 0.8
MAX_IDENTITIES = 3  # the rest is searched again without the columns that were dropped
# Ranks of an elapsed time against ranks of the target; honest durations (a taxi ride and its fare) reach 0.9.
ELAPSED_CORRELATION = 0.99
_NUMBERS = frozenset({Kind.NUMBER, Kind.DURATION, Kind.BOOLEAN})


class AdditiveLeak:
    """Finds columns that sum or subtract to the target, and flags that together are the target."""

    code: ClassVar[str] = "A015"
    title: ClassVar[str] = "Additive leak"
    what: ClassVar[str] = (
        "Several columns together are the target: parts and their total, quantity and price, start and end, kinds of "
        "failure."
    )
    why_it_matters: ClassVar[str] = (
        "The parts of a total are known when the total is. None of them need stand out alone, so this leak survives a "
        "look at single columns."
    )
    how_detected: ClassVar[str] = (
        f"Two or three columns explain {percent(WHOLE_R2)} of a number with weights of plus or minus one, or any "
        f"number of columns explain {EXACT_R2:.2%} of it; two or three multiply or divide to it ({percent(PRODUCT_R2)} "
        "of the logarithms). The difference of two dates has the order of the target "
        "(rank "
        f"correlation {ELAPSED_CORRELATION:g}). Classes of at most {percent(PART_MAX_BASE)} of the rows: two or more "
        f"flags that each imply the class ({percent(PART_PURITY)}) and together cover {percent(PART_COVERAGE)} of it; "
        "of more frequent "
        f"classes, {percent(PART_EXACT_PURITY)} and {percent(PART_EXACT_COVERAGE)}."
    )
    what_is_done: ClassVar[str] = (
        "Parts of the target are dropped, small ones that make up what the large ones leave of it with them. Of a "
        "difference, the column that contains the target is dropped, and the "
        "others stay. Where those are the other parts of it (the tip beside the fare, in the total of a bill) "
        "it is asked whether they are known in time."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return the findings, or why there is nothing to check."""
        sample = power_sample(context)
        if context.y is None:
            return "there is no target"
        if sample is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        copies = {n for n, leak in find_leaks(context).items() if leak.sign is Sign.COPY}
        usable = [n for n in context.features if n not in copies and not identifier_reason(context, n)]
        rows = sample.rows[np.linspace(0, len(sample.rows) - 1, min(SEARCH_ROWS, len(sample.rows))).astype(np.int64)]
        if context.classes:
            return self._flags(context, usable) if len(context.classes) == 2 else "there are more than two classes"
        return self._sums(context, usable, rows) or self._elapsed(context, usable, rows)

    def _sums(self, context: AuditContext, usable: list[str], rows: np.ndarray) -> list[Finding]:
        assert context.y is not None
        numbers, columns = [], []
        for name in usable:
            values = values_of(context, name)
            if context.contract[name].kind in _NUMBERS and values is not None:
                part = values[rows]
                if np.isfinite(part).mean() >= MOSTLY_PRESENT:
                    numbers.append(name)
                    columns.append(part)
        if len(numbers) < 2:
            return []
        x = np.column_stack(columns)
        whole = np.isfinite(x).all(axis=1)
        if whole.sum() < MIN_ROWS:
            return []
        x, y = x[whole], context.y[rows][whole]
        inner = bulk(y)  # a row of totals adds up with any columns
        x, y = x[inner], y[inner]
        found: list[Finding] = []
        for _ in range(MAX_IDENTITIES):
            identity, product = find_identity(x, y), None
            if identity is None:
                product = find_product(x, y)
            if identity is not None:
                found += self._sum(context, numbers, identity, x, y)
            elif product is not None:
                found.append(self._product(context, numbers, product, x, y))
            else:
                break
            gone = {n for f in found if f.action is Action.DROP_COLUMN for n in f.columns}
            kept = [i for i, n in enumerate(numbers) if n not in gone]
            numbers, x = [numbers[i] for i in kept], x[:, kept]
            if len(numbers) < 2:
                break
        return found

    def _product(
        self, context: AuditContext, numbers: list[str], found: Identity, x: np.ndarray, y: np.ndarray
    ) -> Finding:
        involved = [numbers[i] for i in found.columns]
        near = [abs(rank_correlation(x[:, i], y)) for i in found.columns]
        dropped = involved[int(np.argmax(near))]
        formula = " ".join(f"{'×' if w > 0 else '÷'} {n}" for n, w in zip(involved, found.weights))
        others = [n for n in involved if n != dropped]
        return tell(
            self,
            severity=Severity.ERROR,
            columns=[dropped],
            message=f"{names(involved)} multiply to '{context.target}': {formula} explains {percent(found.r2)} of it "
            "(of the logarithms).",
            evidence={"r2": found.r2, "n_columns": len(involved), "formula": formula},
            action=Action.DROP_COLUMN,
            done=f"dropped '{dropped}'; {names(others)} stay",
            fix="leave out whatever is known only together with the target",
        )

    def _sum(
        self, context: AuditContext, numbers: list[str], found: Identity, x: np.ndarray, y: np.ndarray
    ) -> list[Finding]:
        involved = [numbers[i] for i in found.columns]
        block = x[:, list(found.columns)]
        parts = bool(np.all(found.weights > 0) and np.all(block >= 0) and np.all(block <= y[:, None] + 1e-9))
        whole = -1
        dropped = involved
        if not parts:
            correlation = [abs(np.corrcoef(block[:, i], y)[0, 1]) for i in range(len(involved))]
            whole = int(np.argmax(correlation))
            dropped = [involved[whole]]
        formula = " ".join(f"{'+' if w > 0 else '-'} {abs(w):.3g} × {n}" for n, w in zip(involved, found.weights))
        others = [n for n in involved if n not in dropped]
        smaller = [numbers[i] for i in find_smaller_parts(x, y, found)] if parts else []
        rest = f" {names(smaller)} {'makes' if len(smaller) == 1 else 'make'} up what is left." if smaller else ""
        dropped = dropped + smaller
        done = f"dropped {names(dropped)}" + (f"; {names(others)} stay" if others else ": the model never sees them")
        sure = tell(
            self,
            severity=Severity.ERROR,
            columns=dropped,
            message=f"{names(involved)} add up to '{context.target}': {formula} explains {percent(found.r2)} of it."
            + rest,
            evidence={"r2": found.r2, "n_columns": len(involved) + len(smaller), "formula": formula},
            action=Action.DROP_COLUMN,
            done=done,
            fix="leave out whatever is known only together with the target",
        )
        beside = np.arange(len(involved)) != whole
        if not others or not _are_parts(block[:, beside], found.weights[beside], block[:, whole]):
            return [sure]
        return [sure, self._ask(context, others, dropped[0])]

    def _ask(self, context: AuditContext, others: list[str], whole: str) -> Finding:
        """Ask about what a total is made of beside the target: it may be settled with it."""
        one = len(others) == 1
        return tell(
            self,
            severity=Severity.WARNING,
            columns=others,
            message=f"{'Is' if one else 'Are'} {names(others)} known when the prediction is needed? With "
            f"'{context.target}' {'it makes' if one else 'they make'} up '{whole}' ({1 + len(others)} parts), and the "
            "parts of a total are often settled together.",
            evidence={"whole": whole, "n_parts": 1 + len(others)},
            fix=f"if not, name {'it' if one else 'them'} with " + " ".join(f"--known-after {n}" for n in others),
        )

    def _elapsed(self, context: AuditContext, usable: list[str], rows: np.ndarray) -> list[Finding]:
        assert context.y is not None
        dates = [n for n in usable if context.contract[n].kind is Kind.DATETIME]
        for i, first in enumerate(dates):
            for second in dates[i + 1 :]:
                gap = values_of(context, second)[rows] - values_of(context, first)[rows]  # type: ignore[index]
                known = np.isfinite(gap)
                if known.sum() < MIN_ROWS or np.ptp(gap[known]) == 0:
                    continue
                r = np.corrcoef(average_ranks(gap[known]), average_ranks(context.y[rows][known]))[0, 1]
                if abs(r) >= ELAPSED_CORRELATION:
                    later = second if np.median(gap[known]) >= 0 else first
                    return [self._dates(context, first, second, later, float(abs(r)))]
        return []

    def _dates(self, context: AuditContext, first: str, second: str, later: str, r: float) -> Finding:
        return tell(
            self,
            severity=Severity.ERROR,
            columns=[later],
            message=f"The time between '{first}' and '{second}' is '{context.target}' (rank correlation {r:.3f}); "
            f"'{later}' is known only at the end.",
            evidence={"rank_correlation": r, "first": first, "second": second},
            action=Action.DROP_COLUMN,
            fix="leave out whatever is known only together with the target",
        )

    def _flags(self, context: AuditContext, usable: list[str]) -> list[Finding]:
        assert context.y is not None
        known = ~np.isnan(context.y)
        counts = np.bincount(context.y[known].astype(np.int64), minlength=2)
        event = context.y[known] == int(counts.argmin())
        flags = [n for n in usable if coded(context, n).n_levels == 2 and coded(context, n).n_missing == 0]
        if len(flags) < 2:
            return []
        # The rarer value of a flag is the one that says something happened.
        raised = [coded(context, n).codes[known] == int(coded(context, n).counts.argmin()) for n in flags]
        parts = find_parts(np.column_stack(raised), event)
        if parts is None:
            return []
        chosen, purity, coverage = parts
        involved = [flags[i] for i in chosen]
        name = context.classes[int(counts.argmin())]
        return [
            tell(
                self,
                severity=Severity.ERROR,
                columns=involved,
                message=f"{names(involved)} together are '{context.target}': where one of them is raised, "
                f"{percent(purity)} of the rows are '{name}', and they cover {percent(coverage)} of it.",
                evidence={"purity": purity, "coverage": coverage, "n_columns": len(involved)},
                action=Action.DROP_COLUMN,
                fix="leave out whatever is known only together with the target",
            )
        ]


def _are_parts(others: np.ndarray, weights: np.ndarray, whole: np.ndarray) -> bool:
    """Return whether columns are taken from a whole, never below 0 and never more than it."""
    inside = np.all(others >= 0) and np.all(others <= whole[:, None] + 1e-9)
    return bool(np.all(weights < 0) and inside)
