"""Free text: how it is written (statistics) and what it is about (weighted terms, projected to a few numbers).

A text is turned into terms, the terms that the vocabulary knows into weights (sublinear tf-idf of length 1), and the
weights into features by one row of ``projection`` per term. What the projection holds is decided by fitting: the
right singular vectors of the training texts (latent semantic analysis; Deerwester et al., 1990), the coefficients of
a linear model, or both. Every distinct text is projected by itself, so a row's features do not depend on its batch.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, cast

import numpy as np

from modelwright.data.columns import Columns, Strings
from modelwright.runtime.op import RowWriter
from modelwright.runtime.ops.base import Operation, refused

__all__ = ["MAX_CHARACTERS", "STATISTICS", "TextStatistics", "TextTopics", "terms", "weights"]

MAX_CHARACTERS = 5_000
"""Terms are read from the first characters only: it bounds the time one row can take."""

_WORD = re.compile(r"\w+")
_DIGIT = re.compile(r"\d")
_CAPITAL = re.compile(r"[A-Z]")
_PUNCTUATION = re.compile(r"[^\w\s]")

STATISTICS: dict[str, Callable[[str], float]] = {
    "length": len,
    "words": lambda text: len(text.split()),
    "digits": lambda text: len(_DIGIT.findall(text)),
    "capitals": lambda text: len(_CAPITAL.findall(text)),
    "punctuation": lambda text: len(_PUNCTUATION.findall(text)),
}
"""What is counted in a text; features are ``log(1 + count)``."""


def terms(text: str, word_grams: int, character_grams: int) -> list[str]:
    """Return the terms of a text, in order and with repetition.

    Parameters
    ----------
    word_grams : int
        Longest run of words, lower case: 1 words, 2 words and pairs, 0 none.
    character_grams : int
        Length of runs of characters inside a word with its ends marked; 0 none.
    """
    words = _WORD.findall(text[:MAX_CHARACTERS].lower())
    found = list(words) if word_grams else []
    for size in range(2, word_grams + 1):
        found += [" ".join(words[i : i + size]) for i in range(len(words) - size + 1)]
    if character_grams:
        for word in words:
            padded = f"\x02{word}\x03"
            found += [padded[i : i + character_grams] for i in range(max(1, len(padded) - character_grams + 1))]
    return found


def weights(found: Iterable[str], index: dict[str, int], idf: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the positions of the known terms, in order of appearance, and their weights: ``(1 + log count) * idf``,
    scaled to length 1."""
    counts = Counter(map(index.get, found))
    counts.pop(None, None)
    positions = np.fromiter(counts.keys(), np.intp, len(counts))
    weight = (1.0 + np.log(np.fromiter(counts.values(), np.float64, len(counts)))) * idf[positions]
    norm = math.sqrt(weight @ weight)
    return positions, weight / norm if norm > 0.0 else weight


def _per_text(column: Strings, features: Callable[[str], np.ndarray], out: np.ndarray) -> None:
    """Write the features of each row's text, working each distinct text once; missing counts as empty."""
    used, inverse = np.unique(column.codes, return_inverse=True)
    block = np.empty((len(used), out.shape[1]))
    for i, code in enumerate(used.tolist()):
        block[i] = features("" if code < 0 else column.levels[code])
    out[:] = block[inverse]


def _row_of_text(features: Callable[[str], np.ndarray], place: int, out: np.ndarray) -> RowWriter:
    """Return the function that writes the features of one row's text; missing counts as empty."""

    def write(values: Sequence[Any]) -> None:
        out[:] = features(values[place] or "")

    return write


@dataclass(frozen=True, eq=False, kw_only=True)
class TextTopics(Operation):
    """Terms, weighted and projected; see the module.

    Attributes
    ----------
    vocabulary : tuple of str
    word_grams, character_grams : int
        See `terms`.
    idf : ndarray, shape (n_terms,)
    projection : ndarray of float32, shape (n_terms, n_features)
    offset : ndarray, shape (n_features,)
        Added to the projection.
    """

    op: ClassVar[str] = "text"

    vocabulary: tuple[str, ...]
    word_grams: int
    character_grams: int
    idf: np.ndarray
    projection: np.ndarray
    offset: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.inputs) != 1:
            raise refused(self.op, "it reads one column")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        n_terms, width = len(self.vocabulary), len(self.names)
        return {"idf": (n_terms,), "projection": (n_terms, width), "offset": (width,)}

    @cached_property
    def _index(self) -> dict[str, int]:
        return {term: position for position, term in enumerate(self.vocabulary)}

    def features(self, text: str) -> np.ndarray:
        """Return the features of one text."""
        positions, weight = weights(terms(text, self.word_grams, self.character_grams), self._index, self.idf)
        return weight @ self.projection[positions] + self.offset

    def write(self, columns: Columns, out: np.ndarray) -> None:
        _per_text(cast(Strings, columns[self.inputs[0]]), self.features, out)

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        return _row_of_text(self.features, where[self.inputs[0]], out)


@dataclass(frozen=True, eq=False, kw_only=True)
class TextStatistics(Operation):
    """``(min(log(1 + count), high) - center) * factor`` for each of ``statistics``, names in `STATISTICS`."""

    op: ClassVar[str] = "text-statistics"

    statistics: tuple[str, ...]
    high: np.ndarray
    center: np.ndarray
    factor: np.ndarray

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(self.inputs) != 1 or any(s not in STATISTICS for s in self.statistics):
            raise refused(self.op, f"its statistics {list(self.statistics)} do not fit")

    def shapes(self) -> dict[str, tuple[int, ...]]:
        if len(self.statistics) != len(self.names):
            raise refused(self.op, "there must be one feature per statistic")
        return dict.fromkeys(("high", "center", "factor"), (len(self.statistics),))

    def features(self, text: str) -> np.ndarray:
        """Return the features of one text."""
        counts = np.array([STATISTICS[s](text) for s in self.statistics], dtype=np.float64)
        return (np.minimum(np.log1p(counts), self.high) - self.center) * self.factor

    def write(self, columns: Columns, out: np.ndarray) -> None:
        _per_text(cast(Strings, columns[self.inputs[0]]), self.features, out)

    def row(self, where: Mapping[str, int], out: np.ndarray) -> RowWriter:
        return _row_of_text(self.features, where[self.inputs[0]], out)
