"""A018: rows that have an order in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.audit.acting import PARTS, ROW_ORDER
from modelwright.audit.building import names, percent, tell
from modelwright.audit.clocks import (
    MIN_MOMENTS,
    MIN_PRESENT,
    beat,
    date_in_parts,
    dates,
    file_order,
    find_panel,
    moments_in_parts,
    panel_order,
    parts_in_order,
)
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded, rank_correlation
from modelwright.audit.names import EVENT, TIME, tokens
from modelwright.audit.order import (
    FEW_EVENTS,
    LIKE_ROWS,
    SURE_ERRORS,
    is_sorted,
    neighbour_likeness,
    stretch_likeness,
    unexplained_likeness,
)
from modelwright.audit.power import MIN_ROWS, power_sample, score_cells
from modelwright.data.contract import Kind

__all__ = ["TimeOrder"]

# The file is a log: its order is the order of time.
LOG_ORDER = 0.9
# The target drifts: ten stretches of time explain this much of it. By chance they explain less than 0.5 % from a
# thousand rows on.
DRIFT_SKILL = 0.02
N_STRETCHES = 10
# Neighbours in an unsorted file are alike with a standard deviation of 1 / √n; this is far beyond, and large enough
# to carry an answer from one side of a random split to the other. What the features explain of it does not count.
NEIGHBOUR_LIKENESS = 0.2
# Ten rows that follow are alike by so much, and surely so: the file was not shuffled, whatever the features explain. Of
# public sets in no known order one in thirty comes so far.
STRETCH_LIKENESS, STRETCH_ERRORS = 0.1, 5.0
SAME_DATE = 0.99  # rank correlation of two dates of one event (pick-up and drop-off)


@dataclass(frozen=True)
class _Measured:
    """A date and what it does to the rows."""

    name: str
    order: float
    drift: float
    rest: float
    ordered: str
    strong: bool


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
        "property of a thing (birth, construction, expiry). It orders the rows where the file is in its order (rank "
        f"correlation {LOG_ORDER:g}), where it and a thing are a key of the table (a share and a day), or where it is "
        "the only date and named for an event. That is strong if the target drifts "
        f"({N_STRETCHES} stretches of time explain {percent(DRIFT_SKILL)}) or rows next to each other in time are "
        f"alike in what the features leave unexplained (lag-1 correlation {NEIGHBOUR_LIKENESS:g}, {SURE_ERRORS:g} "
        f"standard errors off, and at least {FEW_EVENTS} rows off the most frequent class). Year, month, day … "
        "of one thing in columns of their own count together, and so does a running count of each thing where nothing "
        "else changes. Without a date: the targets of neighbouring rows of the file are alike by "
        f"{NEIGHBOUR_LIKENESS:g} more than chance, also in what the features leave unexplained, in a file that is "
        "sorted neither by the target nor by a feature. If that likeness also comes and goes with a beat, as days and "
        "weeks have one, the order of the file is one of time. Where the features explain it, it is a note, from a "
        f"mean likeness of {STRETCH_LIKENESS:g} over the {LIKE_ROWS} next rows on, if that is "
        f"{STRETCH_ERRORS:g} standard errors off."
    )
    what_is_done: ClassVar[str] = (
        "On strong evidence the split goes from past to future, along the date or along the file. Otherwise it is "
        "told; --time and --split time ask for it."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if power_sample(context) is None:
            return f"there are fewer than {MIN_ROWS} rows with a target, or it does not vary"
        found = [n for n in dates(context) if n not in sure_leaks(context)]
        measured = [_measure(context, name, found) for name in found]
        told = [m for m in measured if m.ordered or context.contract[m.name].kind is Kind.DATETIME]
        if told:
            return [self._dated(context, max(told, key=lambda m: _rank(context, m)))]
        return self._series(context) or self._in_parts(context) or self._out_of_order(context)

    def _dated(self, context: AuditContext, best: _Measured) -> Finding:
        moments = coded(context, best.name).n_levels
        alike = (
            f" Rows next to each other in time are alike by {best.rest:.2f} in what the "
            f"features leave unexplained of '{context.target}'."
            if best.rest
            else ""
        )
        return self._ask(
            context,
            strong=best.strong,
            columns=[best.name],
            message=f"'{best.name}' says when each row came about ({moments:,} moments): "
            f"{best.ordered or 'the file is not in its order'} (rank correlation {best.order:.2f}), and {N_STRETCHES} "
            f"stretches of time explain {percent(best.drift)} of '{context.target}'.{alike}",
            evidence={"order": best.order, "drift": best.drift, "likeness": best.rest, "n_moments": moments},
        )

    def _ask(
        self,
        context: AuditContext,
        *,
        strong: bool,
        columns: Sequence[str],
        message: str,
        evidence: dict[str, float | str],
    ) -> Finding:
        given = context.brief.time is not None or context.brief.split is not None
        evidence = evidence if columns else {**evidence, ROW_ORDER: 1}
        only = columns[0] if len(columns) == 1 else ""
        return tell(
            self,
            severity=Severity.WARNING if strong else Severity.INFO,
            columns=columns,
            message=message,
            evidence=evidence,
            action=Action.TIME if strong and not given else Action.TOLD,
            done="nothing was changed: the brief says how to split" if given else "",
            fix=f"if rows to predict come from the same time, allow {self.code}" + (f":{only}" if only else "")
            if strong
            else "if rows to predict come from later, ask for --split time" + (f" --time {only}" if only else ""),
        )

    def _series(self, context: AuditContext) -> list[Finding]:
        panel = find_panel(context)
        if panel is None or panel.calendar or not panel.bare:
            return []
        return [
            self._ask(
                context,
                strong=True,
                columns=[panel.time],
                message=f"The table holds {panel.n_things:,} series, one for each value of {names(panel.things)}, "
                f"counted by '{panel.time}' ({panel.n_moments:,} moments). Nothing else changes along a series, so "
                "what can be asked is how it goes on.",
                evidence={"n_series": panel.n_things, "n_moments": panel.n_moments},
            )
        ]

    def _in_parts(self, context: AuditContext) -> list[Finding]:
        parts = parts_in_order(context)
        if not parts:
            return []
        drift, rest = _drift(context, np.arange(len(context.row_numbers))), unexplained_likeness(context)
        strong = drift >= DRIFT_SKILL or rest >= NEIGHBOUR_LIKENESS
        finding = self._ask(
            context,
            strong=strong,
            columns=[],
            message=f"{names(parts)} together say when each row came about, and the file is in their order. "
            f"{N_STRETCHES} stretches of it explain {percent(drift)} of '{context.target}', and neighbouring rows are "
            f"alike by {rest:.2f} in what the features leave unexplained.",
            evidence={PARTS: ", ".join(parts), "drift": drift, "likeness": rest},
        )
        return [finding]

    def _out_of_order(self, context: AuditContext) -> list[Finding]:
        """Look for what orders the rows where neither a date nor the file does: a date in parts that says little comes
        after an order that nothing explains."""
        scattered = self._scattered(context)
        strong = [f for f in scattered if f.severity is Severity.WARNING]
        return strong or self._hidden(context) or scattered

    def _scattered(self, context: AuditContext) -> list[Finding]:
        """Look at a date in several columns whose order is not that of the file."""
        parts, moments = moments_in_parts(context)
        if not parts:
            return []
        rows = np.argsort(moments, kind="stable")
        drift, rest = _drift(context, rows), unexplained_likeness(context, "a date in parts", rows)
        strong = drift >= DRIFT_SKILL or rest >= NEIGHBOUR_LIKENESS
        message = (
            f"{names(parts)} together say when each row came about ({int(moments.max()) + 1:,} moments), and the file "
            f"is not in their order. {N_STRETCHES} stretches of that time explain {percent(drift)} of "
            f"'{context.target}', and rows next to each other in it are alike by {rest:.2f} in what the features "
            "leave unexplained."
        )
        evidence: dict[str, float | str] = {PARTS: ", ".join(parts), "drift": drift, "likeness": rest}
        return [self._ask(context, strong=strong, columns=parts, message=message, evidence=evidence)]

    def _hidden(self, context: AuditContext) -> list[Finding]:
        likeness, (lasting, errors) = neighbour_likeness(context), stretch_likeness(context)
        lasts = lasting >= STRETCH_LIKENESS and errors >= STRETCH_ERRORS
        if (likeness < NEIGHBOUR_LIKENESS and not lasts) or is_sorted(context):
            return []
        rest = unexplained_likeness(context)
        if min(likeness, rest) < NEIGHBOUR_LIKENESS:
            return [self._not_shuffled(context, lasting, errors, rest)] if lasts else []
        alike = (
            "Neighbouring rows of the file have alike targets "
            f"(likeness {likeness:.2f}; {rest:.2f} in what the features leave unexplained; both 0 in a shuffled "
            "file), though no date says so."
        )
        every = beat(context)
        if every:
            message = (
                f"{alike} The likeness comes and goes every {every:,} rows, as days and weeks do: the file is in "
                "the order of time."
            )
            evidence: dict[str, float | str] = {"likeness": likeness, "unexplained": rest, "beat": every}
            return [self._ask(context, strong=True, columns=[], message=message, evidence=evidence)]
        return [self._told(context, alike, likeness, rest)]

    def _not_shuffled(self, context: AuditContext, lasting: float, errors: float, rest: float) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            message=f"A row's target is like those of the {LIKE_ROWS} rows after it by {lasting:.2f} (0 in a shuffled "
            f"file; this is {errors:.0f} standard errors off), though no column orders the file. Neighbours are "
            f"alike by {rest:.2f} in what the features leave unexplained: a random split need not be too good, but "
            "something ordered the rows, be it time, places or batches.",
            evidence={"likeness": lasting, "errors": errors, "unexplained": rest, "n_rows": len(context.row_numbers)},
            fix="find out what the file is in the order of; where rows to predict come later or from elsewhere, add it "
            "as a column and ask for --split time or --split group",
            n_rows=len(context.row_numbers),
        )

    def _told(self, context: AuditContext, alike: str, likeness: float, rest: float) -> Finding:
        return tell(
            self,
            severity=Severity.WARNING,
            message=f"{alike} The file seems to be in an order, of time or of batches, and a random "
            "split tests on rows whose neighbours were seen.",
            evidence={"likeness": likeness, "unexplained": rest, "n_rows": len(context.row_numbers)},
            done="nothing was changed: the brief says how to split"
            if context.brief.split or context.brief.time or context.brief.group
            else "the split stays random, as nothing says what orders the rows: take the score as too good until "
            "it was measured on later rows (name a date with --time or a batch with --group)",
            fix=self._what_to_add(context),
            n_rows=len(context.row_numbers),
        )

    def _what_to_add(self, context: AuditContext) -> str:
        parts = date_in_parts(context)
        if parts:
            return (
                f"{names(parts)} look like the parts of a date: join them into one column, name it with --time and "
                "test on the latest rows"
            )
        return "add the date or the batch to the data, and ask for --split time or --split group"


def _measure(context: AuditContext, name: str, found: list[str]) -> _Measured:
    """Return how a date orders the rows and what it does to the target."""
    order, panel = file_order(context, name), find_panel(context)
    column = coded(context, name)
    rows = np.argsort(column.codes, kind="stable")
    ordered = "the file is in its order" if abs(order) >= LOG_ORDER else ""
    if panel is not None and panel.time == name:
        ordered = f"each of the {panel.n_things:,} values of {names(panel.things)} has at most one row at a time"
        rows = panel_order(context, panel)
    drift = _drift(context, np.argsort(column.codes, kind="stable"))
    counts = bool(ordered) or _sole_event(context, name, found)
    rest = unexplained_likeness(context, name, rows) if counts and drift < DRIFT_SKILL else 0.0
    strong = counts and (drift >= DRIFT_SKILL or rest >= NEIGHBOUR_LIKENESS)
    return _Measured(name, order, drift, rest, ordered, strong)


def _drift(context: AuditContext, rows: np.ndarray) -> float:
    """Return what stretches of equally many rows along an order explain of the target."""
    sample = power_sample(context)
    stretch = np.empty(len(rows), np.int64)
    stretch[rows] = np.arange(len(rows)) * N_STRETCHES // len(rows)
    return 0.0 if sample is None else score_cells(stretch[sample.rows], sample)[0]


def _sole_event(context: AuditContext, name: str, found: list[str]) -> bool:
    """Return whether no other date speaks of another moment, and the name says that something happened then."""
    words = set(tokens(name))
    if context.contract[name].kind is not Kind.DATETIME or words - TIME - EVENT:
        return False
    mine = coded(context, name).codes.astype(np.float64)
    others = [coded(context, n).codes.astype(np.float64) for n in found if n != name]
    return all(abs(rank_correlation(mine, o)) >= SAME_DATE for o in others)


def _rank(context: AuditContext, m: _Measured) -> tuple[bool, bool, bool, int]:
    """Return what makes a date the one to go by: it is strong, orders the file, is named for it, is fine."""
    named = bool(TIME.intersection(tokens(m.name)))
    return m.strong, bool(m.ordered), named, coded(context, m.name).n_levels if m.ordered else 0
