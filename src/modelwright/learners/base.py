"""What a learner is. One family per file; the registry is a table of names in ``__init__.py``."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np

from modelwright.learners.spaces import Draw
from modelwright.runtime.scorer import Scorer
from modelwright.runtime.view import View

__all__ = ["Card", "Deadline", "FitContext", "Fitted", "Growth", "Learner"]


@dataclass(frozen=True)
class Deadline:
    """A moment of `time.monotonic`; None never comes."""

    at: float | None = None

    @property
    def left(self) -> float:
        """Seconds left, infinite without a moment."""
        return float("inf") if self.at is None else self.at - time.monotonic()

    @property
    def passed(self) -> bool:
        return self.left <= 0


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How a model grows with the rounds of its fit.

    Attributes
    ----------
    round_bytes : callable
        ``round_bytes(settings, n_outputs)``: what a round adds to the saved model, at most; ``n_outputs`` counts
        classes, and is 1 for values.
    usual_rounds : callable
        ``usual_rounds(settings, n_outputs)``: after how many fits usually stop.
    """

    round_bytes: Callable[[Mapping[str, Any], int], float]
    usual_rounds: Callable[[Mapping[str, Any], int], float]

    def usual_bytes(self, settings: Mapping[str, Any], n_outputs: int) -> float:
        """Return the bytes of a usual model."""
        return self.usual_rounds(settings, n_outputs) * self.round_bytes(settings, n_outputs)

    def room(self, settings: Mapping[str, Any], n_outputs: int, most_bytes: float | None) -> int | None:
        """Return the rounds that so many bytes have room for, at least one; None where there is no limit."""
        return None if most_bytes is None else max(1, int(most_bytes / self.round_bytes(settings, n_outputs)))


@dataclass(frozen=True, kw_only=True)
class Card:
    """What a learner can do and what it costs.

    Attributes
    ----------
    name : str
    title : str
        As people say it: "LightGBM".
    view : str
        Which encoding it wants: ``"trees"``, ``"linear"`` or ``"native"`` (level codes for native categories).
    objectives : frozenset of str
    max_rows, max_features, max_classes : int
        Beyond these it is not tried, with a reason in the ledger.
    stoppable : bool
        A fit returns a usable model when its deadline comes.
    watches : bool
        Fits watch the validation rows to stop early; others get all rows to learn from.
    weighs : bool
        Fits honour the weights of rows.
    chancy : bool
        Another seed gives another model, so that the mean over a few seeds is better than one.
    keeps_rows : bool
        The fitted model holds rows that it learned from: under a privacy policy it is not tried.
    source : str
        Paper or page of the method and of its settings.
    growth : Growth or None
        How large models get; None where rounds do not make them so.
    """

    name: str
    title: str
    view: str
    objectives: frozenset[str]
    max_rows: int
    max_features: int
    max_classes: int
    stoppable: bool
    watches: bool
    source: str
    chancy: bool = False
    weighs: bool = False
    keeps_rows: bool = False
    growth: Growth | None = None

    def seconds(self, n_rows: int, n_features: int, n_outputs: int) -> float:
        """Expected seconds of one fit on one core; `modelwright.train.cost` corrects it by what fits measure."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class FitContext:
    """What a fit may use.

    Attributes
    ----------
    objective : str
        ``"classify"`` or ``"regress"``.
    n_classes : int
        0 for regression.
    metric : str
        The metric of the problem, for learners that can follow it while fitting.
    seed : int
    threads : int
    deadline : Deadline
        A stoppable learner returns what it has when it comes.
    weights : ndarray of float64, shape (n_rows,), or None
        How much each row that is fitted counts, 1 on average.
    valid_weights : ndarray of float64 or None
        The same for the rows that are watched for early stopping.
    most_bytes : int or None
        A fit that watches rows ends where its model would be larger; None: no limit.
    """

    objective: str
    n_classes: int
    metric: str
    seed: int
    threads: int
    deadline: Deadline
    weights: np.ndarray | None = None
    valid_weights: np.ndarray | None = None
    most_bytes: int | None = None

    @property
    def n_outputs(self) -> int:
        """Classes, or 1 for values."""
        return max(1, self.n_classes)


@dataclass(frozen=True)
class Fitted:
    """A fitted model.

    Attributes
    ----------
    scorer : Scorer
        The model in its serving form. Training predicts with it too.
    native : object
        The library's own estimator, for the parity gate: ``learner.native_predict(native, matrix)``.
    iterations : int or None
        Rounds, trees or epochs that were kept; a refit on more rows asks for the same number.
    note : str
        For the ledger: "stopped by the deadline after 212 rounds".
    """

    scorer: Scorer
    native: Any
    iterations: int | None = None
    note: str = ""


class Learner(Protocol):
    """A family of models. Stateless: everything fitted is in the `Fitted` returned.

    Promises: same arguments, same model, bit for bit, unless the deadline cut it short; respects ``threads``; prints
    nothing; leaves the arguments alone; accepts one feature, one row per class, constant features and NaN where its
    view has them. Raises what the library raises: one place in `train` turns that into a recorded failure.
    """

    card: ClassVar[Card]
    space: ClassVar[Mapping[str, Draw]]
    """Where a search draws settings from; empty: there is nothing to search."""

    def portfolio(
        self, *, n_rows: int, n_features: int, n_classes: int, target: str = "plain"
    ) -> tuple[Mapping[str, Any], ...]:
        """Return settings worth trying, best first; the first is the default. Each has a ``"name"``.

        ``target`` is what `modelwright.learners.targets.kind_of` says of the values: ``"plain"`` or ``"amount"``.
        """
        ...

    def quicker(self, settings: Mapping[str, Any], factor: float) -> Mapping[str, Any]:
        """Return settings that need about ``factor`` times fewer seconds at some cost in quality, the same settings
        where there are none."""
        ...

    def fit(
        self,
        view: View,
        y: np.ndarray,
        settings: Mapping[str, Any],
        context: FitContext,
        *,
        valid: tuple[View, np.ndarray] | None = None,
        iterations: int | None = None,
    ) -> Fitted:
        """Fit on all rows of ``view``.

        Parameters
        ----------
        y : ndarray of float64, shape (n_rows,)
            Class numbers from 0, every class of ``context.n_classes`` not necessarily present; or values.
        valid : tuple or None
            Rows for early stopping.
        iterations : int or None
            Exactly so many rounds, without early stopping (a refit).
        """
        ...

    def native_predict(self, native: Any, matrix: np.ndarray) -> np.ndarray:
        """Return what the library itself predicts, in the shape of `Scorer.predict`."""
        ...
