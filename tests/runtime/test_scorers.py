"""Scorers against slow, obvious twins, and on their own edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from modelwright.errors import BundleError
from modelwright.learners import LEARNERS, get
from modelwright.learners.checks import ROUNDS, example, make_context
from modelwright.runtime.scorers import SCORERS, load
from modelwright.runtime.scorers.constant import ConstantScorer
from modelwright.runtime.scorers.forest import ForestScorer
from modelwright.runtime.scorers.linear import probabilities
from modelwright.runtime.scorers.neighbours import kernel_weights, nearest
from modelwright.runtime.scorers.scaling import robust_scaling, standard_scaling

CELLS = st.one_of(
    st.floats(-10, 10, width=32),
    st.just(np.nan),
    st.sampled_from([0.0, -0.0, 1e-300, -1e300, 1e300, np.inf, -np.inf, 3.4e38, -3.5e38]),
)
CASES = [("classify", 2), ("classify", 4), ("regress", 0)]


@pytest.fixture(scope="module")
def fitted():
    """Return a small fitted model of every learner and objective."""
    models = {}
    for name in LEARNERS:
        learner = get(name)
        for objective, n_classes in CASES:
            view, y = example(learner, objective, n_rows=120, n_classes=n_classes)
            chosen = learner.portfolio(n_rows=120, n_features=6, n_classes=n_classes)[0]
            models[name, n_classes] = (
                learner,
                learner.fit(view, y, chosen, make_context(objective, n_classes), iterations=ROUNDS),
            )
    return models


@pytest.mark.parametrize("name", sorted(LEARNERS))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_parity_with_the_library_whatever_comes_in(fitted, name, data):
    learner, model = fitted[name, data.draw(st.sampled_from([k for _, k in CASES]))]
    width = 5 if learner.card.view == "linear" else 6
    matrix = data.draw(arrays(np.float64, st.tuples(st.integers(1, 8), st.just(width)), elements=CELLS))
    if width == 6:
        matrix[:, 5] = np.nan_to_num(matrix[:, 5], nan=0, posinf=9, neginf=0) % 12 // 1
    before = matrix.copy()
    found = model.scorer.predict(matrix)
    wanted = learner.native_predict(model.native, matrix)
    assert np.isfinite(found).all()
    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6)
    np.testing.assert_array_equal(matrix, before)
    alone = np.vstack([model.scorer.predict(row[None, :]) for row in matrix])
    np.testing.assert_allclose(alone, found, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_no_rows_give_no_predictions(fitted, name):
    for _, n_classes in CASES:
        learner, model = fitted[name, n_classes]
        empty = np.empty((0, 5 if learner.card.view == "linear" else 6))
        assert model.scorer.predict(empty).shape == (0, max(n_classes, 1))


@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_saved_and_loaded_predicts_the_same(fitted, name, tmp_path):
    for _, n_classes in CASES:
        learner, model = fitted[name, n_classes]
        view, _ = example(learner, "regress", n_rows=40, seed=3)
        stored = model.scorer.save(tmp_path, f"m{n_classes}")
        again = load(stored, tmp_path)
        assert type(again) is type(model.scorer)
        np.testing.assert_array_equal(again.predict(view.matrix), model.scorer.predict(view.matrix))
        assert again.save(tmp_path, "again").keys() == stored.keys()


def test_same_model_same_bytes(fitted, tmp_path):
    for name in ("linear", "random_forest", "mlp", "neighbours", "kernel", "lightgbm"):
        scorer = fitted[name, 2][1].scorer
        files = [tmp_path / scorer.save(tmp_path, stem)["files"][0] for stem in ("a", "b")]
        assert files[0].read_bytes() == files[1].read_bytes()


def test_every_name_of_the_registry_is_that_of_its_class(fitted):
    compiled = {"oblivious", "single-sums", "mlp"}  # see tests/package/compiling; of earlier releases
    assert {model.scorer.scorer for _, model in fitted.values()} | {"constant"} | compiled == set(SCORERS)


def test_constant_model(tmp_path):
    scorer = ConstantScorer(np.array([0.25, 0.75]), 2)
    stored = scorer.save(tmp_path, "m0")
    np.testing.assert_array_equal(load(stored, tmp_path).predict(np.empty((3, 9))), [[0.25, 0.75]] * 3)
    for wrong in ([0.5], [0.5, "a"], [0.5, float("nan")], None):
        with pytest.raises(BundleError, match="MW-B151"):
            load(stored | {"outputs": wrong}, tmp_path)


def test_forest_branches_like_scikit_learn_at_the_threshold():
    """A float32 feature beside a float64 threshold: the neighbours of the threshold in both precisions."""
    from modelwright.learners.forests import _round_down

    rng = np.random.default_rng(0)
    for threshold in (*rng.normal(size=200), 0.1, 1 / 3, 1e-40, 1e30, np.inf):
        rounded = _round_down(np.array([threshold]))[0]
        near = np.float32(threshold)
        for x in (near, np.nextafter(near, np.float32(-np.inf)), np.nextafter(near, np.float32(np.inf))):
            assert (x <= rounded) == (np.float64(x) <= threshold)


def test_forest_equals_a_walk_node_by_node(fitted):
    learner, model = fitted["random_forest", 4]
    scorer = model.scorer
    assert isinstance(scorer, ForestScorer)
    a = scorer.arrays
    view, _ = example(learner, "classify", n_rows=30, seed=5)
    found = scorer.predict(view.matrix)
    for row, predicted in zip(view.matrix.astype(np.float32), found):
        total = np.zeros(4)
        for root in a["root"]:
            node = root
            while node >= 0:
                x = row[a["feature"][node]]
                left = a["missing_left"][node] if np.isnan(x) else x <= a["threshold"][node]
                node = a["left"][node] if left else a["right"][node]
            total += a["value"][-1 - node]
        np.testing.assert_allclose(predicted, total / len(a["root"]), atol=1e-12)


def test_forest_scores_the_same_in_blocks(fitted, monkeypatch):
    learner, model = fitted["extra_trees", 2]
    view, _ = example(learner, "classify", n_rows=500, seed=5)
    whole = model.scorer.predict(view.matrix)
    monkeypatch.setattr("modelwright.runtime.scorers.forest.BLOCK_PAIRS", 64)
    np.testing.assert_array_equal(model.scorer.predict(view.matrix), whole)


def test_nearest_equals_sorting_all_distances():
    rng = np.random.default_rng(0)
    rows, queries = rng.normal(size=(500, 7)).astype(np.float32), rng.normal(size=(40, 7))
    numbers, squared = nearest(rows, queries, 6)
    distance = np.square(queries[:, None, :] - rows[None].astype(float)).sum(axis=2)
    np.testing.assert_array_equal(numbers, np.argsort(distance, axis=1)[:, :6])
    np.testing.assert_allclose(squared, np.sort(distance, axis=1)[:, :6], rtol=1e-12)


def test_kernel_ignores_which_of_equal_rows_comes_last():
    weights = kernel_weights(np.array([[0.0, 1.0, 2.0, 2.0], [3.0, 3.0, 3.0, 3.0], [0.0, 0.0, 0.0, 0.0]]))
    np.testing.assert_allclose(weights, [[1.0, 0.75, 0.0, 0.0], [1.0] * 4, [1.0] * 4])


def test_probabilities_do_not_overflow():
    np.testing.assert_array_equal(probabilities(np.array([[1e5], [-1e5], [0.0]])), [[0, 1], [1, 0], [0.5, 0.5]])
    np.testing.assert_array_equal(probabilities(np.array([[1e5, 0.0, -1e5]])), [[1, 0, 0]])


def test_scaling_bounds_extremes_and_fills_the_missing():
    matrix = np.array([[1.0, 5.0, np.nan], [2.0, 5.0, np.nan], [3.0, 5.0, np.nan], [1e9, np.nan, np.nan]])
    for scaling, bound in ((standard_scaling(matrix), 10.0), (robust_scaling(matrix), 3.0)):
        scaled = scaling(np.vstack([matrix, [[np.inf, np.inf, 1.0]], [[-1e308, -1e308, 1e308]]]))
        assert np.isfinite(scaled).all() and np.abs(scaled).max() <= bound
        assert (scaled[:4, 1:] == 0).all()
