"""What a model on a page answers: canonical columns in, probabilities or values out. Needs numpy only."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from modelwright.data.columns import Column, Columns, Strings
from modelwright.explain.simple.documents import Cell, Node, Part, SimpleModel

__all__ = ["LINKS", "cell_of", "predict_simple", "totals"]

LARGEST_LOG = 700.0
"""Beyond, the exponential is none that float64 holds."""


def _logistic(sums: np.ndarray) -> np.ndarray:
    event = 1.0 / (1.0 + np.exp(-np.clip(sums[:, 0], -LARGEST_LOG, LARGEST_LOG)))
    return np.column_stack([1.0 - event, event])


def _softmax(sums: np.ndarray) -> np.ndarray:
    powers: np.ndarray = np.exp(sums - sums.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


LINKS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "identity": lambda sums: sums,
    "logistic": _logistic,
    "softmax": _softmax,
    "log": lambda sums: np.exp(np.clip(sums, -LARGEST_LOG, LARGEST_LOG)),
}
"""From sums, shape ``(n_rows, n_sums)``, to ``(n_rows, n_outputs)``."""


def predict_simple(model: SimpleModel, columns: Columns) -> np.ndarray:
    """Return predictions, float64 of shape ``(n_rows, n_outputs)``: class probabilities or values."""
    if model.form == "tree":
        return _answer_of_tree(model.nodes, columns)
    return LINKS[model.link](np.array(model.base) + model.unit * totals(model, columns))


def totals(model: SimpleModel, columns: Columns) -> np.ndarray:
    """Return what the parts add up to, shape ``(n_rows, n_sums)``: points, for a points table."""
    n = len(next(iter(columns.values())))
    total = np.zeros((n, len(model.base)))
    for part in model.parts:
        column = columns[part.column]
        if part.slope:
            assert not isinstance(column, Strings)
            value = np.clip(np.where(np.isfinite(column), column, part.middle), part.low, part.high)
            total += value[:, None] * np.array(part.slope)
        else:
            total += np.array([cell.adds for cell in part.cells])[cell_of(part, column)]
    return total


def cell_of(part: Part, column: Column) -> np.ndarray:
    """Return the position of the cell that each value lies in."""
    missing = next((i for i, c in enumerate(part.cells) if c.missing), 0)
    if isinstance(column, Strings):
        return _cell_of_levels(part.cells, column, missing)
    numbered = [i for i, c in enumerate(part.cells) if _takes_numbers(c)]
    edges = [low for i in numbered[1:] if (low := part.cells[i].low) is not None]
    places = np.array(numbered)[np.searchsorted(edges, column, side="right")]
    return np.where(np.isfinite(column), places, missing)


def _takes_numbers(cell: Cell) -> bool:
    return cell.low is not None or cell.high is not None or cell.rest


def _cell_of_levels(cells: tuple[Cell, ...], column: Strings, missing: int) -> np.ndarray:
    rest = next((i for i, c in enumerate(cells) if c.rest), missing)
    places = column.recode({level: i for i, c in enumerate(cells) for level in c.levels}, rest)
    return np.where(column.codes < 0, missing, places)


def _answer_of_tree(nodes: tuple[Node, ...], columns: Columns) -> np.ndarray:
    n = len(next(iter(columns.values())))
    found = np.empty((n, len(next(node.value for node in nodes if node.value))))
    waiting = [(0, np.arange(n))]
    while waiting:
        place, rows = waiting.pop()
        node = nodes[place]
        if node.value:
            found[rows] = node.value
            continue
        yes = _says_yes(node, columns[node.column])[rows]
        waiting += [(node.yes, rows[yes]), (node.no, rows[~yes])]
    return found


def _says_yes(node: Node, column: Column) -> np.ndarray:
    if isinstance(column, Strings):
        answers = column.recode(dict.fromkeys(node.levels, 1), 0) == 1
        return np.where(column.codes < 0, node.missing, answers)
    if node.below is None:
        return ~np.isfinite(column)
    return np.where(np.isfinite(column), column < node.below, node.missing)
