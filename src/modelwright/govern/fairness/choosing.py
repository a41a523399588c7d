"""Which measure fits the use: four ways to compare groups, each with the question that it answers.

They exclude one another wherever the groups differ in how often the event happens (Kleinberg, Mullainathan and Raghavan
2017; Chouldechova 2017), so that one has to be chosen, by a person, before training.
"""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.brief import Brief
from modelwright.errors import UsageError
from modelwright.frame.problem import Problem

__all__ = ["CHOICES", "Choice", "all_measures", "check_choice", "choice_words", "measures_of"]


@dataclass(frozen=True, kw_only=True)
class Choice:
    """A way to compare groups.

    Attributes
    ----------
    asks : str
        The question that it answers.
    fits : str
        When it is the right one.
    binary, several, values : tuple of str
        The measures compared, for two classes, more classes, and values; empty where it says nothing.
    """

    asks: str
    fits: str
    binary: tuple[str, ...]
    several: tuple[str, ...] = ()
    values: tuple[str, ...] = ()


CHOICES: dict[str, Choice] = {
    "selection": Choice(
        asks="Is every group selected about as often?",
        fits="the truth in the data was itself unfair, or the law looks at who is selected: hiring, housing, admission",
        binary=("selection_rate",),
    ),
    "opportunity": Choice(
        asks="Of those with the event, is every group found about as often?",
        fits="the truth in the data can be trusted and being found is a benefit: a grant, a check-up, an interview",
        binary=("true_positive_rate",),
    ),
    "errors": Choice(
        asks="Is the model wrong about every group as often, in either way?",
        fits="both kinds of error hurt those they are made about: bail, fraud, child protection",
        binary=("true_positive_rate", "false_positive_rate"),
        several=("accuracy",),
        values=("mean_absolute_error",),
    ),
    "calibration": Choice(
        asks="Does a stated chance mean the same in every group?",
        fits="people weigh the chance themselves, or a price follows from it: risk scores, insurance, advice",
        binary=("observed_over_predicted",),
    ),
}

_ALL = {
    "binary": (
        "event_rate",
        "selection_rate",
        "true_positive_rate",
        "false_positive_rate",
        "precision",
        "observed_over_predicted",
    ),
    "several": ("accuracy",),
    "values": ("mean_absolute_error", "mean_error"),
}


def _kind(n_classes: int) -> str:
    return "values" if n_classes == 0 else "binary" if n_classes == 2 else "several"


def all_measures(n_classes: int) -> tuple[str, ...]:
    """Return every measure that is shown by group; 0 classes are values."""
    return _ALL[_kind(n_classes)]


def measures_of(asked: str | None, n_classes: int) -> tuple[str, ...]:
    """Return what a choice compares; without a choice, what is looked at first: selection, else errors."""
    kind = _kind(n_classes)
    if asked is None:
        asked = "selection" if kind == "binary" else "errors"
    return tuple(getattr(CHOICES[asked], kind))


def check_choice(brief: Brief, problem: Problem) -> None:
    """Refuse a comparison that nothing can be compared by.

    Raises
    ------
    UsageError
        No protected column is named (MW-U410), or the measure says nothing of such a target (MW-U411).
    """
    if brief.fairness is None:
        return
    if not [name for name in brief.protected if name != problem.target]:
        raise UsageError(
            f"fairness is '{brief.fairness}', and no protected column is named",
            fix="name the columns whose groups are compared with --protected",
            code="MW-U410",
        )
    if not measures_of(brief.fairness, len(problem.classes)):
        fitting = [name for name in CHOICES if measures_of(name, len(problem.classes))]
        raise UsageError(
            f"fairness '{brief.fairness}' is for targets with two classes; '{problem.target}' has "
            + (f"{len(problem.classes)} classes" if problem.classes else "values"),
            fix=f"use --fairness {' or '.join(fitting)}",
            code="MW-U411",
        )


def choice_words(brief: Brief, n_classes: int) -> str:
    """Return how groups are compared and when that fits, or how to choose."""
    if brief.fairness is not None:
        choice = CHOICES[brief.fairness]
        least = f"the lower of two groups must reach {brief.fairness_ratio:g} times the higher"
        return f"{choice.asks} It fits where {choice.fits}; {least}"
    told = "; ".join(f"{n}: {c.asks} ({c.fits})" for n, c in CHOICES.items() if measures_of(n, n_classes))
    return f"nobody said how groups are to be compared. Choose with --fairness: {told}"
