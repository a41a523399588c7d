"""A013: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.leaks import find_leaks
from modelwright.audit.rules.a013_single_column_leak import SingleColumnLeak
from modelwright.audit.signs import Sign
from tests.audit.conftest import MakeContext
from tests.audit.helpers import accused, findings, honest


def test_finds_recodings_and_noisy_copies(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["alive"] = frame["goal"].map({"yes": "J", "no": "N"})
    wrong = np.arange(600) % 120 == 7
    frame["noted"] = np.where(wrong, "J", frame["alive"])
    frame["signal"] = (frame["goal"] == "yes") + rng.normal(0, 0.15, 600)
    found = findings(SingleColumnLeak, make(frame.drop(columns="value"), "goal"))
    assert {f.columns[0] for f in found} == {"alive", "noted", "signal"}
    assert all(f.action is Action.DROP_COLUMN and f.severity is Severity.ERROR for f in found)
    assert next(f for f in found if f.columns == ("alive",)).evidence["sign"] == "copy"


@pytest.mark.parametrize("transform", ["log", "negative", "rounded", "noise"])
def test_finds_transforms_of_a_number(make: MakeContext, rng: np.random.Generator, transform: str) -> None:
    frame = honest(rng).drop(columns="goal")
    y = frame["value"]
    frame["other"] = {
        "log": np.log(y - y.min() + 1),
        "negative": 7 - 3 * y,
        "rounded": y.round(1),
        "noise": y + rng.normal(0, 0.05, 600),
    }[transform]
    assert accused(SingleColumnLeak, make(frame, "value")) == {"other"}


def test_finds_columns_filled_in_for_one_outcome(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value")
    yes = frame["goal"] == "yes"
    frame["bonus"] = np.where(yes & (rng.random(600) < 0.98), rng.exponential(100, 600), np.nan)
    frame["spent"] = np.where(yes, rng.exponential(100, 600) + 1, 0.0)
    found = findings(SingleColumnLeak, make(frame, "goal"))
    assert {f.columns[0] for f in found} == {"bonus", "spent"}
    assert {f.evidence["sign"] for f in found} == {"existence"}


def test_what_was_computed_from_a_leak_goes_with_it(make: MakeContext, rng: np.random.Generator) -> None:
    """The amount spent is 0 without a card; its share of the income is nearly so, and nothing else says as much."""
    frame = honest(rng, 1200).drop(columns="value")
    yes = frame["goal"] == "yes"
    frame["spent"] = np.where(yes, rng.exponential(100, 1200) + 1, 0.0)
    frame["share"] = (frame["spent"] + rng.uniform(0, 2, 1200)) / rng.normal(3000, 400, 1200)
    found = {f.columns[0]: f for f in findings(SingleColumnLeak, make(frame, "goal"))}
    assert set(found) == {"spent", "share"} and all(f.action is Action.DROP_COLUMN for f in found.values())
    assert found["share"].evidence["sign"] == "computed from a leak" and "'spent'" in found["share"].message


@pytest.mark.parametrize("target", ["goal", "value"])
def test_what_only_goes_with_the_target_as_a_leak_does_was_not_computed_from_it(
    make: MakeContext, rng: np.random.Generator, target: str
) -> None:
    frame = honest(rng, 1200)[["goal", "value"]]
    y = (frame["goal"] == "yes") * 3.0 if target == "goal" else frame["value"]
    frame["noted"] = y + rng.normal(0, 0.01, 1200)
    frame["cause"] = y + rng.normal(0, (0.7 if target == "goal" else 0.2) * y.std(), 1200)
    frame["idle"] = rng.normal(size=1200)
    context = make(frame.drop(columns="value" if target == "goal" else "goal"), target)
    leaks = find_leaks(context)
    assert leaks["noted"].sign in (Sign.COPY, Sign.DOMINANT) and leaks["cause"].sign is Sign.STRONG


def test_an_easy_problem_is_not_accused(make: MakeContext, rng: np.random.Generator) -> None:
    species = rng.choice(["a", "b", "c"], 600)
    size = np.select([species == "a", species == "b"], [1.0, 4.0], 6.0)
    frame = pd.DataFrame(
        {
            "length": size + rng.normal(0, 0.4, 600),
            "width": size / 3 + rng.normal(0, 0.15, 600),
            "other": rng.normal(size=600),
            "species": species,
        }
    )
    assert findings(SingleColumnLeak, make(frame, "species")) == []


def test_an_honest_target_is_left_alone(make: MakeContext) -> None:
    for seed in range(5):
        frame = honest(np.random.default_rng(seed))
        assert findings(SingleColumnLeak, make(frame.drop(columns="value"), "goal")) == []
        assert findings(SingleColumnLeak, make(frame.drop(columns="goal"), "value")) == []


def _single_driver(seed: int) -> tuple[pd.DataFrame, float]:
    """Return a target made of one column and 3 to 40 % of noise (in variance), beside two weak columns."""
    rng = np.random.default_rng(seed)
    n, share = int(rng.integers(300, 2500)), float(np.linspace(0.03, 0.4, 20)[seed])
    units = [rng.normal(80, 25, n), rng.lognormal(4, 0.6, n), rng.integers(1, 60, n).astype(float)][seed % 3]
    pure = 1.5 * units + 20
    noisy = pure + rng.normal(0, pure.std() * np.sqrt(share / (1 - share)), n)
    frame = pd.DataFrame({"units": units, "year": rng.integers(1990, 2020, n), "part": rng.choice(list("abc"), n)})
    return frame.assign(amount=noisy), share


@pytest.mark.parametrize("seed", range(20))
def test_an_honest_single_driver_is_never_dropped(make: MakeContext, seed: int) -> None:
    frame, share = _single_driver(seed)
    found = findings(SingleColumnLeak, make(frame, "amount"))
    assert all(f.action is Action.TOLD and f.severity is Severity.WARNING for f in found)
    assert [f.columns for f in found] == [("units",)] or share > 0.2
    frame["big"] = np.where(frame["amount"] > frame.pop("amount").median(), "yes", "no")
    assert all(f.action is Action.TOLD for f in findings(SingleColumnLeak, make(frame, "big")))
    rng = np.random.default_rng(seed)
    wrong = rng.random(len(frame)) < share
    frame["flag"] = np.where(wrong == (frame["big"] == "yes"), "on", "off")
    found = findings(SingleColumnLeak, make(frame.drop(columns="units"), "big"))
    assert all(f.action is Action.TOLD for f in found)


def test_what_the_brief_leaves_out_is_not_accused(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value").assign(copy=lambda f: f["goal"])
    assert findings(SingleColumnLeak, make(frame, "goal", drop=("copy",))) == []


def test_does_not_apply_without_a_varying_target(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    assert SingleColumnLeak().check(make(frame)) == "there is no target"
    assert "does not vary" in str(SingleColumnLeak().check(make(frame.assign(goal="yes"), "goal")))
    assert "fewer than 50 rows" in str(SingleColumnLeak().check(make(honest(rng, 30), "goal")))


def _easy(rng: np.random.Generator, n: int = 900) -> pd.DataFrame:
    """Return a target that the other columns tell nearly perfectly, so that nothing is out of proportion."""
    x = rng.normal(size=(n, 2))
    value = 3 * x[:, 0] + x[:, 1] ** 2 + rng.normal(0, 0.1, n)
    signal = {f"x{i}": value + rng.normal(0, 0.5, n) for i in range(3)}
    return pd.DataFrame({**signal, "value": value, "goal": np.where(value > 1, "yes", "no")})


@pytest.mark.parametrize("wrong", [0.01, 0.03])
def test_near_copies_are_told_however_easy_the_problem_is(
    make: MakeContext, rng: np.random.Generator, wrong: float
) -> None:
    frame = _easy(rng)
    off = rng.random(len(frame)) < wrong
    frame["flag"] = np.where(off == (frame["goal"] == "yes"), "a", "b")
    assert "flag" in accused(SingleColumnLeak, make(frame.drop(columns="value"), "goal"))
    frame["other"] = np.where(off, rng.permutation(frame["value"]), frame["value"])
    (found,) = [
        f for f in findings(SingleColumnLeak, make(frame.drop(columns="goal"), "value")) if "other" in f.columns
    ]
    assert found.action is Action.DROP_COLUMN


def test_a_number_that_follows_closely_and_a_copy_with_gaps(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _easy(rng).drop(columns="goal")
    frame["noisy"] = frame["value"] + rng.normal(0, 0.13 * frame["value"].std(), len(frame))
    frame["some"] = np.where(rng.random(len(frame)) < 0.6, np.nan, np.exp(frame["value"] / 9))
    actions = {f.columns[0]: f.action for f in findings(SingleColumnLeak, make(frame, "value"))}
    assert actions["some"] is Action.DROP_COLUMN and actions["noisy"] is Action.TOLD


def test_values_that_exist_mostly_for_one_class(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _easy(rng).drop(columns="value")
    noted = (rng.random(len(frame)) < 0.1) ^ (frame["goal"] == "yes")
    frame["note"] = np.where(noted, rng.normal(size=len(frame)), np.nan)
    (found,) = [f for f in findings(SingleColumnLeak, make(frame, "goal")) if "note" in f.columns]
    assert found.action is Action.TOLD and "of all others" in found.message


def test_a_copy_that_is_missing_in_some_rows(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _easy(rng).drop(columns="value")
    frame["code"] = np.where(rng.random(len(frame)) < 0.4, None, np.where(frame["goal"] == "yes", "k7", "k2"))
    (found,) = [f for f in findings(SingleColumnLeak, make(frame, "goal")) if "code" in f.columns]
    assert found.action is Action.DROP_COLUMN and found.evidence["sign"] == "copy"


def test_values_that_are_missing_mostly_for_high_targets(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 1_000).drop(columns="goal")
    high = frame["value"] > frame["value"].quantile(0.7)
    reluctant = rng.random(1_000) < np.where(high, 0.3, 0.1)
    assert findings(SingleColumnLeak, make(frame.assign(depth=frame["depth"].mask(reluctant)), "value")) == []
    gone = rng.random(1_000) < np.where(high, 0.7, 0.02)
    (found,) = findings(SingleColumnLeak, make(frame.assign(depth=frame["depth"].mask(gone)), "value"))
    assert found.columns == ("depth",) and found.action is Action.TOLD and "'value' is above" in found.message


def test_a_shared_trend_is_no_leak(make: MakeContext, rng: np.random.Generator) -> None:
    step = np.arange(200.0)
    frame = pd.DataFrame(
        {
            "prices": np.exp(0.02 * step) + np.cumsum(rng.normal(0, 0.1, 200)),
            "month": pd.date_range("2001-01-01", periods=200, freq="MS"),
            "output": 50 + 3 * step + np.cumsum(rng.normal(0, 1, 200)),
        }
    )
    assert findings(SingleColumnLeak, make(frame, "output")) == []


def test_the_value_of_the_row_before_is_no_leak(make: MakeContext, rng: np.random.Generator) -> None:
    level = pd.Series(np.cumsum(rng.normal(size=900)))
    frame = pd.DataFrame({"before": level.shift(1), "mean": level.shift(1).rolling(3).mean(), "level": level})
    assert findings(SingleColumnLeak, make(frame, "level")) == []
    frame["noisy"] = level + rng.normal(0, 0.5, 900)
    assert accused(SingleColumnLeak, make(frame, "level")) == {"noisy"}


def test_a_row_of_totals_makes_no_leaks_and_hides_none(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _easy(rng).drop(columns="goal").abs()
    frame["plain"] = rng.gamma(2, 3, len(frame))
    frame["noisy"] = frame["value"] + rng.normal(0, 0.1 * frame["value"].std(), len(frame))
    frame.loc[len(frame)] = frame.sum()
    assert accused(SingleColumnLeak, make(frame, "value")) == {"noisy"}
