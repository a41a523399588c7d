"""The gate on disturbed rows: fires, stays quiet, does not apply."""

from dataclasses import replace

from modelwright.govern.gates.base import Case, Failing
from modelwright.govern.gates.sturdy import Sturdy
from tests.report import samples
from tests.report.test_stress import stressed

BANK = samples.ALL["bank"]()


def _check(stress):
    return Sturdy().check(Case(problem=BANK.problem, audit=BANK.audit, evaluation=BANK.evaluation, stress=stress))


def test_fires_where_everyday_trouble_breaks_it():
    found = stressed()
    broken = tuple(replace(c, judgement="breaks") if c.score is not None else c for c in found.cases)
    answer = _check(replace(found, cases=broken))
    assert not answer.passed and answer.failing is Failing.INFORM and answer.do
    assert answer.why.startswith("if 50% of the words and texts are mistyped, more than half")
    assert answer.why.endswith("and so it is with 1 more of 3 disturbances")


def test_missing_columns_and_what_only_weakens_are_no_surprise():
    found = _check(stressed())
    assert found.passed and "it bears 3 disturbances" in found.why


def test_does_not_apply_where_nothing_was_disturbed():
    assert _check(None).why == "not applicable: no disturbance as they come with people and feeds was tried"
    only = replace(stressed(), cases=stressed().cases[:1])
    assert _check(only).passed and "not applicable" in _check(only).why
