"""Every learner of the registry sits the exam."""

from __future__ import annotations

import pytest

from modelwright import learners
from modelwright.learners import checks


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda c: c.__name__)
@pytest.mark.parametrize("name", sorted(learners.LEARNERS))
def test_learner(name, check):
    check(learners.get(name))
