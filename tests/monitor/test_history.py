"""Evidence over windows: it grows with what stays, fades with what goes, and cries wolf as rarely as it says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelwright.errors import ProjectError
from modelwright.monitor.history import ALPHA, LARGEST, History, alarmed, evidence_of


def test_evidence_is_an_e_value() -> None:
    p = (np.arange(200_000) + 0.5) / 200_000
    assert np.mean([evidence_of(v) for v in p]) <= 1.0
    assert evidence_of(1.0) == 0.5
    assert evidence_of(0.0) == LARGEST
    assert all(a >= b for a, b in zip(map(evidence_of, p[:-1:500]), map(evidence_of, p[500::500]), strict=False))


def test_the_mean_time_to_a_false_alarm_is_long() -> None:
    rng = np.random.default_rng(0)
    history, alarms = History(), 0
    for _ in range(5_000):
        found = history.take("drift", {f"column {i}": float(v) for i, v in enumerate(rng.random(5))})
        alarms += bool(alarmed(found))
    assert alarms <= 5_000 * ALPHA


def test_what_stays_adds_up_and_what_goes_is_forgotten() -> None:
    history = History()
    first = history.take("loss", {"all": 0.001})["all"]
    second = history.take("loss", {"all": 0.001})["all"]
    assert second == pytest.approx(first**2)
    assert history.take("loss", {"all": 0.9})["all"] < 1
    assert history.evidence == {}


def test_more_columns_need_more_evidence() -> None:
    assert alarmed({"a": 1 / ALPHA}) == {"a"}
    assert alarmed({"a": 1 / ALPHA}, n=2) == frozenset()
    assert alarmed({"a": 1 / ALPHA, "b": 1 / ALPHA}) == {"a", "b"}  # e-BH: a share of the alarms may be false


def test_another_version_begins_anew() -> None:
    history = History()
    history.begin("one")
    history.take("loss", {"all": 1e-9})
    history.begin("two")
    assert history.evidence == {} and history.windows == 1


def test_it_is_saved_and_a_damaged_one_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "monitor" / "version-1.json"
    assert History.load(path) == History()
    history = History(seen="2026-01-01T00:00:00+00:00")
    history.begin("one")
    history.take("drift", {"age": 1e-6})
    history.save(path)
    assert History.load(path) == history
    path.write_text("{}")
    with pytest.raises(ProjectError, match="MW-P003"):
        History.load(path)
