"""Training of networks: gradients against differences, the mean of weights, and what the learner makes of them."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.learners import checks, get
from modelwright.learners.networks import training
from modelwright.learners.networks.members import Layout, Members, Pass
from modelwright.learners.networks.ramping import fit_ramps
from modelwright.learners.networks.training import Batches, absolute_errors, crossed_errors, squared_errors
from modelwright.runtime.view import View

N_ROWS = 6


def losses(outputs: np.ndarray, y: np.ndarray, kind: str) -> float:
    """The loss whose gradient is written out, each member's mean over its rows added up."""
    if kind == "squared":
        return float(0.5 * np.square(outputs[..., 0] - y).mean(axis=1).sum())
    if kind == "absolute":
        return float(np.sqrt(np.square(outputs[..., 0] - y) + training.NEAR**2).mean(axis=1).sum())
    if kind == "two":
        return float(np.log1p(np.exp(np.where(y, -1, 1) * outputs[..., 0])).mean(axis=1).sum())
    shifted = np.log(np.exp(outputs).sum(axis=2)) - np.take_along_axis(outputs, y[..., None].astype(int), 2)[..., 0]
    return float(shifted.mean(axis=1).sum())


@pytest.mark.parametrize("kind", ["squared", "absolute", "two", "three"])
def test_gradients_are_those_of_differences(kind: str) -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, {"two": 2, "three": 3}.get(kind, 9), N_ROWS).astype(float)
    layout = Layout((4, 5, 3, 3 if kind == "three" else 1), 2)
    flat = (layout.start(rng, np.ones(4), np.zeros(layout.sizes[-1])) + 0.1 * rng.normal(size=layout.size)).astype(
        float
    )
    rows = rng.permuted(np.tile(np.arange(N_ROWS), (2, 1)), axis=1)
    inputs, kept = rng.normal(size=(2, N_ROWS, 4)), Pass()
    make = {"squared": squared_errors, "absolute": absolute_errors}.get(kind)
    errors = make(y) if make else crossed_errors(y.astype(int), layout.sizes[-1] if kind == "three" else 2)
    members, found = Members(layout, flat), np.zeros(layout.size)
    members.gradients(inputs, errors(members.outputs(inputs, kept), rows), kept, layout.views(found))
    step = 1e-5
    for i in range(layout.size):
        moved = [flat.copy(), flat.copy()]
        moved[0][i] += step
        moved[1][i] -= step
        up, down = (losses(Members(layout, w).outputs(inputs), y[rows], kind) for w in moved)
        assert found[i] == pytest.approx((up - down) / (2 * step), abs=1e-5)


def test_silent_units_pass_nothing_back() -> None:
    rng, kept = np.random.default_rng(0), Pass()
    layout = Layout((3, 400, 1), 1)
    members = Members(layout, layout.start(rng, np.ones(3), np.zeros(1)))
    members.outputs(np.ones((1, 5, 3), np.float32), kept, 0.25, rng)
    silent = kept.signals[-1] == 0
    assert 0.2 < silent.mean() < 0.3 and (kept.slopes[0][silent] == 0).all()


def test_an_epoch_has_as_many_rows_as_the_table() -> None:
    matrix = np.random.default_rng(0).normal(size=(100, 2))
    batches = Batches(fit_ramps(matrix, ("a", "b"), 4), matrix, 2, 20)
    epoch = list(batches.epoch(np.random.default_rng(0)))
    assert [rows.shape for rows in epoch] == [(2, 10)] * 5
    for member in np.concatenate(epoch, axis=1):
        assert len(set(member.tolist())) == 50


def test_inputs_found_batch_by_batch_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    matrix = np.random.default_rng(0).normal(size=(50, 3))
    inputs, rows = fit_ramps(matrix, ("a", "b", "c"), 4), np.arange(12).reshape(2, 6)
    whole = Batches(inputs, matrix, 2, 12).of(rows)
    monkeypatch.setattr(training, "MOST_CELLS", 0)
    np.testing.assert_allclose(Batches(inputs, matrix, 2, 12).of(rows), whole, atol=1e-5)


def test_values_stay_within_those_seen() -> None:
    rng = np.random.default_rng(0)
    view = View(rng.normal(size=(200, 2)), ("a", "b"))
    y = 5.0 * view.matrix[:, 0]
    fitted = get("mlp").fit(view, y, {}, checks.make_context("regress", 0), iterations=10)
    far = fitted.scorer.predict(np.array([[1e9, 0.0], [-1e9, 0.0]]))[:, 0]
    assert y.min() <= far.min() and far.max() <= y.max() and far[0] > far[1]


def test_absolute_errors_lead_to_medians() -> None:
    from dataclasses import replace

    rng = np.random.default_rng(0)
    view = View(rng.integers(0, 2, (2_000, 1)).astype(float), ("a",))
    y = rng.exponential(size=2_000) ** 2
    context = checks.make_context("regress", 0)
    means, medians = (
        get("mlp").fit(view, y, {}, replace(context, metric=m), iterations=40).scorer.predict(view.matrix).mean()
        for m in ("rmse", "mae")
    )
    assert means == pytest.approx(y.mean(), rel=0.1) and abs(medians - np.median(y)) < 0.5 * (y.mean() - np.median(y))


def test_quicker_means_fewer_epochs() -> None:
    learner = get("mlp")
    settings = learner.portfolio(n_rows=4_000, n_features=9, n_classes=2)[0]
    assert learner.quicker(settings, 2.0)["epochs"] == settings["epochs"] // 2
    assert learner.quicker({**settings, "epochs": 5}, 4.0)["epochs"] == 5


def test_bends_and_steps_are_learned() -> None:
    """A step that is far from any quantile's edge costs little; skill is judged on rows apart."""
    rng = np.random.default_rng(0)
    matrix = rng.uniform(-1, 1, (1_500, 3))
    y = (matrix[:, 0] > 0.3) + np.sin(3 * matrix[:, 1]) * matrix[:, 2]
    names, new = ("a", "b", "c"), rng.uniform(-1, 1, (500, 3))
    fitted = get("mlp").fit(View(matrix, names), y, {}, checks.make_context("regress", 0), iterations=40)
    truth = (new[:, 0] > 0.3) + np.sin(3 * new[:, 1]) * new[:, 2]
    assert np.square(fitted.scorer.predict(new)[:, 0] - truth).mean() < 0.1 * truth.var()
