"""A018: rows that have an order in time."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded, rank_correlation
from modelwright.audit.names import NOT_EVENT, tokens
from modelwright.audit.order import neighbour_likeness, sorted_by, target_runs, unexplained_likeness
from modelwright.audit.power import MIN_ROWS, power_sample, score_cells
from modelwright.data.contract import Kind

__all__ = ["TimeOrder"]

MIN_MOMENTS = 10
MIN_PRESENT = 0.9
# The file is a log: its order is the order of time.
LOG_ORDER = 0.9
# The target drifts: ten stretches of time explain this much of it. By chance they explain less than 0.5 % from a
# thousand rows on.
DRIFT_SKILL = 0.02
N_STRETCHES = 10
# Neighbours in an unsorted file are alike with a standard deviation of 1 / √n; this is far beyond, and large enough
# to carry an answer from one side of a random split to the other. What the features explain of it does not count.
NEIGHBOUR_LIKENESS = 0.2
FEW_RUNS = 0.05  # fewer runs than this share of the expected: sorted by the target, see A020
YEARS = (1900.0, 2100.0)


class TimeOrder:
    """Finds dates that order the rows, and an order of the rows that has no date."""

    code: ClassVar[str] = "A018"
    title: ClassVar[str] = "Time order"
    what: ClassVar[str] = "The rows have an order in time: a date spans them, or neighbours in the file are alike."
    why_it_matters: ClassVar[str] = (
        "The model will be used on the future. A random split tests it on days whose neighbours it has seen, which is "
        "easier than the future will be."
    )
    how_detected: ClassVar[str] = (
        f"A date or year with at least {MIN_MOMENTS} values in {percent(MIN_PRESENT)} of the rows that is no "
        "property of a "
        f"thing (birth, construction, expiry). Strong: the file is in its order (rank correlation {LOG_ORDER:g}) and "
        f"the target drifts ({N_STRETCHES} stretches of time explain {percent(DRIFT_SKILL)}). Without a date: the "
        f"targets of neighbouring rows are alike by {NEIGHBOUR_LIKENESS:g} more than chance, also in what the features "
        "leave unexplained, in a file that is sorted neither by the target nor by a feature."
    )
    what_is_done: ClassVar[str] = (
        "On strong evidence the split goes from past to future. Otherwise it is told; --time and --split time ask "
        "for it."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        sample = power_sample(context)
        if sample is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        dates = [n for n in context.contract.names if n != context.target and self._orders(context, n)]
        measured = [(name, *self._measure(context, name)) for name in dates]
        if measured:
            best = max(
                measured, key=lambda m: (abs(m[1]) >= LOG_ORDER and m[2] >= DRIFT_SKILL, abs(m[1]) >= LOG_ORDER, m[2])
            )
            if context.contract[best[0]].kind is Kind.DATETIME or abs(best[1]) >= LOG_ORDER:
                return [self._dated(context, *best)]
        return self._hidden(context)

    def _orders(self, context: AuditContext, name: str) -> bool:
        kind = context.contract[name].kind
        column = coded(context, name)
        words = tokens(name)
        if column.n_levels < MIN_MOMENTS or column.n_present < MIN_PRESENT * len(column.codes):
            return False
        if NOT_EVENT.intersection(words) or name in sure_leaks(context):
            return False
        if kind is Kind.DATETIME:
            return True
        if kind is not Kind.NUMBER or "year" not in words:
            return False
        whole = bool(np.all(column.values == np.floor(column.values)))
        return whole and column.values[0] >= YEARS[0] and column.values[-1] <= YEARS[1]

    def _measure(self, context: AuditContext, name: str) -> tuple[float, float]:
        """Return how much the file is in the date's order (rank correlation), and how much the target drifts."""
        sample = power_sample(context)
        column = coded(context, name)
        codes = np.where(column.codes < 0, np.nan, column.codes)
        order = rank_correlation(codes, np.arange(len(codes), dtype=np.float64))
        position = np.cumsum(column.counts) / column.n_present
        stretch = np.minimum((position * N_STRETCHES).astype(np.int64), N_STRETCHES - 1)
        cells = np.append(stretch, N_STRETCHES)[column.codes]
        return order, 0.0 if sample is None else score_cells(cells[sample.rows], sample)[0]

    def _dated(self, context: AuditContext, name: str, order: float, drift: float) -> Finding:
        strong = abs(order) >= LOG_ORDER and drift >= DRIFT_SKILL
        given = context.brief.time is not None or context.brief.split is not None
        moments = coded(context, name).n_levels
        sorted_text = "the file is in its order" if abs(order) >= LOG_ORDER else "the file is not in its order"
        return tell(
            self,
            severity=Severity.WARNING if strong else Severity.INFO,
            columns=[name],
            message=f"'{name}' says when each row came about ({moments:,} moments): {sorted_text} "
            f"(rank correlation {order:.2f}), and {N_STRETCHES} stretches of time explain {percent(drift)} of "
            f"'{context.target}'.",
            evidence={"order": order, "drift": drift, "n_moments": moments},
            action=Action.TIME if strong and not given else Action.TOLD,
            done="nothing was changed: the brief says how to split" if given else "",
            fix=f"if rows to predict come from the same time, allow {self.code}:{name}"
            if strong
            else f"if rows to predict come from later, ask for --split time --time {name}",
        )

    def _hidden(self, context: AuditContext) -> list[Finding]:
        assert context.y is not None
        likeness = neighbour_likeness(context)
        if likeness < NEIGHBOUR_LIKENESS or sorted_by(context):
            return []
        if context.classes:
            runs, expected = target_runs(context)
            if runs <= FEW_RUNS * expected:
                return []
        elif abs(rank_correlation(context.y, np.arange(len(context.row_numbers), dtype=np.float64))) >= LOG_ORDER:
            return []
        rest = unexplained_likeness(context)
        if rest < NEIGHBOUR_LIKENESS:
            return []
        return [
            tell(
                self,
                severity=Severity.WARNING,
                message="Neighbouring rows of the file have alike targets "
                f"(likeness {likeness:.2f}; {rest:.2f} in what the features leave unexplained; both 0 in a shuffled "
                "file), though no date says so. The file seems to be in an order, of time or of batches, and a random "
                "split tests on rows whose neighbours were seen.",
                evidence={"likeness": likeness, "unexplained": rest, "n_rows": len(context.row_numbers)},
                done="nothing was changed: the brief says how to split"
                if context.brief.split or context.brief.time or context.brief.group
                else "the split stays random, as nothing says what orders the rows: take the score as too good until "
                "it was measured on later rows (name a date with --time or a batch with --group)",
                fix="add the date or the batch to the data, and ask for --split time or --split group",
                n_rows=len(context.row_numbers),
            )
        ]
