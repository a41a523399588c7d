"""The documents of the evaluation are found where they are."""

from __future__ import annotations

import pytest

from modelwright.evaluate import measurements


@pytest.mark.parametrize("name", measurements.__all__)
def test_every_name_is_there(name: str) -> None:
    assert getattr(measurements, name).__name__ == name


def test_a_name_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Score'"):
        _ = measurements.Score  # type: ignore[attr-defined]
