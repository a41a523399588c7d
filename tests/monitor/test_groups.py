"""Groups of protected columns, and predictions of more than two classes."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.monitor import History, Judgement, Window, watch
from modelwright.monitor.watching import watch_window
from modelwright.package.bundle import Version
from modelwright.package.reference.fitting import Judged, fit_reference
from tests.monitor.making import rows
from tests.monitor.test_watching import raw


def test_a_group_that_is_treated_otherwise_is_told(classifier: Version) -> None:
    window = rows(2000, 30)
    prediction = classifier.plan.predict(window)
    phone = np.array([v == "phone" for v in window["channel"].to_object()])
    assert not [a for a in watch(classifier, raw(window), answers=prediction).alarms if a.check == "fairness"]
    event = np.where(phone, 0.3 * prediction[:, 1], prediction[:, 1])
    found = watch(classifier, raw(window), answers=np.column_stack([1 - event, event]))
    (alarm,) = [a for a in found.alarms if a.check == "fairness" and "phone" in a.sentence]
    assert alarm.judgement is Judgement.HARMFUL
    assert alarm.column == "channel"
    assert "how people of this group are treated" in alarm.sentence


def three_classes(seed: int, weights: tuple[float, ...]) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y = rng.choice(3, 3000, p=weights)
    prediction = rng.dirichlet((1, 1, 1), 3000) * 0.5
    prediction[np.arange(3000), y] += 0.5
    return {"x": rng.normal(size=3000)}, prediction, y.astype(np.float64)


def test_classes_that_are_predicted_in_other_shares_are_told() -> None:
    contract = Contract(columns=(ColumnSpec(name="x", kind=Kind.NUMBER),), rows_seen=3000)
    columns, prediction, y = three_classes(0, (0.5, 0.3, 0.2))
    classes = ("a", "b", "c")
    reference = fit_reference(
        columns,
        contract,
        judged=Judged(rows=np.arange(3000), y=y, prediction=prediction),
        metric="log_loss",
        classes=classes,
    )
    version: Any = SimpleNamespace(
        reference=reference,
        contract=contract,
        digest="sha256:0",
        manifest=SimpleNamespace(version=1, metric="log_loss"),
        plan=SimpleNamespace(classes=classes, threshold=None),
    )
    for weights, told in (((0.5, 0.3, 0.2), False), ((0.2, 0.3, 0.5), True)):
        columns, prediction, _ = three_classes(1, weights)
        window = Window(columns=columns, n_rows=3000, prediction=prediction, unreadable={})
        found = watch_window(version, window, history=History())
        assert bool([a for a in found.alarms if a.sentence.startswith("Predicted classes moved")]) == told
