"""The table ``[gates]`` of a brief: thresholds of gates, fixed before anything is trained."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from modelwright.errors import UsageError, did_you_mean

__all__ = ["THRESHOLDS", "Threshold", "checked_gates"]


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """A threshold that a brief may set.

    Attributes
    ----------
    gate : str
        Name of the gate.
    what : str
        What it says, for the documentation and for errors.
    least, most : float
        Bounds of what can be asked for.
    default : float or None
        What holds where the brief says nothing; None: nothing is asked.
    """

    gate: str
    what: str
    least: float
    most: float
    default: float | None = None


THRESHOLDS = {
    "score": Threshold(
        gate="good enough",
        what="the score that has to be reached, in the metric's own unit: at least, or for errors at most",
        least=-math.inf,
        most=math.inf,
    ),
    "gain": Threshold(
        gate="good enough",
        what="least gain over a constant prediction, in the metric's own unit",
        least=0.0,
        most=math.inf,
    ),
    "rows_judged": Threshold(
        gate="known well enough",
        what="fewest rows that the score rests on; below 30, intervals that rest on a normal approximation do not hold",
        least=1,
        most=math.inf,
        default=30,
    ),
    "interval_width": Threshold(
        gate="known well enough",
        what="widest interval of the score, as a part of the way from a constant to a perfect prediction",
        least=0.0,
        most=10.0,
        default=0.5,
    ),
    "calibration_error": Threshold(
        gate="calibrated",
        what="largest expected calibration error, by the lower end of its interval",
        least=0.0,
        most=1.0,
        default=0.05,
    ),
    "gain_kept": Threshold(
        gate="not grossly overfitted",
        what="least part of the gain over a constant on the training rows that holds on new rows",
        least=0.0,
        most=1.0,
        default=0.25,
    ),
    "fold_gain_kept": Threshold(
        gate="stable",
        what="least part of the mean gain over a constant that the worst fold keeps",
        least=0.0,
        most=1.0,
        default=0.5,
    ),
    "answered": Threshold(
        gate="answers enough",
        what="least share of rows that is answered at the risk of --abstain; of fewer, asking the model saves no work",
        least=0.0,
        most=1.0,
        default=0.05,
    ),
    "reproducible": Threshold(
        gate="reproducible",
        what="true: the same command has to come to the same model, bit for bit, which asks for --trials",
        least=0.0,
        most=1.0,
        default=0.0,
    ),
}
"""By the name in the table. Judgements of ours where no source is named by the gate; a brief that sets one makes its
gate block."""


def checked_gates(value: Any) -> dict[str, float]:
    """Return thresholds by name.

    Raises
    ------
    UsageError
        It is no table (MW-U750), has a name that is no threshold (MW-U751), or a value out of its bounds (MW-U752).
    """
    if not isinstance(value, dict):
        raise UsageError(
            f"the brief's gates are {value!r}",
            fix="give a table of thresholds such as calibration_error = 0.03",
            code="MW-U750",
        )
    return {str(name): _checked(str(name), given) for name, given in value.items()}


def _checked(name: str, given: Any) -> float:
    known = THRESHOLDS.get(name)
    if known is None:
        raise UsageError(f"no gate has a threshold '{name}'", fix=did_you_mean(name, THRESHOLDS), code="MW-U751")
    words = {"true": 1.0, "false": 0.0}
    try:
        number = words[given.lower()] if isinstance(given, str) and given.lower() in words else float(given)
    except (TypeError, ValueError):
        number = math.nan
    if not math.isfinite(number) or not known.least <= number <= known.most:
        raise UsageError(
            f"the threshold '{name}' of the gates is {given!r}",
            fix=f"give {_bounds(known)}: {known.what}",
            code="MW-U752",
        )
    return number


def _bounds(known: Threshold) -> str:
    if math.isinf(known.least):
        return "a number"
    return f"a number from {known.least:g}" + ("" if math.isinf(known.most) else f" to {known.most:g}")
