"""Every operation as nodes, next to the numpy that it stands for."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.columns import Columns, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.errors import BundleError
from modelwright.package.exports.onnx.ops import CONVERTERS
from modelwright.package.exports.onnx.probing import ODD_TEXTS
from modelwright.runtime.op import Op
from modelwright.runtime.ops import OPS
from modelwright.runtime.ops.dates import FIRST, LAST, PARTS, Dates
from modelwright.runtime.ops.lookup import Lookup
from modelwright.runtime.ops.numbers import Numbers, QuantileNumbers, ScaledNumbers
from modelwright.runtime.ops.pairs import HOW, PairNumbers
from modelwright.runtime.ops.texts import STATISTICS, TextStatistics, TextTopics, terms
from modelwright.runtime.ops.within import WithinLevels
from tests.package.exports.graphs import answers, plan_of

pytest.importorskip("onnxruntime")

RNG = np.random.default_rng(3)
DOUBLES = np.array([np.nan, 0.0, -0.0, 1.5, -2.0, 1e300, -1e300, 3.4e38, 0.1, 7.0, 1.0, 5e-324])


def contract(*names: str, kind: Kind = Kind.NUMBER) -> Contract:
    return Contract(columns=tuple(ColumnSpec(name=name, kind=kind) for name in names), rows_seen=1)


def compare(op: Op, columns: Columns, kind: Kind = Kind.NUMBER) -> None:
    """Each feature of the operation by itself: the model weighs one and leaves out the others."""
    plan = plan_of(op, contract(*op.inputs, kind=kind))
    got, expected, _ = answers(plan, columns)
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-15)


def numbers(*names: str) -> Columns:
    return {name: RNG.permutation(DOUBLES) for name in names}


def test_every_operation_has_a_converter() -> None:
    assert set(CONVERTERS) == set(OPS)


def test_numbers() -> None:
    compare(Numbers(inputs=("a", "b"), names=("a", "b")), numbers("a", "b"))


def test_scaled_numbers_with_indicators() -> None:
    op = ScaledNumbers(
        inputs=("a", "b"),
        names=("a", "b", "b missing"),
        indicators=(1,),
        fill=np.array([0.5, -1.0]),
        low=np.array([-1.0, -np.inf]),
        high=np.array([2.0, 3.0]),
        center=np.array([0.25, 0.0]),
        factor=np.array([2.0, 0.0]),
    )
    compare(op, numbers("a", "b"))


def test_quantiles_on_and_between_and_beyond_the_knots() -> None:
    op = QuantileNumbers(
        inputs=("a", "b"),
        names=("a", "b", "a missing"),
        indicators=(0,),
        starts=(0, 4, 5),
        knots=np.array([-2.0, 0.1, 1.0, 7.0, 3.0]),
        heights=np.array([-3.0, -0.5, 0.5, 3.0, 0.75]),
        fill=np.array([0.125, 0.25]),
    )
    beside = np.nextafter(op.knots, np.inf)
    values = np.concatenate([DOUBLES, op.knots, beside, np.nextafter(op.knots, -np.inf)])
    compare(op, {"a": values, "b": values[::-1].copy()})


def test_levels_new_ones_and_missing_ones() -> None:
    op = Lookup(inputs=("c",), names=("x", "y"), levels=("a", "Ä", "a b"), table=RNG.normal(size=(5, 2)))
    compare(op, {"c": Strings.from_values(["a", "Ä", None, "a b", "A", " a", "漢"])}, Kind.CATEGORY)


def test_an_empty_level_is_no_missing_one() -> None:
    op = Lookup(inputs=("c",), names=("x",), levels=("", "a"), table=np.array([[1.0], [2.0], [3.0], [4.0]]))
    compare(op, {"c": Strings.from_values(["", "a", None, "b"])}, Kind.CATEGORY)
    with pytest.raises(BundleError, match=r"what is made of the column 'c' cannot be exported: .* MW-B601"):
        compare(op, {"c": Strings.from_values(["", "a", None, "b"])}, Kind.TEXT)


@pytest.mark.parametrize("how", HOW)
def test_pairs_of_numbers(how: str) -> None:
    op = PairNumbers(inputs=("a", "b"), names=("x", "y"), left=(0, 1), right=(1, 1), how=(how, how))
    columns = {"a": np.repeat(DOUBLES, len(DOUBLES)), "b": np.tile(DOUBLES, len(DOUBLES))}
    got, expected, _ = answers(plan_of(op, contract("a", "b")), columns)
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-15)


def test_numbers_within_levels() -> None:
    op = WithinLevels(
        inputs=("c", "a", "b"),
        names=("x", "y"),
        levels=("u", "v"),
        number=(2, 1),
        center=RNG.normal(size=(4, 2)),
        factor=RNG.uniform(0.1, 5.0, size=(4, 2)),
    )
    levels = Strings.from_values([["u", "v", "w", None][i % 4] for i in range(4 * len(DOUBLES))])
    columns = {"c": levels, "a": np.repeat(DOUBLES, 4), "b": np.repeat(DOUBLES, 4)[::-1].copy()}
    specs = (ColumnSpec(name="c", kind=Kind.CATEGORY), *contract("a", "b").columns)
    got, expected, _ = answers(plan_of(op, Contract(columns=specs, rows_seen=1)), columns)
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("part", [*PARTS, "missing"])
def test_every_part_of_a_moment(part: str) -> None:
    days = np.concatenate([np.arange(-800_000, 2_940_000, 9_973), np.arange(-800, 800, 7), [11_016, 11_017, -141_428]])
    seconds = np.concatenate([days * 86_400.0 + RNG.uniform(0, 86_400, len(days)), days * 86_400.0])
    edge = np.array([np.nan, FIRST, LAST, FIRST - 1, LAST + 1, -1e300, 1e300, -0.5, 0.0, 86_399.999])
    op = Dates(
        inputs=("d",),
        names=(part,),
        parts=(part,),
        low=np.array([-np.inf]),
        high=np.array([np.inf]),
        center=np.array([0.0]),
        factor=np.array([1.0]),
        fill=np.array([-7.5]),
    )
    got, expected, _ = answers(plan_of(op, contract("d", kind=Kind.DATETIME)), {"d": np.concatenate([seconds, edge])})
    np.testing.assert_allclose(got, expected, rtol=1e-13, atol=1e-15)


TEXTS = ["Hello, WORLD 12!", "", None, "one two  one\ttwo", "a_b c-d", "short é", *ODD_TEXTS]


@pytest.mark.parametrize("statistic", STATISTICS)
def test_every_statistic_of_a_text(statistic: str) -> None:
    op = TextStatistics(
        inputs=("t",),
        names=(statistic,),
        statistics=(statistic,),
        high=np.array([9.0]),
        center=np.array([0.5]),
        factor=np.array([2.0]),
    )
    compare(op, {"t": Strings.from_values(TEXTS)}, Kind.TEXT)
    compare(op, {"t": Strings.from_values(["", None])}, Kind.TEXT)  # nothing to count in any row


@pytest.mark.parametrize(("words", "characters"), [(1, 4), (1, 0), (2, 0), (3, 2), (0, 3), (1, 7)])
def test_terms_of_texts(words: int, characters: int) -> None:
    vocabulary = sorted({t for text in TEXTS if text for t in terms(text, words, characters)})[::2]
    op = TextTopics(
        inputs=("t",),
        names=("p", "q"),
        vocabulary=tuple(vocabulary),
        word_grams=words,
        character_grams=characters,
        idf=RNG.uniform(1, 5, len(vocabulary)),
        projection=RNG.normal(size=(len(vocabulary), 2)).astype(np.float32),
        offset=np.array([0.5, -0.25]),
    )
    compare(op, {"t": Strings.from_values(TEXTS)}, Kind.TEXT)
    compare(op, {"t": Strings.from_values(["", None])}, Kind.TEXT)


def test_texts_without_a_vocabulary() -> None:
    op = TextTopics(
        inputs=("t",),
        names=("p",),
        vocabulary=(),
        word_grams=1,
        character_grams=0,
        idf=np.empty(0),
        projection=np.empty((0, 1), np.float32),
        offset=np.array([0.5]),
    )
    compare(op, {"t": Strings.from_values(TEXTS)}, Kind.TEXT)
