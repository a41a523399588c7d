"""What a gate looks at, and what it answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar, Protocol

from modelwright import format as fmt
from modelwright.audit.findings import Audit
from modelwright.brief import Limits
from modelwright.brief.gates import THRESHOLDS
from modelwright.evaluate.abstaining import AtRisk
from modelwright.evaluate.measurements import Comparison, Evaluation, Measurement, Stressed
from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.frame.problem import Problem
from modelwright.train.record import Training

__all__ = ["Case", "Check", "Failing", "Finding", "gain_share", "number"]


class Failing(StrEnum):
    """What a gate that is not passed means for the verdict."""

    DO_NOT_SHIP = "do not ship"
    DO_NOT_BUILD = "do not build this"  # a model is not what helps here
    COLLECT_MORE_DATA = "collect more data"
    CONDITION = "condition"  # ships, but somebody should accept it knowingly
    INFORM = "inform"  # worth reading

    @property
    def blocking(self) -> bool:
        return self in (Failing.DO_NOT_SHIP, Failing.DO_NOT_BUILD, Failing.COLLECT_MORE_DATA)


@dataclass(frozen=True, kw_only=True)
class Case:
    """What is judged. What is None was not measured, or not asked for, and is not judged.

    Attributes
    ----------
    problem : Problem
    audit : Audit
    evaluation : Evaluation
    limits : Limits
        What the brief allows the version to cost.
    asked : mapping of str to float
        The thresholds that the brief sets.
    training : Training or None
    stress : Stressed or None
    at_risk : AtRisk or None
        What comes of the risk of a wrong answer that the brief asks for.
    latency_ms : float or None
        Of scoring one row.
    size_bytes : int or None
    seconds : float or None
        That the run took.
    peak_memory_bytes : int or None
    parity_difference : float or None
        Largest difference between the plan and the libraries that trained it.
    """

    problem: Problem
    audit: Audit
    evaluation: Evaluation
    limits: Limits = field(default_factory=Limits)
    asked: Mapping[str, float] = field(default_factory=dict)
    training: Training | None = None
    stress: Stressed | None = None
    at_risk: AtRisk | None = None
    latency_ms: float | None = None
    size_bytes: int | None = None
    seconds: float | None = None
    peak_memory_bytes: int | None = None
    parity_difference: float | None = None

    def threshold(self, name: str) -> float | None:
        """Return a threshold of `modelwright.brief.gates.THRESHOLDS`: the brief's, or what holds without."""
        asked = self.asked.get(name)
        return THRESHOLDS[name].default if asked is None else asked

    def failing(self, usual: Failing, *names: str) -> Failing:
        """Return what it means not to keep a threshold: one that the brief sets blocks."""
        return Failing.DO_NOT_SHIP if any(n in self.asked for n in names) and not usual.blocking else usual

    @property
    def more_time(self) -> str:
        """What lets training try more, with its flag: trials where the brief counts them, else time."""
        return "more time (--budget)" if self.limits.trials is None else "more trials (--trials)"

    @property
    def better_model(self) -> str:
        """What to do where the model is too weak: the next move, without a final stop."""
        return f"look for columns that say more of the question, or give it {self.more_time}"

    @property
    def against_constant(self) -> Comparison | None:
        """The comparison with a constant, None where there is none."""
        return self.evaluation.against(CONSTANT)


@dataclass(frozen=True)
class Finding:
    """What a gate answers: passed or not, why (one sentence without a final stop), what a failure means, and what to do
    about it: the next move of who reads it, without a final stop; it is not empty where the gate is not passed."""

    passed: bool
    why: str
    failing: Failing
    do: str = ""


class Check(Protocol):
    """One gate: looks at a case and answers; changes nothing. Not applicable counts as passed, and ``why`` says so."""

    name: ClassVar[str]

    def check(self, case: Case) -> Finding: ...


def number(measurement: Measurement) -> str:
    """Return a value with its interval as the report writes it: ``"0.81 (0.79 to 0.83)"``."""
    return "not defined" if measurement.value is None else fmt.measured(measurement)


def gain_share(score: float, constant: float, greater_is_better: bool) -> float | None:
    """Return the part of the way from a constant to a perfect prediction (1, or 0 for losses) that a score has gone.

    None where the constant is perfect already. Shares can be compared between rows that are harder and easier.
    """
    way = 1.0 - constant if greater_is_better else constant
    gone = score - constant if greater_is_better else constant - score
    return gone / way if way > 0 else None
