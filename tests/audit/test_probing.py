"""The quick model of the target, and differences between two of them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.audit.probing import PROBE_ROWS, difference, probe, probe_rows, score
from modelwright.data.columns import Strings
from tests.audit.conftest import MakeContext
from tests.audit.helpers import honest


def test_a_probe_is_out_of_fold_and_better_than_nothing(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(honest(rng, 2_000), "value")
    made = probe(context, ["height", "weight", "depth", "colour"])
    assert made is not None and made.metric == "r2"
    found = score(made)
    assert found.value is not None and 0.3 < found.value < 0.8 and found.low < found.value < found.high


def test_a_random_target_gives_no_skill(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2_000).drop(columns="value")
    frame["goal"] = rng.choice(["a", "b", "c"], len(frame))
    made = probe(make(frame, "goal"))
    assert made is not None and made.prediction.shape == (2_000, 3)
    assert np.allclose(made.prediction.sum(axis=1), 1)
    assert score(made).value > 0.95 * np.log(3)


def test_what_a_column_is_worth_is_measured_on_the_same_rows(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(honest(rng, 2_000).drop(columns="value"), "goal")
    with_all, without = probe(context), probe(context, ["weight", "depth", "colour"])
    assert with_all is not None and without is not None
    worth = difference(with_all, without)
    assert worth.low is not None and worth.low > 0 and worth.greater_is_better
    nothing = difference(with_all, with_all)
    assert nothing.value == 0


def test_other_values_of_a_column_are_not_remembered(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(honest(rng, 600).drop(columns="value"), "goal")
    before = probe(context)
    flat = {"height": np.zeros(600), "colour": Strings.from_values(["red"] * 600)}
    other, again = probe(context, columns=flat), probe(context)
    assert before is again and other is not None and before is not None
    assert difference(before, other).value > 0


def test_rows_are_bounded_and_few_rows_are_refused(make: MakeContext, rng: np.random.Generator) -> None:
    sample = probe_rows(make(honest(rng, 9_000), "value"))
    assert sample is not None and len(sample.rows) == PROBE_ROWS and (np.diff(sample.rows) > 0).all()
    assert probe(make(honest(rng, 30), "value")) is None
    assert probe(make(pd.DataFrame({"goal": rng.normal(size=100)}), "goal")) is None
