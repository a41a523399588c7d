"""The target as the models of a regression see it, and the way back."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwright.errors import BundleError

__all__ = ["IDENTITY", "TRANSFORMS", "TargetTransform"]

# log1p is for amounts: zero or more, with a long tail to the right (Osborne 2002, "Notes on the use of data
# transformations"). Beyond 709 the way back leaves float64.
_LARGEST_LOG = 709.0

TRANSFORMS: dict[str, tuple[Callable, Callable]] = {
    "identity": (lambda y: y, lambda z: z),
    "log1p": (np.log1p, lambda z: np.expm1(np.minimum(z, _LARGEST_LOG))),
}


@dataclass(frozen=True, kw_only=True)
class TargetTransform:
    """How the target is seen in training, undone in scoring.

    Attributes
    ----------
    name : str
        Name in `TRANSFORMS`: ``"identity"``, or ``"log1p"`` for values of 0 and more.
    low, high : float or None
        Bounds of the answers, in the target's own unit; None: no bound.

    Raises
    ------
    BundleError
        An unknown name, or bounds that are not finite or in the wrong order (MW-B113).
    """

    name: str = "identity"
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        if self.name not in TRANSFORMS:
            raise _refused(f"the transform of the target '{self.name}' is unknown to this release")
        bounds = [b for b in (self.low, self.high) if b is not None]
        if not all(math.isfinite(b) for b in bounds) or bounds != sorted(bounds):
            raise _refused("the bounds of the target are not finite or not in order")

    @property
    def plain(self) -> bool:
        """Whether it changes nothing."""
        return self.name == "identity" and self.low is None and self.high is None

    def forward(self, y: np.ndarray) -> np.ndarray:
        """Return the target as models are fitted to it, same shape."""
        return TRANSFORMS[self.name][0](y)

    def inverse(self, z: np.ndarray) -> np.ndarray:
        """Return values in the target's unit, within the bounds, same shape."""
        values = TRANSFORMS[self.name][1](z)
        return values if self.low is None and self.high is None else np.clip(values, self.low, self.high)

    def of_few(self, count: int) -> Callable[[list[float]], list[float]]:
        """Return the function that gives `inverse` of ``count`` values, to the bit, in one go for all of them."""
        values = np.empty(count)
        pack, target = struct.Struct(f"={count}d").pack_into, values.data.cast("B")
        low = -math.inf if self.low is None else self.low
        high = math.inf if self.high is None else self.high
        bounded, logs = (low, high) != (-math.inf, math.inf), self.name != "identity"

        def inverse(z: list[float]) -> list[float]:
            if logs:
                pack(target, 0, *[x if x != x else min(x, _LARGEST_LOG) for x in z])
                z = np.expm1(values, out=values).tolist()
            return [min(max(x, low), high) for x in z] if bounded else z

        return inverse


IDENTITY = TargetTransform()


def _refused(what: str) -> BundleError:
    return BundleError(
        what, fix="update modelwright if a newer release made the version, or restore it", code="MW-B113"
    )
