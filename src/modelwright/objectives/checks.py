"""The exam of an objective: `check_objective` runs over every one in the registry and over any from outside."""

from __future__ import annotations

import numpy as np

from modelwright.brief import Brief
from modelwright.data.columns import Columns, Strings, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import ModelwrightError
from modelwright.objectives.base import Objective
from modelwright.runtime.answers import ANSWERS

__all__ = ["check_objective", "make_table"]

N_ROWS = 120


def make_table(n_rows: int, seed: int = 0) -> tuple[Columns, Contract]:
    """Return a small awkward table: missing values, a constant, many levels, an id, dates."""
    rng = np.random.default_rng(seed)
    number = rng.normal(size=n_rows)
    holes = number.copy()
    holes[rng.random(n_rows) < 0.3] = np.nan
    columns: Columns = {
        "number": number,
        "holes": holes,
        "nothing": np.full(n_rows, np.nan),
        "same": np.ones(n_rows),
        "level": Strings.from_values([None if u < 0.1 else "abc"[int(3 * u)] for u in rng.random(n_rows)]),
        "id": Strings.from_values([f"id{i}" for i in range(n_rows)]),
        "when": 1.6e9 + 86400.0 * np.arange(n_rows),
    }
    kinds = dict(zip(columns, [Kind.NUMBER] * 4 + [Kind.CATEGORY, Kind.ID, Kind.DATETIME]))
    specs = tuple(ColumnSpec(name=n, kind=k, nullable=True) for n, k in kinds.items())
    return columns, Contract(columns=specs, rows_seen=n_rows)


def check_objective(objective: Objective, target: np.ndarray | Strings, spec: ColumnSpec) -> None:
    """Check every promise of an objective on a target that suits it.

    Parameters
    ----------
    objective : Objective
    target : ndarray or Strings, `N_ROWS` rows
        A learnable target with some missing values.
    spec : ColumnSpec
        Of the target.

    Raises
    ------
    AssertionError
        A promise is broken; the message says which.
    """
    y, classes = objective.encode(target, spec, Brief())
    assert y.dtype == np.float64, "encode returns float64"
    assert y.shape == (len(target),), "encode returns one number per row"
    used = np.flatnonzero(~np.isnan(y))
    assert len(used), "encode keeps rows"
    known = y[used]
    if classes:
        assert set(np.unique(known)) == set(map(float, range(len(classes)))), "class numbers are 0..k-1, all occurring"
        assert len(set(classes)) == len(classes), "class names are distinct"
    name, why = objective.default_metric(known, classes)
    assert name and why, "default_metric says which and why"
    labels = objective.split_labels(known, classes)
    assert labels is None or labels.dtype == np.int64, "split_labels are int64"
    assert 0 < objective.scarcest(known, classes) <= len(known), "scarcest counts rows"
    assert all(r.why for r in objective.reasons(known, classes, Brief())), "every decision has a reason"
    _check_nothing_to_learn(objective, target, spec)
    columns, specs = make_table(len(target))
    prediction = _check_baselines(objective, take(columns, used), specs, known, classes)
    if objective.name in ANSWERS:
        answer = ANSWERS[objective.name](prediction, classes, None)
        expected = ["prediction", *(f"probability_{c}" for c in classes)]
        assert list(answer) == expected, f"answer has the columns {expected}"
        assert all(len(v) == len(prediction) for v in answer.values()), "answer has one value per row"


def _check_nothing_to_learn(objective: Objective, target: np.ndarray | Strings, spec: ColumnSpec) -> None:
    """Rows without a target, and rows with one value only, are refused with an error that has a code."""
    if isinstance(target, Strings):
        nothing: np.ndarray | Strings = Strings(np.full(len(target), -1, np.int32), target.levels)
        one: np.ndarray | Strings = Strings(np.zeros(len(target), np.int32), target.levels)
    else:
        nothing, one = np.full(len(target), np.nan), np.ones(len(target))
    for hopeless in (nothing, one):
        try:
            objective.encode(hopeless, spec, Brief())
        except ModelwrightError as error:
            assert error.code.startswith("MW-"), "errors carry a code"
        else:
            raise AssertionError("a target with nothing to learn is refused")


def _check_baselines(
    objective: Objective, columns: Columns, specs: Contract, y: np.ndarray, classes: tuple[str, ...]
) -> np.ndarray:
    metric, _ = objective.default_metric(y, classes)
    outputs = max(len(classes), 1)
    prediction = np.zeros((len(y), outputs))
    names = [b.name for b in objective.baselines()]
    assert names and len(set(names)) == len(names), "baselines have distinct names"
    for baseline in objective.baselines():
        fitted = baseline.fit(columns, specs, y, classes=classes, metric=metric, seed=1)
        again = baseline.fit(columns, specs, y, classes=classes, metric=metric, seed=1)
        prediction = fitted(columns)
        assert prediction.shape == (len(y), outputs), f"{baseline.name}: shape (n_rows, n_outputs)"
        assert np.isfinite(prediction).all(), f"{baseline.name}: finite"
        assert (prediction == again(columns)).all(), f"{baseline.name}: the same for the same seed"
        assert fitted.text, f"{baseline.name}: says in words what it does"
        unseen, _ = make_table(7, seed=99)
        assert fitted(unseen).shape == (7, outputs), f"{baseline.name}: new rows with new levels"
        assert fitted(take(columns, np.array([], dtype=np.intp))).shape == (0, outputs), f"{baseline.name}: no rows"
        if classes:
            assert np.allclose(prediction.sum(axis=1), 1), f"{baseline.name}: probabilities sum to 1"
            assert (prediction >= 0).all(), f"{baseline.name}: no negative probability"
    return prediction
