import numpy as np
import pytest

from modelwright import objectives
from modelwright.errors import DataError
from modelwright.frame.problem import SplitKind
from modelwright.frame.sizes import choose_folds, choose_holdout
from modelwright.frame.splitting import Split

CLASSIFY, REGRESS = objectives.get("classify"), objectives.get("regress")
STRATIFIED, RANDOM = Split(kind=SplitKind.STRATIFIED), Split(kind=SplitKind.RANDOM)


def _two(n, events):
    return np.r_[np.ones(events), np.zeros(n - events)]


def _holdout(n, events=None, split=STRATIFIED):
    y = _two(n, n // 2 if events is None else events)
    return choose_holdout(CLASSIFY, y, ("no", "yes"), split)


@pytest.mark.parametrize(
    ("n", "events", "share"),
    [
        (1_999, 900, 0.0),
        (2_000, 900, 0.2),
        (5_000, 100, 0.0),
        (5_000, 250, 0.2),
        (100_000, 50_000, 0.2),
        (400_000, 200_000, 0.05),
        (1_000_000, 500_000, 0.02),
        (1_000_000, 5_000, 0.05),
        (1_000_000, 15_000, 0.0333),
    ],
)
def test_lockbox_by_rows_and_events(n, events, share):
    found, choice = _holdout(n, events)
    assert found == pytest.approx(share)
    assert ("BBC" in choice.why) == (share == 0)


def test_lockbox_needs_groups_and_moments():
    few = Split(kind=SplitKind.GROUP, group="g", n_groups=12)
    assert _holdout(10_000, split=few)[0] == 0
    assert "12 groups are too few" in _holdout(10_000, split=few)[1].why
    assert _holdout(10_000, split=Split(kind=SplitKind.GROUP, group="g", n_groups=500))[0] == 0.2
    years = Split(kind=SplitKind.TIME, clock=("t",), n_times=4)
    assert "4 different times" in _holdout(10_000, split=years)[1].why


@pytest.mark.parametrize(
    ("n", "holdout", "folds", "repeats"),
    [(60, 0.0, 5, 5), (900, 0.0, 5, 3), (1_999, 0.0, 5, 3), (5_000, 0.2, 5, 1), (200_000, 0.1, 3, 1), (6, 0.0, 3, 5)],
)
def test_folds_by_rows(n, holdout, folds, repeats):
    found = choose_folds(REGRESS, np.arange(n, dtype=float), (), RANDOM, holdout)
    assert found[:2] == (folds, repeats)
    assert found[2].why


def test_never_more_folds_than_the_rarer_class_groups_or_moments_allow():
    classes = ("no", "yes")
    assert choose_folds(CLASSIFY, _two(300, 3), classes, STRATIFIED, 0.0)[0] == 3
    assert "scarcer class" in choose_folds(CLASSIFY, _two(300, 3), classes, STRATIFIED, 0.0)[2].why
    groups = Split(kind=SplitKind.GROUP, group="g", n_groups=4)
    assert choose_folds(CLASSIFY, _two(300, 90), classes, groups, 0.0)[:2] == (4, 1)
    times = Split(kind=SplitKind.TIME, clock=("t",), n_times=2)
    assert choose_folds(CLASSIFY, _two(300, 90), classes, times, 0.0)[:2] == (1, 1)
    one_rare = np.r_[np.zeros(200), np.ones(200), 2.0]
    assert choose_folds(CLASSIFY, one_rare, ("a", "b", "c"), STRATIFIED, 0.0)[0] == 5


@pytest.mark.parametrize("y", [np.array([0.0, 1.0, 0.0]), np.array([0.0] * 9 + [1.0])])
def test_too_little_is_refused(y):
    with pytest.raises(DataError, match="MW-D307"):
        choose_folds(CLASSIFY, y, ("no", "yes"), STRATIFIED, 0.0)
