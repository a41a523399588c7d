"""What is particular to a family; what all promise is in `test_checks`."""

from __future__ import annotations

import time

import numpy as np
import pytest

from modelwright.errors import UsageError
from modelwright.features.views import VIEWS
from modelwright.learners import LEARNERS, checks, get
from modelwright.learners.base import Deadline
from modelwright.learners.catboost import automatic_rate
from modelwright.learners.forests import MODEL_BYTES, SPLIT_BYTES, most_leaves
from modelwright.learners.rounds import Rounds, patience_for, stopping_loss
from modelwright.runtime.view import View


def test_unknown_learner_is_suggested():
    with pytest.raises(UsageError, match=r"did you mean 'lightgbm'\? · MW-T101"):
        get("lightgmb")


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_unknown_setting_is_suggested(name):
    learner = get(name)
    view, y = checks.example(learner, "regress")
    with pytest.raises(UsageError, match="MW-T102"):
        learner.fit(view, y, {"colour": "red"}, checks.make_context("regress", 0))


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_card_speaks_for_itself(name):
    card = get(name).card
    assert card.name == name and card.title and card.source
    assert card.view in {"trees", "linear", "native"}
    for rows in (500, 50_000):
        for settings in get(name).portfolio(n_rows=rows, n_features=9, n_classes=2):
            assert settings.get("view", card.view) in VIEWS


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_constant_target_gives_a_constant_model_with_a_reason(name):
    learner = get(name)
    view, y = checks.example(learner, "classify")
    fitted = learner.fit(view, np.zeros(len(y)), {}, checks.make_context("classify", 3))
    np.testing.assert_array_equal(fitted.scorer.predict(view.matrix[:2]), [[1, 0, 0]] * 2)
    assert "one value" in fitted.note


def test_features_that_never_vary_give_the_frequencies():
    view = View(np.full((8, 2), np.nan), ("a", "b"))
    fitted = get("catboost").fit(view, np.array([0, 0, 0, 1, 1, 1, 1, 1.0]), {}, checks.make_context("classify", 2))
    np.testing.assert_allclose(fitted.scorer.predict(view.matrix[:1]), [[3 / 8, 5 / 8]])


def test_rounds_keep_the_best_and_stop_after_patience():
    rounds = Rounds(Deadline(), 3)
    losses = [1.0, 0.8, 0.5, 0.6, 0.6, 0.6, 0.4]
    stopped = [rounds.stop(i + 1, loss) for i, loss in enumerate(losses)]
    assert stopped.index(True) == 5 and rounds.note == ""
    rounds = Rounds(Deadline(), 3)
    stopped = [rounds.stop(i + 1, loss) for i, loss in enumerate(losses[:6])]
    assert rounds.best == 3


def test_rounds_do_not_wait_for_gains_that_are_noise():
    rounds = Rounds(Deadline(), 5)
    losses = 1.0 - 1e-7 * np.arange(50)
    done = next(i + 1 for i, loss in enumerate(losses) if rounds.stop(i + 1, loss))
    assert done == 6 and rounds.best == 6  # noise does not prolong, but the lowest is kept


def test_rounds_stop_before_a_round_that_would_be_late():
    rounds = Rounds(Deadline(time.monotonic() + 0.45), None)
    time.sleep(0.25)  # a library prepares its data: that does not say how long a round takes
    assert not rounds.stop(1)
    time.sleep(0.15)
    assert rounds.stop(2)
    assert rounds.best == 2 and rounds.note == "stopped by the deadline after 2 rounds"


def test_rounds_stop_after_the_first_when_the_deadline_has_passed():
    assert Rounds(Deadline(time.monotonic() - 1), None).stop(1)


def test_patience_follows_the_learning_rate():
    assert patience_for(0.05) == 80 > patience_for(0.1) > patience_for(0.5)
    assert patience_for(1e-6) == 250


def test_what_early_stopping_follows():
    assert stopping_loss("roc_auc", 2) == stopping_loss("accuracy", 5) == "log_loss"
    assert stopping_loss("mae", 0) == "mae" and stopping_loss("r2", 0) == "rmse"


def test_forest_stays_within_its_bytes():
    for n_classes in (0, 2, 7, 30):
        leaves = most_leaves(1_000_000, 300, n_classes)
        size = 300 * leaves * (SPLIT_BYTES + (4 * n_classes or 8))
        assert size <= MODEL_BYTES
    assert most_leaves(1_000, 300, 2) is None


def test_automatic_rate_is_that_of_catboost():
    """Measured with CatBoost 1.2.10, 1000 trees, validation rows given."""
    for loss, n_rows, rate in (("Logloss", 10_000, 0.05596), ("MultiClass", 1_000, 0.10798), ("RMSE", 50_000, 0.09411)):
        assert automatic_rate(loss, n_rows) == pytest.approx(rate, rel=2e-3)


def test_linear_gives_a_class_without_rows_no_probability():
    learner = get("linear")
    view, y = checks.example(learner, "classify", n_classes=3)
    fitted = learner.fit(view, y * 2, {}, checks.make_context("classify", 6))
    proba = fitted.scorer.predict(view.matrix)
    assert (proba[:, [1, 3, 5]] == 0).all() and (proba[:, [0, 2, 4]] > 0).all()


def test_neighbours_keep_a_sample_of_many_rows():
    learner = get("neighbours")
    view, y = checks.example(learner, "regress", n_rows=6000)
    fitted = learner.fit(view, y, {"k": 5}, checks.make_context("regress", 0))
    assert len(fitted.scorer.rows) == 5000 and fitted.scorer.rows.dtype == np.float32
    assert "5000 of 6000 rows kept" in fitted.note


@pytest.mark.parametrize("name", ["lightgbm", "xgboost", "catboost", "mlp"])
def test_more_rounds_are_tried_than_kept(name):
    """Pure noise: the best round is an early one, and it is the one that is kept."""
    learner, rng = get(name), np.random.default_rng(0)
    view = View(rng.normal(size=(300, 3)), ("a", "b", "c"))
    valid = View(rng.normal(size=(300, 3)), view.names), rng.integers(0, 2, 300).astype(float)
    fitted = learner.fit(
        view, rng.integers(0, 2, 300).astype(float), {}, checks.make_context("classify", 2), valid=valid
    )
    assert 1 <= fitted.iterations <= 60
