"""Metrics in plain words: what a value means to somebody who never heard the metric's name."""

from __future__ import annotations

from math import exp

from modelwright import format as fmt
from modelwright.evaluate.measurements import Comparison, Measurement
from modelwright.evaluate.metrics import METRICS
from modelwright.frame.problem import Problem

__all__ = [
    "ANSWERS",
    "class_words",
    "comparison_words",
    "event_words",
    "explained",
    "headline_words",
    "score_words",
    "title_of",
    "tone_of",
    "without_model_words",
]

# The verdict's answers: what a manager reads, and the tone it is shown in.
ANSWERS: dict[str, tuple[str, str]] = {
    "ship": ("Ready to use", "good"),
    "ship with conditions": ("Ready to use, with conditions", "fair"),
    "collect more data": ("Not yet: collect more data first", "fair"),
    "do not build this": ("Do not build this: a model does not help here", "bad"),
    "do not ship": ("Do not use this model", "bad"),
}

BARE = 3
"""Characters below which the name of a class is an abbreviation, and its column is named with it."""

_EXPLAINED = {
    "roc_auc": "chance that a row with the event is ranked above one without; 0.5 is a coin, 1 is perfect",
    "pr_auc": "precision averaged over all recalls; the share of events is what guessing gets, 1 is perfect",
    "log_loss": "cost of giving too small a chance to what happened; 0 is perfect, a coin for two classes costs 0.69",
    "brier": "mean squared error of the probabilities; 0 is perfect",
    "accuracy": "share of rows predicted right",
    "balanced_accuracy": "share predicted right, averaged over the classes so that small ones count as much",
    "f1": "balance of precision and recall; 1 is perfect",
    "precision": "of the rows predicted as the event, the share that really are",
    "recall": "of the real events, the share that is found",
    "mcc": "correlation of predicted and true class; 0 is guessing, 1 is perfect",
    "kappa": "agreement beyond chance; 0 is guessing, 1 is perfect",
    "rmse": "typical size of an error, large errors weighing more",
    "mae": "mean size of an error",
    "median_ae": "half of the errors are smaller than this",
    "ae_90": "nine of ten errors are smaller than this",
    "r2": "share of the variation in the target that the model explains",
    "mape": "mean size of an error as a share of the true value",
    "rmsle": "typical relative error, on a logarithmic scale",
}


def explained(name: str) -> str:
    """Return one line on what a metric is, empty for an unknown one."""
    return _EXPLAINED.get(name, "")


def tone_of(answer: str) -> str:
    """Return ``"good"``, ``"fair"`` or ``"bad"``."""
    return ANSWERS.get(answer, (answer, "fair"))[1]


def title_of(name: str) -> str:
    """Return a metric's name as people write it: ``"ROC AUC"``."""
    known = METRICS.get(name)
    return known.title if known else name.replace("_", " ")


def headline_words(m: Measurement, problem: Problem, constant: Measurement | None = None) -> str:
    """Return one or two sentences that say what the headline number means for this problem.

    ``constant`` is the score of a constant prediction, for metrics that mean little without it. Empty where the
    measurement has no value.
    """
    if m.value is None:
        return ""
    several = len(problem.classes) > 2
    event = _event(problem) if len(problem.classes) == 2 else "the right class"
    hundred = _of_hundred(m.value)
    typical = fmt.amount(m)
    sentences = {
        "roc_auc": (
            "Of two rows of different classes, it ranks the right one first "
            if several
            else f"Shown one row that is {event} and one that is not, it ranks them the right way round "
        )
        + f"{hundred} times in 100.",
        "pr_auc": f"Averaged over all cut-offs, {hundred} of 100 rows it flags are really {event}.",
        "accuracy": f"It gets {hundred} of 100 rows right.",
        "balanced_accuracy": f"Averaged over the classes, it gets {hundred} of 100 rows right.",
        "precision": f"Of 100 rows it flags, {hundred} are really {event}.",
        "recall": f"Of 100 rows that are {event}, it finds {hundred}.",
        "rmse": f"Its predictions of {problem.target} are typically off by {typical}.",
        "mae": f"Its predictions of {problem.target} are off by {typical} on average.",
        "median_ae": f"Half of its predictions of {problem.target} are off by less than {typical}.",
        "ae_90": f"Nine of ten of its predictions of {problem.target} are off by less than {typical}.",
        "mape": f"Its predictions of {problem.target} are off by {fmt.share(m.value)} on average.",
        "r2": f"It explains {fmt.share(m.value)} of the variation in {problem.target}.",
        "rmsle": f"Its predictions of {problem.target} are typically off by a factor of {_factor(m.value)}.",
    }
    if m.name == "log_loss":
        return _log_loss_words(m, constant)
    known = sentences.get(m.name)
    if known is not None:
        return known
    meaning = explained(m.name)
    return f"{meaning[0].upper()}{meaning[1:]}." if meaning else ""


