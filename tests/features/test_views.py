"""The three views of a table with a column of every kind."""

from __future__ import annotations

import time

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings, take
from modelwright.data.contract import Contract, Kind
from modelwright.errors import DataError, UsageError
from modelwright.features import views as views_module
from modelwright.features.views import VIEWS, fit_view
from modelwright.runtime.view import View
from modelwright.runtime.views import ViewPlan
from tests.features.factory import mixed, table

N = 900
COLUMNS, CONTRACT, Y = mixed(N)


def fit(
    view: str, columns: Columns = COLUMNS, contract: Contract = CONTRACT, y: np.ndarray = Y, **more
) -> tuple[ViewPlan, View]:
    arguments = {"objective": "classify", "n_classes": 2, "seed": 0, **more}
    return fit_view(view, columns, contract, y, **arguments)


@pytest.mark.parametrize("view", VIEWS)
class TestEveryView:
    def test_plan_and_training_view_agree_but_for_the_target(self, view: str) -> None:
        plan, train = fit(view)
        scored = plan(COLUMNS)
        assert scored.names == train.names == plan.names and scored.categorical == train.categorical
        assert train.matrix.dtype == np.float64 and train.matrix.flags.c_contiguous and len(train) == N
        plain = [i for i, name in enumerate(train.names) if ":target" not in name and "~" not in name]
        np.testing.assert_array_equal(scored.matrix[:, plain], train.matrix[:, plain])
        nested = [i for i, name in enumerate(train.names) if name.endswith((":target", "~score"))]
        assert nested and all(
            (scored.matrix[:, i] != train.matrix[:, i]).any() for i in nested if view != "native" or i
        )

    def test_same_arguments_same_bits(self, view: str) -> None:
        np.testing.assert_array_equal(fit(view)[1].matrix, fit(view)[1].matrix)

    def test_a_cache_changes_nothing(self, view: str) -> None:
        cache: dict = {}
        for other in VIEWS:
            fit(other, cache=cache)
        np.testing.assert_array_equal(fit(view, cache=cache)[1].matrix, fit(view)[1].matrix)

    def test_ids_constants_and_columns_outside_the_contract_give_nothing(self, view: str) -> None:
        plan, _ = fit(view, contract=CONTRACT.only(set(CONTRACT.names) - {"age"}))
        assert not {"key", "same", "age"} & set(plan.inputs)
        assert {source for sources in plan.sources for source in sources} == set(plan.inputs)

    def test_names_are_unique(self, view: str) -> None:
        names = fit(view)[0].names
        assert len(set(names)) == len(names)

    @pytest.mark.parametrize(("n_classes", "objective"), [(0, "regress"), (4, "classify")])
    def test_other_targets(self, view: str, n_classes: int, objective: str) -> None:
        y = np.arange(float(N)) % n_classes if n_classes else np.exp(Y) * 1e5
        plan, train = fit(view, y=y, n_classes=n_classes, objective=objective)
        assert not np.isinf(train.matrix).any()
        assert sum(name.startswith("note~score") for name in plan.names) == max(1, n_classes)

    @pytest.mark.parametrize("n", [1, 2, 7])
    def test_a_handful_of_rows(self, view: str, n: int) -> None:
        columns = take(COLUMNS, np.arange(n))
        plan, train = fit(view, columns, y=Y[:n])
        assert train.matrix.shape == (n, len(plan.names)) and plan(COLUMNS).matrix.shape[0] == N

    def test_nothing_to_learn_from_is_an_error(self, view: str) -> None:
        columns, contract = table(key=(Kind.ID, ["a", "b"]), same=(Kind.CONSTANT, ["x", "x"]))
        with pytest.raises(DataError, match=r"none of the 2 columns .* MW-D501"):
            fit(view, columns, contract, np.array([0.0, 1.0]))

    def test_columns_that_are_all_missing(self, view: str) -> None:
        columns, contract = table(
            x=(Kind.NUMBER, [None] * 20),
            c=(Kind.CATEGORY, [None] * 20),
            at=(Kind.DATETIME, [None] * 20),
            t=(Kind.TEXT, [None] * 20),
            z=(Kind.NUMBER, range(20)),
        )
        plan, train = fit(view, columns, contract, np.arange(20.0) % 2)
        np.testing.assert_array_equal(plan(columns).matrix, train.matrix)


