"""A024: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Severity
from modelwright.audit.rules.a024_test_rows_in_training import RowsInBothTables
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


@pytest.mark.parametrize("n", [3, 20, 200])
def test_copied_rows_are_counted(make: MakeContext, rng: np.random.Generator, n: int) -> None:
    frame = honest(rng).drop(columns="value").assign(rowid=np.arange(600))
    new = honest(rng, 200).drop(columns="value")
    copied = frame.head(n).assign(rowid=np.arange(9000, 9000 + n))
    copied.loc[copied.index[0], "goal"] = "no" if copied["goal"].iloc[0] == "yes" else "yes"
    test = pd.concat([new.iloc[n:], copied], ignore_index=True)
    (found,) = findings(RowsInBothTables, make(frame, "goal", test=test))
    assert found.evidence["n_known"] == n and found.evidence["n_same_target"] == n - 1
    assert found.severity is Severity.WARNING and set(found.rows) <= set(range(n))


def test_without_a_target_in_the_test_table(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value")
    (found,) = findings(RowsInBothTables, make(frame, "goal", test=frame.head(50).drop(columns="goal")))
    assert found.evidence["n_known"] == 50 and "n_same_target" not in found.evidence


def test_rows_that_repeat_by_nature_are_a_note(make: MakeContext, rng: np.random.Generator) -> None:
    def flags(n: int) -> pd.DataFrame:
        frame = pd.DataFrame({f"f{i}": rng.integers(0, 3, n) for i in range(5)})
        return frame.assign(goal=rng.choice(["yes", "no"], n))

    (found,) = findings(RowsInBothTables, make(flags(600), "goal", test=flags(200)))
    assert found.severity is Severity.INFO and "no more than" in found.message


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    assert findings(RowsInBothTables, make(honest(rng), "goal", test=honest(rng, 200))) == []


def test_does_not_apply(make: MakeContext, rng: np.random.Generator) -> None:
    assert RowsInBothTables().check(make(honest(rng), "goal")) == "there is no test table"
    assert "share no feature" in str(
        RowsInBothTables().check(make(honest(rng), "goal", test=pd.DataFrame({"x": [1.0]})))
    )
