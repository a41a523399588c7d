"""What another answer is wanted: a class, or a value at least or at most so large."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from modelwright.errors import UsageError, did_you_mean
from modelwright.runtime.plan import Plan

__all__ = ["Goal", "goal_of"]

_BOUND = re.compile(r"\s*(>=|<=|>|<|≥|≤)\s*([-+]?[0-9][0-9_,]*\.?[0-9]*(?:[eE][-+]?[0-9]+)?)\s*")


@dataclass(frozen=True, kw_only=True, eq=False)
class Goal:
    """A wanted answer.

    Attributes
    ----------
    words : str
        ``'yes'``, ``at least 200``.
    reached : callable
        From predictions, shape (n, n_outputs), whether each is wanted.
    progress : callable
        From predictions how near each is, more is nearer.
    """

    words: str
    reached: Callable[[np.ndarray], np.ndarray]
    progress: Callable[[np.ndarray], np.ndarray]


def goal_of(plan: Plan, prediction: np.ndarray, want: str | None) -> Goal | None:
    """Return what is wanted; None for values where nothing is said.

    Parameters
    ----------
    prediction : ndarray, shape (1, n_outputs)
        Of the row; without ``want`` the likeliest other class is looked for.
    want : str or None
        A class, or a bound of values: ``">= 200"``.

    Raises
    ------
    UsageError
        There is no such class (MW-U821), it is what is predicted already (MW-U823), or it is no bound (MW-U822).
    """
    if plan.classes:
        return _class_goal(plan, prediction, want)
    if want is None:
        return None
    found = _BOUND.fullmatch(want)
    if found is None:
        raise UsageError(
            f"what is wanted is {want!r}, and the model predicts numbers",
            fix="say it as a bound: '>= 200' or '<= 50'",
            code="MW-U822",
        )
    sign = 1.0 if found[1] in (">", ">=", "≥") else -1.0
    bound = float(found[2].replace(",", "").replace("_", ""))
    goal = Goal(
        words=f"{'at least' if sign > 0 else 'at most'} {found[2]}",
        reached=lambda p: sign * p[:, 0] >= sign * bound,
        progress=lambda p: sign * p[:, 0],
    )
    return _not_there(goal, prediction)


def _class_goal(plan: Plan, prediction: np.ndarray, want: str | None) -> Goal:
    if want is not None and want not in plan.classes:
        raise UsageError(f"there is no class '{want}'", fix=did_you_mean(want, plan.classes), code="MW-U821")
    now = str(plan.answers(prediction)["prediction"][0])
    likely = [plan.classes[i] for i in np.argsort(-prediction[0], kind="stable")]
    wanted = want if want is not None else next(name for name in likely if name != now)
    place = plan.classes.index(wanted)
    goal = Goal(
        words=f"'{wanted}'",
        reached=lambda p: plan.answers(p)["prediction"] == wanted,
        progress=lambda p: p[:, place],
    )
    return _not_there(goal, prediction)


def _not_there(goal: Goal, prediction: np.ndarray) -> Goal:
    if goal.reached(prediction)[0]:
        raise UsageError(
            f"the prediction is {goal.words} already", fix="name another with --want, or leave it out", code="MW-U823"
        )
    return goal
