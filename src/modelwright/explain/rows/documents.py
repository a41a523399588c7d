"""Documents of the explanation of one row."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Change", "Counterfactual", "Interval", "Reason", "RowExplanation", "SimilarCase", "WhatIf"]


@dataclass(frozen=True, kw_only=True)
class Reason:
    """What one column does to the answer.

    ``effect`` is in the unit of the outcome, ``log_odds`` the same on the scale of log odds, None for values; both add
    up over all columns. ``value`` and ``typical`` are in words. ``agreement`` is the weight of the models of the
    ensemble - other learners, folds, seeds - in which the effect has the same sign.
    """

    column: str
    value: str
    typical: str
    effect: float
    log_odds: float | None
    agreement: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Change:
    """One column that is other than it was, in words."""

    column: str
    before: str
    after: str


@dataclass(frozen=True, kw_only=True)
class Interval:
    """What holds the truth with a probability of ``coverage``: ``low`` to ``high``, or one of ``classes``."""

    coverage: float
    low: float | None = None
    high: float | None = None
    classes: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """The answer to the same row with other values; ``outcome`` is that of the explained one."""

    changes: tuple[Change, ...]
    prediction: str | float
    outcome: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class Counterfactual:
    """Changes that lead to another answer; ``cost`` is how far they are, 0 to the number of changes."""

    changes: tuple[Change, ...]
    prediction: str | float
    outcome: float
    cost: float
    sentence: str


@dataclass(frozen=True, kw_only=True)
class SimilarCase:
    """A past row that the model treats for much the same reasons.

    Attributes
    ----------
    row : int
        Its number in the table, from 0.
    prediction : str or float
    outcome : float
        Of what is explained.
    actual : str or None
        What became of it, as it is written; None where that is not known.
    alike : float
        Part of the effects that is the same, 0 to 1.
    values : tuple of (str, str)
        Of the columns with the strongest effects on the explained row, in words.
    """

    row: int
    prediction: str | float
    outcome: float
    actual: str | None
    alike: float
    values: tuple[tuple[str, str], ...]
    sentence: str


@dataclass(frozen=True, kw_only=True)
class RowExplanation:
    """Why one row is predicted as it is.

    Attributes
    ----------
    prediction : str or float
        The class or the value.
    outcome_name : str
        What is explained: ``"the chance of 'yes'"``, ``"the predicted price"``.
    outcome, typical : float
        Of this row and of the typical one; ``typical`` plus all effects is ``outcome``.
    scale : str
        On which scale the reasons add up, in words.
    exact : bool
        Whether every member of the model was explained exactly.
    reasons : tuple of Reason
        Of all columns with an effect, the strongest first.
    interval : Interval or None
    what_if : WhatIf or None
        None where nothing else was asked for.
    goal : str
        What counterfactuals lead to, in words; empty where none were looked for.
    counterfactuals : tuple of Counterfactual
        The nearest first.
    similar : tuple of SimilarCase
        The nearest first; empty where no cases were given.
    notes : tuple of str
        What was not found, what was held fixed, what the row lacks.
    decision : str, float or None
        What is decided by the payoff, which may be another class or value; None where the version decides nothing else.
        Reasons, and what would have to change, are of the prediction.
    """

    prediction: str | float
    outcome_name: str
    outcome: float
    typical: float
    scale: str
    exact: bool
    reasons: tuple[Reason, ...]
    interval: Interval | None = None
    what_if: WhatIf | None = None
    goal: str = ""
    counterfactuals: tuple[Counterfactual, ...] = ()
    similar: tuple[SimilarCase, ...] = ()
    notes: tuple[str, ...] = ()
    decision: str | float | None = None
