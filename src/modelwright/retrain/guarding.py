"""Second thoughts: a champion that maintenance promoted is taken back where later labels speak for the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelwright import documents
from modelwright.champions import PROMOTED, ROLLED_BACK
from modelwright.data.columns import take
from modelwright.monitor.windows import encode_labels
from modelwright.project import Project
from modelwright.retrain.challenge import Side, aligned, challenge
from modelwright.retrain.documents import Challenge
from modelwright.retrain.retraining import BY
from modelwright.retrain.tables import FEWEST_NEW, canonical

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["promoted_at", "take_back"]


def promoted_at(project: Project) -> str | None:
    """Return when the champion was promoted by maintenance, None where it was not."""
    for entry in reversed(project.ledger.entries()):
        if entry.kind in (PROMOTED, ROLLED_BACK):
            return entry.at if entry.kind == PROMOTED and entry.body.get("by") == BY else None
    return None


def take_back(project: Project, later: pa.Table) -> Challenge | None:
    """Go back to the champion before where it does better on later rows, beyond the noise; return how they compared.

    Parameters
    ----------
    project : Project
    later : pyarrow.Table
        Rows with labels that came after the promotion, the oldest first: neither version was fitted on them.

    Returns
    -------
    Challenge or None
        None where there is nobody to go back to, or rows are too few. Where it ``wins``, the version before serves.
    """
    with project.lock():
        champion = project.settle()
        if champion is None or not champion.previous or promoted_at(project) is None:
            return None
        found = _compared(project, champion.version, champion.previous[-1], later)
        if found is None or not found.wins:
            return found
        evidence = {"rows": found.rows, "metric": found.metric, "gain": documents.to_builtins(found.gain)}
        project.rollback(by=BY, why=f"on later labels, {found.why}", evidence=evidence)
        return found


def _compared(project: Project, now: int, before: int, later: pa.Table) -> Challenge | None:
    new, old = project.version(now), project.version(before)
    target, classes = new.manifest.target, new.plan.classes
    y = encode_labels(later.column(target).to_pylist(), classes) if target in later.column_names else np.empty(0)
    rows = np.flatnonzero(~np.isnan(y))
    if len(rows) < FEWEST_NEW:
        return None
    sides = []
    for version in (new, old):
        columns = take(canonical(later, version.contract), rows)
        said = aligned(version.plan.predict(columns), version.plan.classes, classes)
        sides.append(Side(version=version.manifest.version, prediction=said, threshold=version.plan.threshold))
    return challenge(
        new.manifest.metric,
        y[rows],
        sides[0],
        sides[1],
        columns={},
        order=np.arange(len(rows)),
    )
