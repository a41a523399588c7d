"""A006: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.audit.findings import Action
from modelwright.audit.rules.a006_identifier import Identifier
from tests.audit.conftest import MakeContext
from tests.audit.helpers import accused, findings, honest


def test_finds_counters_whatever_they_are_called(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(quux=rng.permutation(np.arange(1, 601)), zero=np.arange(600))
    found = findings(Identifier, make(frame, "goal"))
    assert {c for f in found for c in f.columns} == {"quux", "zero"}
    assert all(f.action is Action.DROP_COLUMN for f in found)


def test_finds_a_counter_in_a_sample(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(line=np.sort(rng.choice(100_000, 600, replace=False)))
    assert accused(Identifier, make(frame, "goal", n_rows=100_000)) == {"line"}


def test_copies_of_a_row_hide_no_counter_and_no_key(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).assign(order=np.arange(70_001, 70_601), customer_id=rng.choice(10**7, 600, replace=False))
    copied = pd.concat([frame, frame.iloc[rng.choice(600, 40)]], ignore_index=True)
    copied.loc[len(copied)] = copied.iloc[-1]
    copied.loc[len(copied) - 1, ["order", "customer_id"]] = np.nan  # a line of totals
    found = findings(Identifier, make(copied, "goal"))
    assert {c for f in found for c in f.columns} == {"order", "customer_id"}
    assert any("the same only in copies of a row" in f.message for f in found)
    again = copied.assign(value=rng.normal(size=len(copied)))  # rows of one thing are no copies
    assert findings(Identifier, make(again, "goal")) == []


def test_finds_keys_codes_and_names(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["CustomerId"] = rng.choice(10**7, 600, replace=False)
    frame["ticket"] = [f"T-{v:x}" for v in rng.choice(10**7, 600, replace=False)]
    frame["full_name"] = [f"Ann B{v}" for v in range(600)]
    assert accused(Identifier, make(frame, "goal")) == {"CustomerId", "ticket", "full_name"}


def test_stays_quiet_on_measurements_years_and_prose(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame["population"] = rng.choice(10**7, 600, replace=False)
    frame["year"] = np.arange(1400, 2000)
    frame["review"] = [f"a long review with number {i} in it" for i in range(600)]
    frame["count"] = rng.poisson(3, 600)
    assert findings(Identifier, make(frame, "goal")) == []


def test_does_not_apply_to_a_few_rows(make: MakeContext, rng: np.random.Generator) -> None:
    assert "fewer than 20 rows" in str(Identifier().check(make(honest(rng, 10), "goal")))
