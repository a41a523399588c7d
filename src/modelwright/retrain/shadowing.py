"""A challenger that has not won yet: later labels may still speak for it, without another training.

When it is made, what both models say of the rows that judged is kept with its run. A later look adds the rows whose
labels have come since, which neither was fitted on, and compares again; see `challenge.level_of_look` for why that may
be done more than once.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from modelwright import documents
from modelwright.brief import Brief
from modelwright.data.columns import Columns, take
from modelwright.data.contract import Contract
from modelwright.errors import ProjectError
from modelwright.govern.waiving import COMPARED
from modelwright.monitor.windows import encode_labels
from modelwright.project import Project
from modelwright.retrain.challenge import Side, aligned, challenge, level_of_look
from modelwright.retrain.documents import BY, PROPOSED, Burden, Challenge, Policy
from modelwright.retrain.tables import FEWEST_NEW, canonical

if TYPE_CHECKING:
    import pyarrow as pa

    from modelwright.package.bundle import Version

__all__ = ["BOTH", "Both", "Shadow", "conclude", "into_shadow", "keep_both", "look_again", "stays"]

BOTH = "both.npz"


@dataclass(frozen=True, kw_only=True)
class Shadow:
    """A challenger in the shadow, and how often later labels were asked about it.

    ``renewed``: it is the champion's recipe that has learned from more and newer rows, see `documents.Burden`.
    """

    version: int
    looks: int = 0
    renewed: bool = False

    @property
    def needs(self) -> int:
        """Labelled rows that the next look needs: twice as many each time."""
        return int(FEWEST_NEW * 2**self.looks)


@dataclass(frozen=True, kw_only=True, eq=False)
class Both:
    """What champion and challenger say of the rows that judged, by models that were not fitted on them."""

    y: np.ndarray
    champion: np.ndarray
    challenger: np.ndarray


def keep_both(folder: Path, both: Both) -> None:
    """Keep it in the folder of the challenger's run."""
    buffer = io.BytesIO()
    np.savez(buffer, y=both.y, champion=both.champion, challenger=both.challenger)
    documents.write_atomic(folder / BOTH, buffer.getvalue())


def _both(folder: Path) -> Both | None:
    path = folder / BOTH
    if not path.is_file():
        return None
    with np.load(path, allow_pickle=False) as kept:
        return Both(y=kept["y"], champion=kept["champion"], challenger=kept["challenger"])


def stays(found: Challenge) -> bool:
    """Return whether a challenger that did not win may still do so: it was better, if not beyond the noise, and
    nothing but the noise stood in its way."""
    return not found.wins and not found.gates and not found.slices and (found.loss_gain.value or 0.0) > 0


def into_shadow(found: Challenge) -> Shadow | None:
    """Return the challenger in the shadow where one that was just made did not win, and may still do so.

    The champion's recipe that has learned from all rows and newer ones may in any case: what judged it was a model
    that did not know the rows that judge, and the version itself does.
    """
    renewed = found.burden is not Burden.PROOF
    if stays(found) or (renewed and not found.wins and not found.gates and not found.slices):
        return Shadow(version=found.challenger, renewed=renewed)
    return None


def conclude(project: Project, found: Challenge, policy: Policy) -> bool:
    """Have a challenger that won in the shadow serve, or propose it, by the policy; return whether it serves."""
    why = f"in the shadow, {found.why}"
    if policy is Policy.AUTOMATIC:
        evidence = {"rows": found.rows, "metric": found.metric, "gain": documents.to_builtins(found.gain)}
        project.promote(found.challenger, by=BY, why=why, evidence=evidence, settled=COMPARED)
        return True
    if policy is Policy.PROPOSE:
        project.ledger.append(PROPOSED, project.made_by(found.challenger), {"version": found.challenger, "why": why})
    return False


def look_again(project: Project, shadow: Shadow, later: pa.Table) -> Challenge | None:
    """Return how a challenger in the shadow does against the champion by now; None where that cannot be told.

    Parameters
    ----------
    project : Project
        Its lock is held.
    shadow : Shadow
    later : pyarrow.Table
        Rows with labels that neither was fitted on, the oldest first.
    """
    champion = project.champion
    if champion is None or shadow.version not in project.versions():
        return None
    try:
        kept = _both(project.run_folder(project.made_by(shadow.version)))
    except ProjectError:
        return None
    own, new = project.version(champion.version), project.version(shadow.version)
    found = _answered(own, new, later)
    if kept is None or found is None or len(found.y) < shadow.needs:
        return None
    both = found if shadow.renewed else _together(kept, found)
    fought = challenge(
        new.manifest.metric,
        both.y,
        _side(own, both.champion),
        _side(new, both.challenger),
        columns={},
        order=np.arange(len(both.y)),
        level=level_of_look(shadow.looks + 1),
        burden=Burden.LIKELIER if shadow.renewed else Burden.PROOF,
    )
    return _but_for_slices(project, own, new, found, later, fought) if fought.wins else fought


def _together(first: Both, later: Both) -> Both:
    pairs = zip((first.y, first.champion, first.challenger), (later.y, later.champion, later.challenger), strict=True)
    y, champion, challenger = (np.concatenate(pair) for pair in pairs)
    return Both(y=y, champion=champion, challenger=challenger)


def _but_for_slices(
    project: Project, own: Version, new: Version, since: Both, later: pa.Table, fought: Challenge
) -> Challenge:
    """Return the challenge, lost where the challenger is worse in a part of the rows that have come since."""
    labels = encode_labels(later.column(new.manifest.target).to_pylist(), new.plan.classes)
    columns, contract = _parted(project, new, later)
    apart = challenge(
        new.manifest.metric,
        since.y,
        _side(own, since.champion),
        _side(new, since.challenger),
        columns=take(columns, np.flatnonzero(~np.isnan(labels))),
        contract=contract,
        order=np.arange(len(since.y)),
    )
    if not apart.slices:
        return replace(fought, slices_seen=apart.slices_seen)
    worst = apart.slices[0]
    why = f"{fought.why}; but on later rows worse where '{worst.column}' is {worst.value}"
    return replace(fought, wins=False, slices=apart.slices, slices_seen=apart.slices_seen, why=why)


def _parted(project: Project, new: Version, later: pa.Table) -> tuple[Columns, Contract]:
    """Return the columns by which rows are cut: those that the model reads, and those that are protected."""
    folder = project.run_folder(project.made_by(new.manifest.version))
    contract = documents.load(folder / "contract.json", Contract)
    protected = documents.load(folder / "brief.json", Brief).protected
    names = [n for n in protected if n in later.column_names and n in contract.names]
    return {**canonical(later, new.contract), **(canonical(later, contract.only(names)) if names else {})}, contract


def _side(version: Version, said: np.ndarray) -> Side:
    return Side(version=version.manifest.version, prediction=said, threshold=version.plan.threshold)


def _answered(own: Version, new: Version, later: pa.Table) -> Both | None:
    classes, target = new.plan.classes, new.manifest.target
    if target not in later.column_names:
        return None
    y = encode_labels(later.column(target).to_pylist(), classes)
    rows = np.flatnonzero(~np.isnan(y))
    said = [
        aligned(v.plan.predict(take(canonical(later, v.contract), rows)), v.plan.classes, classes) for v in (own, new)
    ]
    return Both(y=y[rows], champion=said[0], challenger=said[1])
