"""A run that goes on from a model: which rows learn, which choose, which judge."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.errors import DataError
from modelwright.frame.problem import Choice, Problem, SplitKind
from modelwright.train.starting import Start, reframed

SPLIT = Choice(question="split", value="group_time", alternatives=(), decided_by="user", why="")
JUDGED = 60


def framed(shops: np.ndarray) -> tuple[Problem, object]:
    """The problem and the folds of a panel, a row a day, with the shop of each row."""
    n = len(shops)
    problem = Problem(
        objective="regress",
        target="y",
        classes=(),
        metric="rmse",
        split=SplitKind.GROUP_TIME,
        group="shop",
        time="day",
        n_folds=3,
        n_repeats=1,
        holdout=0.2,
        features=("x",),
        n_rows=n,
        choices=(SPLIT,),
    )
    columns = {"shop": shops.astype(float), "day": np.arange(n, dtype=float), "x": np.zeros(n)}
    return reframed(Start(candidates=(), judged=JUDGED), problem, columns, np.arange(n), n)


def test_groups_that_go_on_are_learned_from_as_the_champion_did() -> None:
    problem, folds = framed(np.arange(400) % 20)
    ((train, valid),) = folds.folds
    assert len(folds.holdout) == JUDGED and len(train) + len(valid) == 400 - JUDGED
    assert train.max() < valid.min() and valid.max() < folds.holdout.min()
    assert problem.split is SplitKind.TIME and problem.group is None and folds.groups is None
    assert "100% of those that judge are of a 'shop' that was there before" in problem.choices[0].why


def test_new_groups_are_judged_by_those_who_do_not_know_them() -> None:
    shops = np.arange(400) // 8
    shops[-5:] = 0  # a few old ones come back
    problem, folds = framed(shops)
    ((train, valid),) = folds.folds
    assert problem.split is SplitKind.GROUP_TIME and problem.group == "shop"
    assert not set(shops[train]) & {*shops[valid], *shops[folds.holdout]}
    assert not set(shops[valid]) & set(shops[folds.holdout])


def test_too_few_rows_to_learn_from() -> None:
    with pytest.raises(DataError, match=r"0 rows are left to learn from.*MW-D810"):
        framed(np.arange(JUDGED) % 20)
