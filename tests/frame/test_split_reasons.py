"""The reason of a split does not deny what the audit found."""

from __future__ import annotations

from modelwright.audit.findings import Action, Audit, Finding, Severity
from modelwright.frame.splitting import _not_acted_on


def _audit(*codes: str) -> Audit:
    found = tuple(
        Finding(
            code=code,
            title="",
            severity=Severity.WARNING,
            columns=(),
            message="",
            evidence={},
            action=Action.TOLD,
            done="",
            fix="",
        )
        for code in codes
    )
    return Audit(findings=found, outcomes=(), n_rows=9, n_rows_examined=9)


def test_the_reason_names_what_was_only_told() -> None:
    assert _not_acted_on(_audit(), "random") == "no groups and no order in time were found"
    said = _not_acted_on(_audit("A018", "A007"), "random")
    assert said == "a random split was kept although A018 speaks of an order in time"
    assert "A017 speaks of groups and A018" in _not_acted_on(_audit("A018", "A017"), "stratified")
