"""Thresholds are fixed before training: what the ledger held when a run began, and what was changed since."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from modelwright.brief import Brief, Limits
from modelwright.brief.gates import THRESHOLDS
from modelwright.documents import to_builtins
from modelwright.errors import ProjectError
from modelwright.ledger import DONE, STARTED, Entry

__all__ = ["asked_in", "changes", "check_fixed", "eased_since"]

LIMITS = ("latency_ms", "artefact_bytes", "memory_bytes")
"""Limits of the brief that are gates."""
OTHERS = ("fairness", "fairness_ratio", "fairness_thresholds", "membership_auc", "allow")
"""Fields of the brief that gates go by."""


def asked_in(brief: Brief | Mapping[str, Any]) -> dict[str, Any]:
    """Return everything in a brief that gates go by, by name; thresholds that it does not set are those that hold."""
    told: Mapping[str, Any] = to_builtins(brief) if isinstance(brief, Brief) else brief
    gates, limits = told.get("gates", {}), told.get("limits", {})
    found = {name: gates.get(name, known.default) for name, known in THRESHOLDS.items()}
    found |= {name: limits.get(name, getattr(Limits(), name)) for name in LIMITS}
    return found | {name: told.get(name, to_builtins(getattr(Brief(), name))) for name in OTHERS}


def changes(before: Mapping[str, Any], now: Mapping[str, Any]) -> tuple[str, ...]:
    """Return what differs between two answers of `asked_in`, each as ``"calibration_error 0.05, now 0.2"``."""
    return tuple(
        f"{name} {_told(before.get(name))}, now {_told(value)}"
        for name, value in now.items()
        if _told(before.get(name)) != _told(value)
    )


def _told(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, sorted(value))) or "none"
    return "none" if value is None else f"{value:g}" if isinstance(value, int | float) else str(value)


def eased_since(entries: Iterable[Entry], run: str, brief: Brief) -> tuple[str, ...]:
    """Return which thresholds differ from those of the run before, whose verdict was known when this one began.

    Whether that was right is for people to say: the question may have changed, or an answer was not liked.
    """
    earlier: dict[str, Mapping[str, Any]] = {}
    known: str | None = None
    for entry in entries:
        if entry.kind == STARTED and entry.run == run:
            break
        if entry.kind == STARTED and "brief" in entry.body:
            earlier[entry.run] = entry.body["brief"]
        elif entry.kind == DONE and entry.run in earlier:
            known = entry.run
    if known is None:
        return ()
    found = changes(asked_in(earlier[known]), asked_in(brief))
    return tuple(f"{change}: changed after the verdict of run {known} was known" for change in found)


def _without_budget(brief: Brief) -> Brief:
    """Return the brief with the usual budget: a run that was broken off may go on with another one."""
    return replace(brief, limits=replace(brief.limits, budget_s=Limits().budget_s))


def check_fixed(entries: Iterable[Entry], run: str, brief: Brief) -> None:
    """Check that a run's brief is the one with which the ledger says that it began.

    Raises
    ------
    ProjectError
        It is another one: thresholds were changed after training (MW-P750).
    """
    began = next((e for e in entries if e.kind == STARTED and e.run == run and "brief" in e.body), None)
    # Read as a brief: a release that knows more fields than the one that wrote the entry compares what both know.
    if began is None or _without_budget(msgspec.convert(began.body["brief"], Brief)) == _without_budget(brief):
        return
    told = "; ".join(changes(asked_in(began.body["brief"]), asked_in(brief))) or "other fields"
    raise ProjectError(
        f"the brief of run {run} is not the one that it began with ({told})",
        fix="restore the run from a backup, or run again with the brief as it is now",
        code="MW-P750",
    )
