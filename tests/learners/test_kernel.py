"""What is particular to Gaussian processes; what all learners promise is in `test_checks`."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.learners import checks, get
from modelwright.learners.base import Deadline
from modelwright.learners.evidence import Evidence
from modelwright.learners.kernel import ROW_CAP
from modelwright.runtime.scorers.kernel import KernelScorer, likeness, squared_distances
from modelwright.runtime.view import View

REGRESS = checks.make_context("regress", 0)


def smooth(n_rows: int, seed: int = 0, n_noise: int = 6) -> tuple[View, np.ndarray]:
    """A curved function of two features, beside features that say nothing."""
    x = np.random.default_rng(seed).uniform(-2, 2, size=(n_rows, 2 + n_noise))
    names = tuple(f"x{i}" for i in range(x.shape[1]))
    return View(x, names), np.sin(2 * x[:, 0]) * x[:, 1]


def fit(view: View, y: np.ndarray, context=REGRESS):
    return get("kernel").fit(view, y, {}, context)


def test_the_likeness_is_that_of_scikit_learn():
    from sklearn.gaussian_process.kernels import Matern

    rng = np.random.default_rng(0)
    left, right = rng.normal(size=(30, 4)), rng.normal(size=(20, 4))
    expected = Matern(nu=2.5)(left, right)
    np.testing.assert_allclose(likeness(squared_distances(left, right)), expected, atol=1e-12)


def test_the_evidence_is_that_of_scikit_learn():
    """Up to the prior and the constant, at two places."""
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import ConstantKernel, DotProduct, Matern, WhiteKernel

    rng = np.random.default_rng(1)
    rows, target = rng.normal(size=(40, 3)), rng.normal(size=(40, 1))
    found, expected = [], []
    for amplitude, noise, slope, lengths in ((0.5, 0.3, 0.1, (1.0, 2.0, 3.0)), (1.2, 0.05, 0.4, (0.7, 5.0, 1.5))):
        logs = np.log([amplitude, noise, slope, *lengths])
        evidence = Evidence(rows, np.arange(3))
        off = (logs - evidence._centre) / evidence._width
        found.append(evidence.at(logs, target)[0] - 0.5 * float(off @ off))
        kernel = (
            ConstantKernel(amplitude) * Matern(lengths, nu=2.5)
            + ConstantKernel(slope / 3) * DotProduct(0.0, sigma_0_bounds="fixed")
            + WhiteKernel(noise)
        )
        theirs = GaussianProcessRegressor(kernel, optimizer=None, alpha=1e-6).fit(rows, target)
        expected.append(-theirs.log_marginal_likelihood_value_ - 20 * np.log(2 * np.pi))
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_the_gradient_is_that_of_the_evidence():
    rng = np.random.default_rng(2)
    evidence = Evidence(rng.normal(size=(50, 4)), np.array([0, 1, 1, 2]))
    target = rng.normal(size=(50, 2))
    logs = evidence._centre + 0.3 * rng.normal(size=6)
    _, gradient = evidence.at(logs, target)
    steps = 1e-3 * np.eye(6)
    slopes = [(evidence.at(logs + s, target)[0] - evidence.at(logs - s, target)[0]) / 2e-3 for s in steps]
    np.testing.assert_allclose(gradient, slopes, rtol=0.01, atol=0.01)


def test_a_smooth_function_is_learned_from_few_rows_and_the_rest_is_left_out():
    view, y = smooth(250)
    new, truth = smooth(300, seed=1)
    scorer = fit(view, y).scorer
    assert isinstance(scorer, KernelScorer)
    assert np.square(scorer.predict(new.matrix)[:, 0] - truth).mean() < 0.03 * truth.var()
    assert scorer.columns.tolist()[:2] == [0, 1] and len(scorer.columns) < 8


def test_values_over_several_powers_of_ten_are_learned_on_the_logarithm():
    view, score = smooth(250)
    new, truth = smooth(300, seed=1)
    fitted = fit(view, np.exp(3 * score))
    assert fitted.scorer.link.log and "logarithm" in fitted.note
    found = np.log(fitted.scorer.predict(new.matrix)[:, 0]) / 3
    assert np.square(found - truth).mean() < 0.1 * truth.var()


@pytest.mark.parametrize("shift", [0.0, -100.0])
def test_what_is_foretold_stays_within_what_was_seen(shift):
    view, y = smooth(120)
    y = np.exp(y) - np.exp(y).min() + shift  # zero is among them, or all are below it
    far = View(1e6 * np.sign(view.matrix), view.names)
    found = fit(view, y).scorer.predict(far.matrix)
    assert (found >= y.min() - 1e-9).all() and (found <= y.max() + 1e-9).all()


def test_levels_of_a_category_share_a_length():
    rng = np.random.default_rng(3)
    level = rng.integers(0, 4, 150)
    view = View(np.column_stack([np.eye(4)[level], rng.normal(size=150)]), (*(f"job={c}" for c in "abcd"), "x"))
    scorer = fit(view, np.array([0.0, 3.0, 1.0, -2.0])[level] + 0.1 * rng.normal(size=150)).scorer
    assert {0, 1, 2, 3} <= set(scorer.columns.tolist())
    assert len(set(scorer.inverse[scorer.columns < 4].tolist())) == 1


def test_many_rows_are_sampled():
    view, y = smooth(ROW_CAP + 500, n_noise=0)
    context = checks.make_context("regress", 0, seconds=-1.0)  # late already: nothing is searched for
    fitted = fit(view, y, context)
    assert f"of {len(y)} rows kept" in fitted.note
    assert len(fitted.scorer.support) < ROW_CAP


def test_a_deadline_ends_the_search():
    rows = np.random.default_rng(4).normal(size=(40, 3))
    evidence = Evidence(rows, np.arange(3))
    found = evidence.most_likely(rows[:, :1], Deadline(0.0), 30)
    assert found.stopped and (found.logs == evidence._centre).all()


def test_a_copy_of_every_row_is_no_trouble():
    view, y = smooth(60)
    twice = View(np.concatenate([view.matrix, view.matrix]), view.names)
    labels = (np.concatenate([y, y]) > 0).astype(np.float64)
    proba = fit(twice, labels, checks.make_context("classify", 2)).scorer.predict(view.matrix)
    assert ((proba[:, 1] > 0.5) == (y > 0)).mean() > 0.95
