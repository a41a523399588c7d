"""How far columns move predictions, against the reasons of single rows."""

from __future__ import annotations

import time

import numpy as np
import pytest

from modelwright.data.columns import take
from modelwright.data.profiling import make_profile
from modelwright.explain.by_reasons import mean_reasons
from modelwright.runtime.reasons import explain_rows, typical_row
from modelwright.runtime.shapley.explainer import Explainer
from tests.package.building import CONTRACT, PROFILE, classifier, regressor, some_columns
from tests.package.fitting import TABLE, fitted

LATER = 600.0


@pytest.mark.parametrize("made", [classifier, regressor], ids=["classes", "values"])
def test_it_is_the_mean_size_of_the_reasons(made):
    plan, columns = made(), some_columns(40)
    typical = typical_row(CONTRACT, PROFILE)
    found = mean_reasons(plan, typical, columns, time.monotonic() + LATER)
    reasons = explain_rows(Explainer(plan, typical), columns)
    assert list(found.values()) == pytest.approx(list(np.abs(reasons.effects).mean(axis=0)), abs=1e-9)
    assert tuple(found) == reasons.columns and max(found.values()) > 0


def test_of_several_classes_it_is_the_probability_that_moves():
    plan, columns, _ = fitted(("lightgbm",), 3)
    typical = typical_row(plan.contract, make_profile(columns, TABLE))
    columns = take({name: columns[name] for name in plan.contract.names}, np.arange(30))
    found = mean_reasons(plan, typical, columns, time.monotonic() + LATER)
    effects = Explainer(plan, typical)(columns).effects
    risen = np.maximum(effects, 0).sum(axis=2).mean(axis=0)
    assert list(found.values()) == pytest.approx(list(risen), rel=1e-6, abs=1e-9)


def test_without_time_nothing_is_told():
    columns = take(some_columns(40), np.arange(40))
    assert mean_reasons(regressor(), typical_row(CONTRACT, PROFILE), columns, time.monotonic() - 1) == {}
