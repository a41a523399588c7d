"""What every operation promises: state there and back, rows alone as in a batch, nothing raises."""

from __future__ import annotations

import io
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.columns import Columns, Strings, take
from modelwright.errors import BundleError
from modelwright.features.categories import Frequencies, LevelCodes, OneHot
from modelwright.features.dates import CyclicDateEncoder, DateEncoder
from modelwright.features.generated import Pairing, made_of
from modelwright.features.means import TargetMeans
from modelwright.features.numbers import QuantileEncoder, ScaledEncoder
from modelwright.features.target import Target
from modelwright.features.texts import TextStatisticsEncoder, TextTopicsEncoder
from modelwright.runtime.op import Op
from modelwright.runtime.ops import OPS, build
from modelwright.runtime.ops.numbers import Numbers
from modelwright.runtime.row import values_of
from modelwright.runtime.views import ViewPlan
from tests.features.factory import mixed

COLUMNS, _, Y = mixed(400)
TARGET = Target(Y, 2, 0)
NAMES = ("age", "income", "member", "stay")
PAIRED = [
    Pairing("age", "income", "difference"),
    Pairing("income", "age", "sum"),
    Pairing("age", "age", "product"),
    Pairing("income", "member", "ratio"),
]
WITHIN = [Pairing("age", "zip", "less"), Pairing("age", "zip", "standing"), Pairing("income", "zip", "standing")]


def fitted() -> dict[str, Op]:
    job, zips, note, pickup = (COLUMNS[n] for n in ("job", "zip", "note", "pickup"))
    topics = TextTopicsEncoder(max_topics=3).fit_transform("note", note, TARGET)
    assert topics is not None
    return {
        "numbers": Numbers(inputs=NAMES, names=NAMES),
        "scaled": ScaledEncoder().fit(NAMES, COLUMNS),
        "quantile": QuantileEncoder(suffix=":rank").fit(NAMES, COLUMNS),
        "codes": LevelCodes(min_count=2, max_levels=20).fit("zip", zips),
        "one-hot": OneHot(min_count=5, max_levels=20).fit("job", job),
        "frequencies": Frequencies().fit("zip", zips),
        "means": TargetMeans().fit_transform("zip", zips, TARGET)[0],
        "dates": DateEncoder().fit("pickup", pickup),
        "circles": CyclicDateEncoder().fit("pickup", pickup),
        "pairs": made_of(PAIRED, COLUMNS)[0][0],
        "within": made_of(WITHIN, COLUMNS)[0][0],
        "topics": topics[0],
        "statistics": TextStatisticsEncoder().fit("note", note),
    }


FITTED = fitted()

numbers = st.none() | st.floats(allow_nan=True, allow_infinity=True, width=64)
strings = st.none() | st.sampled_from(["clerk", "z1", "z2", "good bad", "GOOD!! 1", ""]) | st.text(max_size=12)


@st.composite
def rows(draw: st.DrawFn) -> Columns:
    """Rows that satisfy the contract's kinds and nothing else."""
    n = draw(st.integers(1, 5))
    made: Columns = {}
    for name, column in COLUMNS.items():
        if isinstance(column, Strings):
            made[name] = Strings.from_values(draw(st.lists(strings, min_size=n, max_size=n)))
        else:
            values = draw(st.lists(numbers, min_size=n, max_size=n))
            made[name] = np.array([np.nan if v is None else v for v in values], dtype=np.float64)
    return made


def restored(op: Op) -> Op:
    """The operation after a way through JSON and npz."""
    state, arrays = op.state()
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    buffer.seek(0)
    with np.load(buffer, allow_pickle=False) as loaded:
        return build(json.loads(json.dumps(state, allow_nan=False)), dict(loaded))


@pytest.mark.parametrize("name", FITTED)
def test_state_there_and_back(name: str) -> None:
    op, again = FITTED[name], restored(FITTED[name])
    assert type(again) is type(op)
    assert (again.inputs, again.names, again.categorical) == (op.inputs, op.names, op.categorical)
    assert again.sources == op.sources and len(op.sources) == len(op.names)
    np.testing.assert_array_equal(again(COLUMNS), op(COLUMNS))


def test_every_operation_is_tried() -> None:
    assert {op.op for op in FITTED.values()} == set(OPS)


@pytest.mark.parametrize("name", FITTED)
@settings(max_examples=25, deadline=None)
@given(columns=rows())
def test_anything_goes_and_a_row_alone_is_the_row_in_a_batch(name: str, columns: Columns) -> None:
    op = FITTED[name]
    batch = op(columns)
    assert batch.dtype == np.float64 and not np.isinf(batch).any()
    if name not in ("numbers", "dates", "pairs", "within"):
        assert np.isfinite(batch).all()
    with np.errstate(over="ignore"):
        assert not np.isinf(batch[:, :4].astype(np.float32)).any() or name == "dates"
    n = len(columns["age"])
    alone = np.vstack([op(take(columns, np.array([i]))) for i in range(n)])
    np.testing.assert_array_equal(alone, batch)
    names, out = list(columns), np.empty(len(op.names))
    write = op.row({name: place for place, name in enumerate(names)}, out)
    for i in range(n):
        write(values_of(columns, names, i))
        np.testing.assert_array_equal(out, batch[i])