def test_linear_view_is_finite_and_to_scale() -> None:
    plan, train = fit("linear")
    for matrix in (train.matrix, plan(COLUMNS).matrix):
        assert np.isfinite(matrix).all() and np.abs(matrix).max() < 50
        assert matrix.std(axis=0).max() < 1.5 and matrix.std(axis=0).min() > 0
    assert {"age", "age:rank", "income:missing", "job=student", "zip:target", "pickup:sin_day"} <= set(plan.names)
    assert "member:rank" not in plan.names and not train.categorical


def test_trees_view_has_gaps_codes_and_means() -> None:
    plan, train = fit("trees")
    assert np.isnan(train.matrix[:, plan.names.index("income")]).any()
    assert [plan.names[i] for i in train.categorical] == ["job", "zip"]
    assert {"zip:target", "zip:frequency", "pickup:hour"} <= set(plan.names) and "job:target" not in plan.names


def test_native_view_has_every_category_as_codes() -> None:
    plan, train = fit("native")
    assert [plan.names[i] for i in train.categorical] == ["job", "zip"]
    codes = train.matrix[:, train.categorical]
    assert (codes >= 0).all() and (codes == np.floor(codes)).all() and "zip:target" not in plan.names


@pytest.mark.parametrize(("how", "there", "absent"), [("scaled", "age", "age:rank"), ("ranks", "age", "age:rank")])
def test_numbers_as_asked(how: str, there: str, absent: str) -> None:
    plan, _ = fit("linear", settings={"numbers": how})
    assert there in plan.names and absent not in plan.names and "income:missing" in plan.names


def test_unknown_view_and_setting() -> None:
    with pytest.raises(UsageError, match=r"did you mean 'trees'\? · MW-U501"):
        fit("tree")
    with pytest.raises(UsageError, match="MW-U502"):
        fit("linear", settings={"numbers": "rank"})


def test_thin_categories_of_several_words_give_their_words() -> None:
    rng = np.random.default_rng(0)
    brands, trims = np.array(["Maruti", "Honda", "Audi"]), np.array([f"trim{i}" for i in range(150)])
    brand = rng.integers(0, 3, 600)
    name = [f"{b} {t}" for b, t in zip(brands[brand], rng.choice(trims, 600))]
    columns, contract = table(name=(Kind.CATEGORY, name), x=(Kind.NUMBER, rng.normal(size=600)))
    plan, train = fit("trees", columns, contract, brand * 2.0 + rng.normal(size=600), n_classes=0, objective="regress")
    assert "name~score" in plan.names and np.isfinite(train.matrix).all()
    words = [name.replace(" ", "-") for name in name]
    columns["name"] = Strings.from_values(words)
    assert "name~score" not in fit("trees", columns, contract, brand * 1.0, n_classes=3)[0].names


def test_width_is_bounded_by_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(views_module, "MAX_CELLS", N * 10)
    plan, _ = fit("linear")
    assert sum(name.startswith("zip=") for name in plan.names) <= 5
    assert sum(name.startswith("note~topic") for name in plan.names) <= 10
    assert "zip:target" in plan.names


def test_fifty_thousand_rows_of_thirty_columns_are_quick() -> None:
    rng = np.random.default_rng(0)
    made = {f"x{i}": (Kind.NUMBER, rng.normal(size=50_000)) for i in range(20)}
    made |= {f"c{i}": (Kind.CATEGORY, rng.integers(0, 8 * 2**i, 50_000).astype(str)) for i in range(9)}
    made["at"] = (Kind.DATETIME, 1.7e9 + rng.integers(0, 10**7, 50_000))
    columns, contract = table(**made)
    y = (rng.random(50_000) < 0.3).astype(float)
    started = time.process_time()
    fit("trees", columns, contract, y)
    assert time.process_time() - started < 2.0  # 0.3 s on a quiet core
