"""The gate on what is left to people: fires, stays quiet, does not apply."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.evaluate.abstaining import AtRisk, RiskCurve, RiskPoint
from modelwright.govern.gates.abstaining import AnswersEnough
from modelwright.govern.gates.base import Case, Failing
from tests.report import samples

BANK = samples.ALL["bank"]()
CASE = Case(problem=BANK.problem, audit=BANK.audit, evaluation=BANK.evaluation)


def _point(risk, n, misses=0, low=0.0):
    wrong = misses / n if n else 0.0
    return RiskPoint(answered=n / 1000, wrong=wrong, low=low, high=0.2, n=n, risk=risk)


def _check(*points, risk=0.05, gates=None, note="from 3,000 rows"):
    curve = RiskCurve(curve=(), at=points, measured_on="a lockbox") if points else None
    return AnswersEnough().check(replace(CASE, at_risk=AtRisk(risk=risk, curve=curve, note=note), asked=gates or {}))


def test_a_risk_at_which_nothing_is_answered_is_a_condition():
    found = _check(_point(0.05, 0), _point(0.1, 0), _point(0.2, 310, 40))
    assert not found.passed and found.failing is Failing.CONDITION
    assert found.why == "at a risk of 5% no row is answered: every one is left to a person"
    assert found.do == "ask for a risk of 20%, at which 31% are answered"
    assert "leave all of it to people" in _check(_point(0.05, 0)).do


def test_a_risk_that_is_not_kept_is_a_condition():
    found = _check(_point(0.05, 600, 60, low=0.07))
    assert not found.passed and "10% of the answers are wrong (7% to 20%): more than was asked for" in found.why


@pytest.mark.parametrize(("asked", "failing"), [({}, Failing.CONDITION), ({"answered": 0.5}, Failing.DO_NOT_SHIP)])
def test_too_few_answers_are_a_condition_and_block_where_the_brief_says_how_many(asked, failing):
    found = _check(_point(0.05, 30), _point(0.1, 800), gates=asked)
    assert (found.passed, found.failing) == (False, failing) and "have to be answered" in found.why


def test_that_it_cannot_be_told_is_a_condition():
    found = _check(note="too few rows")
    assert not found.passed and "cannot be told (too few rows)" in found.why and found.do


def test_quiet_where_enough_is_answered_rightly():
    found = _check(_point(0.05, 600, 24, low=0.02))
    assert found.passed and "it answers 60% of the rows, and 4% of the answers are wrong" in found.why


def test_does_not_apply_where_no_risk_is_asked_for():
    found = AnswersEnough().check(CASE)
    assert found.passed and "not applicable" in found.why
