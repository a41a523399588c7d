"""Which columns work together: Friedman's H between the first ones, in the unit of the prediction.

The partial dependence on two columns together, less that on each alone, is what they do only together; its spread over
the rows, as a part of the spread of all predictions, is the strength (Friedman and Popescu 2008, unnormalised as
Inglis, Parnell and Hurley 2022 advise: a ratio of two small effects says nothing).
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np

from modelwright.data.columns import Columns, n_rows, take
from modelwright.data.sampling import sample_rows
from modelwright.explain.reasons import Interaction
from modelwright.explain.sampling import Prober, repeat

__all__ = ["measure_interactions"]

ROWS = 40
"""Rows whose values are set, and rows that they are set in: 1,600 predictions for each pair."""

STRONG = 0.05
"""Of the spread of all predictions; pairs below it, a quarter of a percent of the variance, are not told."""


def measure_interactions(
    prober: Prober, columns: Sequence[str], output: int, *, spread: float, rng: np.random.Generator
) -> tuple[Interaction, ...]:
    """Return the pairs of columns that work together, the strongest first, as far as time allows.

    ``spread`` is the standard deviation of the predictions, which says what a strong one is.
    """
    rows = sample_rows(n_rows(prober.base), ROWS, rng)
    asking = _Asking(prober, take(prober.base, rows), output)
    alone = {name: asking.dependence((name,)) for name in columns}
    found = []
    for a, b in combinations(columns, 2):
        one, other = alone[a], alone[b]
        both = None if one is None or other is None else asking.dependence((a, b))
        if both is None:
            break
        strength = float(np.std(both - one - other)) / spread if spread > 0 else 0.0
        if strength >= STRONG:
            found.append(Interaction(columns=(a, b), strength=strength))
    return tuple(sorted(found, key=lambda i: -i.strength))


class _Asking:
    def __init__(self, prober: Prober, base: Columns, output: int) -> None:
        self._prober, self._base, self._output = prober, base, output
        self._n = n_rows(base)

    def dependence(self, names: tuple[str, ...]) -> np.ndarray | None:
        """Return the centred partial dependence on columns at the values of each row; None where time is up."""
        if self._prober.left <= 0:
            return None
        made = {name: repeat(column, self._n) for name, column in self._base.items()}
        own = np.repeat(np.arange(self._n), self._n)
        for name in names:
            made |= take({name: self._base[name]}, own)
        values = self._prober.predict(made)[:, self._output].reshape(self._n, self._n).mean(axis=1)
        return values - values.mean()
