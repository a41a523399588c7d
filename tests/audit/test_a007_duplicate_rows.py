"""A007: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a007_duplicate_rows import DuplicateRows
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_counts_copies_and_conflicts(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value")
    frame.iloc[500:560] = frame.iloc[0:60].to_numpy()
    frame.loc[599, frame.columns] = frame.loc[70].to_numpy()
    frame.loc[599, "goal"] = {"yes": "no", "no": "yes"}[frame.loc[70, "goal"]]
    frame = frame.astype({"height": float, "weight": float, "depth": float})
    (found,) = findings(DuplicateRows, make(frame, "goal"))
    assert found.evidence["n_copies"] == 60 and found.evidence["n_conflicting"] == 2
    assert found.severity is Severity.WARNING and found.action is Action.TOLD
    assert found.rows[:2] == (500, 501)


def test_one_copy_is_told_as_one(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame.iloc[500] = frame.iloc[0]
    (found,) = findings(DuplicateRows, make(frame, "goal"))
    assert found.message.startswith("1 row of 600 (0.17 %) repeats an earlier row exactly")


def test_a_row_counter_does_not_hide_copies(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.concat([honest(rng)] * 2, ignore_index=True).assign(rowid=np.arange(1200))
    assert findings(DuplicateRows, make(frame, "goal"))[0].evidence["n_copies"] == 600


def test_agrees_with_pandas(make: MakeContext, rng: np.random.Generator) -> None:
    frame = pd.DataFrame(rng.integers(0, 6, (3000, 4)), columns=list("abcd")).assign(goal=rng.choice(["x", "y"], 3000))
    (found,) = findings(DuplicateRows, make(frame, "goal"))
    assert found.evidence["n_copies"] == frame.duplicated().sum()
    assert found.evidence["n_conflicting"] == (frame.groupby(list("abcd"))["goal"].transform("nunique") > 1).sum()


def test_many_conflicting_rows_are_not_called_too_little(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal")[["colour", "value"]].assign(size=1.0, shape="round")
    frame["size"] = rng.integers(0, 3, 600).astype(float)
    frame["shape"] = rng.choice(["a", "b"], 600)
    (found,) = findings(DuplicateRows, make(frame, "value"))
    assert found.evidence["n_conflicting"] > 500
    assert "too little" not in found.message and "no model can tell" in found.message


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    assert findings(DuplicateRows, make(honest(rng), "goal")) == []


def test_does_not_apply_to_two_features(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)[["height", "colour", "goal"]]
    assert "fewer than 3 features" in str(DuplicateRows().check(make(frame, "goal")))
