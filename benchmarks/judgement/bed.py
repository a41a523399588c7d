"""The table that a defect is planted in, and what planters need to know of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["Bed", "Planted", "as_text"]

STEMS = ("kpi", "attr", "factor", "index", "level", "mark", "part", "point", "stat", "tier")
"""Names of planted columns say nothing of what they are, unless the name is part of the defect."""

MIN_ROWS = 150
"""Numbers with so few rows say nothing about a rule."""


def as_text(values: np.ndarray) -> np.ndarray:
    """Return numbers as a file would hold them, empty where missing."""
    values = np.asarray(values, dtype=float)
    whole = np.isfinite(values) & (values == np.floor(values)) & (np.abs(values) < 1e15)
    texts = [("" if not np.isfinite(v) else f"{v:.0f}" if w else f"{v:.6g}") for v, w in zip(values, whole)]
    return np.array(texts, dtype=object)


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A table with a defect in it.

    Attributes
    ----------
    columns : tuple of str
        A finding must name one of them; empty for a defect of rows or of the whole table.
    sources : tuple of str
        Other columns that a finding may name with right: what the defect was made from.
    rows : tuple of int
        Where the defect is in rows and findings give examples, at least one example must be among these.
    test : DataFrame or None
    """

    frame: pd.DataFrame
    columns: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    rows: tuple[int, ...] = ()
    test: pd.DataFrame | None = None


class Bed:
    """A clean table of text, its target in numbers, and one generator.

    Attributes
    ----------
    frame : DataFrame of str
    target : str
    y : ndarray of float
        Values, or class numbers from the most frequent class (0) on.
    classes : tuple of str
        From the most frequent on; empty for values.
    """

    def __init__(self, frame: pd.DataFrame, target: str, rng: np.random.Generator) -> None:
        self.rng = rng
        self.target = target
        frame = frame[frame[target].str.strip() != ""].reset_index(drop=True)
        self.frame = frame
        numbers = pd.to_numeric(frame[target], errors="coerce")
        self.classes: tuple[str, ...] = ()
        if numbers.notna().all() and numbers.nunique() > 10:
            self.y = numbers.to_numpy(float)
        else:
            counts = frame[target].value_counts()
            self.classes = tuple(counts.index)
            self.y = frame[target].map({c: i for i, c in enumerate(counts.index)}).to_numpy(float)

    @property
    def n(self) -> int:
        return len(self.frame)

    @property
    def measured(self) -> np.ndarray | None:
        """The target as the numbers that it is written in, None for words and for two classes."""
        numbers = pd.to_numeric(self.frame[self.target], errors="coerce").to_numpy(float)
        return None if np.isnan(numbers).any() or len(self.classes) == 2 else numbers

    @property
    def rank(self) -> np.ndarray:
        """Rank of the target scaled to 0 … 1, ties broken at random; of classes that are numbers, by these."""
        key = self.y if self.measured is None else self.measured
        return np.argsort(np.lexsort((self.rng.random(self.n), key))) / max(1, self.n - 1)

    @property
    def normal(self) -> np.ndarray:
        """The target as normal scores."""
        from scipy.special import ndtri

        return ndtri(np.clip(self.rank, 0.5 / self.n, 1 - 0.5 / self.n))

    @property
    def event(self) -> np.ndarray:
        """The second most frequent class (the rarer of two), or the highest 30 % of the values."""
        return self.y == 1 if self.classes else self.y > np.quantile(self.y, 0.7)

    def features(self) -> list[str]:
        return [c for c in self.frame if c != self.target]

    def number(self, column: str) -> np.ndarray | None:
        """Return a column as numbers, None where it holds words."""
        values = pd.to_numeric(self.frame[column], errors="coerce")
        empty = self.frame[column].str.strip() == ""
        return (
            values.to_numpy(float).copy() if not (values.isna() & ~empty).any() and values.notna().sum() > 50 else None
        )

    def matrix(self) -> np.ndarray:
        """Return the features as numbers for a forest: words by how frequent they are, missing below everything."""
        parts = []
        for name in self.features():
            values = self.number(name)
            if values is None:
                values = self.frame[name].map(self.frame[name].value_counts(ascending=True).rank(method="first"))
            parts.append(np.nan_to_num(np.asarray(values, float), nan=-1e9))
        return np.column_stack(parts)

    def numbers(self, least_levels: int = 30, *, positive: bool = False) -> list[str]:
        """Return names of columns of numbers with enough different values, in random order."""
        found = []
        for name in self.features():
            values = self.number(name)
            if values is None or len(np.unique(values[np.isfinite(values)])) < least_levels:
                continue
            if not positive or np.nanmin(values) > 0:
                found.append(name)
        return [str(c) for c in self.rng.permutation(found)]

    def words(self, least: int = 3, most: int = 60) -> list[str]:
        """Return names of columns of words with so many different ones, in random order."""
        found = [c for c in self.features() if self.number(c) is None and least <= self.frame[c].nunique() <= most]
        return [str(c) for c in self.rng.permutation(found)]

    def some(self, share: float, among: np.ndarray | None = None) -> np.ndarray:
        """Return a random share of the rows, at least one, as row numbers."""
        rows = np.arange(self.n) if among is None else np.flatnonzero(among)
        return np.sort(self.rng.choice(rows, max(1, round(share * len(rows))), replace=False))

    def noise(self) -> np.ndarray:
        return self.rng.normal(size=self.n)

    def name(self) -> str:
        """Return a name that says nothing and is not taken."""
        while (name := f"{self.rng.choice(STEMS)}_{self.rng.integers(10, 99)}") in self.frame:
            pass
        return name

    def named(self, name: str) -> str:
        """Return a name, with an underscore behind it as long as there is such a column."""
        taken = {c.lower() for c in self.frame}
        while name.lower() in taken:
            name += "_"
        return name

    def with_column(self, name: str, values: Sequence[object] | np.ndarray) -> pd.DataFrame:
        """Return the table with one column more, at a random place or, where there is one of the name, in its place."""
        frame = self.frame.copy()
        if isinstance(values, np.ndarray) and values.dtype.kind in "fiub":
            values = as_text(values)
        if name in frame:
            frame[name] = values
        else:
            frame.insert(int(self.rng.integers(0, frame.shape[1] + 1)), name, values)
        return frame

    def in_order_of(self, key: np.ndarray) -> Bed:
        """Return a bed whose rows are sorted by a key."""
        return Bed(self.frame.iloc[np.argsort(key, kind="stable")], self.target, self.rng)

    def days(self, per_day: float = 3.0) -> np.ndarray:
        """Return ascending dates, one per row, as texts."""
        start = np.datetime64("2019-01-07") + int(self.rng.integers(0, 700))
        return np.array([str(start + int(i / per_day)) for i in range(self.n)], dtype=object)
