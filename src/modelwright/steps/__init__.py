"""The steps of a run, one function per stage of `modelwright.lifecycle.STAGES`. Each asks the part that knows."""

from modelwright.steps.delivering import judge, package, report
from modelwright.steps.explaining import explain
from modelwright.steps.learning import evaluate, train
from modelwright.steps.preparing import audit, frame, profile, read, understand
from modelwright.steps.stressing import stress

__all__ = [
    "audit",
    "evaluate",
    "explain",
    "frame",
    "judge",
    "package",
    "profile",
    "read",
    "report",
    "stress",
    "train",
    "understand",
]
