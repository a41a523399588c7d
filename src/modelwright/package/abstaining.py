"""``abstain.json`` of a version: up to which doubt it answers, and how many rows that is on rows apart.

Optional: versions of earlier releases have none, nor has one that was trained on too few rows, or on values without a
tolerance.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from modelwright.errors import UsageError
from modelwright.evaluate.abstaining import RiskCurve
from modelwright.package.uncertainty import Uncertainty
from modelwright.runtime.abstaining import Abstention
from modelwright.runtime.intervals import Intervals
from modelwright.runtime.plan import Plan
from modelwright.runtime.storage import check_format, malformed, read_json

__all__ = ["ABSTAINING", "FORMAT", "Abstaining", "none_to_leave", "read_abstaining"]

ABSTAINING = "abstain.json"
FORMAT = 1
MAX_BYTES = 1 << 20  # what is fitted takes some 10 kB


@dataclass(frozen=True, kw_only=True, eq=False)
class Abstaining:
    """When a version leaves a row to a person.

    Attributes
    ----------
    fitted : Abstention
    note : str
        What was fitted, in words.
    measured : RiskCurve
        How many rows are answered, and how many of the answers are wrong.
    """

    fitted: Abstention
    note: str
    measured: RiskCurve

    def document(self) -> dict[str, Any]:
        """Return what is kept; `read_abstaining` makes the same of it."""
        return {"format": FORMAT, "fitted": self.fitted.to_json(), "note": self.note, "measured": self.measured}


class _File(msgspec.Struct, forbid_unknown_fields=True):
    format: int
    fitted: dict[str, Any]
    note: str
    measured: RiskCurve


def read_abstaining(folder: Path, plan: Plan, uncertainty: Uncertainty | None) -> Abstaining:
    """Return what ``abstain.json`` in a version folder holds.

    Raises
    ------
    BundleError
        The file is malformed (MW-B110, MW-B404), of an unknown format (MW-B103), or not of this plan (MW-B132).
    """
    raw = read_json(folder / ABSTAINING, limit=MAX_BYTES)
    check_format(f"'{ABSTAINING}'", raw, FORMAT)
    try:
        file = msgspec.convert(raw, _File)
    except msgspec.ValidationError as error:
        raise malformed(ABSTAINING, str(error)) from error
    fitted = Abstention.build(file.fitted)
    widths = uncertainty is not None and isinstance(uncertainty.overall, Intervals)
    if (fitted.tolerance is None) != bool(plan.classes) or not (plan.classes or widths):
        raise malformed(ABSTAINING, "it is not of a model that predicts what this one does", code="MW-B132")
    return Abstaining(fitted=fitted, note=file.note, measured=file.measured)


def none_to_leave(version: int, *, values: bool) -> UsageError:
    """Return the error for a risk asked of a version that leaves no row to a person."""
    if values:
        return UsageError(
            f"version {version} cannot tell which rows to leave to a person: it was trained without a tolerance",
            fix="train again with --tolerance: by how much a value may be off and is still right",
            code="MW-U605",
        )
    return UsageError(
        f"version {version} cannot tell which rows to leave to a person: it was made by an earlier release, or trained "
        "on too few rows",
        fix="train again, with more rows where there were less than 30, or ask for the prediction alone",
        code="MW-U605",
    )
