"""Can the model be made again?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.govern.gates.base import Case, Failing, Finding
from modelwright.package.parity import TOLERANCE

__all__ = ["Reproducible"]


class Reproducible:
    """What scores is what was trained, and the same command comes to the same model where the brief asks for that."""

    name: ClassVar[str] = "reproducible"

    def check(self, case: Case) -> Finding:
        difference = case.parity_difference
        failing = case.failing(Failing.INFORM, "reproducible")
        if difference is not None and difference > TOLERANCE:
            why = f"what was packaged differs by {difference:.1e} from what was trained"
            return Finding(False, why, Failing.DO_NOT_SHIP, "run again, and report this if it stays")
        told = "" if difference is None else f"plan and libraries agree to {max(difference, 1e-16):.0e}; "
        if case.limits.trials is not None:
            return Finding(
                True, f"{told}the number of fits is fixed, so the same command gives the same model", failing
            )
        if case.threshold("reproducible"):
            why = "the time allowed decides how many fits there are, so the same command may give another model"
            return Finding(False, why, failing, "fix the number of fits with --trials")
        why = f"{told}data, brief and seed are recorded; with --trials the same command gives the same model"
        return Finding(True, why, failing)
