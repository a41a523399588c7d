"""From predictions to the columns a user gets."""

from __future__ import annotations

import numpy as np

from modelwright.objectives import OBJECTIVES
from modelwright.runtime.answers import ANSWERS, class_answer, value_answer


def test_every_objective_has_one():
    assert set(ANSWERS) == set(OBJECTIVES)


def test_class_answer_uses_the_threshold_for_two_classes_only():
    prediction = np.array([[0.7, 0.3], [0.4, 0.6]])
    assert class_answer(prediction, ("no", "yes"), None)["prediction"].tolist() == ["no", "yes"]
    answer = class_answer(prediction, ("no", "yes"), 0.25)
    assert answer["prediction"].tolist() == ["yes", "yes"]
    assert answer["probability_yes"].tolist() == [0.3, 0.6]
    three = class_answer(np.array([[0.2, 0.5, 0.3]]), ("a", "b", "c"), 0.1)
    assert three["prediction"].tolist() == ["b"]
    assert list(class_answer(np.zeros((0, 3)), ("a", "b", "c"), None)["prediction"]) == []


def test_value_answer_is_the_value():
    assert value_answer(np.array([[1.5], [2.0]]))["prediction"].tolist() == [1.5, 2.0]
