import numpy as np
import pytest

from modelwright import objectives
from modelwright.brief import Brief
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.errors import DataError, UsageError

REGRESS = objectives.get("regress")
SPEC = ColumnSpec(name="target", kind=Kind.NUMBER)


def test_values_stay_and_the_infinite_is_missing():
    y, classes = REGRESS.encode(np.array([1.5, np.inf, np.nan, -2.0]), SPEC, Brief())
    np.testing.assert_array_equal(y, [1.5, np.nan, np.nan, -2.0])
    assert classes == ()


@pytest.mark.parametrize(
    ("column", "code"),
    [
        (np.array([np.nan, np.nan]), "MW-D302"),
        (np.array([3.0, 3.0, np.nan]), "MW-D306"),
        (np.array([1.0, -1e200, 3.0]), "MW-D314"),
        (Strings.from_values(["a", "b"]), "MW-D305"),
    ],
)
def test_nothing_to_learn_is_refused(column, code):
    with pytest.raises(DataError, match=f"'target'.*{code}"):
        REGRESS.encode(column, SPEC, Brief())


def test_positive_makes_no_sense_for_values():
    with pytest.raises(UsageError, match="MW-U304"):
        REGRESS.encode(np.array([1.0, 2.0]), SPEC, Brief(positive="1"))


def test_default_metric_follows_the_tails():
    rng = np.random.default_rng(0)
    assert REGRESS.default_metric(rng.normal(size=5000), ())[0] == "rmse"
    assert REGRESS.default_metric(rng.exponential(size=5000), ())[0] == "rmse"
    name, why = REGRESS.default_metric(np.exp(2.5 * rng.normal(size=5000)), ())
    assert name == "mae"
    assert "squared deviations" in why
    piled = np.where(rng.random(5000) < 0.6, 0.0, np.exp(2.5 * rng.normal(size=5000)))
    name, why = REGRESS.default_metric(piled, ())
    assert name == "rmse"
    assert "smallest value" in why


def test_strata_are_tenths():
    y = np.random.default_rng(0).normal(size=1000)
    counts = np.bincount(REGRESS.split_labels(y, ()))
    assert counts.tolist() == [100] * 10
    assert set(REGRESS.split_labels(np.r_[np.zeros(99), 1.0], ())) <= {0, 1}
