"""Points tables and short equations: a few columns, each adding something, and nothing between them.

Columns are chosen one after the other by least squares, all on one matrix of products, which is quick and exact; what
they add is then fitted together on the scale of the link, with a ridge (Hoerl and Kennard 1970), and rounded. The
rounded model is what is judged and shown: a table that is read must be the model (Ustun and Rudin 2019).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from modelwright.data.columns import Strings
from modelwright.data.contract import Kind
from modelwright.explain.simple.cells import make_cells
from modelwright.explain.simple.documents import Part, SimpleModel
from modelwright.explain.simple.rows import Fit
from modelwright.explain.simple.scoring import LINKS, cell_of, totals

__all__ = ["SIZES", "fit_additive"]

SIZES = (2, 4, 7, 10)
"""Columns of the models that are compared; ten with five cells each fill a page."""

MOST_POINTS = 10
"""From the lowest to the highest cell of the column that matters most."""

RIDGE = 1.0
"""Squared effects count as this many squared errors of standard size, as scikit-learn's default does."""

EDGE_SHARE, EDGE_REACH = 0.01, 0.5
"""A straight line goes on beyond these quantiles by so many times the distance between them, and no further than
training went; then it stays level, so that a few huge values do not lead it."""

MOST_STEPS = 40
"""Of the fit of several classes: where one column tells some of them for sure, effects grow for ever."""

SLOPE_DIGITS = 3
CELL_DECIMALS = 2
"""Of what levels do to log odds and logarithms: a hundredth is a percent."""
VALUE_STEP = 0.02
"""Values are rounded to a power of ten below this part of the target's standard deviation."""

PERCENT = 0.01
"""Step of effects on a logarithm: they multiply the value, and are told in percent."""

SIGNIFICANT = 4.0
"""Times the squared error that a column of pure chance takes away, which each further column must: two standard
errors for each number fitted."""


@dataclass(frozen=True, eq=False)
class _Block:
    """A column as it goes in: its part without effects, and its columns of the matrix, shape (n_rows, m)."""

    part: Part
    matrix: np.ndarray
    scale: float = 1.0


def fit_additive(form: str, fit: Fit, sizes: Sequence[int] = SIZES) -> list[SimpleModel]:
    """Return models with more and more columns, one for each size, the last again where columns end."""
    blocks = [b for name in fit.names if (b := _block(form, fit, name)) is not None]
    order = _chosen(blocks, fit.signal, max(sizes))
    if not order:
        return []
    wanted = [min(size, len(order)) for size in sizes]
    made = {size: _fitted(form, fit, [blocks[i] for i in order[:size]]) for size in sorted(set(wanted))}
    return [made[size] for size in wanted]


def _block(form: str, fit: Fit, name: str) -> _Block | None:
    column, kind = fit.columns[name], fit.contract[name].kind
    if form == "linear" and not isinstance(column, Strings) and kind is not Kind.BOOLEAN:
        return _line(name, kind, column)
    cells = make_cells(column, kind, fit.signal)
    if len(cells) < 2:
        return None
    part = Part(column=name, kind=kind.value, cells=cells)
    return _Block(part, np.eye(len(cells))[cell_of(part, column)])


def _line(name: str, kind: Kind, column: np.ndarray) -> _Block | None:
    known = column[~np.isnan(column)]
    if not len(known):
        return None
    low, middle, high = (float(q) for q in np.quantile(known, [EDGE_SHARE, 0.5, 1 - EDGE_SHARE]))
    reach = EDGE_REACH * (high - low)
    low, high = max(float(known.min()), low - reach), min(float(known.max()), high + reach)
    values = np.clip(np.where(np.isnan(column), middle, column), low, high)
    spread = float(values.std())
    if spread == 0 or not math.isfinite(spread):
        return None
    part = Part(column=name, kind=kind.value, slope=(0.0,), middle=middle, low=low, high=high)
    return _Block(part, (values[:, None] - values.mean()) / spread, spread)


# --- choosing -----------------------------------------------------------------------------------------------------