def score_words(m: Measurement) -> str:
    """Return a score as the object of a sentence: ``"a typical error of 31"``, ``"ROC AUC 0.83"``."""
    sizes = {"rmse": "a typical error of", "mae": "a mean error of", "median_ae": "a middle error of"}
    if m.name in sizes:
        return f"{sizes[m.name]} {fmt.amount(m)}"
    if m.name == "accuracy":
        return f"{_of_hundred(m.value or 0.0)} of 100 right"
    perfect = {"share": "1", "correlation": "1", "explained": "1", "positive": "0"}
    scale = METRICS[m.name].scale if m.name in METRICS else ""
    return f"{title_of(m.name)} {fmt.amount(m)}" + (f" ({perfect[scale]} is perfect)" if scale else "")


def without_model_words(constant: Measurement | None) -> str:
    """Return what the headline's sentence would say without a model; empty where that says nothing more."""
    if constant is None or constant.value is None:
        return ""
    hundred = _of_hundred(constant.value)
    if constant.name in {"rmse", "mae", "median_ae", "ae_90"}:
        return f"Without a model they would be off by {fmt.amount(constant)}."
    if constant.name == "mape":
        return f"Without a model they would be off by {fmt.share(constant.value)}."
    if constant.name in {"accuracy", "balanced_accuracy"}:
        return f"Without a model it would be {hundred}."
    if constant.name == "roc_auc":
        return f"Guessing does so {hundred} times."
    if constant.name == "pr_auc":
        return f"Guessing gets {hundred}."
    return ""


def comparison_words(c: Comparison) -> str:
    """Return how the model compares with a baseline: ``"better by 0.12 (0.10 to 0.14)"``."""
    if c.gain.value is None:
        return "could not be compared"
    if c.better:
        return f"better by {fmt.measured(c.gain)}"
    if c.gain.high is not None and c.gain.high < 0:
        return f"worse by {fmt.measured(fmt.turned(c.gain))}"
    return f"no different beyond the noise: {fmt.measured(c.gain)}"


def event_words(problem: Problem) -> str:
    """Return the event as what is said of cases: ``"that are “malignant”"``, ``"with “Churn = Yes”"``."""
    return f"{'with' if _is_bare(problem.classes[1]) else 'that are'} {_event(problem)}"


def class_words(problem: Problem, name: str) -> str:
    """Return a class as a reader knows it: ``"“malignant”"``, ``"“Class = 4”"``."""
    short = fmt.short(name, 40)
    return f"“{fmt.short(problem.target, 40)} = {short}”" if _is_bare(name) else f"“{short}”"


def _is_bare(name: str) -> bool:
    """Return whether the name of a class says nothing without its column: 1, true, yes."""
    return len(name) < BARE or name.lower() in {"true", "yes"} or not any(c.isalpha() for c in name)


def _event(problem: Problem) -> str:
    return class_words(problem, problem.classes[1])


def _log_loss_words(m: Measurement, constant: Measurement | None) -> str:
    """Return what a log loss means: the chance given to what happened, beside that of a constant prediction."""
    words = (
        f"To what really happened it had given a chance of {fmt.share(exp(-(m.value or 0.0)))} on (geometric) average"
    )
    if constant is None or constant.value is None:
        return f"{words}; 100% is perfect."
    share = fmt.share(exp(-constant.value))
    return f"{words}; the same shares for every row would have given {share} ({fmt.amount(constant)}), 100% is perfect."


def _of_hundred(value: float) -> str:
    percent = value * 100
    if 1 <= percent <= 99 or percent in (0, 100):
        return f"{percent:.0f}"
    return fmt.share(value).rstrip("%")


def _factor(log_error: float) -> str:
    return fmt.number(exp(min(log_error, 50.0)), 3)
