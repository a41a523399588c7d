import time
from dataclasses import replace

import msgspec
import numpy as np
import pytest

from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import UsageError
from modelwright.evaluate.comparisons import compare
from modelwright.evaluate.evaluating import evaluate
from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.measurements import Evaluation
from modelwright.evaluate.metrics import applicable, get
from modelwright.evaluate.money.deciding import Decided
from modelwright.evaluate.money.payoffs import read_payoff
from modelwright.frame.problem import Problem, SplitKind

from .worlds import binary, distorted, multiclass, values


def _problem(metric, classes):
    return Problem(
        objective="classify" if classes else "regress",
        target="target",
        classes=classes,
        metric=metric,
        split=SplitKind.RANDOM,
        group=None,
        time=None,
        n_folds=5,
        n_repeats=1,
        holdout=0.2,
        features=("a", "b"),
        n_rows=1000,
        choices=(),
    )


def _evidence(y, p, *, width=2, **more):
    rng = np.random.default_rng(9)
    n = len(y)
    columns = {"target": y}
    specs = [ColumnSpec(name="target", kind=Kind.NUMBER, unit="€")]
    for i in range(width):
        name = f"c{i}"
        if i % 2:
            columns[name] = Strings(rng.integers(0, 8, n).astype(np.int32), np.array(list("abcdefgh"), dtype=object))
        else:
            columns[name] = rng.normal(size=n)
        specs.append(ColumnSpec(name=name, kind=Kind.CATEGORY if i % 2 else Kind.NUMBER))
    k = p.shape[1]
    mean = np.tile(p.mean(axis=0), (n, 1)) if k > 1 else np.full((n, 1), y.mean())
    weak = 0.7 * mean + 0.3 * p if k > 1 else p + 3 * rng.normal(size=p.shape)
    settings = {
        "baselines": {"constant": ("always says the same", mean), "linear": ("a straight line", weak)},
        "train_y": y,
        "train_prediction": p,
        "learning": ((n // 4, weak), (n // 2, (weak + p) / 2), (n, p)),
        **more,
    }
    contract = Contract(columns=tuple(specs), rows_seen=n)
    return Evidence(y=y, prediction=p, columns=columns, contract=contract, measured_on="a lockbox", **settings)


def test_two_classes():
    y, p = binary(np.random.default_rng(0), 1500, share=0.2, apart=2.0)
    payoff = read_payoff({"tp": 80, "fp": -5}, ("no", "yes"))
    decided = Decided(payoff=payoff, capacity=None, threshold=0.3, decision=None, why="payoff")
    evidence = _evidence(y, p, threshold=0.3, threshold_why="payoff", calibration_note="none", decided=decided)
    found = evaluate(_problem("roc_auc", ("no", "yes")), evidence, seed=0)
    assert [m.name for m in found.metrics] == [m.name for m in applicable("classify")]
    assert found.headline in found.metrics and found.headline.name == "roc_auc"
    assert [c.name for c in found.comparisons] == ["constant", "linear"] and found.comparisons[0].better
    assert found.confusion.threshold == 0.3 and sum(map(sum, found.confusion.counts)) == 1500
    assert {c.name for c in found.curves} == {"roc", "precision_recall", "gain", "lift"}
    for curve in found.curves:
        assert len(curve.x) == len(curve.y) == len(curve.thresholds) <= 200
        assert (np.diff(curve.x) >= 0).all()
    roc = found.curves[0]
    assert (roc.x[0], roc.y[0], roc.x[-1], roc.y[-1]) == (0, 0, 1, 1)
    assert float(np.diff(roc.x) @ (np.add(roc.y[1:], roc.y[:-1]) / 2)) == pytest.approx(found.headline.value, abs=0.005)
    assert found.value_per_row.low < found.value_per_row.value < found.value_per_row.high
    assert found.residuals is None and found.calibration and found.calibration_error.value < 0.05
    assert all(s.column != "target" for s in found.slices)
    assert found.fit_verdict.startswith("fits well") and found.threshold_why == "payoff"
    assert msgspec.convert(msgspec.json.decode(msgspec.json.encode(found)), Evaluation) == found


def test_many_classes_with_one_missing():
    y, p = multiclass(np.random.default_rng(1), 900, 5)
    kept = y != 2
    found = evaluate(_problem("log_loss", tuple("abcde")), _evidence(y[kept], p[kept]), seed=0)
    assert found.headline.value is not None and found.curves == () and found.threshold is None
    assert len(found.confusion.counts) == 5 and sum(found.confusion.counts[2]) == 0
    assert found.value_per_row is None


def test_values():
    y, p = values(np.random.default_rng(2), 1200)
    found = evaluate(_problem("rmse", ()), _evidence(y, p), seed=0)
    assert found.headline.unit == "€" and found.confusion is None and found.calibration == ()
    assert sum(found.residuals.counts) == 1200 and len(found.residuals.predicted) == 1000
    assert len(found.residuals.by_level) == 10 and found.residuals.by_level[0].low is not None
    assert {m.name for m in found.metrics if m.unit} == {"rmse", "mae", "median_ae", "ae_90"}


def test_choosing_on_the_same_rows_is_corrected_everywhere():
    rng = np.random.default_rng(3)
    y, p = binary(rng, 300, apart=1.0)
    candidates = np.stack([distorted(p, 1.0, 2 * rng.normal(size=300)) for _ in range(12)])

    def select(rows):
        scores = [((c[rows, 1] - y[rows]) ** 2).mean() for c in candidates]
        return np.eye(12)[int(np.argmin(scores))]

    chosen = np.tensordot(select(np.arange(300)), candidates, axes=1)
    problem = _problem("log_loss", ("no", "yes"))
    plain = evaluate(problem, _evidence(y, chosen), seed=0)
    honest = evaluate(problem, _evidence(y, chosen, candidates=candidates, select=select), seed=0)
    assert honest.headline.value > plain.headline.value and "BBC-CV" in honest.headline.method
    assert honest.comparisons[0].gain.value < plain.comparisons[0].gain.value
    assert honest.comparisons[0].score == plain.comparisons[0].score


@pytest.mark.parametrize(
    ("train", "unseen", "word"),
    [
        ("true", "true", "fits well"),
        ("sharp", "noisy", "overfits"),
        ("mean", "mean", "finds nothing"),
        ("weak", "weak", "underfits"),
    ],
)
def test_fit_verdicts(train, unseen, word):
    rng = np.random.default_rng(4)
    y, p = binary(rng, 3000, apart=2.0)
    kinds = {
        "true": p,
        "sharp": np.column_stack([1 - y, y]) * 0.98 + 0.01,
        "noisy": distorted(p, 0.8, 1.5 * rng.normal(size=3000)),
        "mean": np.tile(p.mean(axis=0), (3000, 1)),
        "weak": 0.97 * p.mean(axis=0) + 0.03 * p,
    }
    evidence = _evidence(y, kinds[unseen], train_prediction=kinds[train])
    found = evaluate(_problem("log_loss", ("no", "yes")), evidence, seed=0)
    assert found.fit_verdict.startswith(word)


def test_training_rows_that_are_louder_have_a_constant_of_their_own():
    rng = np.random.default_rng(8)
    y, p = values(rng, 800)
    louder = replace(_evidence(y, p), train_y=10 * y, train_prediction=10 * p)
    found = evaluate(_problem("rmse", ()), louder, seed=0)
    assert found.train_score.value == pytest.approx(10 * found.headline.value, rel=0.2)
    assert found.train_constant.value == pytest.approx(10 * y.std(), rel=1e-6)
    assert found.fit_verdict.startswith("fits well")


def test_learning_notes():
    rng = np.random.default_rng(5)
    y, p = values(rng, 2000)
    noise = rng.normal(size=(2000, 1))
    rising = tuple((n, p + noise * 30 / n**0.5) for n in (100, 200, 400, 800))
    found = evaluate(_problem("rmse", ()), _evidence(y, p, learning=rising), seed=0)
    assert found.learning_note.startswith("still rising") and "twice as many" in found.learning_note
    assert [point.n_train for point in found.learning_curve] == [100, 200, 400, 800]
    flat = tuple((n, p) for n in (100, 200, 400))
    found = evaluate(_problem("rmse", ()), _evidence(y, p, learning=flat), seed=0)
    assert found.learning_note.startswith("flat")
    found = evaluate(_problem("rmse", ()), _evidence(y, p, learning=()), seed=0)
    assert found.learning_curve == () and found.learning_note.startswith("not known")


def test_tiny_and_one_sided_evidence():
    for n in (1, 2, 5):
        y, p = np.zeros(n), np.full((n, 2), 0.5)
        found = evaluate(_problem("roc_auc", ("no", "yes")), _evidence(y, p), seed=0)
        assert found.headline.value is None and found.headline.method.startswith("not defined")
        assert found.fit_verdict.startswith("cannot be told")
        evaluate(_problem("rmse", ()), _evidence(y, p[:, :1]), seed=0)


def test_a_metric_of_another_objective_is_refused():
    y, p = values(np.random.default_rng(0), 50)
    with pytest.raises(
        UsageError, match="metric 'roc_auc' does not fit the objective 'regress' · fix: use one of: rmse"
    ):
        evaluate(_problem("roc_auc", ()), _evidence(y, p), seed=0)


@pytest.mark.parametrize(("n", "seconds"), [(1000, 1.0), (10_000, 2.5)])
def test_time(n, seconds):
    y, p = binary(np.random.default_rng(0), n)
    evidence = _evidence(y, p, width=30)
    evaluate(_problem("roc_auc", ("no", "yes")), evidence, seed=0)  # imports
    start = time.process_time()
    evaluate(_problem("roc_auc", ("no", "yes")), evidence, seed=0)
    assert time.process_time() - start < seconds


@pytest.mark.parametrize(("unit", "scale", "shown"), [("%", 0.01, ""), ("kg", 1.0, "kg")])
def test_a_scaled_target_has_no_unit(unit, scale, shown):
    spec = ColumnSpec(name="rate", kind=Kind.NUMBER, unit=unit, scale=scale)
    assert spec.unit_of_values == shown


def test_a_constant_that_differs_by_fold_ranks_nothing():
    y = np.tile([0.0, 1.0, 0.0], 100)
    share = np.repeat([0.33, 0.34, 0.32], 100)
    constant = np.column_stack([1 - share, share])
    better = np.column_stack([0.7 - 0.4 * y, 0.3 + 0.4 * y])
    found = compare(
        get("roc_auc"), y, better, {"constant": ("", constant)}, threshold=0.5, groups=None, unit="", seed=0
    )
    assert found[0].score.value == 0.5
