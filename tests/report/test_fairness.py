"""The section on groups of people: judged, told without a choice, proposed by the audit, and absent."""

from dataclasses import replace

import numpy as np
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.evaluate.measurements import FairOption, Flip
from modelwright.govern.fairness import measure_fairness
from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.measuring import Judged, widest_pair
from modelwright.report.html import render
from modelwright.report.papers.card import render_card

from . import samples


def _fairness(asked="selection", proposed=False):
    rng = np.random.default_rng(0)
    codes = rng.choice(3, 2000, p=(0.5, 0.492, 0.008))
    chance = np.where(rng.random(2000) < np.array([0.5, 0.25, 0.5])[codes], 0.9, 0.1)
    y = (rng.random(2000) < 0.4).astype(float)
    judged = Judged(y=y, prediction=np.column_stack([1 - chance, chance]), threshold=0.5)
    grouping = Grouping(("sex",), ("<b>men</b>", "women", "others"), codes)
    return measure_fairness(judged, [grouping], asked=asked, least=0.8, proposed=proposed)


def _report(fairness, **changes):
    r = samples.bank()
    return replace(r, evaluation=replace(r.evaluation, fairness=fairness), **changes)


def _section(text):
    return text.split('<section id="groups">')[1].split("</section>")[0]


def test_what_was_asked_is_answered_first():
    section = _section(render(_report(_fairness())))
    assert "Not met: groups of sex differ by more than was asked for in selection rate, beyond the noise." in section
    assert "Below 0.8 by more than the noise: women to &lt;b&gt;men&lt;/b&gt;." in section
    assert "<b>men</b>" not in section
    assert "rows, too few: not compared, taken for" in section


def test_what_is_met_does_not_hide_differences_by_other_measures():
    rng = np.random.default_rng(0)
    codes = np.arange(4000) % 2
    chance = np.where(rng.random(4000) < 0.4, 0.9, 0.1)
    y = (rng.random(4000) < np.where(codes == 0, 0.7, 0.2)).astype(float)
    judged = Judged(y=y, prediction=np.column_stack([1 - chance, chance]), threshold=0.5)
    grouping = Grouping(("sex",), ("men", "women"), codes)
    fairness = measure_fairness(judged, [grouping], asked="selection", least=0.8, proposed=False)
    section = _section(render(_report(fairness)))
    assert "Met: in selection rate every two groups of sex reach 0.8, beyond the noise." in section
    told = (
        "By measures that were not asked for, groups do differ by more than that: share of flags that are right (sex)"
    )
    assert told in section


def test_a_wide_interval_is_told_as_not_known():
    few = np.arange(120) % 2
    chance = np.where(np.arange(120) % 3 == 0, 0.9, 0.1)
    judged = Judged(
        y=(np.arange(120) % 4 == 0).astype(float), prediction=np.column_stack([1 - chance, chance]), threshold=0.5
    )
    fairness = measure_fairness(
        judged, [Grouping(("sex",), ("men", "women"), few)], asked="selection", least=0.8, proposed=False
    )
    section = _section(render(_report(fairness)))
    assert "It cannot be told on 120 rows whether all groups of sex reach 0.8 in selection rate" in section
    assert "Whether it is below 0.8 cannot be told on 120 rows." in section


def test_many_rows_of_few_stretches_of_time_are_not_called_few_rows():
    codes = np.arange(400) % 2
    chance = np.where(np.arange(400) % 3 == 0, 0.9, 0.1)
    judged = Judged(
        y=(np.arange(400) % 5 == 0).astype(float), prediction=np.column_stack([1 - chance, chance]), threshold=0.5,
        clusters=np.arange(400) // 100,
    )  # fmt: skip
    fairness = measure_fairness(
        judged, [Grouping(("sex",), ("men", "women"), codes)], asked="selection", least=0.8, proposed=False
    )
    section = _section(render(_report(fairness)))
    assert "200 rows, of too few independent ones: not compared" in section
    assert (
        "No two groups of sex could be compared in selection rate: their rows are of fewer than 5 independent groups"
        in section
    )


def test_without_a_choice_the_choices_are_told():
    section = _section(render(_report(_fairness(None))))
    assert "how they are to be compared was not said" in section
    for choice in ("selection", "opportunity", "errors", "calibration"):
        assert f"--fairness {choice}</code>" in section


def test_what_the_audit_proposes_is_not_judged():
    assert "shown here and not judged" in _section(render(_report(_fairness(None, proposed=True))))


def test_options_flips_and_proxies_are_told():
    fairness = _fairness()
    option = FairOption(
        name="reweighted × 1", text="rows weighted", score=samples.m("roc_auc", 0.78, 0.02),
        ratio=widest_pair(fairness.tables, fairness.measures), score_then=0.79, ratio_then=0.81, chosen=True,
    )  # fmt: skip
    rise = samples.m("ratio_gain", 0.3, 0.1)
    flipped = samples.m("flipped", 0.031, 0.01, n=2000)
    fairness = replace(
        fairness,
        options=(
            replace(option, name="as it was", chosen=False),
            replace(option, gain=rise, lost=0.12, reads=("sex",)),
        ),
        flips=(Flip(column="sex", changed=flipped), Flip(column="age", changed=None, why="the model does not see it")),
    )
    proxy = samples.finding(
        "A046", "Protected attributes", Severity.WARNING, ("job",), "'sex' can be told from 'job'.",
        Action.TOLD, "", "", evidence={"attribute": "sex", "together": 0.6, "job": 0.4},
    )  # fmt: skip
    r = _report(fairness)
    section = _section(render(replace(r, audit=replace(r.audit, findings=(*r.audit.findings, proxy)))))
    assert "reweighted × 1 (chosen)" in section
    assert "Taken is reweighted × 1: the lowest ratio rises by " in section
    assert "for 12% of what the model is worth. It decides by the groups of sex, as the brief allows" in section
    none = replace(option, name="reweighted × 1", chosen=False, gain=rise, why="it does not help beyond the noise")
    kept = replace(fairness, options=(replace(option, name="as it was"), none))
    section_kept = _section(render(_report(kept)))
    assert "Nothing that was tried helps" in section_kept
    assert "Not taken: it does not help beyond the noise" in section_kept
    assert "3.1% of 2,000 rows get another decision" in section
    assert "the model does not see it" in section
    assert "can be told from" in section


def test_no_people_no_section():
    text = render(samples.bank())
    assert 'id="groups"' not in text
    assert "### Groups of people" not in render_card(samples.bank())


def test_the_card_has_the_groups():
    card = render_card(_report(_fairness()))
    assert "### Groups of people" in card
    assert "| women |" in card


@pytest.mark.parametrize("n_classes", [0, 3])
def test_values_and_more_classes_are_shown(n_classes):
    rng = np.random.default_rng(1)
    prediction = rng.normal(5, 1, (400, 1)) if n_classes == 0 else rng.dirichlet((1, 1, 1), 400)
    y = rng.normal(5, 1, 400) if n_classes == 0 else rng.integers(0, 3, 400).astype(float)
    grouping = Grouping(("sex",), ("f", "m"), np.arange(400) % 2)
    judged = Judged(y=y, prediction=prediction, threshold=None)
    fairness = measure_fairness(judged, [grouping], asked="errors", least=0.8, proposed=False)
    section = _section(render(_report(fairness)))
    assert ("Mean error" if n_classes == 0 else "Accuracy") in section
