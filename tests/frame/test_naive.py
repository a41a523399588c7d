"""How much too good a random split would have been."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from modelwright.audit.boosting import predicted
from modelwright.data.columns import Columns
from modelwright.frame.naive import measure_optimism
from modelwright.frame.problem import Problem, SplitKind


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(7)


def _problem(split: SplitKind, features: tuple[str, ...], **columns: str) -> Problem:
    return Problem(
        objective="regress", target="y", classes=(), metric="rmse", split=split, group=columns.get("group"),
        time=columns.get("time"), n_folds=5, n_repeats=1, holdout=0.2, features=features, n_rows=0, choices=(),
    )  # fmt: skip


def _patients(rng: np.random.Generator, own: float) -> tuple[Columns, np.ndarray]:
    """Patients with fixed properties, and a target with a part of their own that no property explains."""
    who = np.repeat(np.arange(80), 20)
    height, weight = rng.normal(size=80)[who], rng.normal(size=80)[who]
    y = height + own * rng.normal(size=80)[who] + 0.3 * rng.normal(size=len(who))
    return {"who": who.astype(float), "height": height, "weight": weight}, y


def test_relatives_on_the_other_side_make_a_random_split_too_good(rng: np.random.Generator) -> None:
    columns, y = _patients(rng, own=2.0)
    found = measure_optimism(_problem(SplitKind.GROUP, ("height", "weight"), group="who"), columns, y, (), 0)
    assert found is not None
    assert found.excess.low > 0 and found.naive.value < 0.7 * found.fair.value
    assert found.excess.value == pytest.approx(found.fair.value - found.naive.value)


def test_groups_that_do_not_matter_give_nothing_away(rng: np.random.Generator) -> None:
    n = 1_600
    columns: Columns = {"who": np.repeat(np.arange(80.0), 20), "height": rng.normal(size=n)}
    y = columns["height"] + rng.normal(size=n)  # type: ignore[operator]
    found = measure_optimism(_problem(SplitKind.GROUP, ("height",), group="who"), columns, y, (), 0)
    assert found is not None and found.excess.low <= 0 <= found.excess.high


def test_neighbours_in_time_make_a_random_split_too_good(rng: np.random.Generator) -> None:
    walk = np.cumsum(rng.normal(size=2_000))
    columns: Columns = {"when": np.arange(2_000.0), "noise": rng.normal(size=2_000)}
    found = measure_optimism(_problem(SplitKind.TIME, ("when", "noise"), time="when"), columns, walk, (), 0)
    assert found is not None and found.excess.value > 0 and found.naive.value < 0.5 * found.fair.value


def test_a_random_split_has_nothing_to_compare_with(rng: np.random.Generator) -> None:
    columns, y = _patients(rng, own=1.0)
    assert measure_optimism(_problem(SplitKind.RANDOM, ("height",)), columns, y, (), 0) is None
    few = {name: column[:60] for name, column in columns.items()}
    assert measure_optimism(_problem(SplitKind.GROUP, ("height",), group="who"), few, y[:60], (), 0) is None


def test_interval_of_groups_is_wider_where_models_differ_from_fold_to_fold(rng: np.random.Generator) -> None:
    """Twelve patients with a large part of their own: five folds of them say little about others."""
    columns, y = _patients(rng, own=2.0)
    few = {name: column[:240] for name, column in columns.items()}
    problem = _problem(SplitKind.GROUP, ("height", "weight"), group="who")
    many, little = (measure_optimism(problem, c, y[: len(c["who"])], (), 0) for c in (columns, few))
    assert many is not None and little is not None and "corrected resampled t" in little.excess.method
    wide = [f.excess.high - f.excess.low for f in (many, little)]
    assert wide[1] > 2 * wide[0]


def test_stated_interval_holds_what_a_random_split_is_worth_on_the_next_stretch() -> None:
    """Walks whose next quarter is known: the difference lies in nearly all of the intervals."""
    inside = 0
    problem = _problem(SplitKind.TIME, ("when",), time="when")
    when = np.arange(500.0)
    for seed in range(6):
        walk = np.cumsum(np.random.default_rng(seed).normal(size=500))
        found = measure_optimism(problem, {"when": when[:400]}, walk[:400], (), 0)
        assert found is not None and found.excess.method == "t over 6 rolling origins, for one more"
        later = walk[400:] - predicted(when[:400, None], walk[:400], when[400:, None], 0, 0)[:, 0]
        worth = float(np.sqrt(np.mean(later**2))) - found.naive.value
        inside += found.excess.low <= worth <= found.excess.high
    assert inside >= 5


def test_one_class_alone_and_a_perfect_score_are_no_obstacle(rng: np.random.Generator) -> None:
    """Early rows all of one class teach nothing, and areas of 1 have no log odds; both are measured all the same."""
    n = 600
    event = (np.arange(n) > 250) & (rng.random(n) < 0.5)
    problem = replace(
        _problem(SplitKind.TIME, ("when", "copy"), time="when"),
        objective="classify",
        classes=("no", "yes"),
        metric="roc_auc",
    )
    columns: Columns = {"when": np.arange(float(n)), "copy": event.astype(float)}
    found = measure_optimism(problem, columns, event.astype(float), ("no", "yes"), 0)
    assert found is not None and found.naive.value == 1.0 and np.isfinite(found.excess.high)


def test_later_rows_of_new_groups_are_judged_where_both_matter(rng: np.random.Generator) -> None:
    columns, y = _patients(rng, own=2.0)
    columns = {**columns, "when": np.tile(np.arange(20.0), 80)}
    problem = _problem(SplitKind.GROUP_TIME, ("height", "weight", "when"), group="who", time="when")
    found = measure_optimism(problem, columns, y, (), 0)
    assert found is not None and found.excess.value > 0 and "for one more" in found.excess.method


def test_fewer_moments_speak_where_there_is_no_time_for_more(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, y = _patients(rng, own=1.0)
    of_groups = _problem(SplitKind.GROUP, ("height", "weight"), group="who")
    assert measure_optimism(of_groups, columns, y, (), 0, seconds=0.0) is None
    clock = iter(range(100))
    monkeypatch.setattr("modelwright.frame.naive.time.monotonic", lambda: float(next(clock)))
    series: Columns = {"when": np.arange(600.0)}
    walk = np.cumsum(rng.normal(size=600))
    found = measure_optimism(_problem(SplitKind.TIME, ("when",), time="when"), series, walk, (), 0, seconds=4.5)
    assert found is not None and found.excess.method == "t over 4 rolling origins, for one more"
