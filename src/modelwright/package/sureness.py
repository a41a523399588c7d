"""What a version knows of how sure it is, in one document for the report."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.abstaining import RiskCurve
from modelwright.evaluate.measurements import Measurement
from modelwright.package.bundle import Version

__all__ = ["Sureness", "sureness_of"]


@dataclass(frozen=True, kw_only=True)
class Sureness:
    """How sure a version is of a single case.

    Attributes
    ----------
    intervals : str
        What makes intervals or sets of classes, in words; empty without.
    coverage : tuple of Measurement
        How often the truth lay inside, by the coverage asked for: ``coverage_80`` and so on.
    coverage_on : str
        On which rows, in words.
    abstaining : str
        What leaves rows to a person, in words; empty without.
    asked : float or None
        The risk that the brief asks for.
    tolerance : float or None
        For values: by how much one may be off and is still right.
    risks : RiskCurve or None
        How many rows are answered at which risk.
    unusual : str
        What tells rows that are unlike training, in words; empty without.
    alarms : float or None
        Share of rows like those of training that are called unusual, at most.
    """

    intervals: str = ""
    coverage: tuple[Measurement, ...] = ()
    coverage_on: str = ""
    abstaining: str = ""
    asked: float | None = None
    tolerance: float | None = None
    risks: RiskCurve | None = None
    unusual: str = ""
    alarms: float | None = None


def sureness_of(version: Version) -> Sureness | None:
    """Return what an opened version knows, None where it is nothing."""
    uncertainty, leaving, odd = version.uncertainty, version.abstaining, version.unusual
    if uncertainty is None and leaving is None and odd is None:
        return None
    return Sureness(
        intervals="" if uncertainty is None else uncertainty.note,
        coverage=() if uncertainty is None else uncertainty.measured,
        coverage_on="" if uncertainty is None else uncertainty.measured_on,
        abstaining="" if leaving is None else leaving.note,
        asked=None if leaving is None else leaving.fitted.asked,
        tolerance=None if leaving is None else leaving.fitted.tolerance,
        risks=None if leaving is None else leaving.measured,
        unusual="" if odd is None else odd.note,
        alarms=None if odd is None else odd.detector.alarms,
    )
