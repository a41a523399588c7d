"""What makes intervals or sets of classes, and what tells unusual rows: fitted when a version is packaged."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.columns import take
from modelwright.running import Run
from modelwright.steps.pacing import rows_for
from modelwright.steps.settling import final

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Measurement
    from modelwright.package.uncertainty import Uncertainty
    from modelwright.package.unusual.documents import Unusual
    from modelwright.runtime.grouped import ByGroup
    from modelwright.runtime.intervals import Intervals, Sets

__all__ = ["uncertainty", "unusual"]

LEAST_ROWS = 3_000
"""That unusual rows are told from where time is short: the share of alarms is then known to half of it."""


def uncertainty(run: Run) -> Uncertainty | None:
    """Fit what makes intervals or sets of classes on out-of-fold predictions; a lockbox measures how often they hold.

    They choose nothing and change no prediction, so that no score depends on the rows they are fitted on.
    """
    from modelwright.evaluate.conformal import fit_intervals, fit_sets
    from modelwright.evaluate.coverage import measure_coverage
    from modelwright.evaluate.grouped import measure_by_group
    from modelwright.package.uncertainty import Uncertainty
    from modelwright.runtime.grouped import ByGroup

    outcome, lockbox, groups = run.outcome, run.folds.holdout, run.folds.groups
    y = run.y[run.rows]
    own = None if groups is None else groups[outcome.rows]
    seed, truth, prediction = run.brief.seed, y[outcome.rows], final(run, outcome.oof, outcome.rows)

    def fit(rows: np.ndarray) -> tuple[Intervals | Sets | None, str]:
        units = None if own is None else own[rows]
        if run.plan.classes:
            return fit_sets(truth[rows], prediction[rows], seed=seed, groups=units)
        transform = run.plan.transform
        return fit_intervals(truth[rows], prediction[rows, 0], seed=seed, groups=units, transform=transform)

    fitted: Intervals | Sets | ByGroup | None
    fitted, note = fit(np.arange(len(truth)))
    by = run.brief.interval_by
    if fitted is not None and by is not None:
        grouped, note = _by_group(run, fitted, note, fit, by)
        fitted = grouped or fitted
    measured: tuple[Measurement, ...] = ()
    if fitted is not None and len(lockbox):
        held = None if groups is None else groups[lockbox]
        judged = (y[lockbox], final(run, outcome.holdout, lockbox))
        if isinstance(fitted, ByGroup):
            column = take(run.used((fitted.column,)), lockbox)[fitted.column]
            measured = measure_by_group(fitted, *judged, column, units=held)
        else:
            measured = measure_coverage(fitted, *judged, groups=held)
    run.decide(
        "package",
        "intervals",
        note,
        "what models erred by on rows they were not fitted on, new rows will err by too",
        decided_by="measurement",
        measurement=next((m for m in measured if m.name == "coverage_90"), None),
    )
    if fitted is None:
        return None
    where = f"a lockbox of {len(lockbox):,} rows" if measured else ""
    return Uncertainty(fitted=fitted, note=note, measured=measured, measured_on=where)


def _by_group(
    run: Run, rest: Intervals | Sets, note: str, fit: Callable[[np.ndarray], Any], name: str
) -> tuple[ByGroup | None, str]:
    """Fit each group of the column that the brief names, where the model reads it: new rows need not have others."""
    from modelwright.data.contract import Kind
    from modelwright.evaluate.grouped import by_group

    spec = next((s for s in run.plan.contract.columns if s.name == name), None)
    if spec is None:
        return None, f"{note}; not by '{name}': the model does not read it"
    if spec.kind not in (Kind.CATEGORY, Kind.BOOLEAN):
        return None, f"{note}; not by '{name}': it holds no groups but a {spec.kind}"
    column = take(run.used((name,)), run.outcome.rows)[name]
    return by_group(rest, note, fit, name, column)


def unusual(run: Run) -> Unusual | None:
    """Return what will tell rows that are unlike the training rows."""
    from modelwright.package.unusual.documents import Unusual
    from modelwright.package.unusual.fitting import MOST_ROWS, fit_detector

    names = run.plan.contract.names
    most = rows_for(run, "package", MOST_ROWS, least=LEAST_ROWS)
    detector, note = fit_detector(run.used(names), run.plan.contract, seed=run.brief.seed, most_rows=most)
    why = "the limit is set by rows that took no part in what they are judged by, with room for the luck of their draw"
    run.decide("package", "unusual rows", note, why)
    return None if detector is None else Unusual(detector=detector, note=note)
