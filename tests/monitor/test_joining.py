"""Columns that no longer go together as in training, each of them as it was on its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import msgspec
import numpy as np
import pytest

from modelwright.data.columns import Columns
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.monitor import History
from modelwright.monitor.watching import watch_window
from modelwright.monitor.windows import Window
from modelwright.package.reference.documents import Reference
from modelwright.package.reference.fitting import MAX_BYTES, fit_reference
from modelwright.package.reference.joining import JOINED, believed

COLUMNS = 14


def rows(n: int, seed: int, *, together: float = 0.8, alike: bool = True) -> Columns:
    """Columns of standard normal values: the tenth and eleventh are correlated; the last two are alike in size and not
    in sign, which no correlation shows."""
    rng = np.random.default_rng(seed)
    table = rng.normal(size=(COLUMNS, n))
    table[10] = together * table[9] + np.sqrt(1 - together**2) * table[10]
    if alike:
        table[13] = np.sign(table[13]) * np.abs(table[12])
    return {f"x{i}": table[i] for i in range(COLUMNS)}


def contract(names: Any) -> Contract:
    return Contract(columns=tuple(ColumnSpec(name=n, kind=Kind.NUMBER) for n in names), rows_seen=6000)


@pytest.fixture(scope="module")
def reference() -> Reference:
    columns = rows(6000, 0)
    use = {name: 1.0 / (place + 1) for place, name in enumerate(columns)}
    return fit_reference(columns, contract(columns), use=use, order=np.arange(6000))


def joint_alarms(reference: Reference, columns: Columns, history: History | None = None) -> list[Any]:
    n = len(columns["x0"])
    version: Any = SimpleNamespace(
        reference=reference,
        contract=contract(columns),
        digest="sha256:0",
        manifest=SimpleNamespace(version=1, metric="rmse"),
        plan=SimpleNamespace(classes=(), threshold=None),
    )
    window = Window(columns=columns, n_rows=n, prediction=None, unreadable={})
    found = watch_window(version, window, history=history or History())
    return [a for a in found.alarms if a.check == "joint"]


def test_a_correlation_that_turned(reference: Reference) -> None:
    (alarm,) = joint_alarms(reference, rows(1000, 1, together=-0.8))
    assert alarm.column == "x9 and x10", "they are not among the eight columns used most"
    assert "rank correlation 0.78 → −0.7" in alarm.sentence


def test_a_correlation_that_is_new(reference: Reference) -> None:
    columns = rows(1000, 2)
    columns["x1"] = 0.5 * columns["x0"] + np.sqrt(0.75) * columns["x1"]
    (alarm,) = joint_alarms(reference, columns)
    assert alarm.column == "x0 and x1"


def test_what_shows_in_no_correlation(reference: Reference) -> None:
    (alarm,) = joint_alarms(reference, rows(1000, 3, alike=False))
    assert alarm.column is None and "tell them apart by" in alarm.sentence
    assert alarm.moved.value < reference.joint.believed - 0.2 * reference.joint.deviation


def test_where_nothing_changed_there_is_no_alarm(reference: Reference) -> None:
    history = History()
    windows = [joint_alarms(reference, rows(500, 100 + seed), history) for seed in range(40)]
    assert sum(bool(w) for w in windows) <= 1


def test_trees_are_not_asked_where_a_column_moved_on_its_own(reference: Reference) -> None:
    columns = rows(1000, 4, alike=False)
    columns["x2"] = columns["x2"] + 1.0
    assert not joint_alarms(reference, columns)


def test_it_stays_small_on_wide_tables() -> None:
    rng = np.random.default_rng(5)
    shared = rng.normal(size=(3000, 1))
    table = shared + rng.normal(size=(3000, 90))
    columns = {f"a column with a long name {i}": np.round(table[:, i], 6) for i in range(90)}
    found = fit_reference(columns, contract(columns), order=np.arange(3000))
    assert len(found.joint.columns) == JOINED and len(msgspec.json.encode(found.document())) < MAX_BYTES


def test_trees_believe_in_every_row(reference: Reference) -> None:
    bins = np.random.default_rng(6).integers(0, 15, (50, COLUMNS))
    belief = believed(reference.joint.trees, bins)
    assert ((belief > 0) & (belief < 1)).all()
