"""Documents of how a model bears disturbed rows."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.measurements.scores import Measurement

__all__ = ["StressCase", "Stressed"]


@dataclass(frozen=True, kw_only=True)
class StressCase:
    """One disturbance, and what became of the score.

    Attributes
    ----------
    stress : str
        Its kind: ``"column missing"``, ``"unit slip"``, ….
    columns : tuple of str
        What was disturbed.
    words : str
        That in words, read after "if": ``"“duration” is missing"``.
    score : Measurement or None
        On the disturbed rows; None where they were refused.
    lost : Measurement or None
        What that is worse than on the same rows as they were; above 0 is worse.
    share : float or None
        Of what the model has over a constant prediction, the share that is lost; None where that is not known.
    noticed : str
        What the contract said of the rows, one sentence; empty where nothing tells.
    refused : str
        Why the contract refused them; empty where it did not.
    judgement : str
        ``"refused"``, ``"breaks"``, ``"weakens"`` or ``"holds"``.
    """

    stress: str
    columns: tuple[str, ...]
    words: str
    score: Measurement | None
    lost: Measurement | None
    share: float | None
    noticed: str = ""
    refused: str = ""
    judgement: str = "holds"


@dataclass(frozen=True, kw_only=True)
class Stressed:
    """How the model bears disturbed rows.

    Attributes
    ----------
    base : Measurement
        The score on the same rows as they were.
    cases : tuple of StressCase
        Those that cost most first; refused ones last.
    measured_on : str
    left_out : int
        Cases for which there was no time.
    """

    base: Measurement
    cases: tuple[StressCase, ...]
    measured_on: str
    left_out: int = 0
