from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.columns import Strings
from modelwright.errors import DataError, UsageError
from modelwright.frame.split import group_numbers, make_folds, time_ranks
from modelwright.frame.timing import rolling_origins
from tests.frame.helpers import problem_of


def _folds(kind, y, seed=0, g=None, t=None, **changes):
    columns = {"g": g, "t": t}
    return make_folds(problem_of(kind, len(y), **changes), np.asarray(y, dtype=float), columns, seed)


def _check_partition(folds, n, *, all_used=True):
    """Every row is in the lockbox, or judged once per repeat; no fold has a row on two sides."""
    judged = np.zeros(n, dtype=int)
    for train, valid in folds.folds:
        assert not set(train) & set(valid)
        assert not set(folds.holdout) & (set(train) | set(valid))
        assert (np.diff(train) > 0).all() and (np.diff(valid) > 0).all()
        judged[valid] += 1
    if all_used:
        judged[folds.holdout] += judged.max()
        assert (judged == judged.max()).all()


@settings(max_examples=60, deadline=None)
@given(
    counts=st.lists(st.integers(1, 40), min_size=2, max_size=6),
    n_folds=st.integers(2, 6),
    repeats=st.integers(1, 3),
    holdout=st.sampled_from([0.0, 0.2]),
    seed=st.integers(0, 5),
)
def test_stratified_spreads_every_class(counts, n_folds, repeats, holdout, seed):
    y = np.repeat(np.arange(len(counts)), counts).astype(float)
    if len(y) < 4 * n_folds or max(counts) < 5:
        return
    classes = tuple(f"c{i}" for i in range(len(counts)))
    changes = {"classes": classes, "n_folds": n_folds, "n_repeats": repeats, "holdout": holdout}
    folds = _folds("stratified", y, seed, **changes)
    _check_partition(folds, len(y))
    assert len(folds.folds) == n_folds * repeats
    for first in range(0, len(folds.folds), n_folds):
        each = np.array(
            [np.bincount(y[v].astype(int), minlength=len(counts)) for _, v in folds.folds[first:][:n_folds]]
        )
        assert (each.max(axis=0) - each.min(axis=0) <= 1).all()
    for c, count in enumerate(counts):
        boxed = np.sum(y[folds.holdout] == c)
        assert abs(boxed - holdout * count) < 1.5
        assert count > 1 or boxed == 0


def test_random_draws_all_rows_and_the_seed_decides():
    y = np.arange(103.0)
    folds, again, other = (
        _folds("random", y, seed, objective="regress", classes=(), n_repeats=2) for seed in (1, 1, 2)
    )
    _check_partition(folds, 103)
    assert len(folds.holdout) in (20, 21)
    assert all((a[1] == b[1]).all() for a, b in zip(folds.folds, again.folds))
    assert any(len(a[1]) != len(b[1]) or (a[1] != b[1]).any() for a, b in zip(folds.folds, other.folds))
    assert (folds.folds[0][1] != folds.folds[5][1]).any()


def test_values_can_be_stratified_too():
    y = np.random.default_rng(0).normal(size=1000)
    folds = _folds("stratified", y, objective="regress", classes=(), metric="rmse")
    means = [y[valid].mean() for _, valid in folds.folds]
    assert np.std(means) < 0.02


@settings(max_examples=60, deadline=None)
@given(
    n_groups=st.integers(2, 60),
    n_folds=st.integers(2, 5),
    box=st.booleans(),
    missing=st.booleans(),
    seed=st.integers(0, 9),
)
def test_no_group_is_on_two_sides(n_groups, n_folds, box, missing, seed):
    if n_groups < n_folds + 20 * box:
        n_folds, box = 2, False
    rng = np.random.default_rng(seed)
    g = np.r_[np.arange(n_groups), rng.integers(0, n_groups, 400)].astype(float)
    if missing:
        g[rng.random(len(g)) < 0.05] = np.nan
    if len(np.unique(g[~np.isnan(g)])) < n_folds:
        return
    y = (rng.random(len(g)) < 0.3).astype(float)
    folds = _folds("group", y, seed, g=g, n_folds=n_folds, holdout=0.2 if box else 0.0)
    _check_partition(folds, len(y))
    for train, valid in folds.folds:
        assert not set(folds.groups[train]) & set(folds.groups[valid])
        assert not set(folds.groups[folds.holdout]) & (set(folds.groups[train]) | set(folds.groups[valid]))


