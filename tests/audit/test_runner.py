"""The runner: order, overruling, failures, determinism."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from modelwright.audit import RULES as AUDIT_RULES
from modelwright.audit.building import tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.runner import load_rule, run_audit
from modelwright.errors import UsageError
from tests.audit.conftest import MakeContext
from tests.audit.helpers import honest


class _Base:
    code: ClassVar[str] = "X001"
    title: ClassVar[str] = "Two columns"
    what: ClassVar[str] = "…"
    why_it_matters: ClassVar[str] = "…"
    how_detected: ClassVar[str] = "…"
    what_is_done: ClassVar[str] = "…"

    def check(self, context: AuditContext) -> list[Finding] | str:
        drop = tell(
            self,
            severity=Severity.INFO,
            columns=["height", "weight"],
            message="2 columns",
            fix="none",
            action=Action.DROP_COLUMN,
        )
        return [drop, tell(self, severity=Severity.ERROR, message=f"{context.rng.integers(10**9)}", fix="none")]


class _Crash(_Base):
    code: ClassVar[str] = "X002"

    def check(self, context: AuditContext) -> list[Finding] | str:
        raise KeyError("gone")


class _Shy(_Base):
    code: ClassVar[str] = "X003"

    def check(self, context: AuditContext) -> list[Finding] | str:
        return "there is nothing to see"


class _Content(_Base):
    code: ClassVar[str] = "X004"

    def check(self, context: AuditContext) -> list[Finding] | str:
        return []


RULES = {"X004": _Content, "X002": _Crash, "X001": _Base, "X003": _Shy}


def test_every_rule_has_an_outcome_and_a_crash_is_one(make: MakeContext, rng: np.random.Generator) -> None:
    audit = run_audit(make(honest(rng), "goal"), RULES)
    assert [(o.code, o.answer) for o in audit.outcomes] == [
        ("X001", "finding"),
        ("X002", "failed"),
        ("X003", "not applicable"),
        ("X004", "passed"),
    ]
    assert audit.outcomes[1].why == "the rule crashed with KeyError: 'gone'"
    assert audit.outcomes[2].why == "there is nothing to see"
    assert all(o.seconds >= 0 for o in audit.outcomes)
    assert [f.severity for f in audit.findings] == [Severity.ERROR, Severity.INFO]
    assert (audit.n_rows, audit.n_rows_examined) == (600, 600)


def test_all_rules_run_without_failure_and_twice_alike(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(honest(rng).drop(columns="value"), "goal")
    first, second = run_audit(context), run_audit(make(honest(np.random.default_rng(7)).drop(columns="value"), "goal"))
    assert not [o for o in first.outcomes if o.answer == "failed"]
    assert first.findings == second.findings == run_audit(context).findings


def test_a_rule_draws_the_same_numbers_whoever_runs_before_it(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(honest(rng), "goal")
    assert run_audit(context, RULES).findings == run_audit(context, {"X001": _Base}).findings


@pytest.mark.parametrize("entry", ["X001", "X001:height"])
def test_the_brief_overrules(make: MakeContext, rng: np.random.Generator, entry: str) -> None:
    audit = run_audit(make(honest(rng), "goal", allow=(entry,)), RULES)
    overruled = [f for f in audit.findings if f.overruled and f.columns]
    acting = [c for f in audit.acting(Action.DROP_COLUMN) for c in f.columns]
    assert [f.columns for f in overruled] == [("height", "weight") if entry == "X001" else ("height",)]
    assert acting == ([] if entry == "X001" else ["weight"])
    assert overruled[0].done == f"nothing was changed: the brief allows {entry} (it would have been: drop column)"


def test_a_rule_whose_findings_are_all_allowed_is_counted_apart(make: MakeContext, rng: np.random.Generator) -> None:
    for allow, answer in ((("X001",), "allowed"), (("X001:height", "X001:weight"), "finding"), ((), "finding")):
        outcome = run_audit(make(honest(rng), "goal", allow=allow), {"X001": _Base}).outcomes[0]
        assert outcome.answer == answer and outcome.why.startswith("2 findings")
        assert outcome.why.endswith("which the brief allows") == (answer == "allowed")


def test_other_columns_and_findings_without_columns_stand(make: MakeContext, rng: np.random.Generator) -> None:
    audit = run_audit(make(honest(rng), "goal", allow=("X001:depth",)), RULES)
    assert not [f for f in audit.findings if f.overruled]


@pytest.mark.parametrize(
    ("entry", "text"),
    [
        ("X009", "the brief allows 'X009', but there is no rule 'X009' · fix: did you mean 'X003'? · MW-D201"),
        ("X001:hight", "the brief allows 'X001:hight', but there is no column 'hight' · fix: did you mean 'height'?"),
    ],
)
def test_what_does_not_exist_cannot_be_allowed(
    make: MakeContext, rng: np.random.Generator, entry: str, text: str
) -> None:
    with pytest.raises(UsageError) as caught:
        run_audit(make(honest(rng), "goal", allow=(entry,)), {c: RULES[c] for c in ("X001", "X003")})
    assert text in str(caught.value)


def test_a_rule_that_cannot_be_loaded_is_told(make: MakeContext, rng: np.random.Generator) -> None:
    audit = run_audit(make(honest(rng), "goal"), {"X001": _Base, "X005": "no.such.module", "X006": "json:NoRule"})
    failed = {o.code: o.why for o in audit.outcomes if o.answer == "failed"}
    assert set(failed) == {"X005", "X006"} and "ModuleNotFoundError" in failed["X005"]
    assert {f.code for f in audit.findings} == {"X001"}


class _Costly(_Base):
    code: ClassVar[str] = "X009"
    costly: ClassVar[bool] = True


def test_costly_rules_are_asked_last_and_only_while_there_is_time(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(honest(rng), "goal")
    audit = run_audit(context, {"X009": _Costly, "X001": _Base}, seconds=-1)
    assert [(o.code, o.answer) for o in audit.outcomes][1] == ("X009", "not asked")
    assert "no time" in audit.outcomes[1].why and {f.code for f in audit.findings} <= {"X001"}
    assert run_audit(context, {"X009": _Costly}).outcomes[0].answer == "finding"


class _Looks(_Base):
    code: ClassVar[str] = "X000"
    tells: ClassVar[bool] = True


def test_rules_that_only_tell_are_asked_after_those_that_act(make: MakeContext, rng: np.random.Generator) -> None:
    rules = {"X000": _Looks, "X001": _Base, "X009": _Costly}
    audit = run_audit(make(honest(rng), "goal"), rules, looking_seconds=-1)
    assert [o.answer for o in audit.outcomes] == ["not asked", "finding", "finding"]
    assert "looks at every column" in audit.outcomes[0].why
    assert {o.answer for o in run_audit(make(honest(rng), "goal"), rules).outcomes} == {"finding"}


@pytest.mark.parametrize("kind", ["costly", "tells"])
def test_rules_that_may_not_be_asked_change_nothing(kind: str) -> None:
    """Whether there is time for them must not change what a model is made from."""
    left = [rule for path in AUDIT_RULES.values() if getattr(rule := load_rule(path), kind, False)]
    assert left
    for rule in left:
        source = Path(sys.modules[rule.__module__].__file__ or "").read_text()
        acts = set(re.findall(r"Action\.([A-Z_]+)", source)) - {"TOLD"}
        assert not acts, f"{rule.code} acts: {acts}"


class _Notes(_Base):
    code: ClassVar[str] = "X006"

    def check(self, context: AuditContext) -> list[Finding] | str:
        told = {"severity": Severity.INFO, "message": "1 note", "fix": "none"}
        copy = {"columns": ["depth"], "action": Action.DROP_COLUMN, "done": "dropped: 'weight' stays"}
        return [
            tell(self, columns=["height"], **told),
            tell(self, columns=["height", "colour"], done="nothing was changed: as it is", **told),
            tell(self, columns=["colour"], **told),
            tell(self, evidence={"copy_of": "weight"}, **copy, **told),
        ]


def test_findings_about_dropped_columns_say_who_drops_them(make: MakeContext, rng: np.random.Generator) -> None:
    rules = {"X001": _Base, "X006": _Notes}
    audit = run_audit(make(honest(rng), "goal"), rules)
    done = [f.done for f in audit.findings if f.code == "X006"]
    assert done == [
        "nothing more was changed: X001 drops 'height'",
        "nothing was changed: as it is; X001 drops 'height'",
        "nothing was changed",
        "dropped, and so is 'weight' (X001)",
    ]
    allowed = run_audit(make(honest(rng), "goal", allow=("X001",)), rules)
    said = [f.done for f in allowed.findings if f.code == "X006"]
    assert said[0] == "nothing was changed" and said[-1] == "dropped: 'weight' stays"
