"""An audit rule of one's own: columns with e-mail addresses are dropped, and the report says so.

(The audit's own rule A045 looks for more than e-mail addresses; this one is short, and shows how a rule is written.)

python examples/personal_data.py
"""

from __future__ import annotations

import re
from typing import ClassVar

import numpy as np
import pandas as pd

import modelwright as mw
from modelwright.audit import RULES
from modelwright.audit.building import count, percent, tell
from modelwright.audit.checks import check_rule
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.data.columns import Strings

ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[A-Za-z]{2,}")
MOST = 0.5  # of the texts in a column: a stray address in a remark is another matter


class PersonalData:
    """Finds columns that hold e-mail addresses."""

    code: ClassVar[str] = "X001"
    title: ClassVar[str] = "Personal data"
    what: ClassVar[str] = "A column holds e-mail addresses."
    why_it_matters: ClassVar[str] = "They identify people, and a model must not learn who somebody is."
    how_detected: ClassVar[str] = f"At least {percent(MOST)} of the values of a text column are addresses."
    what_is_done: ClassVar[str] = "The column is dropped."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return a finding per column with addresses, or why there is nothing to check."""
        texts = {n: c for n in context.features if isinstance(c := context.columns[n], Strings)}
        if not texts:
            return "no column holds texts"
        return [finding for name, column in texts.items() if (finding := self._judge(name, column)) is not None]

    def _judge(self, name: str, column: Strings) -> Finding | None:
        used = column.codes[column.codes >= 0]
        addresses = [ADDRESS.fullmatch(str(level)) is not None for level in column.levels]
        n = sum(addresses[code] for code in used)
        if not n or n < MOST * len(used):
            return None
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[name],
            message=f"'{name}' holds {count(n, 'e-mail address', 'e-mail addresses')}: it says who somebody is.",
            evidence={"n_addresses": n},
            action=Action.DROP_COLUMN,
            fix=f"take '{name}' out of the export",
            n_rows=n,
        )


def main() -> None:
    """Hold the rule to its promises, add it to the table of rules, audit a small table."""
    check_rule(PersonalData)
    RULES[PersonalData.code] = f"{__name__}:PersonalData"
    rng = np.random.default_rng(0)
    income = rng.normal(2_000, 400, 300).round()
    people = pd.DataFrame(
        {
            "contact": [f"client{i % 250}@example.org" for i in range(300)],
            "income": income,
            "bought": np.where(income + rng.normal(0, 400, 300) > 2_000, "yes", "no"),
        }
    )
    audit = mw.audit_data(people, target="bought")
    for finding in (f for f in audit.findings if f.code == PersonalData.code):
        print(f"{finding.code} {finding.title}: {finding.message} → {finding.done}")


if __name__ == "__main__":
    main()
