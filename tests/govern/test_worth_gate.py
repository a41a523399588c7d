"""The gate on money: earns clearly more, may be chance, clearly less, and not asked."""

from dataclasses import replace

import pytest

from modelwright.govern.gates.base import Case, Failing
from modelwright.govern.gates.worth import WorthItsMoney
from tests.report import samples

BANK = samples.ALL["bank"]()


def _check(worth):
    evaluation = replace(BANK.evaluation, worth=worth)
    return WorthItsMoney().check(Case(problem=BANK.problem, audit=BANK.audit, evaluation=evaluation))


def _with_gain(value: float, half: float):
    worth = BANK.evaluation.worth
    nothing = replace(worth.ways[0], gain=samples.m("gain", value, half, unit="€"))
    return replace(worth, ways=(nothing, *worth.ways[1:]))


@pytest.mark.parametrize(
    ("value", "half", "passed", "failing", "words"),
    [
        (900, 300, True, Failing.CONDITION, "earns 900 (600 to 1,200) € more per 1,000 cases than to act on no case"),
        (100, 300, False, Failing.CONDITION, "more than to act on no case may be chance: 100"),
        (-900, 300, False, Failing.DO_NOT_BUILD, "to act on no case earns 900 (600 to 1,200) € more per 1,000 cases"),
    ],
)
def test_fires_by_how_sure_the_gain_is(value, half, passed, failing, words):
    found = _check(_with_gain(value, half))
    assert (found.passed, found.failing) == (passed, failing) and words in found.why
    assert passed or found.do


def test_simpler_models_are_another_gates_business():
    worth = BANK.evaluation.worth
    loses = replace(worth.ways[2], gain=samples.m("gain", -900, 300))
    assert _check(replace(worth, ways=(*worth.ways[:2], loses))).passed


def test_does_not_apply_without_a_payoff():
    assert _check(None).why == "not applicable: no payoff was given"
    assert _check(replace(BANK.evaluation.worth, ways=())).passed