@pytest.mark.parametrize("name", FITTED)
def test_large_batch_equals_row_by_row(name: str) -> None:
    op = FITTED[name]
    alone = np.vstack([op(take(COLUMNS, np.array([i]))) for i in range(60)])
    np.testing.assert_array_equal(alone, op(COLUMNS)[:60])


@pytest.mark.parametrize("name", FITTED)
def test_state_with_a_part_missing_is_refused(name: str) -> None:
    state, arrays = FITTED[name].state()
    for key in set(state) - {"op"}:
        with pytest.raises(BundleError, match="MW-B501"):
            build({k: v for k, v in state.items() if k != key}, arrays)
    for key in arrays:
        with pytest.raises(BundleError, match="MW-B501"):
            build(state, {k: v for k, v in arrays.items() if k != key})


@pytest.mark.parametrize("name", [n for n, op in FITTED.items() if op.state()[1]])
def test_state_with_an_array_of_another_shape_or_type_is_refused(name: str) -> None:
    state, arrays = FITTED[name].state()
    for key, array in arrays.items():
        with pytest.raises(BundleError, match="MW-B501"):
            build(state, {**arrays, key: np.concatenate([array, array])})
        with pytest.raises(BundleError, match="MW-B501"):
            build(state, {**arrays, key: array.astype(str)})


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("numbers", {"names": ["one"]}),
        ("numbers", {"inputs": [], "names": []}),
        ("numbers", {"inputs": "age"}),
        ("scaled", {"indicators": [9]}),
        ("quantile", {"starts": [0, 0, 1, 2, 3]}),
        ("codes", {"categorical": [3]}),
        ("codes", {"inputs": ["zip", "job"]}),
        ("dates", {"parts": ["nonsense"] * 7}),
        ("pairs", {"left": [0]}),
        ("pairs", {"right": [0, 1, 2, 9]}),
        ("pairs", {"how": ["power"] * 4}),
        ("within", {"number": [0, 1, 2]}),
        ("within", {"number": [1, 1]}),
        ("topics", {"word_grams": "two"}),
        ("statistics", {"statistics": ["length"]}),
        ("statistics", {"op": "no such operation"}),
    ],
)
def test_state_that_makes_no_sense_is_refused(name: str, change: dict) -> None:
    state, arrays = FITTED[name].state()
    with pytest.raises(BundleError, match=r"fix: .* MW-B501"):
        build({**state, **change}, arrays)


class TestPlan:
    PLAN = ViewPlan(tuple(FITTED.values()))

    def test_features_stand_in_the_order_of_the_operations(self) -> None:
        view = self.PLAN(COLUMNS)
        assert view.matrix.shape == (400, len(view.names)) and view.matrix.flags.c_contiguous
        np.testing.assert_array_equal(view.matrix, np.hstack([op(COLUMNS) for op in FITTED.values()]))
        assert [view.names[i] for i in view.categorical] == ["zip"]

    def test_every_feature_knows_its_columns(self) -> None:
        by_name = dict(zip(self.PLAN.names, self.PLAN.sources, strict=True))
        assert by_name["income"] == by_name["income:missing"] == ("income",)
        assert by_name["age - income"] == ("age", "income") and by_name["age:less in zip"] == ("age", "zip")
        assert by_name["job=clerk"] == ("job",) and by_name["pickup:hour"] == ("pickup",)
        assert set(self.PLAN.inputs) == {*NAMES, "job", "zip", "note", "pickup"}

    def test_state_there_and_back(self) -> None:
        state, arrays = self.PLAN.state()
        again = ViewPlan.build(json.loads(json.dumps(state)), arrays)
        np.testing.assert_array_equal(again(COLUMNS).matrix, self.PLAN(COLUMNS).matrix)

    @pytest.mark.parametrize("state", [{}, {"ops": "all"}, {"ops": ["numbers"]}])
    def test_no_plan_without_a_list_of_operations(self, state: dict) -> None:
        with pytest.raises(BundleError, match="MW-B501"):
            ViewPlan.build(state, {})

    @pytest.mark.parametrize("key", ["99.table", "x.table", "table"])
    def test_an_array_of_no_operation_is_refused(self, key: str) -> None:
        state, arrays = self.PLAN.state()
        with pytest.raises(BundleError, match="belongs to no operation"):
            ViewPlan.build(state, {**arrays, key: np.zeros(1)})
