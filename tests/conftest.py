"""What tests of several parts share."""

from __future__ import annotations

import pytest


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small tables begin with the learner that is fitted at once, for tests of everything but the model."""
    from modelwright.train import planning

    rest = tuple(name for name in planning.ORDER_SMALL if name != "neighbours")
    monkeypatch.setattr(planning, "ORDER_SMALL", ("neighbours", *rest))
