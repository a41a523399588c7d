"""What tests of several parts share."""

from __future__ import annotations

import pytest
from hypothesis import settings

settings.register_profile("modelwright", deadline=None)  # a busy machine is no counterexample
settings.load_profile("modelwright")


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small tables begin with the learner that is fitted at once, for tests of everything but the model."""
    from modelwright.train import worth

    monkeypatch.setattr(worth, "ANCHORS_SMALL", ("neighbours/default",))


def first_key(learner: str) -> str:
    """Return the key of a learner's first candidate."""
    return {"linear": "linear/ridge"}.get(learner, f"{learner}/default")
