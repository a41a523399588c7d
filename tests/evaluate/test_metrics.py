import time
import warnings

import numpy as np
import pytest
import sklearn.metrics as sk
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.errors import UsageError
from modelwright.evaluate.aliases import ALIASES
from modelwright.evaluate.metrics import METRICS, applicable, get

from .worlds import binary, multiclass, values

CLASSIFY = [m.name for m in applicable("classify")]
REGRESS = [m.name for m in applicable("regress")]


def _truth(name, y, p):
    k = p.shape[1]
    labels = (p[:, 1] >= 0.5).astype(int) if k == 2 else p.argmax(axis=1)
    average = "binary" if k == 2 else "macro"
    hot = np.eye(k)[y.astype(int)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "roc_auc": lambda: sk.roc_auc_score(y, p[:, 1]) if k == 2 else sk.roc_auc_score(hot, p, average="macro"),
            "pr_auc": lambda: sk.average_precision_score(y, p[:, 1]) if k == 2 else sk.average_precision_score(hot, p),
            "log_loss": lambda: sk.log_loss(y, p, labels=range(k)),
            "brier": lambda: sk.brier_score_loss(y, p[:, 1]) if k == 2 else ((p - hot) ** 2).sum(axis=1).mean(),
            "accuracy": lambda: sk.accuracy_score(y, labels),
            "balanced_accuracy": lambda: sk.balanced_accuracy_score(y, labels),
            "f1": lambda: sk.f1_score(y, labels, average=average),
            "precision": lambda: sk.precision_score(y, labels, average=average),
            "recall": lambda: sk.recall_score(y, labels, average=average),
            "mcc": lambda: sk.matthews_corrcoef(y, labels),
            "kappa": lambda: sk.cohen_kappa_score(y, labels),
        }[name]()


@pytest.mark.parametrize("name", CLASSIFY)
@pytest.mark.parametrize("k", [2, 3, 7])
@pytest.mark.parametrize("ties", [False, True])
def test_equals_scikit_learn(name, k, ties):
    rng = np.random.default_rng(k)
    y, p = binary(rng, 400) if k == 2 else multiclass(rng, 400, k)
    if ties:
        p = np.round(p * 8) + 0.5
        p /= p.sum(axis=1, keepdims=True)
    assert get(name)(y, p) == pytest.approx(_truth(name, y, p), abs=1e-12)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 5)), min_size=2, max_size=40))
def test_rankings_are_exact_with_any_ties(rows):
    y = np.array([float(e) for e, _ in rows])
    event = np.array([s / 5 for _, s in rows])
    p = np.column_stack([1 - event, event])
    if len(set(y)) == 2:
        assert get("roc_auc")(y, p) == pytest.approx(sk.roc_auc_score(y, event), abs=1e-12)
    else:
        assert np.isnan(get("roc_auc")(y, p))
        assert "one class" in get("roc_auc").undefined(y, p)
    if y.any():
        assert get("pr_auc")(y, p) == pytest.approx(sk.average_precision_score(y, event), abs=1e-12)


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("rmse", lambda y, v: sk.mean_squared_error(y, v) ** 0.5),
        ("mae", sk.mean_absolute_error),
        ("median_ae", sk.median_absolute_error),
        ("ae_90", lambda y, v: np.quantile(np.abs(y - v), 0.9)),
        ("r2", sk.r2_score),
        ("mape", sk.mean_absolute_percentage_error),
        ("rmsle", lambda y, v: sk.mean_squared_log_error(y, np.maximum(v, 0)) ** 0.5),
    ],
)
def test_regression_equals_scikit_learn(name, truth):
    y, p = values(np.random.default_rng(0), 300)
    assert get(name)(y, p) == pytest.approx(truth(y, p[:, 0]), rel=1e-12)


@pytest.mark.parametrize("name", CLASSIFY)
def test_classes_that_do_not_occur_do_not_crash(name):
    y, p = multiclass(np.random.default_rng(1), 200, 5)
    kept = y != 3
    metric = get(name)
    assert np.isfinite(metric(y[kept], p[kept]))
    assert np.isfinite(metric.influence(y[kept], p[kept])[0]).all()
    metric(np.zeros(5), p[:5])  # one class only: a number or NaN, never an error
    assert np.isnan(metric(np.zeros(0), p[:0]))


def _weighted(metric, y, p, row, times):
    """The metric with one row counted ``times`` more often: the slow twin of an influence."""
    rows = np.append(np.repeat(np.arange(len(y)), 1000), np.full(times, row))
    return metric(y[rows], p[rows])


@pytest.mark.parametrize("name", [n for n in METRICS if not METRICS[n].quantile])
@pytest.mark.parametrize("k", [2, 4])
def test_influence_is_the_derivative_by_the_weight_of_a_row(name, k):
    rng = np.random.default_rng(5)
    metric = get(name)
    if metric.needs == "value":
        y, p = values(rng, 60)
    else:
        y, p = binary(rng, 60) if k == 2 else multiclass(rng, 60, k)
        p = np.round(p * 20) + 0.5  # ties, and nothing at the threshold
        p /= p.sum(axis=1, keepdims=True)
    influence, freedom = metric.influence(y, p)
    assert influence.sum() == pytest.approx(0, abs=1e-8)
    assert freedom > 1
    # The influences carry a factor for small samples, sqrt(n / (n - 1)) of all rows or of the class's rows.
    room = 0.2 * np.abs(influence).max()
    for row in rng.choice(60, 8, replace=False):
        slope = (_weighted(metric, y, p, row, 5) - _weighted(metric, y, p, row, 0)) / 0.005
        assert influence[row] == pytest.approx(slope, abs=room)


def test_names_aliases_and_unknown_names():
    assert get("AUC").name == "roc_auc"
    assert get("neg-log-loss").name == "log_loss"
    assert get("Average Precision").name == "pr_auc"
    assert get("neg_root_mean_squared_error").name == "rmse"
    assert get("mse").name == "rmse"
    assert all(target in METRICS for target in ALIASES.values())
    assert not set(ALIASES) & set(METRICS)
    with pytest.raises(UsageError, match=r"metric 'accurracy' is not known · fix: did you mean 'accuracy'\? · MW-U401"):
        get("accurracy")


def test_mape_says_why_it_is_not_defined():
    y = np.array([0.0, 1.0, 2.0])
    assert np.isnan(get("mape")(y, y[:, None]))
    assert get("mape").undefined(y, y[:, None]) == "1 target values are zero or nearly so"
    assert "negative" in get("rmsle").undefined(-y, y[:, None])


def test_loss_is_lower_for_the_better_and_takes_the_best_threshold():
    rng = np.random.default_rng(2)
    y, p = binary(rng, 1000, share=0.05, apart=2.5)
    noise = rng.permutation(p)
    for name in CLASSIFY:
        if name not in {"precision", "recall"}:
            assert get(name).loss(y, p) < get(name).loss(y, noise)
    best = max(sk.f1_score(y, p[:, 1] >= t) for t in np.unique(p[:, 1])[-150:])
    assert get("f1").loss(y, p) == pytest.approx(1 - best, abs=1e-12)
    assert get("roc_auc").loss(np.zeros(5), p[:5]) == np.inf


def test_roc_auc_is_much_faster_than_the_validated_one():
    y, p = binary(np.random.default_rng(0), 1000)

    def best_of(call):
        times = []
        for _ in range(20):
            start = time.perf_counter()
            call()
            times.append(time.perf_counter() - start)
        return min(times)

    assert best_of(lambda: get("roc_auc")(y, p)) < best_of(lambda: sk.roc_auc_score(y, p[:, 1])) / 3
