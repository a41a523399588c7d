import re

import numpy as np
import pytest

from modelwright.brief import Brief
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import UsageError
from modelwright.frame.objective import choose_objective
from modelwright.frame.ordering import measure_order

N = 1200


def _choose(target, name="target", kind=Kind.NUMBER, features=None, seed=0, **brief):
    columns = {**(features or {"x": np.random.default_rng(9).normal(size=len(target))}), name: target}
    kinds = {n: Kind.CATEGORY if isinstance(c, Strings) else Kind.NUMBER for n, c in columns.items()}
    specs = tuple(ColumnSpec(name=n, kind=kind if n == name else k) for n, k in kinds.items())
    contract = Contract(columns=specs, rows_seen=len(target))
    rng = np.random.default_rng(seed)
    return choose_objective(target, contract[name], contract, columns, Brief(target=name, **brief), rng)


def _score(n=N, seed=0):
    """A score from 0 to 10 that other columns follow."""
    rng = np.random.default_rng(seed)
    skill = rng.normal(size=n)
    columns = {
        "a": skill + rng.normal(size=n),
        "b": np.where(rng.random(n) < 0.1, np.nan, np.exp(skill) + rng.normal(size=n)),
        "c": Strings.from_values(np.where(skill + rng.normal(size=n) > 0, "up", "down").tolist()),
        "d": rng.normal(size=n),
    }
    return np.clip(np.round(5 + 2 * skill + rng.normal(size=n)), 0, 10), columns


def _codes(n=N, seed=0, k=10):
    """Classes numbered in no order, with centres anywhere."""
    rng = np.random.default_rng(seed)
    code = rng.choice(k, n, p=rng.dirichlet(np.full(k, 5.0)))
    centres = rng.normal(size=(k, 6)) * 2
    features = centres[code] + rng.normal(size=(n, 6))
    return code.astype(float), {f"x{i}": features[:, i] for i in range(6)}


def _integers(low, high, n=N):
    return np.random.default_rng(1).integers(low, high, n).astype(float)


@pytest.mark.parametrize(
    ("target", "kind", "value", "why"),
    [
        (Strings.from_values(["a", "b"] * 9), Kind.CATEGORY, "classify", "names, not numbers"),
        (np.array([0.0, 1.0] * 9), Kind.BOOLEAN, "classify", "true or false"),
        (np.array([1.0, 2.0, np.nan] * 9), Kind.NUMBER, "classify", "two values only: 1 and 2"),
        (np.array([1.5, 2.0, 3.0] * 9), Kind.NUMBER, "regress", "33% of the values .* have fractions"),
        (1e9 + 86400.0 * np.arange(20), Kind.DATETIME, "regress", "datetime"),
        (np.arange(100.0), Kind.NUMBER, "regress", "too many for classes"),
        (_integers(0, 3), Kind.NUMBER, "classify", "so few"),
        (_integers(0, 400, 9000), Kind.NUMBER, "regress", "400 different whole numbers"),
    ],
)
def test_kind_and_values_settle_the_clear_cases(target, kind, value, why):
    choice = _choose(target, kind=kind)
    assert (choice.value, choice.decided_by, choice.question) == (value, "default", "objective")
    assert re.search(why, choice.why)
    assert choice.alternatives == (("regress",) if value == "classify" else ("classify",))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CoverType", "classify"),
        ("class", "classify"),
        ("species_code", "classify"),
        ("quality", "regress"),
        ("customerRating", "regress"),
        ("number_of_types", "regress"),
        ("n_visits", "regress"),
        ("age_group", "classify"),
        ("type_count", "regress"),
        ("Price class", "classify"),
    ],
)
def test_names_hint(name, value):
    assert _choose(_integers(1, 8), name=name).value == value


@pytest.mark.parametrize("seed", range(5))
def test_order_of_a_score_is_real(seed):
    target, columns = _score(seed=seed)
    choice = _choose(target, features=columns, seed=seed)
    assert choice.value == "regress"
    assert "their order is real" in choice.why


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [5, 10, 26])
def test_order_of_codes_is_not_real(seed, k):
    target, columns = _codes(seed=seed, k=k)
    choice = _choose(target, features=columns, seed=seed)
    assert choice.value == "classify"
    assert "codes of classes" in choice.why


def test_shuffled_scores_are_codes():
    target, columns = _score()
    shuffled = np.array([3, 7, 0, 9, 5, 1, 10, 4, 8, 2, 6], dtype=float)[target.astype(int)]
    assert _choose(shuffled, features=columns).value == "classify"


def test_order_without_other_columns_looks_at_the_counts():
    contract = Contract(columns=(ColumnSpec(name="t", kind=Kind.TEXT),), rows_seen=N)
    values = np.random.default_rng(0).poisson(6, N).astype(float)
    order = measure_order(values, {"t": Strings.from_values(["x"] * N)}, contract, ("t",), np.random.default_rng(0))
    assert order.trend is None
    assert order.path is None
    assert order.share == pytest.approx(order.counts)
    assert order.share < 0.01


def test_the_brief_decides():
    target = np.array([0.0, 1.0] * 9)
    for brief, value in (
        ({"objective": "regress"}, "regress"),
        ({"positive": "1"}, "classify"),
        ({"metric": "rmse"}, "regress"),
        ({"metric": "auc"}, "classify"),
        ({"payoff": {"tp": 1.0}}, "classify"),
    ):
        choice = _choose(target, **brief)
        assert (choice.value, choice.decided_by) == (value, "user")
    with pytest.raises(UsageError, match="MW-U301"):
        _choose(target, objective="cluster")


def test_same_seed_same_answer():
    target, columns = _score()
    assert _choose(target, features=columns) == _choose(target, features=columns)


def test_codes_that_are_read_as_categories_are_not_called_names():
    spec = ColumnSpec(name="channel", kind=Kind.CATEGORY, levels=("1", "2"), n_levels=2)
    for values, words in ((["1", "2"], "is read as a category"), (["shop", "2"], "holds names, not numbers")):
        column = Strings.from_values(values * 30)
        chosen = choose_objective(
            column, spec, Contract(columns=(spec,), rows_seen=60), {"channel": column}, Brief(target="channel"),
            np.random.default_rng(0),
        )  # fmt: skip
        assert chosen.value == "classify" and words in chosen.why
