"""A version under stress: rows of a file that has the target are disturbed, and the score is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.project import Project

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Stressed

__all__ = ["stress_of_run", "stress_version"]

SECONDS = 60.0
"""For all disturbances, unless it is said otherwise."""
FEWEST_ROWS = 30
"""Rows with a target: below, intervals that rest on a normal approximation do not hold."""


def stress_of_run(project: Project, number: int) -> Stressed:
    """Return what the run that made a version has measured.

    Raises
    ------
    ProjectError
        No run made the version, or it is one of an earlier release (MW-P002).
    """
    from modelwright import documents
    from modelwright.evaluate.measurements import Stressed

    return documents.load(project.run_folder(project.made_by(number)) / "stress.json", Stressed)


def stress_version(
    project: Project, source: Any, *, version: int | None = None, query: str | None = None, seconds: float = SECONDS
) -> Stressed:
    """Return how a version bears disturbed rows of a file, by columns that its run found important.

    Rows that the version was trained on make it look better than it is, and the loss larger.

    Raises
    ------
    UsageError
        The file has no target (MW-U101).
    DataError
        Too few rows of it have one (MW-D660).
    """
    import numpy as np

    from modelwright import documents, objectives
    from modelwright.brief import Brief
    from modelwright.data.canonical import canonicalise
    from modelwright.data.columns import n_rows, take
    from modelwright.data.contract import Contract
    from modelwright.evaluate import metrics
    from modelwright.evaluate.stress import stresses
    from modelwright.evaluate.stress.base import Rows
    from modelwright.evaluate.stress.measuring import Target, measure_stress
    from modelwright.explain.reasons import Explanation
    from modelwright.package.bundle import as_table
    from modelwright.steps.stressing import ranked, stressed_rows

    opened = project.version(version)
    folder = project.run_folder(project.made_by(opened.manifest.version))
    plan, target = opened.plan, opened.manifest.target
    table = as_table(source, query=query)
    if target not in table.column_names:
        raise UsageError(
            f"column '{target}' is not in the table ({len(table.column_names)} columns)",
            fix=did_you_mean(target, table.column_names),
            code="MW-U101",
        )
    spec = documents.load(folder / "contract.json", Contract)
    columns, _ = canonicalise(table, plan.contract, required=plan.contract.names)
    truth, _ = canonicalise(table, spec.only([target]), required=[target])
    y, classes = objectives.get(plan.objective).encode(
        truth[target], spec[target], documents.load(folder / "brief.json", Brief)
    )
    y = _in_terms_of(y, classes, plan.classes)
    known = np.flatnonzero(~np.isnan(y))
    if len(known) < FEWEST_ROWS:
        raise DataError(
            f"{len(known)} rows have a value of '{target}' that the model knows",
            fix=f"give at least {FEWEST_ROWS} rows with the truth",
            code="MW-D660",
        )
    rng = np.random.default_rng([opened.manifest.version, 31])
    places = stressed_rows(known, len(plan.contract.names), rng)
    explanation = documents.load(folder / "explanation.json", Explanation)
    own = take(columns, places)
    return measure_stress(
        plan.predict,
        Rows(own, plan.contract, ranked(explanation, plan.contract.names)),
        Target(
            metric=metrics.get(opened.manifest.metric),
            y=y[places],
            constant=_constant(y[places], len(plan.classes)),
            threshold=plan.threshold,
            unit=spec[target].unit_of_values,
        ),
        stresses(),
        measured_on=f"{n_rows(own):,} rows of a file",
        seed=0,
        deadline_s=seconds,
    )


def _in_terms_of(y: Any, classes: tuple[str, ...], known: tuple[str, ...]) -> Any:
    """Return class numbers of the version; rows of classes that it does not know are NaN."""
    import numpy as np

    if not known or classes == known:
        return y
    numbers = np.array([known.index(c) if c in known else np.nan for c in classes] + [np.nan])
    return numbers[np.where(np.isnan(y), len(classes), y).astype(int)]


def _constant(y: Any, n_classes: int) -> Any:
    """Return what always saying the same would say: the shares of the classes, or the mean."""
    import numpy as np

    if not n_classes:
        return np.full((len(y), 1), y.mean())
    shares = np.bincount(y.astype(int), minlength=n_classes) / len(y)
    return np.tile(shares, (len(y), 1))
