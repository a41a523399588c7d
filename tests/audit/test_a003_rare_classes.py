"""A003: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import Action
from modelwright.audit.rules.a003_rare_classes import RareClasses
from tests.audit.conftest import MakeContext
from tests.audit.helpers import findings, honest


def test_fires_and_names_the_class(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame.loc[[5, 9], "goal"] = "perhaps"
    (found,) = findings(RareClasses, make(frame, "goal"))
    assert "'perhaps'" in found.message and found.evidence["smallest"] == 2
    assert "1 class of 3 of 'goal' has fewer than 12 rows" in found.message and "It can hardly be" in found.message
    assert found.rows == (5, 9) and found.action is Action.TOLD


def test_counts_of_a_sample_are_said_to_be_of_the_sample(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng)
    frame.loc[5, "goal"] = "perhaps"
    (found,) = findings(RareClasses, make(frame, "goal", n_rows=1200))
    assert "sample of 600 of 1,200 rows" in found.message and "it holds 1 of the rarest" in found.message


def test_stays_quiet(make: MakeContext, rng: np.random.Generator) -> None:
    assert findings(RareClasses, make(honest(rng), "goal")) == []


def test_does_not_apply_to_numbers(make: MakeContext, rng: np.random.Generator) -> None:
    assert RareClasses().check(make(honest(rng), "value")) == "the target is a number"
    assert RareClasses().check(make(honest(rng))) == "there is no target"
