"""Uniform random samples of rows, from a table and from a stream of unknown length."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["Reservoir", "sample_rows"]


def sample_rows(n_rows: int, n_wanted: int, rng: np.random.Generator) -> np.ndarray:
    """Return ``min(n_rows, n_wanted)`` different row positions, ascending, every row equally likely."""
    if n_wanted >= n_rows:
        return np.arange(n_rows)
    return np.sort(rng.choice(n_rows, size=max(n_wanted, 0), replace=False))


class Reservoir:
    """A uniform sample without replacement of the rows of a stream.

    Every row draws a random key and the ``n_wanted`` smallest keys stay (weighted reservoir sampling A-ES with equal
    weights, Efraimidis & Spirakis 2006); at most about twice as many rows are held at any time.
    """

    def __init__(self, n_wanted: int, seed: int) -> None:
        self.n_wanted = max(n_wanted, 1)
        self.n_seen = 0
        self._rng = np.random.default_rng(seed)
        self._threshold = 1.0
        self._parts: list[pa.Table] = []
        self._keys: list[np.ndarray] = []
        self._positions: list[np.ndarray] = []
        self._held = 0

    def add(self, table: pa.Table) -> None:
        """Offer the next rows of the stream."""
        keys = self._rng.random(table.num_rows)
        chosen = np.flatnonzero(keys < self._threshold)
        self._parts.append(table if len(chosen) == len(keys) else table.take(chosen))
        self._keys.append(keys[chosen])
        self._positions.append(chosen + self.n_seen)
        self.n_seen += table.num_rows
        self._held += len(chosen)
        if self._held > 2 * self.n_wanted:
            self._shrink()

    def _shrink(self) -> None:
        import pyarrow as pa

        keys, positions = np.concatenate(self._keys), np.concatenate(self._positions)
        if len(keys) > self.n_wanted:
            kept = np.sort(np.argpartition(keys, self.n_wanted)[: self.n_wanted])
            table = pa.concat_tables(self._parts).take(kept)
            keys, positions = keys[kept], positions[kept]
            self._threshold = float(keys.max())
        else:
            table = pa.concat_tables(self._parts)
        self._parts, self._keys, self._positions, self._held = [table], [keys], [positions], len(keys)

    def result(self) -> pa.Table:
        """Return the sample in the order of the stream; call once, after at least one `add`."""
        self._shrink()
        return self._parts[0]