def _chosen(blocks: Sequence[_Block], signal: np.ndarray, most: int) -> list[int]:
    """Return positions of blocks, each the one that takes away most of the squared error that is left."""
    if not blocks:
        return []
    x = np.hstack([b.matrix for b in blocks])
    x = x - x.mean(axis=0)
    y = signal - signal.mean(axis=0)
    products, towards = x.T @ x + RIDGE * np.eye(x.shape[1]), x.T @ y
    ends = np.cumsum([b.matrix.shape[1] for b in blocks])
    spans = [np.arange(end - b.matrix.shape[1], end) for end, b in zip(ends, blocks, strict=True)]
    whole, removed, inside = float((y**2).sum()), 0.0, np.array([], int)
    order: list[int] = []
    while len(order) < min(most, len(blocks)):
        free = [i for i in range(len(blocks)) if i not in order]
        tried = {i: _removed(products, towards, np.concatenate([inside, spans[i]])) for i in free}
        best = max(tried, key=lambda i: tried[i])
        rest = max(whole - tried[best], 0.0) / max(len(y), 1)
        if tried[best] - removed < SIGNIFICANT * rest * len(spans[best]) and order:
            break
        order.append(best)
        removed, inside = tried[best], np.concatenate([inside, spans[best]])
    return order


def _removed(products: np.ndarray, towards: np.ndarray, inside: np.ndarray) -> float:
    """Return the squared error that a ridge of some columns of the matrix takes away."""
    right = towards[inside]
    return float((right * np.linalg.solve(products[np.ix_(inside, inside)], right)).sum())


# --- fitting ------------------------------------------------------------------------------------------------------


def _fitted(form: str, fit: Fit, blocks: Sequence[_Block]) -> SimpleModel:
    x = np.hstack([b.matrix for b in blocks])
    base, effects = _solved(fit, x)
    parts = []
    place = 0
    for b in blocks:
        own = effects[place : place + b.matrix.shape[1]]
        place += b.matrix.shape[1]
        parts.append(_with_effects(b, own))
    model = SimpleModel(
        form=form, link=fit.link, target=fit.target, classes=fit.classes, base=tuple(base), parts=tuple(parts)
    )
    return _rounded_line(model, fit) if form == "linear" else _rounded_points(model, fit)


