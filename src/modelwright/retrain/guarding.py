"""Second thoughts: a champion that maintenance promoted is taken back where later labels speak for one before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelwright import documents
from modelwright.brief import Brief
from modelwright.champions import PROMOTED, ROLLED_BACK
from modelwright.data.columns import take
from modelwright.data.contract import Contract
from modelwright.frame.problem import Problem
from modelwright.govern.gates import GATES
from modelwright.ledger import moment_of
from modelwright.monitor.windows import encode_labels
from modelwright.project import Project
from modelwright.retrain.challenge import Side, aligned, challenge, level_of_look, losses_of
from modelwright.retrain.documents import BY, Challenge
from modelwright.retrain.spans import lasting_change
from modelwright.retrain.tables import FEWEST_NEW, canonical, pending_rows

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["EVERY", "MOST_BEFORE", "promoted_at", "take_back"]

EVERY = frozenset(gate.name for gate in GATES)
"""Gates that having served settles: a version goes back as by a rollback, and what it passed or was waived was settled
then."""

MOST_BEFORE = 3
"""Earlier versions that are asked whether they would do better."""


def promoted_at(project: Project) -> str | None:
    """Return when the champion was promoted by maintenance, None where it was not, or nobody knows when."""
    entries = project.ledger.entries()
    for entry in reversed(entries):
        if entry.kind in (PROMOTED, ROLLED_BACK):
            return moment_of(entries, entry) if entry.kind == PROMOTED and entry.body.get("by") == BY else None
    return None


def take_back(project: Project, later: pa.Table, looks: int = 0) -> Challenge | None:
    """Go back to an earlier champion that does better on later rows, beyond the noise; return how they compared.

    Where the champion's losses have changed on the way, the rows since then count: what was may have come back. What is
    younger than labels take says nothing of today, see `spans.lasting_change`.

    Parameters
    ----------
    project : Project
    later : pyarrow.Table
        Rows with labels that came after the promotion, the oldest first: none of the versions was fitted on them.
    looks : int
        How often this was asked about the champion before.

    Returns
    -------
    Challenge or None
        Of the best of the latest three champions before. None where there is nobody to go back to, or rows are too
        few. Where it ``wins``, that version serves.
    """
    with project.lock():
        champion = project.settle()
        if champion is None or not champion.previous or promoted_at(project) is None:
            return None
        others = [v for v in dict.fromkeys(reversed(champion.previous)) if v != champion.version]
        # A calibrator that was fitted again belongs to its time; the models that it was of served before.
        before = [v for v in others if project.models_of(v) == v][:MOST_BEFORE]
        level = level_of_look(looks + 1, max(len(before), 1))
        compared = [_compared(project, champion.version, version, later, looks, level) for version in before]
        known = [found for found in compared if found is not None]
        if not known:
            return None
        found = max(known, key=lambda f: (f.wins, f.loss_gain.value or 0.0))
        if not found.wins:
            return found
        evidence = {"rows": found.rows, "metric": found.metric, "gain": documents.to_builtins(found.gain)}
        why = f"on later labels, {found.why}"
        if found.challenger == champion.previous[-1]:
            project.rollback(by=BY, why=why, evidence=evidence)
        else:
            project.promote(found.challenger, by=BY, why=why, evidence=evidence, settled=EVERY)
        return found


def _compared(project: Project, now: int, before: int, later: pa.Table, looks: int, level: float) -> Challenge | None:
    new, old = project.version(now), project.version(before)
    target, classes = new.manifest.target, new.plan.classes
    y = encode_labels(later.column(target).to_pylist(), classes) if target in later.column_names else np.empty(0)
    rows, pending = np.flatnonzero(~np.isnan(y)), _pending(project, now, later)
    if len(rows) < max(FEWEST_NEW * (looks + 1), pending + 1):
        return None
    said = new.plan.predict(take(canonical(later, new.contract), rows))
    rows = rows[lasting_change(losses_of(new.manifest.metric, y[rows], said), pending) or 0 :]
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
        level=level,
    )


def _pending(project: Project, version: int, later: pa.Table) -> int:
    """Return how many rows come before their labels do, by the delay that the brief of a version's run names."""
    folder = project.run_folder(project.made_by(version))
    brief, contract = documents.load(folder / "brief.json", Brief), documents.load(folder / "contract.json", Contract)
    return pending_rows(later, contract, documents.load(folder / "problem.json", Problem).time, brief.label_delay)
