"""The linear models of the audit agree with those of scikit-learn, the slow twin."""

from __future__ import annotations

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge

from modelwright.audit.simple import _logistic, _ridge


def table(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(300, 5))
    x[:, 4] = x[:, 0] > 0
    return x, x @ np.array([2.0, -1.0, 0.0, 0.5, 1.0]) + rng.normal(size=300) + 3, rng.normal(size=(40, 5))


def test_values() -> None:
    x, y, new = table()
    np.testing.assert_allclose(_ridge(x, y, new), Ridge().fit(x, y).predict(new), rtol=1e-9)


def test_classes() -> None:
    x, y, new = table()
    event = (y > 3).astype(int)
    twin = LogisticRegression(tol=1e-8, max_iter=1000).fit(x, event).predict_proba(new)[:, 1]
    np.testing.assert_allclose(_logistic(x, event, new), twin, atol=1e-3)


def test_classes_that_are_apart() -> None:
    x = table()[0]
    event = x[:, 0] > 0
    found = _logistic(x, event.astype(int), x)
    assert np.isfinite(found).all() and ((found > 0.5) == event).mean() > 0.95
