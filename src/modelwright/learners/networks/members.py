"""The weights of members that share theirs, their outputs and their gradients.

All weights lie in one array, and all gradients in another: a step of Adam is then a dozen calls, whatever the layers.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import prod, sqrt

import numpy as np

__all__ = ["Layout", "Members", "Pass"]

SCALE_RATE = 0.4
"""Learning rate of the scales of inputs, relative to that of a weight of one input; RealMLP's factor is 6 for a rate
that is divided by the square root of 256 in hidden layers."""

BIAS_RATE = 0.1
"""That of biases (Holzmüller et al. 2024)."""

BIAS_SPREAD = 0.5
"""Standard deviation of the first biases of hidden units: their bends then lie all over the data."""

Shapes = dict[str, tuple[int, ...]]


class Layout:
    """Where in one array each weight lies.

    Parameters
    ----------
    sizes : sequence of int
        Inputs, units of each hidden layer, outputs.
    n_members : int
    """

    def __init__(self, sizes: Sequence[int], n_members: int) -> None:
        self.sizes, self.n_members, self.n_layers = tuple(sizes), n_members, len(sizes) - 2
        k = n_members
        self.shapes: Shapes = {"scales": (k, 1, sizes[0])}
        for i in range(self.n_layers):
            self.shapes |= {f"w{i}": (sizes[i], sizes[i + 1]), f"b{i}": (k, 1, sizes[i + 1])}
        self.shapes |= {"head": (k, sizes[-2], sizes[-1]), "head_bias": (k, 1, sizes[-1])}
        self.size = sum(map(prod, self.shapes.values()))

    def views(self, flat: np.ndarray) -> dict[str, np.ndarray]:
        """Return the weights by name as views of ``flat``."""
        found, at = {}, 0
        for name, shape in self.shapes.items():
            found[name] = flat[at : at + prod(shape)].reshape(shape)
            at += prod(shape)
        return found

    def start(self, rng: np.random.Generator, strength: np.ndarray, bias: np.ndarray) -> np.ndarray:
        """Return first weights: variance one over the inputs of a unit; ``strength`` of inputs, with signs, as scales;
        ``bias`` for the outputs."""
        flat = np.zeros(self.size, dtype=np.float32)
        for name, view in self.views(flat).items():
            if name == "scales":
                view[...] = rng.choice([-1.0, 1.0], size=view.shape) if self.n_members > 1 else 1.0
                view *= strength * sqrt(len(strength) / np.square(strength).sum())
            elif name == "head_bias":
                view[...] = bias
            elif name.startswith("b"):
                view[...] = BIAS_SPREAD * rng.standard_normal(view.shape)
            else:
                view[...] = rng.standard_normal(view.shape) / sqrt(view.shape[-2])
        return flat

    def rates(self) -> np.ndarray:
        """Return the learning rate of each weight relative to the one that is set: as in the neural tangent
        parametrisation, smaller for units of more inputs."""
        flat = np.zeros(self.size, dtype=np.float32)
        for name, view in self.views(flat).items():
            bias = name.startswith("b") or name == "head_bias"
            view[...] = SCALE_RATE if name == "scales" else BIAS_RATE if bias else 1.0 / sqrt(view.shape[-2])
        return flat

    def decayed(self) -> np.ndarray:
        """Return 1 for weights, which decay, and 0 for scales and biases."""
        flat = np.zeros(self.size, dtype=np.float32)
        for name, view in self.views(flat).items():
            view[...] = float(name.startswith("w") or name == "head")
        return flat


class Pass:
    """What a forward pass leaves for the backward one: the input of each layer, and the slope of each unit."""

    def __init__(self) -> None:
        self.signals: list[np.ndarray] = []
        self.slopes: list[np.ndarray] = []


class Members:
    """Outputs and gradients.

    Parameters
    ----------
    layout : Layout
    weights : ndarray
        Of any precision; outputs have it too.
    """

    def __init__(self, layout: Layout, weights: np.ndarray) -> None:
        self.layout, self.weights = layout, weights
        self.named = layout.views(weights)

    def outputs(
        self, inputs: np.ndarray, kept: Pass | None = None, drop: float = 0.0, rng: np.random.Generator | None = None
    ) -> np.ndarray:
        """Return outputs of shape ``(n_members, n_rows, n_outputs)``.

        Parameters
        ----------
        inputs : ndarray, shape (n_members, n_rows, n_inputs), or with 1 for all members
        kept : Pass, optional
            To be filled for `gradients`; ``drop`` of the hidden units are then silent.
        """
        named, k = self.named, self.layout.n_members
        signal = inputs * named["scales"]
        for i in range(self.layout.n_layers):
            weight = named[f"w{i}"]
            sums = (signal.reshape(-1, len(weight)) @ weight).reshape(k, -1, weight.shape[1])
            sums += named[f"b{i}"]
            one, half = sums.dtype.type(1.0), sums.dtype.type(0.5)
            gate = np.tanh(sums * half)
            gate += one
            gate *= half
            if kept is not None:
                kept.signals.append(signal)
            signal = np.multiply(sums, gate, out=sums)
            if kept is not None:
                slope = (one - signal) * gate
                slope += signal
                if drop and rng is not None:
                    _drop(drop, rng, signal, slope)
                kept.slopes.append(slope)
        if kept is not None:
            kept.signals.append(signal)
        return signal @ named["head"] + named["head_bias"]

    def gradients(self, inputs: np.ndarray, errors: np.ndarray, kept: Pass, out: dict[str, np.ndarray]) -> None:
        """Write the gradients of all weights for ``errors``, those of the outputs."""
        named, k = self.named, self.layout.n_members
        ones = np.ones((k, 1, errors.shape[1]), dtype=np.float32)
        np.matmul(kept.signals[-1].transpose(0, 2, 1), errors, out=out["head"])
        np.matmul(ones, errors, out=out["head_bias"])
        back = errors @ named["head"].transpose(0, 2, 1)
        for i in range(self.layout.n_layers - 1, -1, -1):
            back *= kept.slopes[i]
            weight = named[f"w{i}"]
            flat = back.reshape(-1, weight.shape[1])
            np.matmul(kept.signals[i].reshape(-1, len(weight)).T, flat, out=out[f"w{i}"])
            np.matmul(ones, back, out=out[f"b{i}"])
            back = (flat @ weight.T).reshape(k, -1, len(weight))
        back *= inputs
        np.matmul(ones, back, out=out["scales"])


def _drop(share: float, rng: np.random.Generator, signal: np.ndarray, slope: np.ndarray) -> None:
    """Silence a share of the units (Srivastava et al. 2014), in steps of 1/256: bytes are cheap."""
    steps = round(share * 256)
    kept = np.frombuffer(rng.bytes(signal.size), dtype=np.uint8).reshape(signal.shape) >= steps
    factor = kept * np.float32(256.0 / (256 - steps))
    signal *= factor
    slope *= factor
