"""What models that scale read of one row: numbers on the way from the value to the input, with nothing between.

Encoders map a number to features that are straight between cuts, and scaling is straight too, so both are one function
(see `modelwright.runtime.pieces`). What else is read comes from the buffer of the view. The slow, obvious twin is
`Ramps` of the encoded row.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelwright.runtime.origins import FromPieces, RowSource
from modelwright.runtime.pieces import PieceRow
from modelwright.runtime.scorers.ramps import MIDDLE, Ramps
from modelwright.runtime.scorers.scaling import CLIP, LARGEST_SQUARED, SAFE_FACTOR, SMOOTH

__all__ = ["ScaledRow"]


class ScaledRow:
    """The inputs that some features of a view become, for the row of a source.

    Parameters
    ----------
    source : RowSource
    inputs : Ramps
        Of all features of the view.
    features : sequence of int

    Attributes
    ----------
    inputs : ndarray of float64, shape (size,)
        What `read` writes: ``inputs × factor + later`` are the inputs of the features, in another order.
    factor, later : ndarray of float64, shape (size,)
    gaps : bool
        Whether a missing number can make inputs NaN.
    """

    def __init__(self, source: RowSource, inputs: Ramps, features: Sequence[int]) -> None:
        scaling = inputs.scaling
        self._smooth = scaling.smooth
        bent = [f for f in features if isinstance(source.origins[f], FromPieces)]
        rest = [f for f in features if not isinstance(source.origins[f], FromPieces)]
        unit = 1.0 / SMOOTH if self._smooth else 1.0
        functions = []
        for f in bent:
            origin = source.origins[f]
            assert isinstance(origin, FromPieces)
            moved = origin.pieces.moved(float(scaling.centre[f]), float(scaling.factor[f]))
            functions.append((origin.place, moved.bounded(LARGEST_SQUARED if self._smooth else CLIP).moved(0.0, unit)))
        pieces = PieceRow(source.now, functions) if bent else None
        known = {*bent, *rest}
        ramps = [k for k, f in enumerate(inputs.feature.tolist()) if f in known]
        n_ramps, first = len(ramps), len(ramps) + len(rest)
        # numbers come last: behind them are zeros that nobody reads
        spot = {f: n_ramps + i for i, f in enumerate(rest)}
        if pieces is not None:
            spot |= {f: first + at for f, at in zip(bent, pieces.at.tolist())}
        whole = np.zeros(first + (pieces.size if pieces is not None else 0))
        self.size = max([n_ramps, *(at + 1 for at in spot.values())])
        self._places = np.array([*spot.values(), *range(n_ramps)], dtype=np.intp)
        self._positions = np.array([*spot, *(len(scaling.centre) + k for k in ramps)], dtype=np.intp)
        self.inputs, scaled = whole[: self.size], whole[n_ramps : self.size]
        self.factor = np.repeat([1.0, 1.0 / unit], [n_ramps, len(scaled)])
        self.later = np.repeat([-MIDDLE, 0.0], [n_ramps, len(scaled)])
        self.gaps = bool(rest)
        self._of_rest = whole[n_ramps:first]
        steps = [pieces.writer(whole[first:])] if pieces is not None else []
        if rest:
            steps.append(self._of_buffer(source, inputs, rest, self._of_rest, unit))
        if self._smooth and len(scaled):
            steps.append(_bender(scaled))
        self._climb = _climber(inputs, ramps, spot, whole, whole[:n_ramps], 1.0 / unit) if ramps else None
        if self._climb is not None:
            steps.append(self._climb)
        self.read = _one_after_the_other(steps)

    def spread(self, of_inputs: np.ndarray, filler: float = 0.0) -> np.ndarray:
        """Return rows that belong to the inputs of the view, as rows that belong to `inputs`."""
        out = np.full((self.size, of_inputs.shape[1]), filler)
        out[self._places] = of_inputs[self._positions]
        return out

    def fill(self) -> None:
        """Take missing numbers for 0, the centre."""
        self._of_rest[np.isnan(self._of_rest)] = 0.0
        if self._climb is not None:
            self._climb()

    @staticmethod
    def _of_buffer(
        source: RowSource, inputs: Ramps, rest: Sequence[int], out: np.ndarray, unit: float
    ) -> Callable[[], None]:
        """Return the function that scales what the buffer holds, without bending it."""
        scaling, buffer, at = inputs.scaling, source.part(rest), np.array(rest, dtype=np.intp)
        centre, factor = scaling.centre[at], scaling.factor[at] * unit
        bounded = not scaling.smooth or np.abs(scaling.factor[at]).max(initial=0.0) > SAFE_FACTOR
        high = np.full(len(at), LARGEST_SQUARED if scaling.smooth else CLIP)
        low = -high

        def scale() -> None:
            buffer.take(at, out=out, mode="clip")
            np.subtract(out, centre, out=out)
            np.multiply(out, factor, out=out)
            if bounded:
                np.minimum(out, high, out=out)
                np.maximum(out, low, out=out)

        return scale


def _bender(scaled: np.ndarray) -> Callable[[], None]:
    """Return the function that bends numbers, which are a third of what `Scaling` bends: so is what they become."""
    root, one = np.empty(len(scaled)), np.ones(len(scaled))

    def bend() -> None:
        np.multiply(scaled, scaled, out=root)
        np.add(root, one, out=root)
        np.sqrt(root, out=root)
        np.divide(scaled, root, out=scaled)

    return bend


def _climber(
    inputs: Ramps, ramps: Sequence[int], spot: dict[int, int], scaled: np.ndarray, out: np.ndarray, factor: float
) -> Callable[[], None]:
    """Return the function that writes the ramps of what is scaled; what is taken off each is left to others."""
    feature = np.array([spot[f] for f in inputs.feature[list(ramps)].tolist()], dtype=np.intp)
    slope = inputs.slope[list(ramps)].astype(np.float64) * factor
    offset = inputs.offset[list(ramps)].astype(np.float64)
    low, high = np.zeros(len(ramps)), np.ones(len(ramps))

    def climb() -> None:
        scaled.take(feature, out=out, mode="clip")
        np.multiply(out, slope, out=out)
        np.add(out, offset, out=out)
        np.minimum(out, high, out=out)
        np.maximum(out, low, out=out)

    return climb


def _one_after_the_other(steps: Sequence[Callable[[], None]]) -> Callable[[], None]:
    if len(steps) == 1:
        return steps[0]

    def run() -> None:
        for step in steps:
            step()

    return run
