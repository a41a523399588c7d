"""How much too good a random split would have been."""

from __future__ import annotations

import numpy as np
import pytest

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
