"""From predictions to the columns a user gets; the same for training, batch and the serving image."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from modelwright.runtime.decisions import DECISION, Decision

__all__ = [
    "ANSWERS",
    "DEFAULT_THRESHOLD",
    "WITH_CLASSES",
    "chosen_class",
    "class_answer",
    "row_answer",
    "threshold_or_half",
    "value_answer",
]

DEFAULT_THRESHOLD = 0.5
"""From which probability on the event is predicted, where no other threshold was chosen."""

Answer = Callable[[np.ndarray, Sequence[str], float | None], dict[str, np.ndarray]]


def threshold_or_half(threshold: float | None) -> float:
    """Return from which probability on the event is predicted: one half where no threshold was chosen."""
    return DEFAULT_THRESHOLD if threshold is None else threshold


def chosen_class(prediction: np.ndarray, threshold: float | None = None) -> np.ndarray:
    """Return the number of the class that is answered, shape ``(n_rows,)``.

    Of two classes the event, number 1, where its probability is at least ``threshold`` (None: one half); of more, the
    most probable.

    Parameters
    ----------
    prediction : ndarray of float64, shape (n_rows, n_classes)
    """
    if prediction.shape[1] == 2:
        return (prediction[:, 1] >= threshold_or_half(threshold)).astype(np.intp)
    return prediction.argmax(axis=1)


def class_answer(prediction: np.ndarray, classes: Sequence[str], threshold: float | None) -> dict[str, np.ndarray]:
    """Return ``prediction`` (class names, see `chosen_class`) and one ``probability_<class>`` per class.

    Parameters
    ----------
    prediction : ndarray of float64, shape (n_rows, n_classes)
    """
    names = np.empty(len(classes), dtype=object)
    names[:] = list(classes)
    answer = {"prediction": names[chosen_class(prediction, threshold)]}
    for i, name in enumerate(classes):
        answer[f"probability_{name}"] = prediction[:, i]
    return answer


def value_answer(
    prediction: np.ndarray, classes: Sequence[str] = (), threshold: float | None = None
) -> dict[str, np.ndarray]:
    """Return ``prediction``, the values of shape ``(n_rows,)``."""
    return {"prediction": prediction[:, 0]}


ANSWERS: Mapping[str, Answer] = {"classify": class_answer, "regress": value_answer}
"""By name of the objective."""

WITH_CLASSES = frozenset({"classify"})
"""Objectives whose predictions are probabilities of classes."""


def row_answer(
    objective: str, classes: Sequence[str], threshold: float | None, decision: Decision | None = None
) -> Callable[[list[float]], dict[str, Any]]:
    """Return the function that makes the answer to one row; the same names and values as `ANSWERS` gives for many."""
    if decision is not None:
        plain = row_answer(objective, classes, threshold)
        return lambda prediction: {
            **plain(prediction),
            DECISION: decision(np.array([prediction]), classes).tolist()[0],
        }
    if objective not in WITH_CLASSES:
        return lambda prediction: {"prediction": prediction[0]}
    names = tuple(f"probability_{name}" for name in classes)
    if len(names) != 2:
        return lambda prediction: {
            "prediction": classes[prediction.index(max(prediction))],
            **dict(zip(names, prediction)),
        }
    limit = threshold_or_half(threshold)
    (other, event), (name_of_other, name_of_event) = classes, names

    def of_two(prediction: list[float]) -> dict[str, Any]:
        without, of_event = prediction
        chosen = event if of_event >= limit else other
        return {"prediction": chosen, name_of_other: without, name_of_event: of_event}

    return of_two
