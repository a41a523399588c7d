"""The gate on groups of people: blocks, sets a condition, informs, stays quiet, does not apply."""

from dataclasses import replace

import numpy as np
import pytest

from modelwright.evaluate.measurements import Disparity, FairOption, GroupPair, Measurement
from modelwright.govern.fairness import measure_fairness
from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.measuring import Judged
from tests.govern.test_gates import _evaluation, _gate, _judge


def _fairness(n=4000, low=0.3, *, asked="selection", proposed=False, clusters=None):
    rng = np.random.default_rng(0)
    codes = np.arange(n) % 2
    flagged = rng.permutation(n // 2)[:, None] < np.array([low, 0.5]) * (n // 2)
    chance = np.where(flagged[np.arange(n) // 2, codes], 0.9, 0.1)
    judged = Judged(
        y=(rng.random(n) < 0.4).astype(float), prediction=np.column_stack([1 - chance, chance]), threshold=0.5,
        clusters=None if clusters is None else np.arange(n) // 2 % clusters,
    )  # fmt: skip
    grouping = Grouping(("sex",), ("f", "m"), codes)
    return measure_fairness(judged, [grouping], asked=asked, least=0.8, proposed=proposed)


def test_a_ratio_below_beyond_the_noise_blocks():
    verdict = _judge(_evaluation(fairness=_fairness()))
    assert verdict.answer == "do not ship"
    assert "the selection rate of f is 0.60 (0.55 to 0.65) times that of m" in _gate(verdict, "fair enough").why


def test_a_ratio_that_may_be_below_is_a_condition():
    verdict = _judge(_evaluation(fairness=_fairness(n=200, low=0.39)))
    assert verdict.answer == "ship with conditions"
    assert "whether all groups reach 0.8 cannot be told on 200 rows" in _gate(verdict, "fair enough").why


def test_a_ratio_that_is_high_by_chance_is_no_pass():
    fairness = _fairness(n=200, low=0.48)
    assert fairness.tables[0].disparities[1].widest.ratio.value > 0.9
    verdict = _judge(_evaluation(fairness=fairness))
    assert verdict.answer == "ship with conditions"
    assert "cannot be told on 200 rows" in _gate(verdict, "fair enough").why
    assert not _gate(verdict, "fair enough").passed


def test_it_stays_quiet_where_groups_are_alike():
    verdict = _judge(_evaluation(fairness=_fairness(low=0.48)))
    assert verdict.answer == "ship"
    assert _gate(verdict, "fair enough").passed
    assert "each is 0.8 or more beyond the noise" in _gate(verdict, "fair enough").why


@pytest.mark.parametrize(("changes", "passed"), [({"asked": None}, False), ({"proposed": True, "asked": None}, True)])
def test_without_a_choice_it_informs_and_what_is_proposed_is_not_judged(changes, passed):
    verdict = _judge(_evaluation(fairness=_fairness(**changes)))
    assert verdict.answer == "ship"
    gate = _gate(verdict, "fair enough")
    assert (gate.passed, gate.blocking) == (passed, False)


def test_it_does_not_apply_without_people_and_to_few_of_them_where_nothing_was_asked():
    assert "not applicable" in _gate(_judge(), "fair enough").why
    few = _judge(_evaluation(fairness=_fairness(n=40, asked=None)))
    assert "not applicable" in _gate(few, "fair enough").why


def test_what_was_asked_for_and_could_not_be_compared_is_no_pass():
    few = _judge(_evaluation(fairness=_fairness(n=40)))
    assert few.answer == "ship with conditions"
    gate = _gate(few, "fair enough")
    assert not gate.passed
    assert gate.why == "whether groups of sex reach 0.8 cannot be told: fewer than two of them have 30 rows that count"


def test_many_rows_of_few_stretches_of_time_are_no_pass():
    stretches = _judge(_evaluation(fairness=_fairness(clusters=4)))
    assert "of fewer than 5 independent groups of rows, or stretches of time" in _gate(stretches, "fair enough").why
    assert next(r.do for r in stretches.reasons if r.gate == "fair enough").startswith("measure it on more independent")
    assert _gate(_judge(_evaluation(fairness=_fairness(low=0.48, clusters=400))), "fair enough").passed


def test_a_column_whose_groups_could_not_be_compared_is_named_beside_the_answer_on_others():
    met = _fairness(low=0.48)
    few = _fairness(n=40).tables[0]
    both = replace(met, tables=(*met.tables, replace(few, columns=("origin",))))
    gate = _gate(_judge(_evaluation(fairness=both)), "fair enough")
    assert gate.passed
    assert gate.why.endswith("; groups of origin could not be compared")


def test_thresholds_by_group_are_named_where_they_were_not_tried():
    fairness = _fairness()
    score = Measurement(name="roc_auc", value=0.8, low=0.7, high=0.9, n=100, method="")
    option = FairOption(
        name="as it was", text="", score=score, ratio=None, score_then=None, ratio_then=None, chosen=True
    )
    kept, tried = (option,), (option, replace(option, name="own thresholds", reads=("sex",)))
    for options, named in ((kept, True), (tried, False)):
        verdict = _judge(_evaluation(fairness=replace(fairness, options=options)))
        told = next(r.do for r in verdict.reasons if r.gate == "fair enough")
        assert ("--fairness-thresholds" in told) == named


def test_the_surest_pair_is_told_first():
    fairness = _fairness()
    mild = _fairness(low=0.36).tables[0]
    both = replace(fairness, tables=(replace(mild, columns=("age",)), fairness.tables[0]))
    assert "by sex" in _gate(_judge(_evaluation(fairness=both)), "fair enough").why


def test_of_pairs_that_may_be_as_far_apart_the_one_that_seems_farthest_is_told():
    def table(column, value):
        ratio = Measurement(name="selection_rate_ratio", value=value, low=0.0, high=2.0, n=90, method="MOVER")
        pair = GroupPair(low="a", high="b", ratio=ratio)
        told = Disparity(measure="selection_rate", widest=pair, difference=None, unsure=(pair,))
        return replace(_fairness(n=200).tables[0], columns=(column,), disparities=(told,))

    fairness = replace(_fairness(n=200), tables=(table("sex", 0.85), table("age", 0.11)))
    assert "by age" in _gate(_judge(_evaluation(fairness=fairness)), "fair enough").why
