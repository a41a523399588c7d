"""Did the audit find something that makes the result wrong, and was nothing done about it?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.audit import findings
from modelwright.govern.gates.base import Case, Failing, Finding

__all__ = ["NoOpenErrors"]


class NoOpenErrors:
    """Errors of the audit were acted on. One that the brief overruled ships on its word, as a condition."""

    name: ClassVar[str] = "no open error in the data"

    def check(self, case: Case) -> Finding:
        errors = [f for f in case.audit.findings if f.severity is findings.Severity.ERROR]
        told = [f for f in errors if f.action is findings.Action.TOLD and not f.overruled]
        if told:
            why = f"the audit found an error that is still there: {_said(told)}"
            return Finding(False, why, Failing.DO_NOT_SHIP, told[0].fix or "mend it at the source, and run again")
        overruled = [f for f in errors if f.overruled]
        if overruled:
            why = f"the brief overrules an error that the audit found: {_said(overruled)}"
            do = "make sure that this is as you say, or run again without --allow"
            return Finding(False, why, Failing.CONDITION, do)
        handled = (
            f"{len(errors)} error{'s' * (len(errors) != 1)} of the audit, all acted on" if errors else "none found"
        )
        return Finding(True, handled, Failing.DO_NOT_SHIP)


def _said(errors: list[findings.Finding]) -> str:
    first = errors[0]
    columns = ", ".join(f"'{c}'" for c in first.columns[:3])
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    return f"{first.code} {first.title}{': ' + columns if columns else ''}{more}"
