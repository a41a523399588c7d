"""Labels that take time: what trains was known when what is judged began."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.data.columns import Columns
from modelwright.errors import DataError, UsageError
from modelwright.frame.naive import measure_optimism
from modelwright.frame.problem import SplitKind
from modelwright.frame.split import Fold, make_folds
from tests.frame.helpers import choice, framed, problem_of, table

COLUMNS, CONTRACT = table()
DAY = 86_400.0


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def checked(folds: tuple[Fold, ...], holdout: np.ndarray, times: np.ndarray, delay: float) -> int:
    """Return how many rows train, all of them known early enough."""
    for train, valid in folds:
        assert np.nanmax(times[train]) <= times[valid].min() - delay
        if len(holdout):
            assert np.nanmax(times[np.concatenate([train, valid])]) <= times[holdout].min() - delay
    return sum(len(train) for train, _ in folds)


@pytest.mark.parametrize("kind", ["time", "group_time"])
@pytest.mark.parametrize("holdout", [0.0, 0.2])
def test_rows_whose_labels_are_not_known_yet_sit_out(kind: str, holdout: float, rng: np.random.Generator) -> None:
    n = 600
    times = np.sort(rng.uniform(0, 300, n)) * DAY
    times[:20] = np.nan  # they count as old
    columns: Columns = {"t": times, "g": rng.integers(0, 80, n).astype(float)}
    y = rng.integers(0, 2, n).astype(float)
    trained = []
    for delay in (0.0, 10 * DAY, 30 * DAY):
        problem = problem_of(kind, n, holdout=holdout, label_delay=delay)
        folds = make_folds(problem, y, columns, 0)
        assert all(len(valid) for _, valid in folds.folds) and len(folds.folds) == problem.n_folds
        trained.append(checked(folds.folds, folds.holdout, times, delay))
    assert trained[0] > trained[1] > trained[2] > 0


def test_a_delay_longer_than_the_past_is_refused(rng: np.random.Generator) -> None:
    columns: Columns = {"t": np.arange(300.0)}
    with pytest.raises(DataError, match="leaves a part empty") as caught:
        make_folds(problem_of("time", 300, label_delay=250.0), rng.integers(0, 2, 300).astype(float), columns, 0)
    assert caught.value.code == "MW-D311" and "labels are known sooner" in caught.value.fix


def test_the_brief_decides_and_says_why() -> None:
    problem = framed(COLUMNS, CONTRACT, split="time", time="day", label_delay="2d")
    assert problem.split is SplitKind.TIME and problem.label_delay == 2 * DAY
    told = choice(problem, "label delay")
    assert (told.value, told.decided_by) == ("2d", "user") and "rows of 'day' so shortly before" in told.why
    assert framed(COLUMNS, CONTRACT, split="time", time="day").label_delay == 0.0
    assert framed(COLUMNS, CONTRACT, split="time", time="x", label_delay="0.5").label_delay == 0.5


@pytest.mark.parametrize(
    ("brief", "code"),
    [
        ({"label_delay": "2d"}, "MW-U316"),
        ({"label_delay": "2d", "group": "patient"}, "MW-U316"),
        ({"label_delay": "2d", "time": "x"}, "MW-U317"),
        ({"label_delay": "-1", "time": "x"}, "MW-U317"),
        ({"label_delay": "soon", "time": "day"}, "MW-U003"),
        ({"label_delay": "0d", "time": "day"}, "MW-U003"),
    ],
)
def test_delays_that_make_no_sense(brief: dict[str, str], code: str) -> None:
    with pytest.raises(UsageError) as caught:
        framed(COLUMNS, CONTRACT, **brief)
    assert caught.value.code == code and caught.value.fix


def test_the_stated_optimism_grows_with_what_is_not_known(rng: np.random.Generator) -> None:
    n = 1500
    walk = np.cumsum(rng.normal(size=n))
    columns: Columns = {"t": np.arange(float(n)), "x": np.arange(float(n)) + rng.normal(size=n)}
    problem = problem_of("time", n, objective="regress", metric="rmse", classes=(), features=("x",))
    at_once = measure_optimism(problem, columns, walk, (), 0)
    late = measure_optimism(replace(problem, label_delay=200.0), columns, walk, (), 0)
    assert at_once is not None and late is not None
    assert late.fair.value is not None and at_once.fair.value is not None
    assert late.fair.value > at_once.fair.value  # a larger error
