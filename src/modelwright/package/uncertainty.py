"""``intervals.json`` of a version: what makes intervals or sets of classes, and how often they held on rows apart.

Optional: versions of earlier releases have none, nor has one that was trained on too few rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from modelwright.errors import UsageError
from modelwright.evaluate.measurements import Measurement
from modelwright.runtime.grouped import ByGroup, from_json
from modelwright.runtime.intervals import Intervals, Sets
from modelwright.runtime.plan import Plan
from modelwright.runtime.storage import check_format, malformed, read_json

__all__ = ["FORMAT", "INTERVALS", "Uncertainty", "none_to_give", "read_uncertainty"]

INTERVALS = "intervals.json"
FORMAT = 1
MAX_BYTES = 16 << 20  # what is fitted takes some 30 kB, with many classes a few hundred


@dataclass(frozen=True, kw_only=True, eq=False)
class Uncertainty:
    """How sure a version is of a single prediction.

    Attributes
    ----------
    fitted : Intervals, Sets or ByGroup
        Intervals for values, sets for classes; or one of them for each group of a column.
    note : str
        What was fitted, in words.
    measured : tuple of Measurement
        How often the truth lay inside on rows that took no part, by coverage; empty where no rows were set aside.
    measured_on : str
        Those rows, in words.
    """

    fitted: Intervals | Sets | ByGroup
    note: str
    measured: tuple[Measurement, ...] = ()
    measured_on: str = ""

    @property
    def overall(self) -> Intervals | Sets:
        """What was fitted on all rows."""
        return self.fitted.rest if isinstance(self.fitted, ByGroup) else self.fitted

    def document(self) -> dict[str, Any]:
        """Return what is kept; `read_uncertainty` makes the same of it."""
        return {
            "format": FORMAT,
            "fitted": self.fitted.to_json(),
            "note": self.note,
            "measured": self.measured,
            "measured_on": self.measured_on,
        }


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    fitted: dict[str, Any]
    note: str
    measured: tuple[Measurement, ...]
    measured_on: str


def read_uncertainty(folder: Path, plan: Plan) -> Uncertainty:
    """Return what ``intervals.json`` in a version folder holds.

    Raises
    ------
    BundleError
        The file is malformed (MW-B110, MW-B403, MW-B405), of an unknown format (MW-B103), or not of this plan
        (MW-B130).
    """
    raw = read_json(folder / INTERVALS, limit=MAX_BYTES)
    check_format(f"'{INTERVALS}'", raw, FORMAT)
    try:
        file = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise malformed(INTERVALS, str(error)) from error
    fitted = from_json(file.fitted)
    every = (fitted.rest, *fitted.fitted) if isinstance(fitted, ByGroup) else (fitted,)
    widths = {own.thresholds.shape[1] if isinstance(own, Sets) else 0 for own in every}
    if isinstance(fitted, ByGroup) and fitted.column not in plan.contract.names:
        raise malformed(INTERVALS, "it is by a column that the plan does not read", code="MW-B130")
    if widths != {len(plan.classes)}:
        raise malformed(INTERVALS, "it is not of a model that predicts what this one does", code="MW-B130")
    return Uncertainty(fitted=fitted, note=file.note, measured=file.measured, measured_on=file.measured_on)


def none_to_give(version: int) -> UsageError:
    """Return the error for an interval asked of a version that has none."""
    return UsageError(
        f"version {version} has no intervals: it was made by an earlier release, or trained on too few rows",
        fix="train again, with more rows where there were less than 20, or ask for the prediction alone",
        code="MW-U603",
    )
