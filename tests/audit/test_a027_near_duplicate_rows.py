"""A027: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a027_near_duplicate_rows import NearDuplicateRows
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def _with_copies(frame: pd.DataFrame, rng: np.random.Generator, share: float, noise: float) -> pd.DataFrame:
    chosen = frame.sample(frac=share, random_state=1, ignore_index=True)
    for name in ("height", "weight", "depth"):
        chosen[name] += noise * rng.normal(size=len(chosen))
    return pd.concat([frame, chosen], ignore_index=True).sample(frac=1, random_state=2, ignore_index=True)


def _wide(rng: np.random.Generator, n: int = 2000) -> pd.DataFrame:
    frame = honest(rng, n).drop(columns="value")
    return frame.assign(**{f"x{i}": rng.normal(size=n) for i in range(4)})


@pytest.mark.parametrize(("share", "noise"), [(0.05, 0.003), (0.2, 0.01), (0.5, 0.02)])
def test_copies_with_noise_are_told(make: MakeContext, rng: np.random.Generator, share: float, noise: float) -> None:
    (found,) = findings(NearDuplicateRows, make(_with_copies(_wide(rng), rng, share, noise), "goal"))
    assert found.action is Action.TOLD and found.evidence["how"] == "noise"
    assert found.evidence["share"] == pytest.approx(2 * share / (1 + share), rel=0.2)
    assert found.severity is Severity.WARNING and len(found.rows) == 20


def test_rows_entered_again_with_one_value_changed(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _wide(rng)
    again = frame.sample(frac=0.02, random_state=1)
    again["x2"] = rng.normal(size=len(again))
    (found,) = findings(NearDuplicateRows, make(pd.concat([frame, again], ignore_index=True), "goal"))
    assert found.evidence["how"] == "one column" and "'x2'" in found.message
    assert found.evidence["share"] == pytest.approx(2 * 40 / 2040, rel=0.01) and found.severity is Severity.INFO
    first, second = found.rows[:2]
    assert second >= 2000 and frame.loc[first, "x1"] == again["x1"].iloc[second - 2000]


def test_one_number_changed_by_a_hair_in_a_coarse_table(make: MakeContext, rng: np.random.Generator) -> None:
    coarse = {f"q{i}": rng.integers(0, 3, 1_000).astype(float) for i in range(6)}
    frame = pd.DataFrame({**coarse, "balance": rng.lognormal(7, 1, 1_000).round(1)})
    frame["goal"] = np.where(frame["q0"] + rng.normal(size=1_000) > 1, "yes", "no")
    assert findings(NearDuplicateRows, make(frame, "goal")) == []
    again = frame.sample(frac=0.05, random_state=1)
    again["balance"] *= 1.001
    (found,) = findings(NearDuplicateRows, make(pd.concat([frame, again], ignore_index=True), "goal"))
    assert found.evidence["how"] == "one column" and "'balance'" in found.message
    assert found.evidence["n_found"] >= 60
    assert np.mean([a < 1_000 <= b for a, b in zip(found.rows[::2], found.rows[1::2], strict=True)]) >= 0.7


def test_stays_quiet_on_independent_rows(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _wide(rng)
    assert findings(NearDuplicateRows, make(frame, "goal")) == []
    assert findings(NearDuplicateRows, make(frame.round(1), "goal")) == []
    few = _with_copies(frame, rng, 0.003, 0.003)
    assert findings(NearDuplicateRows, make(few, "goal")) == []


def test_rows_of_zeros_are_no_copies(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _wide(rng)
    idle = rng.random(2000) < 0.3
    frame = frame.assign(**{f"z{i}": rng.normal(size=2000) for i in range(8)})
    frame.loc[idle, [c for c in frame if c not in ("goal", "colour", "height")]] = 0.0
    answer = NearDuplicateRows().check(make(frame.assign(height=frame["height"].round(2)), "goal"))
    assert answer == [] or "too few columns" in str(answer)


def test_does_not_apply_where_everything_repeats(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.integers(0, 3, (500, 5)), columns=list("abcde"))
    assert "too few columns" in str(NearDuplicateRows().check(make(frame, "e")))
    assert "fewer than 100 rows" in str(NearDuplicateRows().check(make(frame[:60], "e")))
