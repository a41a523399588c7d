"""Multi-layer perceptrons with rectified units."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from modelwright.runtime.origins import RowSource
from modelwright.runtime.scorers.checking import classes_in, finite, read_arrays, refuse, require, write_arrays
from modelwright.runtime.scorers.folded import Folded
from modelwright.runtime.scorers.linear import probabilities, two_of, weighted_sums
from modelwright.runtime.scorers.scaling import Scaling

__all__ = ["MlpScorer"]

MAX_LAYERS = 16
CHUNK_ROWS = 8192
"""Rows at a time: the hidden activations of 256 units then take 16 MB."""


class MlpScorer:
    """A perceptron.

    Parameters
    ----------
    weights : sequence of ndarray, shapes (n_features, h₁), (h₁, h₂), …, (hₘ, n_logits)
    biases : sequence of ndarray
    offset, spread : float
        Values are ``offset + spread × output``; unused for classes.
    """

    scorer: ClassVar[str] = "mlp"

    def __init__(
        self,
        scaling: Scaling,
        weights: Sequence[np.ndarray],
        biases: Sequence[np.ndarray],
        n_classes: int,
        offset: float = 0.0,
        spread: float = 1.0,
    ) -> None:
        self.scaling, self.weights, self.biases = scaling, tuple(weights), tuple(biases)
        self.n_classes, self.offset, self.spread = n_classes, offset, spread
        # float64 products of a fixed number of rows: a row scores the same alone and in a batch, see `weighted_sums`
        self._layers = [(w.astype(np.float64), b.astype(np.float64)) for w, b in zip(weights, biases)]

    def predict(self, matrix: np.ndarray, *, threads: int = 1) -> np.ndarray:
        chunks = [self._chunk(matrix[i : i + CHUNK_ROWS]) for i in range(0, max(len(matrix), 1), CHUNK_ROWS)]
        return np.concatenate(chunks)

    def _chunk(self, matrix: np.ndarray) -> np.ndarray:
        signal = self.scaling(matrix)
        for weight, bias in self._layers[:-1]:
            signal = weighted_sums(signal, weight) + bias
            np.maximum(signal, 0.0, out=signal)
        weight, bias = self._layers[-1]
        logits = weighted_sums(signal, weight) + bias
        return probabilities(logits) if self.n_classes else self.offset + self.spread * logits

    def row_of(self, source: RowSource) -> Callable[[], list[float]]:
        """Products of one row, which BLAS adds up in another order than those of a block; levels folded together."""
        weight, bias = self._layers[0]
        first = Folded(source, self.scaling, weight).several(bias)
        layers = [(np.ascontiguousarray(w.T), b, np.empty(len(b))) for w, b in self._layers[1:]]
        n_classes, offset, spread = self.n_classes, self.offset, self.spread

        def one() -> list[float]:
            signal = first()
            for weight, bias, out in layers:
                np.maximum(signal, 0.0, out=signal)
                np.dot(weight, signal, out=out)
                signal = np.add(out, bias, out=out)
            if not n_classes:
                return [offset + spread * signal.item()]
            return two_of(signal.item()) if len(signal) == 1 else probabilities(signal[None, :])[0].tolist()

        return one

    def save(self, folder: Path, stem: str) -> dict[str, Any]:
        name = f"{stem}.npz"
        layers = {f"w{i}": w for i, w in enumerate(self.weights)} | {f"b{i}": b for i, b in enumerate(self.biases)}
        target = np.array([self.offset, self.spread])
        write_arrays(folder, name, {**layers, "target": target, **self.scaling.arrays()})
        return {"scorer": self.scorer, "files": [name], "n_classes": self.n_classes, "layers": len(self.weights)}

    @classmethod
    def load(cls, settings: Mapping[str, Any], folder: Path) -> MlpScorer:
        n_classes, n_layers = classes_in(settings), settings.get("layers")
        if not isinstance(n_layers, int) or not 1 <= n_layers <= MAX_LAYERS:
            refuse(f"it states {n_layers!r} layers")
        expected = {"target": ("f", 1), "centre": ("f", 1), "factor": ("f", 1)}
        for i in range(n_layers):
            expected |= {f"w{i}": ("f", 2), f"b{i}": ("f", 1)}
        arrays = read_arrays(settings, folder, expected)
        weights = [finite(f"w{i}", arrays[f"w{i}"]) for i in range(n_layers)]
        biases = [finite(f"b{i}", arrays[f"b{i}"]) for i in range(n_layers)]
        for i, (weight, bias) in enumerate(zip(weights, biases)):
            require(weight.shape[1] == len(bias), f"'w{i}' and 'b{i}' do not fit")
            require(i == 0 or weights[i - 1].shape[1] == len(weight), f"'w{i}' does not fit the layer before")
        require(len(biases[-1]) == (n_classes if n_classes > 2 else 1), "the last layer does not fit the classes")
        target = finite("target", arrays["target"])
        require(len(target) == 2, "'target' does not hold two numbers")
        scaling = Scaling.build(arrays, len(weights[0]), smooth=True)
        return cls(scaling, weights, biases, n_classes, float(target[0]), float(target[1]))
