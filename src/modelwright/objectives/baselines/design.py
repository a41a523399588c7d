"""A plain design matrix: standardised numbers, a flag where numbers are missing, one column per frequent level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.data.columns import Columns, Strings, n_rows
from modelwright.data.contract import Contract

__all__ = ["Design", "fit_design"]

MAX_LEVELS = 20  # per column; a simple model lists no more
MAX_COLUMNS = 400  # of the matrix; the first columns of the table come first
MIN_LEVEL_ROWS = 5  # fewer rows give a weight that is mostly noise
CLIP = 5.0  # standard deviations; one far outlier must not bend the line, nor be extrapolated to


@dataclass(frozen=True)
class _Number:
    name: str
    mean: float
    scale: float
    flag: bool


@dataclass(frozen=True)
class _Levels:
    name: str
    levels: tuple[str, ...]


@dataclass(frozen=True)
class Design:
    """A fitted encoding. Missing numbers become the mean, unknown levels all zeros."""

    parts: tuple[_Number | _Levels, ...]

    @property
    def width(self) -> int:
        return sum(len(p.levels) if isinstance(p, _Levels) else 1 + p.flag for p in self.parts)

    def __call__(self, columns: Columns) -> np.ndarray:
        """Return the matrix, float64 of shape (n_rows, width)."""
        matrix = np.zeros((n_rows(columns), self.width))
        at = 0
        for part in self.parts:
            column = columns[part.name]
            if isinstance(part, _Levels):
                assert isinstance(column, Strings)
                codes = column.recode({v: i for i, v in enumerate(part.levels)}, -1)
                rows = np.flatnonzero(codes >= 0)
                matrix[rows, at + codes[rows]] = 1.0
                at += len(part.levels)
                continue
            assert isinstance(column, np.ndarray)
            known = np.isfinite(column)
            scaled = (column[known] - part.mean) / part.scale
            matrix[known, at] = np.clip(scaled, -CLIP, CLIP)
            if part.flag:
                matrix[~known, at + 1] = 1.0
            at += 1 + part.flag
        return matrix


def fit_design(columns: Columns, specs: Contract) -> Design:
    """Return the encoding of the columns named in ``specs``; constant columns and lone levels are left out."""
    parts: list[_Number | _Levels] = []
    width = 0
    for spec in specs.columns:
        part = _fit_part(spec.name, columns[spec.name])
        if part is None:
            continue
        width += len(part.levels) if isinstance(part, _Levels) else 1 + part.flag
        if width > MAX_COLUMNS:
            break
        parts.append(part)
    return Design(tuple(parts))


def _fit_part(name: str, column: np.ndarray | Strings) -> _Number | _Levels | None:
    if isinstance(column, Strings):
        counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
        often = np.argsort(-counts, kind="stable")[:MAX_LEVELS]
        levels = tuple(str(column.levels[i]) for i in often if counts[i] >= MIN_LEVEL_ROWS)
        return _Levels(name, levels) if levels and counts.max() < len(column) else None
    known = column[np.isfinite(column)]
    flag = len(known) < len(column)
    if not len(known):
        return None
    mean, scale = float(known.mean()), float(known.std())
    if not np.isfinite(scale) or scale <= 1e-12 * max(abs(mean), 1e-300):
        scale = 1.0 if flag else 0.0
    return _Number(name, mean, scale, flag) if scale > 0 else None
