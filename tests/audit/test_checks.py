"""Every rule passes the exam, and the exam catches what it should."""

from __future__ import annotations

import re
from typing import ClassVar

import pytest

from modelwright.audit import RULES
from modelwright.audit.building import tell
from modelwright.audit.checks import check_rule
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.runner import load_rule


@pytest.mark.parametrize("code", sorted(RULES))
def test_rule_passes_the_exam(code: str) -> None:
    rule = load_rule(RULES[code])
    assert rule.code == code
    assert RULES[code].split(".")[-1].startswith(code.lower())
    check_rule(rule)


class Good:
    code: ClassVar[str] = "X001"
    title: ClassVar[str] = "Rows"
    what: ClassVar[str] = "Counts rows."
    why_it_matters: ClassVar[str] = "It does not."
    how_detected: ClassVar[str] = "len"
    what_is_done: ClassVar[str] = "Nothing."

    def check(self, context: AuditContext) -> list[Finding] | str:
        return [tell(self, severity=Severity.INFO, message=f"{context.n_rows} rows", fix="none")]


class Mutates(Good):
    def check(self, context: AuditContext) -> list[Finding] | str:
        if context.y is not None and len(context.y):
            context.y[0] = 7.0
        return []


class Remembers(Good):
    def check(self, context: AuditContext) -> list[Finding] | str:
        self.seen = context.n_rows
        return []


class Prints(Good):
    def check(self, context: AuditContext) -> list[Finding] | str:
        print("hello")
        return []


class Crashes(Good):
    def check(self, context: AuditContext) -> list[Finding] | str:
        raise ZeroDivisionError("by 0")


class Wordless(Good):
    def check(self, context: AuditContext) -> list[Finding] | str:
        return [tell(self, severity=Severity.INFO, message="many rows", fix="none")]


class Invents(Good):
    def check(self, context: AuditContext) -> list[Finding] | str:
        return [tell(self, severity=Severity.INFO, columns=["ghost"], message="1", fix="none")]


class Nameless(Good):
    title: ClassVar[str] = ""


class Dice(Good):
    throws: ClassVar[list[int]] = []

    def check(self, context: AuditContext) -> list[Finding] | str:
        self.throws.append(1)
        return [tell(self, severity=Severity.INFO, message=f"{len(self.throws)}", fix="none")]


def test_an_outside_rule_can_take_the_exam() -> None:
    check_rule(Good)


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (Mutates, "changed the context"),
        (Remembers, "keeps state"),
        (Prints, "printed something"),
        (Crashes, "raised ZeroDivisionError: by 0"),
        (Wordless, "no number in the message"),
        (Invents, "columns ['ghost'] are not in the table"),
        (Nameless, "'title' is missing or empty"),
        (Dice, "answered differently"),
    ],
)
def test_the_exam_names_the_broken_promise(rule: type, complaint: str) -> None:
    with pytest.raises(AssertionError, match=re.escape(complaint)):
        check_rule(rule)
