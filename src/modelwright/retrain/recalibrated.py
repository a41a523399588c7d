"""A version with the models of another one and a calibrator of the newest labels, written in a second.

What rests on probabilities goes along: sets of classes and limits of doubt are fitted on the rows that the calibrator
was tried on, each answered by a calibrator that had not seen it, and so is the score measured. What rests on inputs
stays: a drift is still one from the rows that the models have learned from.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from modelwright import documents
from modelwright.evaluate import metrics
from modelwright.evaluate.abstaining import Selective, cross_fitted, fit_abstention, risk_curve
from modelwright.evaluate.blocks import time_blocks
from modelwright.evaluate.conformal import fit_sets
from modelwright.evaluate.intervals import measure
from modelwright.package.abstaining import ABSTAINING, Abstaining
from modelwright.package.bundle import Version, open_version
from modelwright.package.reference.documents import Reference
from modelwright.package.uncertainty import Uncertainty
from modelwright.package.unusual.documents import UNUSUAL_FILE
from modelwright.package.writing import Facts, write_version
from modelwright.project.folder import RECALIBRATED
from modelwright.retrain.recalibrating import Adjustment, Recalibrated, Recalibration, adjusted
from modelwright.runtime.abstaining import doubt_of_classes
from modelwright.runtime.answers import chosen_class

__all__ = ["write_recalibrated"]

TOLD = (0.01, 0.02, 0.05, 0.1, 0.2)
"""Risks of which the version tells, as one that is trained."""


def write_recalibrated(models: Version, found: Recalibration, place: Path, number: int, seed: int) -> Version:
    """Write the version into a folder that must not exist, and return it, opened.

    Parameters
    ----------
    models : Version
        As it was trained.
    found : Recalibration
    place : Path
    number : int
        Of the new version.
    seed : int
    """
    plan = replace(models.plan, calibrator=adjusted(models.plan.calibrator, found.adjustment))
    blocks = time_blocks(np.arange(len(found.y)), found.y, found.lived)
    metric = metrics.get(models.manifest.metric)
    score = measure(metric, found.y, found.lived, groups=blocks, threshold=plan.threshold, seed=seed)
    leaving = _abstaining(models, found, blocks, seed)
    told = Recalibrated(
        models=models.manifest.version, rows=found.rows, adjustment=found.adjustment, gain=found.gain, why=found.why
    )
    write_version(
        place,
        plan,
        facts=Facts(
            version=number,
            target=models.manifest.target,
            metric=models.manifest.metric,
            score=score,
            documents={**models.manifest.documents, "models": models.digest},
            rows={**models.manifest.rows, "recalibrated": found.rows},
        ),
        profile=models.profile,
        seed=seed,
        uncertainty=_sets(found, blocks, seed),
        reference=_reference(models.reference, found.adjustment),
        parts={
            RECALIBRATED: documents.to_builtins(told),
            **({} if models.unusual is None else {UNUSUAL_FILE: models.unusual.document()}),
            **({} if leaving is None else {ABSTAINING: leaving.document()}),
        },
    )
    return open_version(place)


def _where(found: Recalibration) -> str:
    return f"{len(found.y):,} labelled rows, each answered by a calibrator of rows before it"


def _sets(found: Recalibration, blocks: np.ndarray | None, seed: int) -> Uncertainty | None:
    fitted, note = fit_sets(found.y, found.lived, seed=seed, groups=blocks)
    return None if fitted is None else Uncertainty(fitted=fitted, note=f"{note}; on {_where(found)}")


def _abstaining(models: Version, found: Recalibration, blocks: np.ndarray | None, seed: int) -> Abstaining | None:
    if models.abstaining is None:
        return None
    cut, asked = models.plan.threshold, models.abstaining.fitted.asked
    own = Selective(doubt_of_classes(found.lived, cut), chosen_class(found.lived, cut) != found.y, blocks)
    fitted, note = fit_abstention(own, asked=asked, tolerance=None)
    if fitted is None:
        return None
    risks = tuple(sorted({*TOLD, *([] if asked is None else [asked])}))
    curve = risk_curve(own, fitted, risks=risks, answered=cross_fitted(own, risks, seed=seed), where=_where(found))
    return Abstaining(fitted=fitted, note=note, measured=curve)


def _reference(before: Reference, by: Adjustment) -> Reference:
    """Return what monitoring compares with: the predictions of training, moved as all are.

    Of more than two classes they are not watched, since who is the likeliest may change.
    """
    known = before.prediction
    if known is None or len(by.offsets) > 2:
        return replace(before, prediction=None, classes=())

    def moved(events: tuple[float, ...]) -> tuple[float, ...]:
        chances = np.clip(events, 0.0, 1.0)
        return tuple(by(np.column_stack([1 - chances, chances]))[:, 1].tolist())

    groups = tuple(replace(g, means=moved(g.means)) for g in before.groups)
    return replace(before, prediction=replace(known, edges=moved(known.edges)), groups=groups)
