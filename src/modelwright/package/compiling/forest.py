"""Random forests and extra trees: the mean of trees is the sum of trees with smaller leaves."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from modelwright.package.compiling.trees import MOST_NODES, Tree, model_text
from modelwright.runtime.scorers.forest import ForestScorer
from modelwright.runtime.scorers.lightgbm import LightgbmScorer
from modelwright.runtime.singles import at_most

__all__ = ["compile_scorer"]


def compile_scorer(scorer: ForestScorer, n_features: int) -> LightgbmScorer | None:
    """Return the same model for the tree engine; None where it is too large, or has more than two classes: it would be
    written once for each of them."""
    arrays = scorer.arrays
    if scorer.n_classes > 2 or len(arrays["feature"]) + len(arrays["value"]) > MOST_NODES:
        return None
    text = model_text(_trees(scorer), n_features=n_features, per_round=1, objective="regression")
    return LightgbmScorer(text, scorer.n_classes)


def _trees(scorer: ForestScorer) -> Iterator[Tree]:
    """Yield the trees; each has its splits and its leaves in one piece, one leaf more than splits."""
    arrays = scorer.arrays
    thresholds = at_most(arrays["threshold"])
    values = arrays["value"][:, -1].astype(np.float64) / len(arrays["root"])
    n_leaves = 0
    for start, end in _pieces(arrays["root"], len(thresholds)):
        own = slice(start, end)
        leaves = slice(n_leaves, n_leaves + end - start + 1)
        yield Tree(
            feature=arrays["feature"][own],
            threshold=thresholds[own],
            default_left=arrays["missing_left"][own],
            left=_own(arrays["left"][own], start, leaves.start),
            right=_own(arrays["right"][own], start, leaves.start),
            value=values[leaves],
        )
        n_leaves = leaves.stop


def _pieces(roots: np.ndarray, n_splits: int) -> Iterator[tuple[int, int]]:
    """Yield where the splits of each tree begin and end; a tree that is one leaf has none."""
    ends = [*roots[roots >= 0].tolist()[1:], n_splits]
    known = iter(ends)
    at = 0
    for root in roots.tolist():
        end = next(known) if root >= 0 else at
        yield at, end
        at = end


def _own(child: np.ndarray, first_split: int, first_leaf: int) -> np.ndarray:
    """Return children numbered within their tree."""
    return np.where(child >= 0, child - first_split, child + first_leaf)
