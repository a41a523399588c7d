"""Documents of the explanation."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.measurements import Measurement
from modelwright.explain.simple.documents import Simple

__all__ = ["Effect", "Explanation", "Importance", "Interaction", "Together"]


@dataclass(frozen=True, kw_only=True)
class Importance:
    """How much the score falls when a column of the user's table is shuffled, on rows that were not trained on.

    ``moves`` is how far the column moves a prediction on average, see `by_reasons`; None where there was no time.
    """

    column: str
    drop: Measurement
    moves: float | None = None

    @property
    def judgement(self) -> str:
        """``"used"`` where the score falls beyond the noise, ``"unused"`` where nothing changes, else ``"noise"``."""
        drop = self.drop
        if drop.value == drop.low == drop.high == 0:
            return "unused"
        return "used" if drop.low is not None and drop.low > 0 else "noise"


@dataclass(frozen=True, kw_only=True)
class Together:
    """Columns that carry the same information, and how much the score falls when all are shuffled as one."""

    columns: tuple[str, ...]
    drop: Measurement


@dataclass(frozen=True, kw_only=True)
class Effect:
    """How the prediction moves with a column, all else as it is.

    ``x`` holds labels of values or ranges, ``y`` the prediction there (probability of the event, of the most frequent
    class, or the value), ``n`` the rows near each, ``words`` one sentence: "more balance, higher chance". ``method``
    names how it was measured, see `effects`. ``agreement`` is the share of the models of the folds, fitted on other
    rows each, whose own curve goes as this one does; None where there is one model, or hardly any effect.
    """

    column: str
    x: tuple[str, ...]
    y: tuple[float, ...]
    n: tuple[int, ...]
    words: str
    method: str = "partial dependence"
    agreement: float | None = None


@dataclass(frozen=True, kw_only=True)
class Interaction:
    """Two columns that work together: ``strength`` is how much the prediction moves with both beyond what it does with
    each, as a part of the spread of all predictions (standard deviations)."""

    columns: tuple[str, str]
    strength: float


@dataclass(frozen=True, kw_only=True)
class Explanation:
    """What drives the model: columns by importance, and the effects of the first ones.

    ``outcome`` names what the effects are on (``"chance of ‘yes’"``, ``"predicted price"``); ``notes`` say what the
    numbers alone do not: columns that carry the same information, an order that may as well be another, columns left
    out for lack of time. ``interactions`` are those of the first columns that are strong enough to be told,
    ``together`` sets of columns that stand in for each other. ``simple`` is the model on a page; None in explanations
    of earlier releases.
    """

    importances: tuple[Importance, ...]
    effects: tuple[Effect, ...]
    measured_on: str
    outcome: str = ""
    interactions: tuple[Interaction, ...] = ()
    notes: tuple[str, ...] = ()
    together: tuple[Together, ...] = ()
    simple: Simple | None = None
