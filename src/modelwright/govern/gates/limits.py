"""Did it stay within what the brief allows it to cost?"""

from __future__ import annotations

from dataclasses import replace
from typing import ClassVar

from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["FullyTrained", "WithinBudget", "WithinLatency", "WithinMemory", "WithinSize", "on_fewer_folds"]

# A run may end so long after its budget: 5 s, or 3 % of a long budget.
BUDGET_SLACK_S = 5.0
BUDGET_SLACK_SHARE = 0.03
SMALLER = "allow it more in the brief, or ask for a smaller model with --members 1"


def _judged(used: float | None, limit: float | None, what: str, unit: str, scale: float = 1.0, *, do: str) -> Finding:
    if limit is None:
        return Finding(True, "not applicable: the brief sets no limit", Failing.DO_NOT_SHIP)
    if used is None:
        return Finding(True, "not applicable: it was not measured", Failing.DO_NOT_SHIP)
    over = used > limit
    relation = "more than the" if over else "within the"
    why = f"{what} {used / scale:,.4g} {unit}, {relation} {limit / scale:,.4g} {unit} that the brief allows"
    return Finding(not over, why, Failing.DO_NOT_SHIP, do)


class WithinLatency:
    """Scoring one row is fast enough."""

    name: ClassVar[str] = "latency"

    def check(self, case: Case) -> Finding:
        used, limit = case.latency_ms, case.limits.latency_ms
        return _judged(used, limit, "scoring one row takes", "ms", do=SMALLER)


class WithinSize:
    """The version is small enough."""

    name: ClassVar[str] = "size"

    def check(self, case: Case) -> Finding:
        used, limit = case.size_bytes, case.limits.artefact_bytes
        return _judged(used, limit, "the version has", "MB", 1e6, do=SMALLER)


class WithinMemory:
    """Training stayed within the memory allowed."""

    name: ClassVar[str] = "memory"

    def check(self, case: Case) -> Finding:
        used, limit = case.peak_memory_bytes, case.limits.memory_bytes
        return _judged(used, limit, "training used", "MB", 1e6, do="allow more with --memory, or give it fewer rows")


class FullyTrained:
    """There was time for a proper model. A condition: what stands in is measured as honestly, and is weaker."""

    name: ClassVar[str] = "trained in full"

    def check(self, case: Case) -> Finding:
        stood_in = "" if case.training is None else case.training.stood_in
        # What stands in, and after a semicolon what to do about it.
        why, _, do = stood_in.partition("; ")
        if not stood_in:
            folds = on_fewer_folds(case)
            why = f"candidates finished in the time there was{folds and f', {folds}'}"
            return Finding(True, why, Failing.CONDITION)
        return Finding(False, why, Failing.CONDITION, do or "give a larger --budget")


def on_fewer_folds(case: Case) -> str:
    """Return on how many of the planned folds candidates were measured, in words; empty where it was all of them."""
    used, planned = 0 if case.training is None else case.training.folds_used, case.problem.n_folds
    return f"on {used} of {planned} folds" if 0 < used < planned else ""


class WithinBudget:
    """The run ended in time. Informs: a busy machine makes a run late, and the model is no worse for it."""

    name: ClassVar[str] = "budget"

    def check(self, case: Case) -> Finding:
        limits, seconds = case.limits, case.seconds
        if limits.trials is not None:
            return Finding(True, "not applicable: the brief asks for a number of trials", Failing.INFORM)
        if seconds is not None and limits.budget_s < seconds <= limits.budget_s + _slack(limits.budget_s):
            why = f"the run took {seconds:,.4g} s, the {limits.budget_s:,.4g} s allowed and the usual few to finish"
            return Finding(True, why, Failing.INFORM)
        do = "give it more time with --budget where it should end by itself: the model is no worse for it"
        return replace(_judged(seconds, limits.budget_s, "the run took", "s", do=do), failing=Failing.INFORM)


def _slack(budget_s: float) -> float:
    return max(BUDGET_SLACK_S, BUDGET_SLACK_SHARE * budget_s)
