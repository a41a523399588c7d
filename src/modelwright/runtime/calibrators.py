"""Calibrators: from the probabilities a model gives to probabilities that come true. Applied with numpy alone.

For two classes every calibrator is strictly increasing in the event's probability: the order of the rows, and with it
ROC AUC, stays as it was. Their state is JSON; `modelwright.evaluate.calibration` fits them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from modelwright.errors import BundleError

__all__ = [
    "CALIBRATORS",
    "LIMIT",
    "SLOPE_BEYOND",
    "SMALLEST",
    "Beta",
    "Calibrator",
    "Identity",
    "Isotonic",
    "Sigmoid",
    "Temperature",
    "Vector",
    "from_json",
    "log_odds",
    "log_probabilities",
]

# Beyond e^-14 (about one in a million) a stated probability is more a lack of trees than evidence. Logarithms go on
# from there with a small slope instead of being cut, so that the order of rows survives.
LIMIT = 14.0
SLOPE_BEYOND = 1e-3
SMALLEST = 1e-300


class Calibrator(Protocol):
    """A fitted calibrator.

    Promises: pure, any row alone gives what it gives in a batch, rows sum to 1, no value outside [0, 1].

    Attributes
    ----------
    kind : str
        Name in `CALIBRATORS`.
    """

    kind: ClassVar[str]

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities of the same shape ``(n_rows, n_classes)``."""
        ...

    def to_json(self) -> dict[str, Any]:
        """Return the state; `from_json` makes the same calibrator of it."""
        ...


def _softly(values: np.ndarray) -> np.ndarray:
    inside = np.clip(values, -LIMIT, LIMIT)
    return inside + SLOPE_BEYOND * (values - inside)


def log_probabilities(prediction: np.ndarray) -> np.ndarray:
    """Return the logarithms of probabilities, flattened (not cut) below e^-14."""
    return _softly(np.log(np.maximum(prediction, SMALLEST)))


def log_odds(prediction: np.ndarray) -> np.ndarray:
    """Return the log odds of the event, flattened (not cut) beyond ±14, shape (n_rows,)."""
    logs = np.log(np.maximum(prediction, SMALLEST))
    return _softly(logs[:, 1] - logs[:, 0])


def _two(odds: np.ndarray) -> np.ndarray:
    """Return both columns from log odds, each without loss of its small values."""
    small = np.exp(-np.abs(odds))
    likely, unlikely = 1.0 / (1.0 + small), small / (1.0 + small)
    up = odds >= 0
    return np.column_stack([np.where(up, unlikely, likely), np.where(up, likely, unlikely)])


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Identity:
    """Leaves predictions, also values of a regression, as they are."""

    kind: ClassVar[str] = "identity"

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        return prediction

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Identity:
        return cls()


@dataclass(frozen=True)
class Temperature:
    """All logarithms times ``slope`` (one over the temperature); Guo et al. 2017."""

    slope: float
    kind: ClassVar[str] = "temperature"

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        if prediction.shape[1] == 2:
            return _two(self.slope * log_odds(prediction))
        return _softmax(self.slope * log_probabilities(prediction))

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "slope": self.slope}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Temperature:
        return cls(_positive(state, "slope"))


@dataclass(frozen=True)
class Sigmoid:
    """Log odds times ``slope`` plus ``offset``, two classes; Platt 1999."""

    slope: float
    offset: float
    kind: ClassVar[str] = "sigmoid"

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        return _two(self.slope * log_odds(prediction) + self.offset)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "slope": self.slope, "offset": self.offset}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Sigmoid:
        return cls(_positive(state, "slope"), _number(state, "offset"))


@dataclass(frozen=True)
class Beta:
    """Log odds = a·log p − b·log(1 − p) + c, two classes, a, b ≥ 0 and not both 0; Kull et al. 2017."""

    a: float
    b: float
    c: float
    kind: ClassVar[str] = "beta"

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        logs = log_probabilities(prediction)
        return _two(self.a * logs[:, 1] - self.b * logs[:, 0] + self.c)

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "a": self.a, "b": self.b, "c": self.c}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Beta:
        a, b = _number(state, "a"), _number(state, "b")
        if a < 0 or b < 0 or a + b == 0:
            raise _damaged("the slopes of a beta calibrator are 0 or more, and not both 0")
        return cls(a, b, _number(state, "c"))


@dataclass(frozen=True)
class Isotonic:
    """Straight lines between points ``x`` (from 0 to 1) and ``y``, both strictly increasing, 0 < y < 1; two classes."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    kind: ClassVar[str] = "isotonic"

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        event = np.interp(prediction[:, 1], self.x, self.y)
        return np.column_stack([1.0 - event, event])

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "x": list(self.x), "y": list(self.y)}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Isotonic:
        x, y = _numbers(state, "x"), _numbers(state, "y")
        rising = all(np.all(np.diff(v) > 0) for v in (x, y))
        whole = len(x) == len(y) >= 2 and x[0] == 0.0 and x[-1] == 1.0
        if not (whole and rising and y[0] > 0 and y[-1] < 1):
            raise _damaged("the points of an isotonic calibrator rise from 0 to 1 between the bounds")
        return cls(x, y)


@dataclass(frozen=True)
class Vector:
    """Logarithm of each class times its slope plus its offset, then scaled to sum to 1; Guo et al. 2017."""

    slopes: tuple[float, ...]
    offsets: tuple[float, ...]
    kind: ClassVar[str] = "vector"

    def __call__(self, prediction: np.ndarray) -> np.ndarray:
        return _softmax(log_probabilities(prediction) * np.array(self.slopes) + np.array(self.offsets))

    def to_json(self) -> dict[str, Any]:
        return {"kind": self.kind, "slopes": list(self.slopes), "offsets": list(self.offsets)}

    @classmethod
    def build(cls, state: Mapping[str, Any]) -> Vector:
        slopes, offsets = _numbers(state, "slopes"), _numbers(state, "offsets")
        if len(slopes) != len(offsets) or len(slopes) < 2 or min(slopes) <= 0:
            raise _damaged("a vector calibrator has a slope above 0 and an offset for each class")
        return cls(slopes, offsets)


CALIBRATORS: dict[str, Any] = {c.kind: c for c in (Identity, Temperature, Sigmoid, Beta, Isotonic, Vector)}


def from_json(state: Mapping[str, Any]) -> Calibrator:
    """Return the calibrator of a state written by ``to_json``.

    Raises
    ------
    BundleError
        The state is of no known kind, or its numbers cannot be a calibrator's.
    """
    kind = state.get("kind") if isinstance(state, Mapping) else None
    if not isinstance(kind, str) or kind not in CALIBRATORS:
        raise BundleError(
            "the version has a calibrator of a kind that is not known",
            fix="install the release that wrote it, or a later one",
            code="MW-B401",
        )
    return CALIBRATORS[kind].build(state)


def _damaged(what: str) -> BundleError:
    return BundleError(f"the calibrator of the version is damaged: {what}", fix="package it again", code="MW-B402")


def _number(state: Mapping[str, Any], name: str) -> float:
    value = state.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _damaged(f"'{name}' is not a finite number")
    return float(value)


def _positive(state: Mapping[str, Any], name: str) -> float:
    value = _number(state, name)
    if value <= 0:
        raise _damaged(f"'{name}' is not above 0")
    return value


def _numbers(state: Mapping[str, Any], name: str) -> tuple[float, ...]:
    values = state.get(name)
    if not isinstance(values, list | tuple) or not values:
        raise _damaged(f"'{name}' is not a list of numbers")
    return tuple(_number({name: v}, name) for v in values)
