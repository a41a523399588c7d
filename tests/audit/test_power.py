"""Power: the fast way agrees with a slow one, and the measures mean what they say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from modelwright.audit import power as measuring
from modelwright.audit.power import N_FOLDS, PRIOR_ROWS, joint_skill, power, power_sample, score_cells
from tests.audit.conftest import MakeContext
from tests.audit.helpers import honest


def test_classes_agree_with_the_slow_way(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(honest(rng), "goal")
    sample = power_sample(context)
    assert sample is not None
    cells = np.unique(np.asarray(honest(np.random.default_rng(7))["colour"], dtype=str), return_inverse=True)[1]
    predicted, usual = np.empty((600, 2)), np.empty((600, 2))
    for fold in range(N_FOLDS):
        train, held = sample.folds != fold, np.flatnonzero(sample.folds == fold)
        counts = np.bincount(sample.y[train], minlength=2)
        prior = (counts + 0.5) / (train.sum() + 1)
        for i in held:
            mine = np.bincount(sample.y[train & (cells == cells[i])], minlength=2)
            predicted[i] = (mine + PRIOR_ROWS * prior) / (mine.sum() + PRIOR_ROWS)
            usual[i] = prior
    skill, auc, _ = score_cells(cells, sample)
    assert skill == pytest.approx(1 - log_loss(sample.y, predicted) / log_loss(sample.y, usual), abs=1e-9)
    assert auc == pytest.approx(roc_auc_score(sample.y, predicted[:, 1]), abs=1e-9)


def test_values_agree_with_the_slow_way(make: MakeContext, rng: np.random.Generator) -> None:
    sample = power_sample(make(honest(rng), "value"))
    assert sample is not None
    cells = rng.integers(0, 4, 600)
    predicted = np.empty(600)
    for i in range(600):
        train = sample.folds != sample.folds[i]
        mine = sample.y[train & (cells == cells[i])]
        predicted[i] = (mine.sum() + PRIOR_ROWS * sample.y[train].mean()) / (len(mine) + PRIOR_ROWS)
    expected = 1 - np.square(sample.y - predicted).sum() / np.square(sample.y - sample.y.mean()).sum()
    assert score_cells(cells, sample)[0] == pytest.approx(max(0, expected), abs=1e-9)


def test_noise_has_none_and_a_copy_has_all(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(noise=rng.normal(size=600), copy=lambda f: np.exp(f["value"]), empty=np.nan)
    context = make(frame.drop(columns="goal"), "value")
    measured = {n: power(context, n) for n in ("noise", "copy", "height", "empty")}
    skill = {n: m.skill for n, m in measured.items() if m is not None}
    assert skill["noise"] < 0.02 and skill["empty"] < 0.01 and skill["copy"] > 0.99
    assert 0.15 < skill["height"] < 0.6
    assert joint_skill(context, ["height", "weight", "colour"]) > skill["height"]


def test_missingness_is_measured_apart(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["late"] = np.where(frame["goal"] == "yes", rng.normal(size=600), np.nan)
    measured = power(make(frame, "goal"), "late")
    assert measured is not None and measured.missing_skill > 0.95 and measured.skill > 0.9


def test_there_is_none_without_enough_rows_or_variation(make: MakeContext, rng: np.random.Generator) -> None:
    assert power_sample(make(honest(rng))) is None
    assert power(make(honest(rng, 40), "goal"), "height") is None
    assert power_sample(make(honest(rng).assign(goal="yes"), "goal")) is None
    assert joint_skill(make(pd.DataFrame({"goal": ["a", "b"] * 50}), "goal"), []) == 0.0


@pytest.mark.parametrize("goal", ["goal", "value"])
def test_many_cells_are_scored_as_few(
    make: MakeContext, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch, goal: str
) -> None:
    sample = power_sample(make(honest(rng), goal))
    assert sample is not None
    cells = rng.integers(0, 90, 600)
    expected = score_cells(cells, sample)
    monkeypatch.setattr(measuring, "TABLED_CELLS", 0)
    assert score_cells(cells, sample) == pytest.approx(expected, nan_ok=True)


def test_what_tells_is_found_among_hundreds_of_columns(make: MakeContext, rng: np.random.Generator) -> None:
    noise = {f"n{i}": rng.normal(size=1_000) for i in range(500)}
    told = rng.normal(size=1_000)
    goal = np.where(told + 0.5 * rng.normal(size=1_000) > 0, "a", "b")
    context = make(pd.DataFrame({**noise, "told": told, "goal": goal}), "goal")
    assert joint_skill(context, [*noise, "told"]) > 0.25
