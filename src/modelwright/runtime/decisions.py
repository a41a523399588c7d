"""From predictions to decisions that pay, where these are more than a threshold. Applied with numpy alone.

Their state is JSON; `modelwright.evaluate.money` chooses them. The prediction stays what it is: the decision is a
further answer.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from modelwright.errors import BundleError

__all__ = ["DECISION", "DECISIONS", "BestWorth", "Decision", "Moved", "from_json"]

DECISION = "decision"
"""The column of answers that holds it."""


class Decision(Protocol):
    """What to do about a prediction.

    Promises: pure, any row alone gives what it gives in a batch.

    Attributes
    ----------
    kind : str
        Name in `DECISIONS`.
    """

    kind: ClassVar[str]

    def __call__(self, prediction: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        """Return the decision of each row, shape ``(n_rows,)``: class names or values."""
        ...

    def fits(self, n_classes: int) -> bool:
        """Return whether it is one about so many classes, 0 for values."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return the state; `from_json` makes the same decision of it."""
        ...


@dataclass(frozen=True)
class BestWorth:
    """The class from which most money is to be expected; ``payoff`` by true class and decision."""

    payoff: tuple[tuple[float, ...], ...]
    kind: ClassVar[str] = "best worth"

    def numbers(self, prediction: np.ndarray) -> np.ndarray:
        """Return the number of the class decided for, shape ``(n_rows,)``."""
        worth: np.ndarray = (prediction[:, :, None] * np.asarray(self.payoff)).sum(axis=1)
        return worth.argmax(axis=1)

    def __call__(self, prediction: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        names = np.empty(len(classes), dtype=object)
        names[:] = list(classes)
        return np.asarray(names[self.numbers(prediction)])

    def fits(self, n_classes: int) -> bool:
        finite = all(math.isfinite(v) for row in self.payoff for v in row)
        return n_classes > 1 and finite and [len(row) for row in self.payoff] == [n_classes] * n_classes

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "payoff": [list(row) for row in self.payoff]}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> BestWorth:
        return cls(tuple(tuple(float(v) for v in row) for row in state["payoff"]))


@dataclass(frozen=True)
class Moved:
    """The value to plan with where too much and too little cost not the same: ``factor`` × prediction + ``shift``."""

    factor: float = 1.0
    shift: float = 0.0
    kind: ClassVar[str] = "moved"

    def values(self, prediction: np.ndarray) -> np.ndarray:
        """Return the values decided for, shape ``(n_rows,)``."""
        return np.asarray(self.factor * prediction[:, 0] + self.shift)

    def __call__(self, prediction: np.ndarray, classes: Sequence[str] = ()) -> np.ndarray:
        return self.values(prediction)

    def fits(self, n_classes: int) -> bool:
        return n_classes == 0 and math.isfinite(self.factor) and math.isfinite(self.shift)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "factor": self.factor, "shift": self.shift}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Moved:
        return cls(float(state["factor"]), float(state["shift"]))


DECISIONS: Mapping[str, Any] = {kind.kind: kind for kind in (BestWorth, Moved)}
"""By kind."""


def from_json(state: Mapping[str, Any]) -> Decision:
    """Return the decision that `Decision.to_json` wrote.

    Raises
    ------
    BundleError
        A kind that this release does not know (MW-B134).
    """
    kind = str(state.get("kind"))
    if kind not in DECISIONS:
        raise BundleError(
            f"the decision '{kind}' is unknown to this release",
            fix="use a newer release of Modelwright",
            code="MW-B134",
        )
    found: Decision = DECISIONS[kind].build(state)
    return found
