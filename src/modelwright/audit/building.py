"""How rules put their answers into words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.audit.findings import Action, Finding, Rule, Severity

__all__ = ["MAX_EXAMPLES", "count", "names", "percent", "tell", "verb"]

MAX_EXAMPLES = 20
MAX_NAMES = 5

_DONE = {
    Action.DROP_COLUMN: "dropped: the model never sees it",
    Action.DROP_ROWS: "left out of training and evaluation",
    Action.AS_MISSING: "read as missing, in training and in scoring",
    Action.AS_KIND: "read as another kind",
    Action.AS_LEVEL: "the spellings are read as one, in training and in scoring",
    Action.GROUP: "rows with the same value stay on one side of every split",
    Action.TIME: "the split goes from past to future",
    Action.TOLD: "nothing was changed",
}


def tell(
    rule: Rule | type[Rule],
    *,
    severity: Severity,
    message: str,
    fix: str,
    action: Action = Action.TOLD,
    columns: Sequence[str] = (),
    evidence: Mapping[str, Any] | None = None,
    done: str = "",
    rows: np.ndarray | Sequence[int] = (),
    n_rows: int = 0,
) -> Finding:
    """Return a finding of ``rule``; numbers become plain Python numbers and only the first examples are kept."""
    return Finding(
        code=rule.code,
        title=rule.title,
        severity=severity,
        columns=tuple(columns),
        message=message,
        evidence={k: _plain(v) for k, v in (evidence or {}).items()},
        action=action,
        done=done or _DONE[action],
        fix=fix,
        rows=tuple(int(r) for r in rows[:MAX_EXAMPLES]),
        n_rows=int(n_rows),
    )


def _plain(value: Any) -> float | int | str:
    if isinstance(value, str):
        return value
    if isinstance(value, int | np.integer):
        return int(value)
    number = float(value)
    return round(number, 6) if np.isfinite(number) else str(number)


def percent(share: float) -> str:
    """Return ``"12 %"``, ``"0.4 %"`` or ``"< 0.01 %"``, with as many digits as tell something."""
    if share <= 0 or share >= 1:
        return f"{100 * share:.0f} %"
    if share < 0.0001:
        return "< 0.01 %"
    if share > 0.99:
        return f"{min(100 * share, 99.99):.2f} %"
    return f"{100 * share:.0f} %" if share >= 0.095 else f"{100 * share:.2g} %"


def count(number: int, noun: str, plural: str = "") -> str:
    """Return ``"1 row"`` or ``"1,234 rows"``."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def verb(number: int, of_one: str, of_many: str) -> str:
    """Return the verb that goes with a number of things: ``"has"`` of one, else ``"have"``."""
    return of_one if number == 1 else of_many


def names(columns: Sequence[str]) -> str:
    """Return the names in quotes, the rest counted: ``'a', 'b' and 7 more``."""
    shown = [f"'{c}'" for c in columns[:MAX_NAMES]]
    if len(columns) > MAX_NAMES:
        return ", ".join(shown) + f" and {len(columns) - MAX_NAMES} more"
    return shown[0] if len(shown) == 1 else ", ".join(shown[:-1]) + f" and {shown[-1]}"
