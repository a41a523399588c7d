"""What the predictions come to, case by case: for readers who know no metric.

Every number is a measurement on the rows of the score, corrected as the score is where these rows also chose.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from modelwright.evaluate.counting import labels_of
from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.intervals import measure
from modelwright.evaluate.measurements import Cases, Measurement
from modelwright.frame.problem import Problem
from modelwright.runtime.answers import threshold_or_half

__all__ = ["FEWEST_FLAGGED", "count_cases", "cut_of"]

FEWEST_FLAGGED = 10
"""Rows: a share of fewer says next to nothing (Wilson's interval of one half of ten is 24 to 76 %)."""
TOP = 0.1
"""Of the rows: those ranked highest, counted where the threshold flags next to none. A tenth is what lift is commonly
quoted for."""
FEWEST_OF_A_CLASS = 10
"""Rows of a class, to say how many of it are found."""


def cut_of(prediction: np.ndarray, threshold: float | None) -> tuple[float, bool]:
    """Return from which chance on rows are counted as flagged, and whether that is the top tenth and no threshold."""
    event, cut = prediction[:, 1], threshold_or_half(threshold)
    if (event >= cut).sum() >= FEWEST_FLAGGED or TOP * len(event) < FEWEST_FLAGGED:
        return cut, False
    return float(np.quantile(event, 1 - TOP, method="higher")), True


def count_cases(
    problem: Problem,
    evidence: Evidence,
    measured: Mapping[str, Measurement],
    *,
    cut: float | None = None,
    ranked: bool = False,
    unit: str = "",
    seed: int = 0,
) -> Cases | None:
    """Return what a reader without metrics wants to know; None without rows.

    Parameters
    ----------
    problem : Problem
    evidence : Evidence
    measured : mapping of str to Measurement
        The reported scores by metric; ``recall`` and ``precision`` at ``cut``.
    cut : float or None
        From which chance on the event counts as flagged, for two classes; see `cut_of`.
    ranked : bool
        ``cut`` is that of the rows ranked highest.
    """
    if not len(evidence.y):
        return None
    if not problem.classes:
        return _values(evidence, measured, unit, seed)
    if len(problem.classes) == 2:
        return _two(evidence, measured, cut, ranked, seed)
    return _several(problem, evidence, measured, seed)


def _two(evidence: Evidence, measured: Mapping[str, Measurement], cut: float | None, ranked: bool, seed: int) -> Cases:
    event = evidence.prediction[:, 1]
    act = (event >= threshold_or_half(cut)).astype(float)
    # The share of rows for which a statement is true is the accuracy of a prediction that always says so.
    always = np.tile([0.0, 1.0], (len(event), 1))
    flagged = _share("flagged", act, always, evidence, seed)
    return Cases(
        events=_share("events", evidence.y, always, evidence, seed),
        flagged=flagged,
        found=measured["recall"],
        hit=measured["precision"] if act.any() else None,
        ranked=ranked,
    )


def _share(name: str, y: np.ndarray, prediction: np.ndarray, evidence: Evidence, seed: int) -> Measurement:
    found = measure("accuracy", y, prediction, groups=evidence.groups, seed=seed, inflation=evidence.inflation)
    return replace(found, name=name)


def _several(problem: Problem, evidence: Evidence, measured: Mapping[str, Measurement], seed: int) -> Cases:
    right, constant = measured["accuracy"], evidence.constant
    without = None
    if constant is not None:
        without = _share("accuracy", evidence.y, constant, evidence, seed)
    found = {c: _of_class(c, c, evidence, seed) for c in range(len(problem.classes))}
    known = {c: m for c, m in found.items() if m is not None and m.n >= FEWEST_OF_A_CLASS and m.high is not None}
    cases = Cases(right=right, right_without=without)
    if not known or right.value is None:
        return cases
    worst, share = min(known.items(), key=lambda item: (item[1].high, item[0]))
    if share.high is None or share.high >= right.value:
        return cases  # no class is found less often by more than the noise
    mistaken = np.bincount(labels_of(evidence.prediction)[evidence.y == worst], minlength=len(problem.classes))
    mistaken[worst] = 0
    other = int(mistaken.argmax())
    return replace(
        cases,
        worst=problem.classes[worst],
        worst_found=share,
        taken_for=problem.classes[other],
        taken=_of_class(worst, other, evidence, seed),
    )


def _of_class(true: int, named: int, evidence: Evidence, seed: int) -> Measurement | None:
    """Return of the rows of one class the share that is predicted as another, or as itself."""
    own = evidence.y == true
    if not own.any():
        return None
    groups = None if evidence.groups is None else evidence.groups[own]
    said, n = np.full(int(own.sum()), float(named)), evidence.inflation
    found = measure("accuracy", said, evidence.prediction[own], groups=groups, seed=seed, inflation=n)
    return replace(found, name="found" if true == named else "taken")


def _values(evidence: Evidence, measured: Mapping[str, Measurement], unit: str, seed: int) -> Cases:
    constant = evidence.constant
    half, most = measured["median_ae"], measured["ae_90"]
    if constant is None:
        return Cases(half=half, most=most)
    without = (
        measure(
            metric, evidence.y, constant, groups=evidence.groups, unit=unit, seed=seed, inflation=evidence.inflation
        )
        for metric in ("median_ae", "ae_90")
    )
    half_without, most_without = without
    return Cases(half=half, most=most, half_without=half_without, most_without=most_without)
