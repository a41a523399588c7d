"""Which metric: the brief's, or one that fits its payoff or its goal, or the objective's default."""

from __future__ import annotations

import re
from collections.abc import Sequence
from math import isinf

import numpy as np

from modelwright.brief import Brief
from modelwright.errors import UsageError
from modelwright.evaluate import metrics
from modelwright.evaluate.metrics import Metric
from modelwright.evaluate.money.deciding import check_capacity
from modelwright.evaluate.money.payoffs import read_payoff
from modelwright.evaluate.scales import BOUNDS
from modelwright.frame.problem import Choice
from modelwright.objectives.base import Objective

__all__ = ["check_suited", "choose_metric"]

# Phrases of a goal (beginnings of words), the metric they ask for, and what it does. The first that fits is taken.
GOALS: tuple[tuple[tuple[str, ...], str, str], ...] = (
    (
        ("find as many", "catch", "detect", "not miss", "miss none", "don't miss", "screen", "alert"),
        "pr_auc",
        "it counts how many events are found, and how many alarms are true",
    ),
    (
        ("rank", "prioriti", "top ", "sort ", "first to", "best leads", "shortlist"),
        "roc_auc",
        "it counts how often an event is ranked above a non-event",
    ),
    (
        ("probabilit", "chance", "how likely", "likelihood", "risk score", "expected loss", "expected value"),
        "log_loss",
        "it rewards the right probability",
    ),
    (
        ("every class", "each class", "all classes", "rare class", "balanced"),
        "balanced_accuracy",
        "every class counts the same, however rare",
    ),
    (("accura", "correct", "right answer"), "accuracy", "it counts right answers"),
    (
        ("average error", "mean error", "typical error", "absolute error", "median error", "off by"),
        "mae",
        "it is the average size of an error",
    ),
    (("percent", "relative error", "in proportion"), "mape", "it is the average error in percent"),
    (("large error", "big error", "big miss", "large miss", "squared error"), "rmse", "large errors count more"),
    (("orders of magnitude", "order of magnitude", "factor"), "rmsle", "it counts errors as factors"),
)
TWO_CLASSES_ONLY = frozenset({"pr_auc", "roc_auc"})  # of several classes they are means that few people ask for


def choose_metric(objective: Objective, y: np.ndarray, classes: Sequence[str], brief: Brief) -> Choice:
    """Return the metric with who decided it and why.

    Raises
    ------
    UsageError
        The brief's metric is unknown (MW-U401), not for this objective (MW-U305) or not defined for this target
        (MW-U306); a payoff or a capacity that does not fit the target, see `read_payoff` and `check_capacity`; a score
        is asked for that the metric cannot have (MW-U322).
    """
    if brief.payoff:
        read_payoff(brief.payoff, classes)
    check_capacity(brief, len(classes))
    default, default_why = objective.default_metric(y, classes)
    others = tuple(m.name for m in metrics.applicable(objective.name))
    if brief.metric is not None:
        metric = _asked(brief.metric, objective, y, classes)
        name, by, why = metric.name, "user", f"the brief asks for {metric.title}"
    elif brief.payoff and not classes:
        name, by = "mae", "user"
        why = "the brief gives a payoff per unit of error: cost grows with the size of an error, as the mean error does"
    elif brief.payoff:
        name, by = "log_loss", "user"
        why = (
            "the brief gives a payoff per outcome: decisions by expected payoff need right probabilities, which log "
            "loss rewards"
        )
    elif (found := _by_goal(brief.goal, objective, y, classes)) is not None:
        name, by, why = found[0], "user", found[1]
    else:
        name, by, why = default, "default", default_why
    _check_reachable(metrics.get(name), brief)
    return Choice(
        question="metric", value=name, alternatives=tuple(o for o in others if o != name), decided_by=by, why=why
    )


def _check_reachable(metric: Metric, brief: Brief) -> None:
    """Refuse a score of the gates that no model has, before anything is trained."""
    asked, (lowest, highest) = brief.gates.get("score"), BOUNDS[metric.scale]
    if asked is not None and not lowest <= asked <= highest:
        raise UsageError(
            f"the gates ask for a score of {asked:g}, and {metric.title} is {_between(lowest, highest)}",
            fix="give it in the metric's own unit (0.8, not 80), or name the metric that is meant with --metric",
            code="MW-U322",
        )


def _between(lowest: float, highest: float) -> str:
    if isinf(highest):
        return f"{lowest:g} or more"
    return f"{highest:g} or less" if isinf(lowest) else f"{lowest:g} to {highest:g}"


def check_suited(metric: Metric, objective: Objective) -> None:
    """Refuse a metric that is not for an objective; raises UsageError (MW-U305)."""
    if objective.name not in metric.objectives:
        suited = ", ".join(m.name for m in metrics.applicable(objective.name))
        what = f"metric '{metric.name}' is not for {objective.title}"
        raise UsageError(what, fix=f"use one of: {suited}", code="MW-U305")


def _asked(name: str, objective: Objective, y: np.ndarray, classes: Sequence[str]) -> Metric:
    metric = metrics.get(name)
    check_suited(metric, objective)
    undefined = _undefined(metric, y, classes)
    if undefined:
        raise UsageError(
            f"metric '{name}' is not defined for this target: {undefined}",
            fix=f"use another metric, for example {objective.default_metric(y, classes)[0]}",
            code="MW-U306",
        )
    return metric


def _undefined(metric: Metric, y: np.ndarray, classes: Sequence[str]) -> str:
    return metric.undefined(y, np.zeros((len(y), max(len(classes), 1))))


def _by_goal(goal: str, objective: Objective, y: np.ndarray, classes: Sequence[str]) -> tuple[str, str] | None:
    text = " ".join(goal.lower().split()) + " "
    for phrases, name, why in GOALS:
        metric = metrics.get(name)
        if objective.name not in metric.objectives or (name in TWO_CLASSES_ONLY and len(classes) != 2):
            continue
        said = next((p for p in phrases if re.search(rf"\b{re.escape(p)}", text)), None)
        if said and not _undefined(metric, y, classes):
            return name, f"the goal says '{said.strip()}': {metric.title} fits, as {why}"
    return None
