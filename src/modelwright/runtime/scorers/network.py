"""Networks of several members that share their weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.origins import RowSource
from modelwright.runtime.scorers.checking import classes_in, finite, read_arrays, refuse, require, write_arrays
from modelwright.runtime.scorers.folded import Folded
from modelwright.runtime.scorers.linear import probabilities, two_of, weighted_sums
from modelwright.runtime.scorers.ramps import Ramps

__all__ = ["NetworkScorer", "Outcome", "silu"]

MAX_LAYERS = 16
MAX_MEMBERS = 64
CHUNK_ROWS = 256
"""Rows at a time: the hidden activations of four members of 128 units then take 1 MB, which stays in the cache."""

BLOCK = 32
"""Rows that BLAS multiplies at once: weights too large for the first cache are read less often than by fours."""


@dataclass(frozen=True)
class Outcome:
    """What outputs mean: logits of classes, or values: ``offset + spread × output`` within ``low`` and ``high``."""

    n_classes: int
    offset: float = 0.0
    spread: float = 1.0
    low: float = -np.inf
    high: float = np.inf

    def __call__(self, outputs: np.ndarray) -> np.ndarray:
        if self.n_classes:
            return probabilities(outputs)
        return np.clip(self.offset + self.spread * outputs, self.low, self.high)


def silu(signal: np.ndarray) -> np.ndarray:
    """Return ``x / (1 + exp(−x))`` (Elfwing, Uchibe and Doya 2018), without overflow; ``signal`` is written over."""
    half = np.multiply(signal, signal.dtype.type(0.5))
    gate = np.tanh(half, out=half)
    gate += gate.dtype.type(1.0)
    gate *= gate.dtype.type(0.5)
    return np.multiply(signal, gate, out=signal)


class NetworkScorer:
    """Members with hidden weights in common: each scales the inputs in its own way and has biases and a head of its
    own (BatchEnsemble, Wen et al. 2020; TabM-mini, Gorishniy et al. 2025). Their outputs are averaged.

    Parameters
    ----------
    inputs : Ramps
    scales : ndarray, shape (n_members, n_inputs)
    weights : sequence of ndarray, shapes (n_inputs, h₁), (h₁, h₂), …
    biases : sequence of ndarray, shapes (n_members, h₁), …
    head : ndarray, shape (n_members, hₘ, n_outputs)
    head_bias : ndarray, shape (n_members, n_outputs)
    outcome : Outcome
    """

    scorer: ClassVar[str] = "network"

    def __init__(
        self,
        inputs: Ramps,
        scales: np.ndarray,
        weights: Sequence[np.ndarray],
        biases: Sequence[np.ndarray],
        head: np.ndarray,
        head_bias: np.ndarray,
        outcome: Outcome,
    ) -> None:
        self.inputs, self.scales, self.weights, self.biases = inputs, scales, tuple(weights), tuple(biases)
        self.head, self.head_bias, self.outcome = head, head_bias, outcome
        self.n_members = len(scales)
        # float64 products of a fixed number of rows: a row scores the same alone and in a batch, see `weighted_sums`
        wide = scales.astype(np.float64).T[:, :, None] * weights[0].astype(np.float64)[:, None, :]
        self.first = np.ascontiguousarray(wide.reshape(len(weights[0]), -1))
        self.hidden = [w.astype(np.float64) for w in self.weights[1:]]
        self.steps = [b.astype(np.float64).ravel() for b in self.biases]
        self.last = head.astype(np.float64).reshape(-1, head.shape[2]) / self.n_members
        self.last_step = head_bias.astype(np.float64).mean(axis=0)

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        chunks = [self._chunk(matrix[i : i + CHUNK_ROWS]) for i in range(0, max(len(matrix), 1), CHUNK_ROWS)]
        return np.concatenate(chunks)

    def _chunk(self, matrix: np.ndarray) -> np.ndarray:
        signal = silu(weighted_sums(self.inputs(matrix), self.first, BLOCK) + self.steps[0])
        for weight, step in zip(self.hidden, self.steps[1:]):
            apart = signal.reshape(-1, len(weight))
            signal = silu(weighted_sums(apart, weight, BLOCK).reshape(len(matrix), len(step)) + step)
        return self.outcome(weighted_sums(signal, self.last, BLOCK) + self.last_step)

    def row_of(self, source: RowSource) -> Callable[[], list[float]]:
        """Products of one row, which BLAS adds up in another order than those of a block; levels folded together.

        Weights and biases are halved, so that a unit's ``silu(2 h)`` is ``h + h × tanh(h)``: two operations less.
        """
        shared, scales = 0.5 * self.weights[0].astype(np.float64), self.scales.astype(np.float64)
        first = Folded(source, self.inputs, shared, scales).several(0.5 * self.steps[0])
        hidden = [(0.5 * weight, 0.5 * step) for weight, step in zip(self.hidden, self.steps[1:])]
        last, last_step = np.ascontiguousarray(self.last.T), self.last_step
        outcome, n_members = self.outcome, self.n_members
        gates = [np.empty(len(step)) for step in self.steps]
        sums = [np.empty((n_members, weight.shape[1])) for weight in self.hidden]
        offset, spread = outcome.offset, outcome.spread

        def activate(half: np.ndarray, gate: np.ndarray) -> None:
            np.tanh(half, out=gate)
            np.multiply(half, gate, out=gate)
            np.add(half, gate, out=half)

        def one() -> list[float]:
            signal = first()
            activate(signal, gates[0])
            for (weight, step), out, gate in zip(hidden, sums, gates[1:]):
                np.dot(signal.reshape(n_members, -1), weight, out=out)
                signal = out.reshape(-1)
                np.add(signal, step, out=signal)
                activate(signal, gate)
            outputs = np.dot(last, signal) + last_step
            if not outcome.n_classes:
                return [min(max(offset + spread * outputs.item(), outcome.low), outcome.high)]
            return two_of(outputs.item()) if len(outputs) == 1 else probabilities(outputs[None, :])[0].tolist()

        return one

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.npz"
        layers = {f"w{i}": w for i, w in enumerate(self.weights)} | {f"b{i}": b for i, b in enumerate(self.biases)}
        o = self.outcome
        own = {"scales": self.scales, "head": self.head, "head_bias": self.head_bias}
        target = np.array([o.offset, o.spread, o.low, o.high]) if not o.n_classes else np.array([0.0, 1.0, 0.0, 1.0])
        write_arrays(folder, name, {**layers, **own, "target": target, **self.inputs.arrays()})
        return {"scorer": self.scorer, "files": [name], "n_classes": o.n_classes, "layers": len(self.weights)}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> NetworkScorer:
        n_classes, n_layers = classes_in(settings), settings.get("layers")
        if not isinstance(n_layers, int) or isinstance(n_layers, bool) or not 1 <= n_layers <= MAX_LAYERS:
            refuse(f"it states {n_layers!r} layers")
        expected = {"target": ("f", 1), "centre": ("f", 1), "factor": ("f", 1), "slope": ("f", 1), "offset": ("f", 1)}
        expected |= {"feature": ("i", 1), "scales": ("f", 2), "head": ("f", 3), "head_bias": ("f", 2)}
        for i in range(n_layers):
            expected |= {f"w{i}": ("f", 2), f"b{i}": ("f", 2)}
        arrays = read_arrays(settings, folder, expected)
        real = {name: finite(name, array) for name, array in arrays.items() if name != "feature"}
        inputs = Ramps.build(arrays)
        _check_shapes(real, n_layers, inputs.width, n_classes if n_classes > 2 else 1)
        target = [float(x) for x in real["target"]]
        outcome = Outcome(n_classes) if n_classes else Outcome(0, *target)
        weights, biases = ([real[f"{kind}{i}"] for i in range(n_layers)] for kind in "wb")
        return cls(inputs, real["scales"], weights, biases, real["head"], real["head_bias"], outcome)


def _check_shapes(arrays: Mapping[str, np.ndarray], n_layers: int, width: int, n_outputs: int) -> None:
    """Refuse arrays that do not fit each other."""
    require(len(arrays["target"]) == 4, "'target' does not hold four numbers")
    n_members = len(arrays["scales"])
    require(1 <= n_members <= MAX_MEMBERS, f"it has {n_members} members")
    require(arrays["scales"].shape[1] == width, "'scales' does not fit the inputs")
    for i in range(n_layers):
        weight, bias = arrays[f"w{i}"], arrays[f"b{i}"]
        require(len(weight) == width, f"'w{i}' does not fit the layer before")
        width = weight.shape[1]
        require(bias.shape == (n_members, width), f"'w{i}' and 'b{i}' do not fit")
    require(arrays["head"].shape == (n_members, width, n_outputs), "'head' does not fit the last layer")
    require(arrays["head_bias"].shape == (n_members, n_outputs), "'head_bias' does not fit the classes")
