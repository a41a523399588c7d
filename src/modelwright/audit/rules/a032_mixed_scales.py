"""A032: numbers of which a part is in another unit."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.identifiers import measured_numbers
from modelwright.audit.looking import coded, rank_correlation, values_of
from modelwright.audit.names import tokens
from modelwright.audit.scales import MIN_MOVED, MIN_MOVED_SHARE, VALLEY, Moved, find_moved
from modelwright.audit.sentinels import sentinel_numbers

__all__ = ["MixedScales"]

MIN_ROWS = 50
# Two honest heaps go with the other columns as they are; brought together, they would go with them less.
MAX_LOST = 0.05  # of the rank correlation with the column it goes with best
MAX_OTHERS = 30
OTHER_ROWS = 2_000
_TEMPERATURE = frozenset({"temp", "temps", "temperature", "temperatures", "celsius", "fahrenheit", "kelvin", "degc",
                          "degf", "tmin", "tmax", "tavg", "tmean", "tair", "dewpoint"})  # fmt: skip


class MixedScales:
    """Finds numbers of which a part is larger or smaller than the rest by the factor of two units."""

    code: ClassVar[str] = "A032"
    title: ClassVar[str] = "Mixed units"
    tells: ClassVar[bool] = True
    what: ClassVar[str] = "A part of the numbers of a column is in another unit: grams among kilograms, °F among °C."
    why_it_matters: ClassVar[str] = (
        "A model takes 3 kg and 3,000 g for very different things. Where one source writes one unit, the model learns "
        "the source, and fails when the source is put right."
    )
    how_detected: ClassVar[str] = (
        f"At least {percent(MIN_MOVED_SHARE)} and {MIN_MOVED} of the numbers form a heap of their own, with a valley "
        f"between the heaps that is at most {percent(VALLEY)} as dense as either, at a known factor (1000, 100, 60, "
        "12, 2.54, 1.609, 2.205 and a few more; for temperatures also °F, °C and K); and moved back by it they have "
        "the distribution of the rest (Kolmogorov and Smirnov's distance within chance at 5 % and five points). Not "
        "where the column goes with another one as it is and less so once moved back. Units that leave the heaps on "
        "top of each other cannot be seen."
    )
    what_is_done: ClassVar[str] = "Told, with the factor and example rows: which unit is right only the source knows."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        numbers = measured_numbers(context)
        if numbers is None:
            return "there are no numbers"
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        found = []
        for name in numbers:
            column = coded(context, name)
            codes = {v for v, _ in sentinel_numbers(column)}
            keep = np.array([v not in codes for v in column.values], dtype=bool) & np.isfinite(column.values)
            warm = bool(_TEMPERATURE.intersection(tokens(name)))
            moved = find_moved(column.values[keep], column.counts[keep], temperature=warm)
            if moved is not None and not _honest(context, name, moved):
                found.append(self._told(context, name, moved))
        return found

    def _told(self, context: AuditContext, name: str, moved: Moved) -> Finding:
        values = np.asarray(context.columns[name])
        rows = np.flatnonzero((values >= moved.low) & (values <= moved.high))
        n = int(np.isfinite(values).sum())
        side = "larger" if moved.larger else "smaller"
        by = f"about {moved.factor:,g} times {side} than the rest, {moved.unit}" if moved.factor else moved.unit
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"{count(moved.n, 'value')} of '{name}' ({percent(moved.n / n)}; {moved.low:g} to {moved.high:g}) "
            f"seem to be in another unit: {by}. Brought to it they have the distribution of the rest.",
            evidence={"n": moved.n, "share": moved.n / n, "factor": moved.factor, "low": moved.low, "high": moved.high},
            fix="convert all values to one unit at the source",
            rows=context.row_numbers[rows],
            n_rows=moved.n,
        )


def _honest(context: AuditContext, name: str, moved: Moved) -> bool:
    """Return whether the column goes with another column as it is, and less so once the heap is moved back."""
    rows = np.unique(np.linspace(0, len(context.row_numbers) - 1, OTHER_ROWS).astype(np.int64))
    values = np.asarray(context.columns[name])[rows]
    inside = (values >= moved.low) & (values <= moved.high)
    repaired = np.where(inside, moved.back(values), values)
    others = [n for n in context.features if n != name and values_of(context, n) is not None][:MAX_OTHERS]
    beside = [np.asarray(context.columns[n])[rows] for n in others]
    as_is = max((abs(rank_correlation(values, other)) for other in beside), default=0.0)
    after = max((abs(rank_correlation(repaired, other)) for other in beside), default=0.0)
    return as_is > after + MAX_LOST
