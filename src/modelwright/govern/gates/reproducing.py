"""Can the model be made again?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.brief import Limits
from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["Reproducible"]

AGREES = 1e-6
"""Largest difference between plan and libraries: what the design promises of plan, pipeline and handed-over code."""


class Reproducible:
    """What scores is what was trained, and the same command comes to the same model where the brief asks for that."""

    name: ClassVar[str] = "reproducible"

    def check(self, case: Case) -> Finding:
        difference = case.facts.get("parity_difference")
        failing = case.failing(Failing.INFORM, "reproducible")
        if difference is not None and difference > AGREES:
            why = f"what was packaged differs by {difference:.1e} from what was trained"
            return Finding(False, why, Failing.DO_NOT_SHIP, "run again, and report this if it stays")
        limits: Limits = case.facts.get("limits", Limits())
        told = "" if difference is None else f"plan and libraries agree to {max(difference, 1e-16):.0e}; "
        if limits.trials is not None:
            return Finding(
                True, f"{told}the number of fits is fixed, so the same command gives the same model", failing
            )
        if case.threshold("reproducible"):
            why = "the time allowed decides how many fits there are, so the same command may give another model"
            return Finding(False, why, failing, "fix the number of fits with --trials")
        why = f"{told}data, brief and seed are recorded; with --trials the same command gives the same model"
        return Finding(True, why, failing)
