"""A version under stress: rows of a file that has the target are disturbed, and the score is measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from modelwright.project import Project

if TYPE_CHECKING:
    from modelwright.evaluate.measurements import Stressed

__all__ = ["stress_of_run", "stress_version"]

SECONDS = 60.0
"""For all disturbances, unless it is said otherwise."""


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

    from modelwright import documents
    from modelwright.data.columns import n_rows, take
    from modelwright.evaluate import metrics
    from modelwright.evaluate.stress import stresses
    from modelwright.evaluate.stress.base import Rows
    from modelwright.evaluate.stress.measuring import Target, measure_stress
    from modelwright.explain.reasons import Explanation
    from modelwright.labelled import labelled
    from modelwright.steps.stressing import ranked, stressed_rows

    opened = project.version(version)
    plan, found = opened.plan, labelled(project, opened, source, query=query)
    rng = np.random.default_rng([opened.manifest.version, 31])
    places = stressed_rows(np.arange(len(found.y)), len(plan.contract.names), rng)
    explanation = documents.load(found.folder / "explanation.json", Explanation)
    own, y = take(found.columns, places), found.y[places]
    return measure_stress(
        plan.predict,
        Rows(own, plan.contract, ranked(explanation, plan.contract.names)),
        Target(
            metric=metrics.get(opened.manifest.metric),
            y=y,
            constant=_constant(y, len(plan.classes)),
            threshold=plan.threshold,
            unit=found.contract[opened.manifest.target].unit_of_values,
        ),
        stresses(),
        measured_on=found.words(n_rows(own)),
        seed=0,
        deadline_s=seconds,
    )


def _constant(y: Any, n_classes: int) -> Any:
    """Return what always saying the same would say: the shares of the classes, or the mean."""
    import numpy as np

    if not n_classes:
        return np.full((len(y), 1), y.mean())
    shares = np.bincount(y.astype(int), minlength=n_classes) / len(y)
    return np.tile(shares, (len(y), 1))
