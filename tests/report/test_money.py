"""The section on money: what a manager reads, in the order it matters, and nothing where nothing was asked."""

from dataclasses import replace

import pytest

from modelwright.evaluate.measurements import Room
from modelwright.report.html import render
from modelwright.report.money import section, sentences
from tests.report import samples

BANK = samples.ALL["bank"]().evaluation
WORTH = BANK.worth


def _section(**changes):
    return section(replace(BANK, worth=replace(WORTH, **changes)))


def test_it_begins_with_what_the_model_brings():
    found = section(BANK)
    assert found.lede == (
        "Deciding with it brings 1,900 (1,600 to 2,200) € more per 1,000 cases than the best simpler way, "
        "a simple linear model."
    )
    assert found.period.startswith("With 2,000 cases a day that is 3,800")
    assert "each day of waiting costs" in found.period
    assert found.decided.startswith("Acted on is a case with a chance of 18% or more: 14% of the cases.")


@pytest.mark.parametrize(
    ("value", "half", "words"),
    [(-50, 300, "It is not sure that deciding with it brings more"), (-900, 300, "Deciding with it loses 900")],
)
def test_a_model_that_earns_nothing_is_said_to(value, half, words):
    gain = samples.m("per_thousand", value, half, unit="€")
    found = _section(per_thousand=gain, per_period=gain)
    assert found.lede.startswith(words) and "waiting" not in found.period


def test_amounts_have_bounds_and_what_is_as_good_there():
    amounts = section(BANK).amounts
    assert amounts[0].outcome == "an event that is found (tp)" and amounts[0].given == "80 €"
    assert amounts[0].holds == "above 21.5 € (there: a simple linear model)"
    assert amounts[1].holds == "above −31 € (there: doing nothing)"
    free = _section(break_even=(replace(WORTH.break_even[0], low=None),))
    assert free.amounts[0].holds == "whatever it is worth"
    none = _section(break_even=(replace(WORTH.break_even[0], low=None, worth=False),))
    assert "a simpler way is as good" in none.amounts[0].holds


def test_more_room_is_told():
    assert section(BANK).room == ""
    found = _section(room=Room(acted=0.31, gain=samples.m("gain", 900, 200, unit="€")))
    assert found.room.startswith("Acting would pay for 31% of the cases") and "900 (700 to 1,100) € more" in found.room


def test_what_there_is_no_room_for_is_not_counted_and_that_is_told():
    found = _section(acted=0.15, wanted=0.17)
    assert "or more. On these rows 17% of the cases reach the threshold, and there is room for 15%" in found.decided
    assert any("predict --top" in line for line in sentences(replace(WORTH, acted=0.15, wanted=0.17)))


def test_bounds_of_a_gain_that_may_be_chance_are_told_as_such():
    assert section(BANK).amounts_said == ""
    found = _section(per_thousand=samples.m("per_thousand", 100, 300, unit="€"))
    assert "is not sure, as said above" in found.amounts_said
    assert _section(room=Room(acted=0.3, gain=samples.m("gain", 9, 20))).room.endswith("which may be chance.")


def test_swings_tell_which_amount_matters():
    assert "loses nothing beyond the noise" in section(BANK).swings_said
    lost = samples.m("lost", 200, 50, unit="€")
    costly = _section(swings=tuple(replace(s, lost=lost) if s.outcome == "fp" else s for s in WORTH.swings))
    assert costly.swings_said.startswith("It pays to know what a false alarm is worth")
    both = _section(swings=tuple(replace(s, lost=lost) for s in WORTH.swings))
    assert both.swings_said.startswith("It pays to know what an event that is found and a false alarm are worth")
    assert costly.swings[2].startswith("If a false alarm counts 20% less, nothing would be decided otherwise.")
    moved = _section(swings=(replace(WORTH.swings[0], moved=0.03, lost=lost),)).swings[0]
    assert "3% of the cases would be decided otherwise (from a chance of 18% on)" in moved
    assert "staying as it is loses 200 (150 to 250) € per 1,000 cases." in moved
    won = samples.m("lost", -200, 250, unit="€")
    moved = _section(swings=(replace(WORTH.swings[0], moved=0.03, lost=won),)).swings[0]
    assert "staying as it is brings 200 (−50 to 450) € more per 1,000 cases." in moved


def test_what_has_no_threshold_is_not_said_to_have_one():
    why = "payoff: the class from which most money is to be expected"
    seven = samples.seven_classes()
    evaluation = replace(seven.evaluation, worth=replace(WORTH, lists=(), curve=None), threshold_why=why)
    assert section(evaluation).decided.endswith(f"Decided: {why}.")
    assert "The threshold" not in section(evaluation).decided
    page = render(replace(seven, evaluation=evaluation))
    good = page.split('<section id="good">')[1].split("</section>")[0]
    assert why not in good
    assert "These are the most likely classes. What is decided follows from the payoff" in good


def test_the_mark_of_the_chart_stands_where_is_decided():
    curve = replace(WORTH.curve, chosen=0.1865)
    chart = _section(curve=curve).figure.chart
    elsewhere = _section(curve=replace(curve, chosen=0.1765)).figure.chart
    assert chart != elsewhere


def test_lists_alone_without_a_payoff():
    found = _section(value=None, model=None, per_thousand=None, per_period=None, ways=(), curve=None,
                     break_even=(), swings=())  # fmt: skip
    assert "was not said (--payoff)" in found.lede and found.ways is None and not found.in_money
    assert [x.strong for x in found.lists] == [False, False, True, False]
    assert found.lists[2].length == "15% of the cases (the capacity)" and found.lists[2].lift == "3.8 ×"


def test_nothing_asked_nothing_shown():
    assert section(replace(BANK, worth=None)) is None


def test_the_verdict_says_it_too():
    bank = samples.ALL["bank"]()
    top = render(bank).split('id="first"')[0]
    assert "Deciding with it brings" in top and "more per 1,000 cases" in top and 'href="#money"' in top
    assert "Deciding with it" not in render(replace(bank, evaluation=replace(BANK, worth=None)))
