"""Small trees: a few questions, one after the other, and what is predicted where they end."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.data.columns import Strings
from modelwright.data.contract import Kind
from modelwright.explain.simple.cells import (
    LEAST_ROWS,
    LEAST_SHARE,
    edge_between,
    edge_texts,
    level_order,
    levels_text,
)
from modelwright.explain.simple.documents import Node, SimpleModel
from modelwright.explain.simple.rows import Fit

__all__ = ["DEPTHS", "fit_trees"]

DEPTHS = (2, 3, 4)
"""Questions to an answer; sixteen ends fill a page."""

VALUE_DIGITS = 4


@dataclass(frozen=True, eq=False)
class _Asked:
    """A column in ranks: of its ``distinct`` values, or ``places`` of its levels by what they go with; trees take them
    for numbers of 32 bits, which long numbers are not."""

    name: str
    kind: Kind
    values: np.ndarray
    distinct: np.ndarray
    places: dict[str, float] | None = None
    rest: float = 0.0


def fit_trees(fit: Fit, depths: Sequence[int] = DEPTHS) -> list[SimpleModel]:
    """Return trees of growing depth."""
    from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

    asked = [_asked(fit, name) for name in fit.names]
    if not asked:
        return []
    matrix = np.column_stack([a.values for a in asked])
    least = max(LEAST_ROWS, math.ceil(LEAST_SHARE * len(matrix)))
    grow = DecisionTreeClassifier if fit.classes else DecisionTreeRegressor
    scale = 1.0 if fit.classes else fit.scale
    models = []
    for depth in depths:
        made = grow(max_depth=depth, min_samples_leaf=least, random_state=0).fit(matrix, fit.y / scale)
        classes = made.classes_.astype(int) if fit.classes else None
        models.append(
            SimpleModel(
                form="tree",
                link="identity",
                target=fit.target,
                classes=fit.classes,
                nodes=_nodes(made.tree_, asked, classes, fit, scale),
            )
        )
    return models


def _asked(fit: Fit, name: str) -> _Asked:
    column, kind = fit.columns[name], fit.contract[name].kind
    if not isinstance(column, Strings):
        known = ~np.isnan(column)
        ranks = np.full(len(column), np.nan)
        distinct, ranks[known] = np.unique(column[known], return_inverse=True)
        return _Asked(name, kind, ranks, distinct)
    means, rows, overall = level_order(column, fit.signal)
    told = rows >= max(LEAST_ROWS, LEAST_SHARE * LEAST_SHARE * len(column))
    ranks = np.unique(np.append(means[told], overall), return_inverse=True)[1].astype(float)
    rest = float(ranks[-1])
    places = {str(column.levels[i]): float(r) for i, r in zip(np.flatnonzero(told), ranks[:-1], strict=True)}
    table = np.array([places.get(str(level), rest) for level in column.levels] + [np.nan])
    return _Asked(name, kind, table[column.codes], np.empty(0), places, rest)


def _nodes(tree: Any, asked: Sequence[_Asked], classes: np.ndarray | None, fit: Fit, scale: float) -> tuple[Node, ...]:
    n = float(tree.n_node_samples[0])
    nodes = []
    for i in range(tree.node_count):
        share = float(tree.n_node_samples[i]) / n
        if tree.children_left[i] < 0:
            value = _value(tree.value[i, 0] * scale, int(tree.n_node_samples[i]), classes, len(fit.classes))
            nodes.append(Node(value=value, share=share))
            continue
        nodes.append(_question(tree, i, asked[int(tree.feature[i])], share))
    return tuple(nodes)


def _value(found: np.ndarray, n: int, classes: np.ndarray | None, n_classes: int) -> tuple[float, ...]:
    """Return the mean of the rows, or the shares of classes with one more row of even shares."""
    if classes is None:
        return (float(f"{float(found[0]):.{VALUE_DIGITS - 1}e}"),)
    shares = np.zeros(n_classes)
    shares[classes] = found / max(float(found.sum()), 1e-300)
    shares = (shares * n + 1.0 / n_classes) / (n + 1.0)
    return tuple(map(float, shares))


def _question(tree: Any, i: int, a: _Asked, share: float) -> Node:
    threshold, left, right = float(tree.threshold[i]), int(tree.children_left[i]), int(tree.children_right[i])
    missing_left = bool(tree.missing_go_to_left[i])
    if a.places is None:
        if not 0 <= threshold < len(a.distinct) - 1:  # all that is known goes one way: missing or not is asked
            return _whether_missing(a, share, missing_left, left, right)
        below = edge_between(a.distinct, int(threshold), a.kind)
        return Node(
            share=share, column=a.name, kind=a.kind.value, text=_number_text(a, below, missing_left), below=below,
            missing=missing_left, yes=left, no=right,
        )  # fmt: skip
    low = [level for level, place in a.places.items() if place <= threshold]
    high = [level for level, place in a.places.items() if place > threshold]
    listed_left = a.rest > threshold
    levels = low if listed_left else high
    missing = missing_left == listed_left
    told = levels_text(levels) if levels else ""
    told = " or ".join(t for t in (told, "missing" if missing else "") if t) or "no value"
    yes, no = (left, right) if listed_left else (right, left)
    return Node(
        share=share, column=a.name, kind=a.kind.value, text=f"{a.name} is {told}", levels=tuple(levels),
        missing=missing, yes=yes, no=no,
    )  # fmt: skip


def _whether_missing(a: _Asked, share: float, missing_left: bool, left: int, right: int) -> Node:
    yes, no = (left, right) if missing_left else (right, left)
    return Node(
        share=share, column=a.name, kind=a.kind.value, text=f"{a.name} is missing", missing=True,
        yes=yes, no=no,
    )  # fmt: skip


def _number_text(a: _Asked, below: float, missing: bool) -> str:
    more = " or missing" if missing and np.isnan(a.values).any() else ""
    if a.kind is Kind.BOOLEAN:
        return f"{a.name} is no{more}"
    under = "before" if a.kind is Kind.DATETIME else "under"
    return f"{a.name} {under} {edge_texts([below], a.kind)[0]}{more}"
