"""A038: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from modelwright.audit.findings import Severity
from modelwright.audit.rules.a038_contradictions import ContradictingRows
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


@pytest.mark.parametrize("n", [6, 30, 90])
def test_finds_copies_with_another_class(make: MakeContext, rng: np.random.Generator, n: int) -> None:
    frame = honest(rng).drop(columns="value")
    copies = frame.head(n).assign(goal=lambda f: np.where(f["goal"] == "yes", "no", "yes"))
    both = pd.concat([frame, copies], ignore_index=True).assign(id=lambda f: np.arange(len(f)))
    (found,) = findings(ContradictingRows, make(both, "goal"))
    assert found.n_rows == 2 * n and found.evidence["n_groups"] == n and found.columns == ()
    assert found.evidence["best_accuracy"] == pytest.approx(1 - n / (600 + n), abs=1e-5)
    assert set(found.rows[:2]) <= {i for r in range(n) for i in (r, 600 + r)}
    assert found.severity is (Severity.WARNING if n > 6 else Severity.INFO)


def test_finds_copies_with_another_value(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal")
    both = pd.concat([frame, frame.head(60).assign(value=lambda f: f["value"] + 2)], ignore_index=True)
    (found,) = findings(ContradictingRows, make(both, "value"))
    assert found.evidence["n_groups"] == 60 and float(found.evidence["unexplained"]) > 0.01


def test_plain_copies_do_not_contradict(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value")
    assert findings(ContradictingRows, make(pd.concat([frame, frame.head(60)], ignore_index=True), "goal")) == []


@pytest.mark.parametrize("seed", range(4))
def test_coarse_features_agree_by_chance(make: MakeContext, seed: int) -> None:
    rng = np.random.default_rng(seed)
    cells = pd.DataFrame({n: rng.integers(0, 6, 600) for n in "abcd"}).assign(goal=rng.choice(["no", "yes"], 600))
    assert findings(ContradictingRows, make(cells, "goal")) == []
    few = pd.DataFrame({"age": rng.integers(20, 80, 600), "year": rng.integers(1950, 1960, 600)})
    assert findings(ContradictingRows, make(few.assign(goal=rng.choice(["no", "yes"], 600)), "goal")) == []


def test_does_not_apply_without_a_target(make: MakeContext, rng: np.random.Generator) -> None:
    assert ContradictingRows().check(make(honest(rng))) == "there is no target"
    assert "fewer than 50 rows" in str(ContradictingRows().check(make(honest(rng, 30), "goal")))
