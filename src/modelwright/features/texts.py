"""Free text: statistics, topics without the target, and a score with it.

Topics are the leading singular vectors of the tf-idf matrix (latent semantic analysis; Deerwester et al., 1990): what
most texts differ in. The score is a ridge regression of the target on all terms, out-of-fold in training like a target
encoding: it carries the rare words that matter to the target and that topics leave out.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.data.columns import Strings
from modelwright.data.sampling import sample_rows
from modelwright.features.target import N_FOLDS, Target
from modelwright.runtime.ops.texts import MAX_CHARACTERS, STATISTICS, TextStatistics, TextTopics, terms, weights

__all__ = ["MAX_TOPICS", "MIN_TEXTS", "TextStatisticsEncoder", "TextTopicsEncoder"]

MAX_FIT_ROWS = 20_000
MAX_FIT_CHARACTERS = 8_000_000
"""Vocabulary, topics and score are fitted to so many rows at random, fewer where texts are long: it bounds time (some
seconds) and memory (some 200 MB of terms)."""

SHORT_TEXT = 200
"""Texts of fewer characters on average (messages, titles, addresses) are read as words and runs of four characters,
longer ones as words and pairs of words: with few words per text, misspelt and inflected ones must not be lost.
Measured on messages, tweets and reviews: 3 to 19 % lower log loss on the short ones, none to gain on the long ones."""

MAX_TERMS = 20_000
MIN_TEXTS = 2
"""A term must be in so many texts: one seen once can be no evidence of anything."""

MAX_TOPICS = 32
LEAST_TOPIC = 1e-3
"""Topics whose singular value is less than this part of the first are left out."""

TEXTS_PER_TOPIC = 20
"""Fewer texts than this per topic give noise for topics."""


@dataclass(frozen=True, kw_only=True)
class TextStatisticsEncoder:
    """How a text is written: length, words, digits, capitals, punctuation; those that vary."""

    def fit(self, name: str, column: Strings) -> TextStatistics | None:
        """Return the operation, or None where no statistic varies."""
        used, counts = np.unique(column.codes, return_counts=True)
        if len(used) > MAX_FIT_ROWS:  # distinct texts are in order of appearance: an even pick is a fair one
            picked = np.linspace(0, len(used) - 1, MAX_FIT_ROWS).astype(np.intp)
            used, counts = used[picked], counts[picked]
        texts = ["" if code < 0 else column.levels[code] for code in used.tolist()]
        kept, rows = [], []
        for statistic, count in STATISTICS.items():
            values = np.log1p(np.array([count(text) for text in texts], dtype=np.float64))
            center = np.average(values, weights=counts)
            spread = np.sqrt(np.average((values - center) ** 2, weights=counts))
            if values.min() < values.max() and spread > 0.0:
                kept.append(statistic)
                rows.append((values.max(), center, 1.0 / spread))
        if not kept:
            return None
        high, center, factor = np.ascontiguousarray(np.array(rows).T)
        return TextStatistics(
            inputs=(name,),
            names=tuple(f"{name}:{s}" for s in kept),
            statistics=tuple(kept),
            high=high,
            center=center,
            factor=factor,
        )


@dataclass(frozen=True, kw_only=True)
class TextTopicsEncoder:
    """Topics and score of a text column; see the module.

    Attributes
    ----------
    max_topics : int
    min_texts : int
        A term must be in so many texts.
    word_grams, character_grams : int or None
        See `modelwright.runtime.ops.texts.terms`; None decides by the length of the texts, see `SHORT_TEXT`.
    """

    max_topics: int = MAX_TOPICS
    min_texts: int = MIN_TEXTS
    word_grams: int | None = None
    character_grams: int | None = None

    def fit_transform(self, name: str, column: Strings, target: Target) -> tuple[TextTopics, np.ndarray] | None:
        """Return the operation and the training block with the scores out-of-fold, or None without repeated terms."""
        rows = _sample(column, target.seed)
        used, inverse = np.unique(column.codes[rows], return_inverse=True)
        texts = ["" if code < 0 else column.levels[code] for code in used.tolist()]
        word_grams, character_grams = self._grams(texts)
        found = [terms(text, word_grams, character_grams) for text in texts]
        vocabulary, idf = _vocabulary(found, np.bincount(inverse), self.min_texts)
        if not vocabulary:
            return None
        matrix = _term_matrix(found, vocabulary, idf)[inverse]
        topics = _topics(matrix, min(self.max_topics, len(rows) // TEXTS_PER_TOPIC), target.seed)
        coefficients, intercept, nested = _scores(matrix, target.matrix[rows], target.folds[rows])
        values = np.hstack([matrix @ topics, nested])
        spread = values.std(axis=0)
        factor = 1.0 / np.where(spread > 1e-6, spread, 1.0)
        offset = -values.mean(axis=0) * factor
        operation = TextTopics(
            inputs=(name,),
            names=tuple(f"{name}~topic{i + 1}" for i in range(topics.shape[1])) + target.names(f"{name}~score"),
            vocabulary=vocabulary,
            word_grams=word_grams,
            character_grams=character_grams,
            idf=idf,
            projection=np.ascontiguousarray(np.hstack([topics, coefficients]) * factor, dtype=np.float32),
            offset=offset + np.concatenate([np.zeros(topics.shape[1]), intercept]) * factor,
        )
        block = np.empty((len(column), len(operation.names)))
        block[rows] = values * factor + offset
        # Rows that were not sampled are already out of the sample that fitted the score.
        others = np.setdiff1d(np.arange(len(column)), rows, assume_unique=True)
        block[others] = operation({name: column.take(others)})
        return operation, block

    def _grams(self, texts: list[str]) -> tuple[int, int]:
        short = sum(map(len, texts)) < SHORT_TEXT * len(texts)
        words, characters = (1, 4) if short else (2, 0)
        return (
            words if self.word_grams is None else self.word_grams,
            characters if self.character_grams is None else self.character_grams,
        )


def _sample(column: Strings, seed: int) -> np.ndarray:
    """Return the rows to fit to, ascending."""
    n = len(column)
    rng = np.random.default_rng([seed, 6])
    some = column.codes[rng.integers(0, n, 1_000)]
    length = np.mean([0 if code < 0 else min(len(column.levels[code]), MAX_CHARACTERS) for code in some.tolist()])
    wanted = int(min(n, MAX_FIT_ROWS, MAX_FIT_CHARACTERS / max(float(length), 1.0)))
    return sample_rows(n, wanted, rng)


def _vocabulary(found: list[list[str]], counts: np.ndarray, least: int) -> tuple[tuple[str, ...], np.ndarray]:
    """Return the terms in most texts and their inverse document frequencies, smoothed as scikit-learn does."""
    frequency: Counter[str] = Counter()
    for listed, count in zip(found, counts.tolist()):
        for term in set(listed):
            frequency[term] += count
    n_texts = int(counts.sum())
    ranked = sorted(((-c, t) for t, c in frequency.items() if least <= c < n_texts))[:MAX_TERMS]
    idf = np.log((1.0 + n_texts) / (1.0 - np.array([c for c, _ in ranked], dtype=np.float64))) + 1.0
    return tuple(t for _, t in ranked), idf


def _term_matrix(found: list[list[str]], vocabulary: tuple[str, ...], idf: np.ndarray) -> Any:
    """Return the weights of the terms, a sparse matrix of shape ``(n_texts, n_terms)``."""
    from scipy.sparse import csr_array

    index = {term: position for position, term in enumerate(vocabulary)}
    parts = [weights(listed, index, idf) for listed in found]
    ends = np.cumsum([0, *(len(positions) for positions, _ in parts)])
    indices = np.concatenate([positions for positions, _ in parts])
    data = np.concatenate([weight for _, weight in parts])
    return csr_array((data, indices, ends), shape=(len(found), len(vocabulary)))


def _topics(matrix: Any, n_topics: int, seed: int) -> np.ndarray:
    """Return the leading right singular vectors, shape ``(n_terms, n_topics)``."""
    from sklearn.utils.extmath import randomized_svd

    n_topics = min(n_topics, *matrix.shape)
    if n_topics < 1:
        return np.empty((matrix.shape[1], 0))
    _, singular, right = randomized_svd(matrix, n_topics, n_iter=2, random_state=seed)
    # Beyond the rank of the matrix the vectors are rounding errors, which scaling would blow up.
    return right[singular > LEAST_TOPIC * singular[0]].T


def _scores(matrix: Any, outputs: np.ndarray, folds: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return coefficients ``(n_terms, n_outputs)`` and intercepts from all rows, and the out-of-fold scores."""
    spread = np.maximum(outputs.std(axis=0), 1e-12)
    scaled = (outputs - outputs.mean(axis=0)) / spread
    nested = np.zeros_like(scaled)
    for fold in range(N_FOLDS):
        held = folds == fold
        if held.any() and not held.all():
            coefficients, intercept = _ridge(matrix[~held], scaled[~held])
            nested[held] = matrix[held] @ coefficients + intercept
    return (*_ridge(matrix, scaled), nested)


def _ridge(matrix: Any, scaled: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return a ridge regression, penalty 1 for texts of length 1 and a target of variance 1."""
    from sklearn.linear_model import Ridge

    model = Ridge(alpha=1.0, solver="sparse_cg", tol=1e-3, max_iter=100).fit(matrix, scaled)
    return model.coef_.reshape(scaled.shape[1], -1).T, np.broadcast_to(model.intercept_, scaled.shape[1])