def _solved(fit: Fit, x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return base, shape (n_sums,), and effects, shape (n_columns, n_sums), by the link's own regression."""
    from sklearn.linear_model import LogisticRegression, PoissonRegressor, Ridge

    if fit.link == "identity":
        ridge = Ridge(alpha=RIDGE).fit(x, fit.y / fit.scale)
        return np.array([ridge.intercept_ * fit.scale]), ridge.coef_[:, None] * fit.scale
    if fit.link == "log":
        size = float(fit.y.mean()) or 1.0
        poisson = PoissonRegressor(alpha=RIDGE / len(x), solver="newton-cholesky").fit(x, fit.y / size)
        return np.array([poisson.intercept_ + math.log(size)]), poisson.coef_[:, None]
    n_sums = 1 if fit.link == "logistic" else len(fit.classes)
    seen = np.unique(fit.y).astype(int)
    base, effects = np.full(n_sums, -math.log(len(x) + 1.0)), np.zeros((x.shape[1], n_sums))
    if len(seen) < 2:
        base[-1 if n_sums == 1 else seen] = math.log(len(x) + 1.0) * (1 if seen[0] or n_sums > 1 else -1)
        return base, effects
    how: dict[str, Any] = {"solver": "newton-cholesky"} if n_sums == 1 else {"max_iter": MOST_STEPS}
    logistic = LogisticRegression(C=1.0 / RIDGE, **how).fit(x, fit.y)
    if n_sums == 1:
        return logistic.intercept_, logistic.coef_.T
    if len(seen) == 2:  # two of more classes: one log odds, half for each
        logistic.coef_ = np.vstack([-logistic.coef_, logistic.coef_]) / 2
        logistic.intercept_ = np.concatenate([-logistic.intercept_, logistic.intercept_]) / 2
    base[seen], effects[:, seen] = logistic.intercept_, logistic.coef_.T
    return base, effects


def _with_effects(block: _Block, effects: np.ndarray) -> Part:
    if block.part.slope:
        return replace(block.part, slope=tuple(float(e) / block.scale for e in effects[0]))
    cells = tuple(replace(c, adds=tuple(map(float, e))) for c, e in zip(block.part.cells, effects, strict=True))
    return replace(block.part, cells=cells)


# --- rounding -----------------------------------------------------------------------------------------------------


def _rounded_line(model: SimpleModel, fit: Fit) -> SimpleModel:
    """Return the model with short numbers, levels told against the commonest, and the base that goes with them."""
    parts = []
    for part in model.parts:
        if part.slope:
            parts.append(replace(part, slope=tuple(_short(s) for s in part.slope)))
            continue
        sizes = np.bincount(cell_of(part, fit.columns[part.column]), minlength=len(part.cells))
        against = np.array(part.cells[int(np.argmax(sizes))].adds)
        parts.append(_recelled(part, lambda e, a=against: tuple(_rounded(v, fit.link) for v in e - a)))  # type: ignore[misc]
    return _rebased(replace(model, parts=tuple(parts)), fit)


def _rounded_points(model: SimpleModel, fit: Fit) -> SimpleModel:
    """Return the model with whole points, and the base and unit that go with them."""
    effects = [np.array([c.adds for c in p.cells]) for p in model.parts]
    if fit.link == "softmax":
        effects = [e - e.mean(axis=1, keepdims=True) for e in effects]
    if fit.link == "logistic":
        zeros = [e.min(axis=0) for e in effects]
    else:
        zeros = [e[cell_of(p, fit.columns[p.column])].mean(axis=0) for e, p in zip(effects, model.parts, strict=True)]
    effects = [e - zero for e, zero in zip(effects, zeros, strict=True)]
    unit = _unit(fit, effects)
    parts = []
    for part, own in zip(model.parts, effects, strict=True):
        points = np.round(own / unit) + 0.0
        cells = tuple(replace(c, adds=tuple(map(float, e))) for c, e in zip(part.cells, points, strict=True))
        parts.append(replace(part, cells=cells))
    return _rebased(replace(model, parts=tuple(parts), unit=unit), fit)


def _unit(fit: Fit, effects: Sequence[np.ndarray]) -> float:
    """Return what one point is worth."""
    if fit.link == "log":
        return PERCENT
    if fit.link == "identity":
        return float(10.0 ** math.floor(math.log10(VALUE_STEP * fit.scale)))
    largest = max((float(e.max() - e.min()) for e in effects), default=0.0)
    return largest / MOST_POINTS if largest > 0 else 1.0


def _recelled(part: Part, change) -> Part:  # type: ignore[no-untyped-def]
    return replace(part, cells=tuple(replace(c, adds=change(np.array(c.adds))) for c in part.cells))


def _rebased(model: SimpleModel, fit: Fit) -> SimpleModel:
    """Return the model with the base, and for a points table of two classes the unit, that suit the rounded effects."""
    total = model.unit * totals(model, fit.columns)
    if fit.link == "identity":
        step = _unit(fit, ()) if model.form == "points" else None
        base = float((fit.y - total[:, 0]).mean())
        return replace(model, base=(round(base / step) * step if step else _short(base, 5),))
    if fit.link == "log":
        return replace(model, base=(math.log(max(float(fit.y.mean()), 1e-300) / float(np.exp(total[:, 0]).mean())),))
    if fit.link == "logistic" and len(np.unique(fit.y)) == 2 and total.std() > 0:
        if model.form == "points":
            from sklearn.linear_model import LogisticRegression

            again = LogisticRegression(C=1e6, solver="newton-cholesky").fit(total, fit.y)
            if (factor := float(again.coef_[0, 0])) > 0:
                return replace(model, base=(float(again.intercept_[0]),), unit=model.unit * factor)
        return replace(model, base=(_shift(total[:, 0], float((fit.y == 1).mean())),))
    zeros = np.zeros(len(model.base)) if not model.parts else _moved(model, fit)
    return replace(model, base=tuple(map(float, zeros)))


def _shift(sums: np.ndarray, share: float) -> float:
    """Return what added to log odds makes their mean chance this share, by bisection."""
    low, high = -50.0, 50.0
    for _ in range(60):
        middle = (low + high) / 2
        mean = float(LINKS["logistic"](sums[:, None] + middle)[:, 1].mean())
        low, high = (middle, high) if mean < share else (low, middle)
    return round((low + high) / 2, SLOPE_DIGITS)


def _moved(model: SimpleModel, fit: Fit) -> np.ndarray:
    """Return the base of several classes with which each is predicted as often as it is, by iterative scaling."""
    shares = np.maximum(np.bincount(fit.y.astype(int), minlength=len(fit.classes)), 0.5) / len(fit.y)
    base = np.array(model.base)
    total = model.unit * totals(model, fit.columns)
    for _ in range(30):
        base = base + np.log(shares / np.maximum(LINKS["softmax"](base + total).mean(axis=0), 1e-12))
    return np.round(base - base.mean(), SLOPE_DIGITS)


def _rounded(value: float, link: str) -> float:
    return _short(value) if link == "identity" else round(float(value), CELL_DECIMALS) + 0.0


def _short(value: float, digits: int = SLOPE_DIGITS) -> float:
    return float(f"{value:.{digits - 1}e}")
