"""A039: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a039_wrong_labels import LEVELS_OFF, WrongLabels, _levels_off
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _easy(rng: np.random.Generator, n: int = 1_500, k: int = 2) -> pd.DataFrame:
    x = rng.normal(size=(n, 4))
    score = x[:, 0] + x[:, 1] + 0.15 * rng.normal(size=n)
    frame = pd.DataFrame(x, columns=list("abcd"))
    return frame.assign(goal=np.array(list("uvwxyz"))[np.searchsorted(np.quantile(score, np.arange(1, k) / k), score)])


def _flipped(frame: pd.DataFrame, share: float, rng: np.random.Generator) -> np.ndarray:
    """Give some rows another label; return which."""
    wrong = rng.random(len(frame)) < share
    names = sorted(set(frame["goal"]))
    place = np.searchsorted(names, frame["goal"])
    other = (place + rng.integers(1, len(names), len(frame))) % len(names)
    frame["goal"] = np.array(names)[np.where(wrong, other, place)]
    return wrong


@pytest.mark.parametrize(("k", "share"), [(2, 0.05), (2, 0.1), (2, 0.2), (4, 0.05), (4, 0.1)])
def test_flipped_labels_are_found(make: MakeContext, rng: np.random.Generator, share: float, k: int) -> None:
    frame = _easy(rng, k=k)
    wrong = _flipped(frame, share, rng)
    (found,) = findings(WrongLabels, make(frame, "goal"))
    assert found.severity is Severity.WARNING and found.action is Action.TOLD and len(found.rows) == 20
    assert abs(float(found.evidence["share_wrong"]) - share) < 0.03 + share / 2
    assert wrong[list(found.rows)].mean() >= 0.75
    assert str(found.evidence["looks_like"]).count("\n") == 19 and "looks like" in found.message


def test_values_of_other_rows_are_found(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _easy(rng).drop(columns="goal")
    frame["value"] = 10 * frame["a"] + rng.normal(size=len(frame))
    wrong = rng.random(len(frame)) < 0.08
    frame.loc[wrong, "value"] = rng.permutation(frame.loc[wrong, "value"])
    (found,) = findings(WrongLabels, make(frame, "value"))
    assert found.severity is Severity.INFO and wrong[list(found.rows)].mean() >= 0.8


@pytest.mark.parametrize("noise", [0.0, 0.3, 1.0, 2.0])
def test_stays_quiet_on_honest_noise(make: MakeContext, noise: float) -> None:
    for seed in range(3):
        rng = np.random.default_rng(seed)
        frame = honest(rng, 1_000).drop(columns="goal")
        frame["value"] = frame["height"] + 0.7 * frame["weight"] + noise * rng.normal(size=1_000)
        assert findings(WrongLabels, make(frame, "value")) == []
        frame["value"] = np.where(frame["value"] > 0.3, "yes", "no")
        assert findings(WrongLabels, make(frame, "value")) == []


@pytest.mark.slow
@pytest.mark.parametrize("strength", [1.5, 3.0, 6.0])
def test_stays_quiet_on_logistic_noise(make: MakeContext, strength: float) -> None:
    for seed in range(6):
        rng = np.random.default_rng([seed, int(10 * strength)])
        frame = pd.DataFrame(rng.normal(size=(1_000, 4)), columns=list("abcd"))
        chance = 1 / (1 + np.exp(-strength * (frame["a"] + frame["b"] - 0.3 * frame["c"])))
        frame["goal"] = np.where(rng.random(1_000) < chance, "yes", "no")
        assert findings(WrongLabels, make(frame, "goal")) == [], seed


@pytest.mark.slow
def test_stays_quiet_on_noise_between_neighbouring_classes(make: MakeContext) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(rng.normal(size=(1_000, 4)), columns=list("abcd"))
        score = frame["a"] + frame["b"] + rng.normal(size=1_000) / 2.5
        frame["goal"] = np.array(list("uvwx"))[np.searchsorted(np.quantile(score, [0.25, 0.5, 0.75]), score)]
        assert findings(WrongLabels, make(frame, "goal")) == [], seed


def test_noise_that_falls_slowly_does_not_level_off() -> None:
    rng = np.random.default_rng(1)
    logit = rng.exponential(1.5, 4_000)
    chance = 1 / (1 + np.exp(-logit))
    honest_rows = rng.random(4_000) < 1 / (1 + np.exp(-(0.2 + 0.6 * logit)))  # an overconfident model
    assert _levels_off(honest_rows, chance, 2) < LEVELS_OFF
    sure_rows = rng.random(4_000) < 1 / (1 + np.exp(-2 * logit))
    assert _levels_off(sure_rows ^ (rng.random(4_000) < 0.06), chance, 2) > 3 * LEVELS_OFF


def test_what_a_quick_model_misses_of_a_formula_is_no_wrong_value(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.uniform(0, 10, size=(1_500, 3)), columns=list("abc"))
    frame["value"] = np.where(frame["a"] > 5, frame["b"] ** 2, frame["b"]) + frame["c"] ** 3
    assert findings(WrongLabels, make(frame, "value")) == []


def test_heavy_tails_are_no_wrong_values(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _easy(rng).drop(columns="goal")
    frame["value"] = 10 * frame["a"] + rng.standard_t(3, len(frame))
    assert findings(WrongLabels, make(frame, "value")) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert WrongLabels().check(make(honest(rng))) == "there is no target"
    assert "fewer than 150 rows" in str(WrongLabels().check(make(honest(rng, 100), "goal")))
    many = _easy(rng, 300).assign(goal=[f"c{i % 40}" for i in range(300)])
    assert "fewer than 20 rows per class" in str(WrongLabels().check(make(many, "goal")))