def test_groups_are_balanced_in_size_and_label():
    rng = np.random.default_rng(0)
    g = np.minimum(rng.pareto(1.2, 20_000) * 20, 3000).astype(int).astype(float)
    y = (rng.random(20_000) < 0.05 + 0.4 * (g % 3 == 0)).astype(float)
    folds = _folds("group", y, g=g)
    sizes = np.array([len(v) for _, v in folds.folds])
    assert sizes.max() / sizes.min() < 1.15
    assert np.ptp([y[v].mean() for _, v in folds.folds]) < 0.03
    assert len(folds.holdout) / 20_000 == pytest.approx(0.2, abs=0.03)


def test_two_groups_make_two_folds():
    g = Strings.from_values(["a"] * 30 + ["b"] * 10)
    folds = _folds("group", np.tile([0.0, 1.0], 20), g=g, n_folds=2, holdout=0.0)
    assert sorted(len(v) for _, v in folds.folds) == [10, 30]


@settings(max_examples=60, deadline=None)
@given(moments=st.integers(7, 60), n_folds=st.integers(1, 5), box=st.booleans(), seed=st.integers(0, 9))
def test_time_goes_forward_and_ties_stay_together(moments, n_folds, box, seed):
    rng = np.random.default_rng(seed)
    t = np.r_[np.arange(moments), rng.integers(0, moments, 300)].astype(float)
    t[rng.random(len(t)) < 0.05] = np.nan
    if len(np.unique(t[~np.isnan(t)])) < n_folds + 2:
        return
    folds = _folds("time", np.tile([0.0, 1.0], len(t))[: len(t)], seed, t=t, n_folds=n_folds, holdout=0.2 * box)
    _check_partition(folds, len(t), all_used=False)
    assert len(folds.folds) == n_folds
    latest = -1
    for train, valid in reversed(folds.folds):
        assert folds.order[train].max() < folds.order[valid].min()
        assert latest < folds.order[valid].min()
        latest = folds.order[valid].max()
    assert bool(len(folds.holdout)) == box
    if box:
        assert folds.order[folds.holdout].min() > latest
    judged = np.unique(np.concatenate([v for _, v in folds.folds] + [folds.holdout]))
    assert not np.isnan(t[judged]).any()


def test_even_time_has_the_shares_asked_for():
    folds = _folds("time", np.tile([0.0, 1.0], 500), t=np.arange(1000.0)[::-1])
    assert len(folds.holdout) == 200
    assert folds.holdout.tolist() == list(range(200))
    assert [len(v) for _, v in folds.folds] == pytest.approx([107] * 5, abs=2)
    assert len(folds.folds[-1][0]) == pytest.approx(267, abs=2)


@pytest.mark.parametrize("passing", [True, False], ids=["groups come and go", "groups stay"])
def test_group_time_judges_later_rows_of_unseen_groups(passing):
    rng = np.random.default_rng(0)
    t = rng.integers(0, 100, 4000).astype(float)
    g = t // 5 * 10 + rng.integers(0, 10, 4000) if passing else rng.integers(0, 50, 4000).astype(float)
    folds = _folds("group_time", (rng.random(4000) < 0.4).astype(float), g=g, t=t)
    _check_partition(folds, 4000, all_used=False)
    for train, valid in (*folds.folds, (np.concatenate([a for a, _ in folds.folds]), folds.holdout)):
        assert folds.order[train].max() < folds.order[valid].min()
        assert not set(folds.groups[train]) & set(folds.groups[valid])
        assert len(valid) > 20
        assert len(train) > 400


