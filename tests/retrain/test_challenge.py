"""Challenger against champion: wins where it is better beyond the noise, and nowhere worse."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.retrain.challenge import Side, aligned, challenge, losses_of
from modelwright.retrain.documents import Burden

N = 2000


def values(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return a target, and predictions with a small and a large error."""
    rng = np.random.default_rng(seed)
    y = rng.normal(size=N)
    return y, (y + rng.normal(0, 0.5, N))[:, None], (y + rng.normal(0, 0.7, N))[:, None]


def fought(y: np.ndarray, old: np.ndarray, new: np.ndarray, metric: str = "rmse", **more: object):
    sides = (Side(version=1, prediction=old), Side(version=2, prediction=new))
    return challenge(metric, y, *sides, columns=more.pop("columns", {}), **more)


def test_the_better_one_wins_and_the_worse_one_does_not():
    y, good, bad = values()
    found = fought(y, bad, good)
    assert (
        found.wins and found.gain.low > 0 and found.loss_gain.low > 0 and "better by more than the noise" in found.why
    )
    assert not fought(y, good, bad).wins
    assert found.champion_score.value > found.challenger_score.value and (found.champion, found.challenger) == (1, 2)


def test_chance_seldom_wins():
    wins = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        y = rng.normal(size=200)
        wins += fought(y, y[:, None] + rng.normal(0, 1, (200, 1)), y[:, None] + rng.normal(0, 1, (200, 1))).wins
    assert wins <= 7


def test_a_gate_and_a_slice_stand_in_the_way():
    y, good, bad = values()
    gated = fought(y, bad, good, gates=("it is too large",))
    assert not gated.wins and gated.why.endswith("better, but it is too large")
    city = np.where(np.arange(N) % 10 == 0, "rome", "oslo")
    new = good.copy()
    new[city == "rome"] += 3.0
    sliced = fought(y, bad + 2.0, new, columns={"city": Strings.from_values(city)})
    assert sliced.gain.low > 0 and not sliced.wins
    assert [(s.column, s.value) for s in sliced.slices] == [("city", "rome")] and sliced.slices_seen == 2
    assert sliced.slices[0].gain.high < 0
    assert sliced.why.endswith("better, but worse where 'city' is rome")
    south = Strings.from_values(np.where(city == "rome", "yes", "no"))
    twice = fought(y, bad + 2.0, new, columns={"city": Strings.from_values(city), "south": south})
    assert twice.why.endswith("worse where 'city' is rome (and 1 more slice)")


def test_few_numbers_are_parts_of_their_own_as_in_an_evaluation():
    y, good, bad = values()
    few = np.arange(N) % 10 == 0
    new = good.copy()
    new[few] += 3.0
    codes = {"sex": np.where(few, 2.0, 1.0), "since": np.where(few, 1.7e9, 1.6e9)}
    since = ColumnSpec(name="since", kind=Kind.DATETIME)
    told = fought(y, bad + 2.0, new, columns=codes, contract=Contract(columns=(since,), rows_seen=N))
    assert not told.wins and told.slices_seen == 4
    assert {(s.column, s.value) for s in told.slices} == {("sex", "2"), ("since", "2023-11-14")}


def test_probabilities_that_are_right_again_win_though_the_ranking_is_the_same():
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 0.95, N)
    y = (rng.random(N) < p).astype(float)
    sure = p**4 / (p**4 + (1 - p) ** 4)
    right, wrong = (np.column_stack([1 - q, q]) for q in (p, sure))
    found = fought(y, wrong, right, metric="roc_auc")
    assert found.wins and found.gain.value == pytest.approx(0, abs=1e-12) and found.loss_gain.low > 0
    assert not fought(y, right, wrong, metric="roc_auc").wins


def test_neighbours_in_time_count_together():
    rng = np.random.default_rng(5)
    y = np.zeros(N)
    season = np.repeat(rng.normal(0.1, 1, N // 100), 100)
    old, new = np.sqrt(np.maximum(2 + season, 0))[:, None], np.full((N, 1), np.sqrt(2.0))
    alone = fought(y, old, new)
    ordered = fought(y, old, new, order=np.arange(N))
    assert ordered.loss_gain.high - ordered.loss_gain.low > 3 * (alone.loss_gain.high - alone.loss_gain.low)


def test_classes_are_put_in_order():
    prediction = np.array([[0.2, 0.8]])
    assert aligned(prediction, ("a", "b"), ("b", "c", "a")).tolist() == [[0.8, 0.0, 0.2]]
    assert losses_of("log_loss", np.array([1.0]), prediction) == pytest.approx([-np.log(0.8)])
    assert losses_of("mae", np.array([1.0]), np.array([[3.0]])) == [2.0]


def test_what_has_learned_from_more_and_newer_rows_need_not_prove_it():
    y, good, _ = values()
    rng = np.random.default_rng(7)
    bit_better, bit_worse = (good + rng.normal(0, s, (N, 1)) for s in (0.0, 0.03))
    trifle = {"old": bit_worse, "new": bit_better}
    found = fought(y, **trifle)
    assert found.loss_gain.value > 0 and not found.wins, "within the noise"
    found = fought(y, **trifle, burden=Burden.LIKELIER)
    assert found.wins and found.burden is Burden.LIKELIER and "likelier better than not" in found.why
    back = {"old": bit_better, "new": bit_worse}
    assert not fought(y, **back, burden=Burden.LIKELIER).wins
    assert fought(y, **back, burden=Burden.NOT_WORSE).wins
    gated = fought(y, **trifle, burden=Burden.LIKELIER, gates=("it is too large",))
    assert not gated.wins and "likelier better than not" in gated.why and gated.why.endswith("but it is too large")


def test_what_the_newest_rows_are_worth_is_allowed_for():
    rng = np.random.default_rng(3)
    p = rng.uniform(0.05, 0.95, N)
    y = (rng.random(N) < p).astype(float)
    right, wrong = (np.column_stack([1 - q, q]) for q in (p, p**2 / (p**2 + (1 - p) ** 2)))
    found = fought(y, right, wrong, metric="roc_auc", burden=Burden.NOT_WORSE)
    assert found.loss_gain.high < 0 and not found.wins
    assert fought(y, right, wrong, metric="roc_auc", burden=Burden.NOT_WORSE, worth=0.2).wins
    assert not fought(y, right, wrong[:, ::-1], metric="roc_auc", burden=Burden.NOT_WORSE, worth=9.0).wins, "its score"
    assert not fought(y, right, wrong, metric="roc_auc", burden=Burden.NOT_WORSE, worth=0.2, gates=("large",)).wins
