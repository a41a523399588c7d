"""Every family of models as a graph: really fitted, really run, compared on ordinary, hostile and bordering rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from modelwright import learners
from modelwright.data.columns import Columns, Strings, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import BundleError
from modelwright.features.views import fit_view
from modelwright.learners import LEARNERS
from modelwright.learners.base import Deadline, FitContext
from modelwright.package.compiling import compile_plan
from modelwright.package.exports.onnx.scorers import CONVERTERS, EXACT, ROUNDED
from modelwright.runtime import Plan, PlanMember
from modelwright.runtime.row import RowPlan, values_of
from modelwright.runtime.scorers import SCORERS
from modelwright.runtime.scorers.constant import ConstantScorer
from modelwright.runtime.scorers.lightgbm import LightgbmScorer
from modelwright.runtime.scorers.oblivious import ObliviousScorer
from tests.package.building import classifier, some_columns
from tests.package.exports.graphs import agreement, version_of
from tests.package.fitting import fitted

pytest.importorskip("onnxruntime")


def test_every_family_has_a_converter() -> None:
    assert set(CONVERTERS) == set(SCORERS)


@pytest.mark.parametrize("learner", sorted(LEARNERS))
def test_two_classes(learner: str) -> None:
    plan, checks, _ = fitted([learner], 2)
    found = agreement(plan, checks)
    assert found.n_rows > 1_000
    assert found.max_difference <= found.tolerance <= (ROUNDED if learner == "xgboost" else EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [0, 3])
@pytest.mark.parametrize("learner", sorted(LEARNERS))
def test_values_and_several_classes(learner: str, n_classes: int) -> None:
    plan, checks, _ = fitted([learner], n_classes, transform="identity" if n_classes else "log1p")
    assert agreement(plan, checks).max_difference <= (ROUNDED if learner == "xgboost" else EXACT)


@pytest.mark.slow
@pytest.mark.parametrize("n_classes", [0, 2, 3])
@pytest.mark.parametrize("learner", ["xgboost", "catboost", "random_forest", "extra_trees"])
def test_models_as_they_are_compiled_for_serving(learner: str, n_classes: int) -> None:
    plan, checks, _ = fitted([learner], n_classes)
    compiled = compile_plan(plan, checks)
    assert agreement(compiled, checks).max_difference <= EXACT


# --- categories ------------------------------------------------------------------------------------------------------

CATEGORIES = Contract(
    columns=(
        ColumnSpec(name="size", kind=Kind.NUMBER, minimum=0.0, maximum=1.0, nullable=True),
        ColumnSpec(name="place", kind=Kind.CATEGORY, nullable=True),
        ColumnSpec(name="make", kind=Kind.CATEGORY, nullable=True),
    ),
    rows_seen=1500,
)


def many_levels(rows: int = 1_500) -> tuple[Columns, np.ndarray]:
    """A number, a category of 90 levels and one of 30, and a signal that is of these."""
    rng = np.random.default_rng(5)
    size, place, make = rng.random(rows), rng.integers(0, 90, rows), rng.integers(0, 30, rows)
    signal = size + np.sin(place * 1.7) + np.cos(make * 2.3) + 0.1 * rng.normal(size=rows)
    columns: Columns = {
        "size": np.where(rng.random(rows) < 0.05, np.nan, size),
        "place": Strings.from_values([f"p{i}" if i else None for i in place.tolist()]),
        "make": Strings.from_values([f"m{i}" for i in make.tolist()]),
    }
    return columns, signal


def fit_on_categories(learner_name: str, n_classes: int, **settings: object) -> tuple[Plan, Columns]:
    columns, signal = many_levels()
    edges = np.quantile(signal, np.linspace(0, 1, n_classes + 1)[1:-1]) if n_classes else None
    if "loss_function" in settings:  # of an amount
        signal = np.exp(signal)
    y = signal if edges is None else np.searchsorted(edges, signal).astype(np.float64)
    objective = "classify" if n_classes else "regress"
    learner = learners.get(learner_name)
    key = learner.card.view
    view, train = fit_view(key, columns, CATEGORIES, y, objective=objective, n_classes=n_classes, seed=0)
    context = FitContext(
        objective=objective, n_classes=n_classes, metric="rmse", seed=0, threads=1, deadline=Deadline()
    )
    made = learner.fit(train, y, settings, context, iterations=30)
    plan = Plan(
        contract=CATEGORIES.only(view.inputs),
        objective=objective,
        classes=tuple("abcde"[:n_classes]),
        views={key: view},
        members=(PlanMember(name=learner_name, view=key, scorer=made.scorer, weight=1.0),),
    )
    return plan, columns


@pytest.mark.parametrize("n_classes", [0, 3])
def test_lightgbm_splits_on_sets_of_levels(n_classes: int) -> None:
    plan, rows = fit_on_categories("lightgbm", n_classes)
    scorer = plan.members[0].scorer
    assert isinstance(scorer, LightgbmScorer)
    assert any(line.startswith("num_cat=") and line != "num_cat=0" for line in scorer.text.split("\n"))
    assert agreement(plan, rows).max_difference <= 1e-12


@pytest.mark.parametrize(("name", "view"), [("lightgbm", "crossed"), ("catboost", "native_crossed")])
def test_generated_features(name: str, view: str, tmp_path: Path) -> None:
    made, rows, _ = fitted((name,), 2, view=view)
    plan = version_of(made, tmp_path).plan  # what is read back from JSON and arrays
    np.testing.assert_array_equal(plan.predict(rows), made.predict(rows))
    assert "within" in {op.op for op in plan.views[view].ops}
    assert agreement(plan, rows).max_difference <= EXACT


@pytest.mark.parametrize("complexity", [1, 2])
def test_catboost_reads_statistics_of_levels_and_of_their_combinations(complexity: int) -> None:
    plan, rows = fit_on_categories("catboost", 2, max_ctr_complexity=complexity)
    assert plan.views["native"].categorical
    assert agreement(plan, rows).max_difference <= EXACT


def test_catboost_adds_up_to_logarithms_of_amounts(tmp_path: Path) -> None:
    plan, rows = fit_on_categories("catboost", 0, loss_function="Tweedie:variance_power=1.5")
    few = take(rows, np.arange(50))
    compiled = compile_plan(plan, few)
    served = version_of(compiled, tmp_path).plan  # what is read back from JSON and arrays
    scorer = served.members[0].scorer
    assert isinstance(scorer, ObliviousScorer) and scorer.exponential
    np.testing.assert_allclose(served.predict(rows), plan.predict(rows), rtol=1e-9)
    alone = RowPlan(served)
    found = [alone(values_of(few, served.contract.names, i)) for i in range(50)]
    np.testing.assert_allclose(np.ravel(found), served.predict(few).ravel(), rtol=1e-12)
    assert agreement(served, few).max_difference <= EXACT


def test_statistics_of_too_many_combinations_are_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    from modelwright.package.exports.onnx.scorers import catboost

    plan, rows = fit_on_categories("catboost", 2, max_ctr_complexity=2)
    monkeypatch.setattr(catboost, "MOST_COMBINATIONS", 50)
    with pytest.raises(BundleError, match=r"the model 'catboost' cannot be exported: .* combinations .* MW-B601"):
        agreement(plan, rows)


# --- what is odd -----------------------------------------------------------------------------------------------------


def small_text(*, objective: str = "regression", kind: int = 2, threshold: str = "40") -> str:
    return (
        "tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx=1\n"
        f"objective={objective}\nfeature_names=f0 f1\nfeature_infos=none none\n\n"
        f"Tree=0\nnum_leaves=2\nnum_cat=0\nsplit_feature=0\nthreshold={threshold}\ndecision_type={kind}\n"
        "left_child=-1\nright_child=-2\nleaf_value=1.5 -2.25\nis_linear=0\nshrinkage=1\n\n\n"
        "Tree=1\nnum_leaves=1\nnum_cat=0\nleaf_value=0.125\nis_linear=0\nshrinkage=1\n\n\nend of trees\n"
    )


def of_text(text: str) -> Plan:
    plan = classifier(calibrator=None)
    member = PlanMember(name="hand-made", view="numbers", scorer=LightgbmScorer(text, 0), weight=1.0)
    views = {"numbers": plan.views["numbers"]}
    return Plan(
        contract=plan.contract.only(("age", "balance")),
        objective="regress",
        classes=(),
        views=views,
        members=(member,),
    )


@pytest.mark.parametrize("kind", [0, 2, 8, 10])
@pytest.mark.parametrize("threshold", ["40", "-1", "0", "1e-300"])
def test_missing_values_go_where_lightgbm_sends_them(kind: int, threshold: str) -> None:
    rows = {name: column for name, column in some_columns(40).items() if name != "job"}
    assert agreement(of_text(small_text(kind=kind, threshold=threshold)), rows).max_difference == 0.0


@pytest.mark.parametrize("objective", ["tweedie", "poisson", "gamma"])
def test_sums_that_are_logarithms(objective: str) -> None:
    rows = {name: column for name, column in some_columns(40).items() if name != "job"}
    plan = of_text(small_text(objective=objective))
    assert plan.predict(rows).min() > 0.0
    assert agreement(plan, rows).max_difference <= 1e-12


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (small_text(kind=6), "zeros for missing"),
        (small_text(objective="quantile"), "its objective 'quantile'"),
        (small_text(objective="regression sqrt"), "its objective 'regression sqrt'"),
        (small_text().replace("label_index=0", "label_index=0\naverage_output"), "averaged"),
    ],
)
def test_what_the_graph_cannot_say_is_refused_by_name(text: str, why: str) -> None:
    with pytest.raises(BundleError, match=f"the model 'hand-made' cannot be exported: .*{why}.* MW-B601"):
        agreement(of_text(text), some_columns(5))


def test_a_forest_of_single_leaves() -> None:
    text = small_text().partition("Tree=0")[0] + small_text().partition("\n\n\n")[2].replace("Tree=1", "Tree=0")
    rows = {name: column for name, column in some_columns(40).items() if name != "job"}
    assert agreement(of_text(text), rows).max_difference == 0.0


def test_a_constant_answers_as_many_rows_as_there_are() -> None:
    plan = classifier()
    constant = PlanMember(name="constant", view="mixed", scorer=ConstantScorer(np.array([0.25, 0.75]), 2), weight=1.0)
    alone = Plan(
        contract=plan.contract.only(("age", "job")),
        objective="classify",
        classes=plan.classes,
        views={"mixed": plan.views["mixed"]},
        members=(constant,),
    )
    rows = {name: column for name, column in some_columns(30).items() if name != "balance"}
    assert agreement(alone, rows).max_difference == 0.0
