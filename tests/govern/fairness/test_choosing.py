"""The choice of a measure: what it compares, what refuses it, and what is told without one."""

from dataclasses import replace

import pytest

from modelwright.brief import FAIRNESS, Brief
from modelwright.errors import UsageError
from modelwright.govern.fairness.choosing import CHOICES, all_measures, check_choice, choice_words, measures_of
from modelwright.govern.fairness.wording import RATES
from tests.govern.test_gates import PROBLEM

ASKED = Brief(target="churn", protected=("sex",), fairness="selection")


def test_every_choice_of_the_brief_is_known_and_every_measure_has_words():
    assert tuple(CHOICES) == FAIRNESS
    for n_classes in (0, 2, 3):
        shown = all_measures(n_classes)
        assert set(shown) <= set(RATES)
        for asked in (None, *CHOICES):
            assert set(measures_of(asked, n_classes)) <= set(shown)
    assert measures_of("errors", 2) == ("true_positive_rate", "false_positive_rate")


def test_what_fits_is_taken():
    check_choice(ASKED, PROBLEM)
    check_choice(Brief(), PROBLEM)
    check_choice(replace(ASKED, fairness="errors"), replace(PROBLEM, classes=()))


@pytest.mark.parametrize(
    ("brief", "classes", "code"),
    [
        (replace(ASKED, protected=()), ("no", "yes"), "MW-U410"),
        (replace(ASKED, protected=("churn",)), ("no", "yes"), "MW-U410"),
        (ASKED, (), "MW-U411"),
        (replace(ASKED, fairness="calibration"), ("a", "b", "c"), "MW-U411"),
    ],
)
def test_what_cannot_be_compared_is_refused(brief, classes, code):
    with pytest.raises(UsageError) as raised:
        check_choice(brief, replace(PROBLEM, classes=classes))
    assert raised.value.code == code
    assert "--protected" in raised.value.fix or "--fairness errors" in raised.value.fix


def test_the_choice_is_told():
    assert "Is every group selected about as often?" in choice_words(ASKED, 2)
    told = choice_words(Brief(), 2)
    assert all(name in told for name in CHOICES)
    assert "opportunity" not in choice_words(Brief(), 0)
