"""Spaces that settings are drawn from where time allows a search."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

__all__ = ["Choice", "Draw", "Log", "Uniform", "draw"]


class Draw(Protocol):
    """A distribution of one setting."""

    def __call__(self, rng: np.random.Generator) -> Any:
        """Return a value."""
        ...


@dataclass(frozen=True)
class Uniform:
    """Between two bounds, evenly."""

    low: float
    high: float

    def __call__(self, rng: np.random.Generator) -> float:
        return float(rng.uniform(self.low, self.high))


@dataclass(frozen=True)
class Log:
    """Between two bounds, evenly in the logarithm; whole numbers where ``whole``."""

    low: float
    high: float
    whole: bool = False

    def __call__(self, rng: np.random.Generator) -> float | int:
        value = float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))
        return round(value) if self.whole else value


@dataclass(frozen=True)
class Choice:
    """One of some values, evenly."""

    values: tuple[Any, ...]

    def __call__(self, rng: np.random.Generator) -> Any:
        return self.values[int(rng.integers(len(self.values)))]


def draw(space: Mapping[str, Draw], rng: np.random.Generator) -> dict[str, Any]:
    """Return one setting of every name in the space."""
    return {name: one(rng) for name, one in space.items()}