@pytest.mark.parametrize(
    ("kind", "n", "changes", "code"),
    [
        ("stratified", 3, {}, "3 rows cannot make 6 parts.*MW-D311"),
        ("random", 50, {"n_folds": 1, "holdout": 0.0}, "MW-D311"),
        ("group", 50, {"g": np.zeros(50), "holdout": 0.0}, "has 1 group, the split needs 5.*MW-D312"),
        ("time", 50, {"t": np.zeros(50), "holdout": 0.0}, "has 1 different time, the split needs 6.*MW-D313"),
        ("time", 50, {"t": np.arange(50) % 3.0}, "has 3 different times, the split needs 7.*MW-D313"),
    ],
)
def test_impossible_splits_say_why(kind, n, changes, code):
    with pytest.raises(DataError, match=code):
        _folds(kind, np.tile([0.0, 1.0], n)[:n], **changes)


def test_time_as_text_is_refused():
    with pytest.raises(UsageError, match="MW-U312"):
        time_ranks(Strings.from_values(["jan", "feb"]), "month")


def test_numbers_of_groups_and_moments():
    assert group_numbers(np.array([5.0, np.nan, 2.0, 5.0, np.nan])).tolist() == [1, 2, 0, 1, 3]
    assert group_numbers(Strings.from_values(["b", None, "a", "b"])).tolist() == [0, 2, 1, 0]
    assert time_ranks(np.array([30.0, np.nan, 10.0, 30.0]), "t").tolist() == [1, -1, 0, 1]


@pytest.mark.parametrize("kind", ["stratified", "group", "time", "group_time"])
def test_a_million_rows_are_parted_in_the_shares_asked_for(kind):
    rng = np.random.default_rng(0)
    n = 1_000_000
    y = (rng.random(n) < 0.1).astype(float)
    g, t = rng.integers(0, 100_000, n).astype(float), rng.integers(0, 5_000, n).astype(float)
    folds = _folds(kind, y, g=g, t=t)
    judged = np.concatenate([folds.holdout, *(valid for _, valid in folds.folds)])
    assert len(np.unique(judged)) == len(judged)
    least = 0.05 if kind == "group_time" else 0.19  # later rows of groups that trained sit out
    assert least * n < len(folds.holdout) < 0.21 * n


def test_rolling_origins_judge_quarters_one_after_the_other_and_halves_that_overlap():
    order = np.repeat(np.arange(250), 4)[np.random.default_rng(0).permutation(1_000)]
    found = rolling_origins(order, most=6, fewest_rows=20)
    assert len(found) == 6
    ends = [int(order[late].max()) for _, late, _ in found]
    assert ends == sorted(ends, reverse=True) and ends[0] == 249
    for (early, late, far), (before, _, _) in pairwise(found):
        assert order[early].max() < order[late].min()
        assert len(late) / len(early) == pytest.approx(0.25, abs=0.02)
        assert order[before].max() + 1 == order[np.setdiff1d(early, before)].min()
        assert not len(far) or (np.isin(late, far).all() and len(far) / len(early) == pytest.approx(0.5, abs=0.03))
    assert not len(found[0][2]) and all(len(far) for _, _, far in found[1:])


def test_rolling_origins_end_where_too_few_rows_came_before():
    assert len(rolling_origins(np.arange(60), most=6, fewest_rows=30)) == 3
    assert rolling_origins(np.zeros(60, dtype=np.int64), most=6, fewest_rows=5) == []


def test_so_many_rows_judge_where_a_lockbox_reports(monkeypatch):
    from modelwright.frame import split

    monkeypatch.setattr(split, "MOST_JUDGING", 50)
    y = np.arange(1000) % 2
    with_box = _folds("stratified", y, classes=("a", "b"), objective="classify", n_folds=3, holdout=0.2)
    assert all(len(valid) == 50 and len(train) > 500 for train, valid in with_box.folds)
    assert all(not np.intersect1d(train, valid).size and (np.diff(valid) > 0).all() for train, valid in with_box.folds)
    assert len(with_box.holdout) == 200
    without = _folds("stratified", y, classes=("a", "b"), objective="classify", n_folds=3, holdout=0.0)
    assert sum(len(valid) for _, valid in without.folds) == 1000
