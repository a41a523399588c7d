"""What disturbances cost: nothing where the model does not look, and all where it looks at nothing else."""

from dataclasses import replace

import msgspec
import numpy as np
import pytest

from modelwright.evaluate.measurements import Stressed
from modelwright.evaluate.metrics import get
from modelwright.evaluate.stress import stresses
from modelwright.evaluate.stress.base import Case
from modelwright.evaluate.stress.measuring import Target, measure_stress

from .test_stresses import N, _rows

ROWS = _rows("weight", "city", "since")
Y = (ROWS.columns["weight"] > 70).astype(float)


def _predict(columns):
    """A model that looks at the weight alone, and shrugs where it is missing."""
    weight = columns["weight"]
    event = np.where(np.isnan(weight), 0.5, 1 / (1 + np.exp(-(weight - 70))))
    return np.column_stack([1 - event, event])


def _target(**changes):
    constant = np.full((N, 2), 0.5)
    return replace(Target(metric=get("roc_auc"), y=Y, constant=constant, threshold=0.5), **changes)


def _stressed(given=None, *, deadline_s=60.0, **changes):
    return measure_stress(
        _predict, ROWS, _target(**changes), given or stresses(), measured_on="here", seed=0, deadline_s=deadline_s
    )


def test_what_is_not_looked_at_costs_nothing():
    found = _stressed()
    others = [c for c in found.cases if "weight" not in c.columns and c.score is not None]
    assert len(others) > 5 and {c.judgement for c in others} == {"holds"}
    assert all(c.lost.value == 0 for c in others)
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(found)), Stressed) == found


def test_what_all_rests_on_breaks_it():
    found = _stressed()
    gone = next(c for c in found.cases if c.words == "“weight” is missing")
    assert gone.judgement == "breaks" and gone.score.value == 0.5 and gone.share == pytest.approx(1.0)
    assert gone.lost.low > 0 and gone.noticed == ""
    costs = [c.lost.value for c in found.cases if c.lost is not None]
    assert costs == sorted(costs, reverse=True), "what costs most comes first"
    slipped = next(c for c in found.cases if "a tenth" in c.words)
    assert slipped.score.value == 1.0, "the order of the rows is the same"


def test_a_threshold_makes_a_unit_slip_cost():
    found = _stressed(metric=get("accuracy"))
    slipped = next(c for c in found.cases if "1,000 times" in c.words)
    assert slipped.judgement == "breaks" and slipped.score.value == pytest.approx(Y.mean())


class _Unreadable:
    name = "unreadable"

    def cases(self, rows):
        yield Case(self.name, ("weight",), "“weight” holds words", lambda rng: {"weight": ["heavy"] * rows.n})


def test_what_the_contract_refuses_is_never_predicted():
    (case,) = _stressed((_Unreadable(),)).cases
    assert case.judgement == "refused" and case.score is None and "'weight'" in case.refused


def test_without_a_constant_nothing_is_judged():
    found = _stressed(constant=None)
    assert all(c.share is None and c.judgement in ("holds", "refused") for c in found.cases)


def test_time_leaves_out_the_least_of_each():
    found = _stressed(deadline_s=0.0)
    whole = _stressed()
    assert len(found.cases) == 1 and found.left_out == len(whole.cases) - 1
    (only,) = found.cases
    assert only == next(c for c in whole.cases if c.words == only.words), "the same whatever else there was time for"
