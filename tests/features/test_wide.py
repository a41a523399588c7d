"""Views of wide tables are made of the columns that tell, chosen on the training rows."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings, take
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.features import wide
from modelwright.features.screening import FEWEST_SURE
from modelwright.features.views import VIEWS, fit_view
from modelwright.features.wide import SURE, columns_seen, is_wide

N = 300


@pytest.fixture
def table() -> tuple[Columns, Contract, np.ndarray]:
    rng = np.random.default_rng(0)
    columns: Columns = {f"n{i}": rng.normal(size=N) for i in range(150)}
    columns["told"] = rng.normal(size=N)
    level = rng.integers(0, 3, N)
    columns["level"] = Strings.from_values(["abc"[v] for v in level])
    columns["key"] = Strings.from_values([f"K{i}" for i in range(N)])
    kinds = {"level": Kind.CATEGORY, "key": Kind.ID}
    contract = Contract(
        columns=tuple(ColumnSpec(name=name, kind=kinds.get(name, Kind.NUMBER)) for name in columns), rows_seen=N
    )
    y = (columns["told"] + 1.5 * (level == 1) + 0.5 * rng.normal(size=N) > 0.5).astype(np.float64)
    return columns, contract, y


@pytest.mark.parametrize("view", sorted(VIEWS))
def test_sure_views_hold_what_tells_and_little_else(table: tuple[Columns, Contract, np.ndarray], view: str) -> None:
    columns, contract, y = table
    plan, train = fit_view(view + SURE, columns, contract, y, objective="classify", n_classes=2, seed=0)
    used = {name for op in plan.ops for name in op.inputs}
    assert {"told", "level"} <= used and len(used) <= 2 * FEWEST_SURE
    np.testing.assert_array_equal(plan(take(columns, np.arange(20))).matrix.shape, (20, len(train.names)))


def test_wide_views_are_made_of_the_most_telling_columns(
    table: tuple[Columns, Contract, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    columns, contract, y = table
    monkeypatch.setattr(wide, "MOST_COLUMNS", 30)
    plan, _ = fit_view("trees", columns, contract, y, objective="classify", n_classes=2, seed=0)
    used = {name for op in plan.ops for name in op.inputs}
    assert {"told", "level"} <= used and len(used) == 30


def test_columns_are_chosen_without_a_look_at_other_rows(table: tuple[Columns, Contract, np.ndarray]) -> None:
    columns, contract, y = table
    rows, others = np.arange(200), np.arange(200, N)
    turned = y.copy()
    turned[others] = 1 - turned[others]

    def names(goal: np.ndarray) -> tuple[str, ...]:
        some = take(columns, rows)
        return fit_view("trees:sure", some, contract, goal[rows], objective="classify", n_classes=2, seed=0)[0].names

    assert names(y) == names(turned)


def test_both_kinds_of_views_share_a_cache(table: tuple[Columns, Contract, np.ndarray]) -> None:
    columns, contract, y = table
    cache: dict = {}
    views = [
        fit_view(v, columns, contract, y, objective="classify", n_classes=2, seed=0, cache=c)[0].names
        for c in (cache, {})
        for v in ("crossed", "crossed:sure", "trees", "trees:sure")
    ]
    assert views[:4] == views[4:]


@pytest.mark.parametrize(
    ("n_rows", "n_columns", "expected"), [(500, 5_000, True), (60, 60, False), (10_000, 785, False)]
)
def test_wide_is_many_columns_for_the_rows(n_rows: int, n_columns: int, expected: bool) -> None:
    assert is_wide(n_rows, n_columns) is expected


def test_columns_seen() -> None:
    assert columns_seen("trees", 5_000) == wide.MOST_COLUMNS
    assert columns_seen("trees:sure", 5_000) == wide.USUALLY_SURE
    assert columns_seen("trees:sure", 20) == columns_seen("linear", 20) == 20
