"""Pairs of columns that tell the target together and say little alone.

The search is over tables of two columns and the target on some thousand rows: columns of few values by all their
combinations, numbers of one scale by which of the two is the larger. All pairs of sixty columns take a fraction of a
second.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded
from modelwright.audit.power import PowerSample, power_sample, score_cells
from modelwright.data.columns import Strings

__all__ = ["MAX_LEVELS", "ROWS", "combined", "larger", "telling_pairs"]

ROWS = 4_000
MAX_COLUMNS = 60
MAX_LEVELS = 16
MAX_CELLS = 144
MAX_CANDIDATES = 10
SAME_SCALE = 3.0
MOSTLY_PRESENT = 0.5


def combined(context: AuditContext, a: str, b: str) -> np.ndarray:
    """Return the combination of two columns' values in each row."""
    first, second = coded(context, a), coded(context, b)
    return (first.codes + 1) * (second.n_levels + 1) + second.codes + 1


def larger(context: AuditContext, a: str, b: str) -> np.ndarray:
    """Return which of two numbers is the larger in each row: 1, 0 where equal or unknown, 2."""
    first, second = context.columns[a], context.columns[b]
    return np.where(second > first, 2, np.where(second < first, 1, 0)).astype(np.int64)  # type: ignore[operator]


def telling_pairs(context: AuditContext, names: list[str], least: float) -> list[tuple[str, str, str, float]]:
    """Return pairs that explain ``least`` of the target: both names, how ("together" or "larger") and how much."""
    sample = power_sample(context)
    if sample is None:
        return []
    kept = np.linspace(0, len(sample.rows) - 1, min(ROWS, len(sample.rows))).astype(np.int64)
    some = PowerSample(sample.rows[kept], sample.y[kept], sample.n_classes, sample.folds[kept])
    found = [(a, b, "together", combined(context, a, b)) for a, b in _few_valued(context, names, some, least)]
    found += [(a, b, "larger", larger(context, a, b)) for a, b in _numbers(context, names, some, least)]
    measured = [(a, b, how, score_cells(cells[sample.rows], sample)[0]) for a, b, how, cells in found]
    return [m for m in measured if m[3] >= least]


def _few_valued(context: AuditContext, names: list[str], some: PowerSample, least: float) -> list[tuple[str, str]]:
    few = [n for n in names if 2 <= coded(context, n).n_levels <= MAX_LEVELS][:MAX_COLUMNS]
    codes = {n: coded(context, n).codes[some.rows] + 1 for n in few}
    k = max(1, some.n_classes)
    found = []
    for a, b in combinations(few, 2):
        width = coded(context, b).n_levels + 1
        size = (coded(context, a).n_levels + 1) * width
        if size <= MAX_CELLS:
            told = _told(codes[a] * width + codes[b], size, some.y, k, bool(some.n_classes))
            if told >= least:
                found.append((told, a, b))
    return [(a, b) for _, a, b in sorted(found, reverse=True)[:MAX_CANDIDATES]]


def _told(cells: np.ndarray, size: int, y: np.ndarray, k: int, classes: bool) -> float:
    """Return a quick measure of what cells tell, in sample: kappa of the best class of each, or R²."""
    n = np.bincount(cells, minlength=size)
    if not classes:
        means = np.bincount(cells, weights=y, minlength=size) / np.maximum(n, 1)
        return float((n * np.square(means - y.mean())).sum() / max(1e-300, float(np.square(y - y.mean()).sum())))
    table = np.bincount(cells * k + y, minlength=size * k).reshape(size, k)
    usual = table.sum(axis=0).max()
    return float((table.max(axis=1).sum() - usual) / max(1, len(y) - usual))


def _numbers(context: AuditContext, names: list[str], some: PowerSample, least: float) -> list[tuple[str, str]]:
    """Return pairs of numbers of one scale of which the larger one tells a class of two."""
    if some.n_classes != 2:
        return []
    many = [
        n for n in names if not isinstance(context.columns[n], Strings) and coded(context, n).n_levels > MAX_LEVELS
    ][:MAX_COLUMNS]
    if len(many) < 2:
        return []
    x = np.column_stack([context.columns[n][some.rows] for n in many])  # type: ignore[index]
    x = np.where(np.isfinite(x), x, np.nan)
    present = np.isfinite(x).mean(axis=0) >= MOSTLY_PRESENT
    many, x, event = [n for n, p in zip(many, present) if p], x[:, present], some.y == 1
    if len(many) < 2:
        return []
    middle, spread = np.nanmedian(x, axis=0), np.nanstd(x, axis=0)
    found = []
    for i in range(len(many) - 1):
        scale = np.maximum(spread[i], spread[i + 1 :]) <= SAME_SCALE * np.minimum(spread[i], spread[i + 1 :])
        near = np.abs(middle[i] - middle[i + 1 :]) <= spread[i] + spread[i + 1 :]
        above = x[:, i : i + 1] < x[:, i + 1 :]
        apart = np.abs(above[event].mean(axis=0) - above[~event].mean(axis=0))
        found += [(apart[j], many[i], many[i + 1 + j]) for j in np.flatnonzero(scale & near & (apart >= least))]
    return [(a, b) for _, a, b in sorted(found, reverse=True)[:MAX_CANDIDATES]]
