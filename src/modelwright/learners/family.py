"""What all families share: cards with a cost formula, settings with bounds, and the cases no library likes."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

import numpy as np

from modelwright.errors import UsageError, did_you_mean
from modelwright.learners.base import Card, FitContext, Fitted
from modelwright.learners.spaces import Draw
from modelwright.runtime.scorers.constant import ConstantScorer
from modelwright.runtime.scorers.forest import as_float32
from modelwright.runtime.view import View

__all__ = [
    "ANY_OBJECTIVE",
    "FASTEST_RATE",
    "SEVERAL_CLASSES",
    "Family",
    "MeasuredCard",
    "Valid",
    "raised",
    "read_settings",
    "rng_seed",
    "spread_classes",
]

ANY_OBJECTIVE = frozenset({"classify", "regress"})

SMALLEST_SECONDS = 0.005
"""What calling a library costs at the least."""

FASTEST_RATE = 0.2
"""Learning rate beyond which boosted trees lose more than they save (Friedman 2001, section 5; own trials)."""

SEVERAL_CLASSES = 2.0
"""Times the learning rate for more than two classes, where a round is a tree for each of them. With half of the rounds
LightGBM was as good on digits, letters, cover types and soybeans (log loss 0.1 % less to 1.5 % more, of which noise is
several per cent), XGBoost as well (0.3 % less to 2 % more); with 400 rounds at most LightGBM was 1.5 to 11 % better."""

VARIATION_ROWS = 10_000
"""Rows looked at a time for a feature that varies."""

Valid = tuple[View, np.ndarray] | None
S = TypeVar("S")


@dataclass(frozen=True, kw_only=True)
class MeasuredCard(Card):
    """A card whose cost is a formula fitted to measured fits.

    Attributes
    ----------
    cost : callable
        Seconds on one core from ``(n_rows, n_features, n_outputs)``; within a factor of three on usual tables.
    """

    cost: Callable[[int, int, int], float]

    def seconds(self, n_rows: int, n_features: int, n_outputs: int) -> float:
        return max(SMALLEST_SECONDS, self.cost(max(n_rows, 1), max(n_features, 1), max(n_outputs, 1)))


def read_settings(kind: type[S], settings: Mapping[str, Any]) -> S:
    """Return ``settings`` as the dataclass of the family; ``"name"`` and ``"view"`` among them are about these.

    Raises
    ------
    UsageError
        A setting is unknown.
    """
    known = {field.name for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    given = {key: value for key, value in settings.items() if key not in {"name", "view"}}
    for key in given:
        if key not in known:
            raise UsageError(
                f"there is no setting '{key}' of this learner", fix=did_you_mean(key, known), code="MW-T102"
            )
    return kind(**given)


def raised(settings: Mapping[str, Any], name: str, default: float, factor: float, most: float) -> dict[str, Any]:
    """Return the settings with one of them ``factor`` times higher, but not above ``most``, and never lower."""
    value = float(settings.get(name, default))
    return {**settings, name: max(value, min(most, value * factor))}


def rng_seed(seed: int) -> int:
    """Return a seed that every library takes: they want 31 bits."""
    return int(seed) % (2**31 - 1)


def spread_classes(proba: np.ndarray, present: np.ndarray, n_classes: int) -> np.ndarray:
    """Return ``proba`` (columns are the classes ``present``) with a column of zeros for each absent class."""
    out = np.zeros((len(proba), n_classes))
    out[:, present] = proba
    return out


@contextmanager
def quiet(threads: int) -> Iterator[None]:
    """Keep warnings of the libraries from the user and linear algebra to the threads that were granted."""
    from threadpoolctl import threadpool_limits

    with warnings.catch_warnings(), threadpool_limits(threads):
        warnings.simplefilter("ignore")
        yield


class Family:
    """A learner that leaves the degenerate cases to this class and implements two methods."""

    card: ClassVar[MeasuredCard]
    space: ClassVar[Mapping[str, Draw]] = {}

    def fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        *,
        valid: Valid = None,
        iterations: int | None = None,
    ) -> Fitted:
        """Fit; see `Learner.fit`. Without any variation in target or features all families give a constant model."""
        if np.ptp(y) == 0:
            return _constant(y, context.n_classes, "the target has one value here")
        if not _varies(view.matrix):
            return _constant(y, context.n_classes, "no feature varies here")
        if iterations is not None or (valid is not None and len(valid[1]) == 0):
            valid = None  # a refit watches nothing
        with quiet(context.threads):
            return self._fit(view, y, settings, context, valid, iterations)

    def quicker(self, settings: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
        """Return the settings as they are; see `Learner.quicker`. Families with a learning rate raise it."""
        return settings

    def native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        """Return the library's own predictions; see `Learner.native_predict`."""
        if isinstance(native, ConstantScorer):
            return native.predict(matrix)
        with quiet(1):
            return self._native_predict(native, matrix)

    def _fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        valid: Valid,
        iterations: int | None,
    ) -> Fitted:
        raise NotImplementedError

    def _native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        raise NotImplementedError


def _constant(y: np.ndarray, n_classes: int, why: str) -> Fitted:
    """Return the model that knows the target alone: class frequencies, or the mean."""
    outputs = np.bincount(y.astype(np.int64), minlength=n_classes) / len(y) if n_classes else np.array([y.mean()])
    scorer = ConstantScorer(outputs, n_classes)
    return Fitted(scorer, scorer, note=f"{why}: a constant model")


def _varies(matrix: np.ndarray) -> bool:
    """Return whether any feature has two values in single precision, which is what most libraries see."""
    for start in range(0, len(matrix), VARIATION_ROWS):  # the first block decides, but for hopeless tables
        block = as_float32(matrix[start : start + VARIATION_ROWS])
        first = as_float32(matrix[:1])
        if ((block != first) & ~(np.isnan(block) & np.isnan(first))).any():
            return True
    return False
