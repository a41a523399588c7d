"""The separate test file of a brief: predicted by the new version, and measured where it has the target."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.brief.money import Money
from modelwright.data.columns import Column, Columns, Strings, take
from modelwright.documents import to_builtins
from modelwright.evaluate.measurements import Measurement
from modelwright.running import Run

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Evaluation

__all__ = ["note_on_test", "score_test", "score_told"]


def note_on_test(tested: dict[str, Any]) -> str:
    """Return what was done with the test file, and which of its rows the score leaves out; empty without one."""
    from modelwright.format import joined, plural

    if not tested:
        return ""
    note = f"Predictions of the test file are in {tested['test_predictions']}."
    unseen: dict[str, int] = tested.get("test_unseen_classes", {})
    if unseen:
        n = sum(unseen.values())
        shown = joined((f"“{name}” ({count:,})" for name, count in unseen.items()), 6)
        note += (
            f" {plural(n, 'row')} of it {'has' if n == 1 else 'have'} a class that training never saw: {shown}. The "
            "model cannot predict it, and such rows are left out of the score."
        )
    return note


def score_test(run: Run) -> dict[str, Any]:
    """Score the separate test table with the new version: measure where it has the target, predict in any case."""
    if run.test_columns is None or run.test_table is None:
        return {}
    from modelwright.data.writing import write_table

    target = run.documents["problem"].target
    answers, violations = run.version.predict(run.test_table)
    path = run.folder / "test-predictions.csv"
    write_table(answers, path)
    told: dict[str, Any] = {
        "test_predictions": str(path),
        "test_violations": [to_builtins(v) for v in violations],
    }
    if target not in run.test_columns:
        return told
    y, unseen = _test_target(run, target)
    if unseen:
        told["test_unseen_classes"] = unseen
    rows = np.flatnonzero(~np.isnan(y))
    if len(rows) < 2:
        return told
    evaluation = _evaluated(run, {n: run.test_columns[n] for n in run.plan.contract.names}, y, rows)
    return {**told, "test_score": score_told(evaluation.headline), "evaluation": evaluation}


def _evaluated(run: Run, columns: Columns, y: np.ndarray, rows: np.ndarray) -> Evaluation:
    """Measure the version on those rows of the test table whose target is known."""
    from modelwright.evaluate.evaluating import evaluate as evaluating
    from modelwright.evaluate.evidence import Evidence

    columns = take(columns, rows)
    evidence = Evidence(
        y=y[rows],
        prediction=run.plan.predict(columns),
        baselines={},
        columns=columns,
        contract=run.plan.contract,
        groups=None,
        train_y=None,
        train_prediction=None,
        learning=(),
        candidates=None,
        select=None,
        measured_on=f"the separate test file, {len(rows):,} rows",
        calibration_note="",
        threshold=run.threshold,
        threshold_why="" if run.decided is None else run.decided.why,
        decided=run.decided,
    )
    return evaluating(run.documents["problem"], evidence, seed=run.brief.seed, told=Money.of(run.brief))


def _test_target(run: Run, name: str) -> tuple[np.ndarray, dict[str, int]]:
    """Return the encoded target of the test table, and how often it has each class that training never saw.

    It is read together with that of the training table: alone it may hold one class only, or have other classes.
    """
    assert run.test_columns is not None
    known, more = run.columns[name], run.test_columns[name]
    brief = replace(run.brief, positive=None)  # classes go by their names here, whichever is the event
    y, classes = run.objective.encode(_together(known, more), run.documents["contract"][name], brief)
    own = y[len(known) :]
    if classes == run.classes:
        return own, {}
    counts = np.bincount(own[~np.isnan(own)].astype(np.int64), minlength=len(classes))
    unseen = {c: int(n) for c, n in zip(classes, counts) if n and c not in run.classes}
    return _in_terms_of(own, classes, run.classes), unseen


def _together(first: Column, second: Column) -> Column:
    """Return one column below the other."""
    if isinstance(first, Strings) and isinstance(second, Strings):
        index = {level: code for code, level in enumerate(first.levels)}
        for level in second.levels:
            index.setdefault(level, len(index))
        levels = np.empty(len(index), dtype=object)
        levels[:] = list(index)
        return Strings(np.concatenate([first.codes, second.recode(index, -1)]), levels)
    return np.concatenate([np.asarray(first), np.asarray(second)])


def _in_terms_of(y: np.ndarray, classes: tuple[str, ...], known: tuple[str, ...]) -> np.ndarray:
    """Return class numbers of the training table; classes it does not have are NaN."""
    numbers = np.array([known.index(c) if c in known else np.nan for c in classes] + [np.nan])
    return numbers[np.where(np.isnan(y), len(classes), y).astype(int)]


def score_told(head: Measurement) -> dict[str, Any]:
    """Return a score as ``--json`` prints it."""
    return {"metric": head.name, "value": head.value, "low": head.low, "high": head.high, "n": head.n}
