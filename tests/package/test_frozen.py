"""Versions of every released format load and answer as they did on the day they were made."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from modelwright.package.bundle import open_version
from modelwright.package.manifest import FORMAT

FROZEN = Path(__file__).parent / "frozen"
FORMATS = sorted(p.name for p in FROZEN.glob("format-*") if p.is_dir())


def test_the_current_format_is_frozen() -> None:
    assert f"format-{FORMAT}" in FORMATS


@pytest.mark.parametrize("name", FORMATS)
def test_it_loads_and_answers_as_recorded(name: str) -> None:
    recorded = json.loads((FROZEN / f"{name}.json").read_text())
    version = open_version(FROZEN / name, digest=recorded["digest"])
    answers, violations = version.predict(recorded["rows"])
    assert list(answers) == list(recorded["answers"])
    for column, expected in recorded["answers"].items():
        if isinstance(expected[0], str):
            assert answers[column].tolist() == expected
        else:
            np.testing.assert_allclose(answers[column], expected, rtol=0, atol=1e-6)
    assert sorted({(v.what, v.column) for v in violations}) == [tuple(v) for v in recorded["violations"]]
    assert version.self_test(tolerance=1e-6).n_rows >= 20


@pytest.mark.parametrize("name", FORMATS)
def test_it_is_small(name: str) -> None:
    assert open_version(FROZEN / name).size_bytes < 200_000
