"""The slow, obvious twin: Shapley values of one row from the answer for every set of its columns."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from math import factorial

import numpy as np

from modelwright.data.columns import Columns, take
from modelwright.runtime.shapley.mixed import side_by_side


def shapley(answer: Callable[[Columns], np.ndarray], reference: Columns, row: Columns) -> np.ndarray:
    """Return effects, shape ``(n_columns, n_outputs)``."""
    own, base = side_by_side(reference, row)
    names = list(own)
    known = {}
    for k in range(len(names) + 1):
        for chosen in combinations(range(len(names)), k):
            known[frozenset(chosen)] = answer({n: (own if j in chosen else base)[n] for j, n in enumerate(names)})[0]
    effects = np.zeros((len(names), len(known[frozenset()])))
    for without, before in known.items():
        weight = 0 if len(without) == len(names) else factorial(len(without)) * factorial(len(names) - len(without) - 1)
        for j in set(range(len(names))) - without:
            effects[j] += weight * (known[without | {j}] - before)
    return effects / factorial(len(names))


def each_row(answer: Callable[[Columns], np.ndarray], reference: Columns, rows: Columns, n: int) -> np.ndarray:
    """Return effects of the first rows, shape ``(n, n_columns, n_outputs)``."""
    return np.array([shapley(answer, reference, take(rows, np.array([i]))) for i in range(n)])
