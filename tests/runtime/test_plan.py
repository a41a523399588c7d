"""The scoring plan: what it answers, what it refuses, and that the disk changes nothing."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelwright.data.columns import Columns, Strings, take
from modelwright.errors import BundleError, ContractError
from modelwright.runtime import Plan, PlanMember
from modelwright.runtime.plan import _part
from modelwright.runtime.scorers.constant import ConstantScorer
from modelwright.runtime.transform import TargetTransform
from modelwright.runtime.views import ViewPlan
from tests.package.building import CONTRACT, classifier, linear, mixed_view, numbers_view, regressor, some_columns


def by_hand(plan: Plan, columns: Columns) -> np.ndarray:
    """The slow, obvious twin: row by row, member by member."""
    rows = []
    for i in range(len(columns["age"])):
        row = take(columns, np.array([i]))
        total = np.zeros(plan.n_outputs)
        for member in plan.members:
            answer = member.scorer.predict(plan.views[member.view](row).matrix)[0]
            if plan.transform.name == "log1p":
                answer = np.array([math.expm1(v) for v in answer])
            if plan.transform.low is not None:
                answer = np.maximum(answer, plan.transform.low)
            if plan.transform.high is not None:
                answer = np.minimum(answer, plan.transform.high)
            total += member.weight * answer
        rows.append(total)
    stacked = np.array(rows)
    return stacked if plan.calibrator is None else plan.calibrator(stacked)


LOG = TargetTransform(name="log1p", low=0.0, high=5.0)


@pytest.mark.parametrize("plan", [classifier(), regressor(), regressor(LOG)], ids=["classify", "regress", "log"])
def test_predicts_what_the_slow_twin_says(plan: Plan) -> None:
    columns = some_columns(60)
    np.testing.assert_allclose(plan.predict(columns), by_hand(plan, columns), rtol=1e-12, atol=1e-12)


def test_probabilities_sum_to_one_and_answers_name_classes() -> None:
    plan = classifier()
    prediction = plan.predict(some_columns(100))
    assert prediction.dtype == np.float64
    np.testing.assert_allclose(prediction.sum(axis=1), 1.0, atol=1e-12)
    answers = plan.answers(prediction)
    assert list(answers) == ["prediction", "probability_no", "probability_yes"]
    assert ((answers["prediction"] == "yes") == (answers["probability_yes"] >= 0.4)).all()
    assert 0 < (answers["prediction"] == "yes").sum() < 100


def test_the_threshold_is_one_half_where_none_was_chosen() -> None:
    prediction = np.array([[0.5, 0.5], [0.51, 0.49]])
    assert classifier(threshold=None).answers(prediction)["prediction"].tolist() == ["yes", "no"]


def test_the_most_probable_of_several_classes_is_predicted() -> None:
    members = (PlanMember(name="c", view="numbers", scorer=linear(2, 3), weight=1.0),)
    plan = Plan(
        contract=CONTRACT.only(["age", "balance"]),
        objective="classify",
        classes=("a", "b", "c"),
        views={"numbers": numbers_view()},
        members=members,
    )
    prediction = plan.predict(some_columns(50))
    assert prediction.shape == (50, 3)
    chosen = np.array(["a", "b", "c"], object)[prediction.argmax(axis=1)]
    assert plan.answers(prediction)["prediction"].tolist() == chosen.tolist()
    assert plan.answers(plan.predict(some_columns(0)))["prediction"].shape == (0,)


def test_values_are_kept_within_the_bounds_and_never_overflow() -> None:
    columns = some_columns(40)
    values = regressor(TargetTransform(name="log1p", low=0.5, high=2.0)).predict(columns)
    assert values.min() >= 0.5 and values.max() <= 2.0
    huge = PlanMember(name="c", view="mixed", scorer=ConstantScorer(np.array([1e6]), 0), weight=1.0)
    plan = Plan(
        contract=CONTRACT.only(["age", "job"]),
        objective="regress",
        classes=(),
        views={"mixed": mixed_view()},
        members=(huge,),
        transform=TargetTransform(name="log1p"),
    )
    assert np.isfinite(plan.predict(columns)).all()


@given(st.lists(st.floats(0, 1e12), min_size=1, max_size=20))
def test_the_way_back_undoes_the_way_there(values: list[float]) -> None:
    y = np.array(values)
    np.testing.assert_allclose(TargetTransform(name="log1p").inverse(TargetTransform(name="log1p").forward(y)), y)


# memory


@pytest.mark.parametrize("rows", [0, 1, 1023, 1024, 1025, 5000])
def test_chunks_change_nothing(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = some_columns(rows)
    whole = classifier().predict(columns)
    monkeypatch.setattr("modelwright.runtime.plan.CHUNK_BYTES", 1)
    assert classifier().chunk_rows == 1024
    parts = classifier().predict(columns)
    assert parts.shape == (rows, 2)
    np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-14)


@settings(max_examples=50)
@given(st.lists(st.one_of(st.none(), st.text(max_size=3)), min_size=1, max_size=40), st.data())
def test_a_part_of_a_column_holds_the_same_values_and_no_unused_levels(values: list, data: st.DataObject) -> None:
    column = Strings.from_values(values)
    start = data.draw(st.integers(0, len(values) - 1))
    stop = data.draw(st.integers(start + 1, len(values)))
    part = _part(column, start, stop)
    assert isinstance(part, Strings)
    assert part.to_object().tolist() == values[start:stop]
    assert len(part.levels) <= max(stop - start, 1)


def test_a_hundred_thousand_distinct_texts_cost_no_more_than_once() -> None:
    seen: list[int] = []

    class Watching(ViewPlan):
        def __call__(self, columns: Columns):  # type: ignore[no-untyped-def]
            job = columns["job"]
            assert isinstance(job, Strings)
            seen.append(len(job.levels))
            return super().__call__(columns)

    rows = 200_000
    columns = {
        "age": np.full(rows, 30.0),
        "job": Strings(np.arange(rows, dtype=np.int32), np.array([f"id{i}" for i in range(rows)], object)),
    }
    member = PlanMember(name="c", view="mixed", scorer=ConstantScorer(np.array([1.0]), 0), weight=1.0)
    plan = Plan(
        contract=CONTRACT.only(["age", "job"]),
        objective="regress",
        classes=(),
        views={"mixed": Watching(mixed_view().ops)},
        members=(member,),
    )
    plan.predict(columns)
    assert len(seen) > 1 and sum(seen) == rows


# on disk


@pytest.mark.parametrize("plan", [classifier(), regressor(LOG)], ids=["classify", "log"])
def test_saving_and_loading_changes_no_bit(plan: Plan, tmp_path: Path) -> None:
    names = plan.save(tmp_path)
    assert set(names) == {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    loaded = Plan.load(tmp_path)
    columns = some_columns(300)
    assert np.array_equal(loaded.predict(columns), plan.predict(columns))
    assert loaded.contract == plan.contract and loaded.classes == plan.classes
    assert loaded.transform == plan.transform and loaded.threshold == plan.threshold


def test_the_same_plan_gives_the_same_bytes(tmp_path: Path) -> None:
    written = []
    for name in ("a", "b"):
        folder = tmp_path / name
        folder.mkdir()
        written.append([(n, (folder / n).read_bytes()) for n in classifier().save(folder)])
    assert written[0] == written[1]


# refusals


def test_missing_columns_are_named() -> None:
    with pytest.raises(ContractError, match=r"2 columns .*'age', 'job'.* MW-C101"):
        classifier().predict({"balance": np.zeros(1)})


def changed(plan: Plan, weights: list[float]) -> tuple[PlanMember, ...]:
    return tuple(dataclasses.replace(m, weight=w) for m, w in zip(plan.members, weights, strict=True))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"objective": "divine"}, "MW-B113"),
        ({"objective": "regress"}, "MW-B117"),
        ({"classes": ()}, "MW-B117"),
        ({"classes": ("no", "no")}, "MW-B117"),
        ({"classes": ("no",)}, "MW-B117"),
        ({"threshold": 1.5}, "MW-B117"),
        ({"threshold": math.nan}, "MW-B117"),
        ({"transform": LOG}, "MW-B117"),
        ({"members": ()}, "MW-B114"),
        ({"members": changed(classifier(), [0.5, 0.3, 0.1])}, "MW-B114"),
        ({"members": changed(classifier(), [0.5, 0.7, -0.2])}, "MW-B114"),
        ({"members": changed(classifier(), [0.5, math.nan, 0.2])}, "MW-B114"),
        ({"members": changed(classifier(), [0.5, math.inf, 0.2])}, "MW-B114"),
        ({"views": {"numbers": numbers_view()}}, "MW-B115"),
        ({"views": {"numbers": numbers_view(), "mixed": mixed_view(), "spare": mixed_view()}}, "MW-B115"),
        ({"contract": CONTRACT.only(["age", "job"])}, "MW-B115"),
        ({"contract": CONTRACT.only([])}, "MW-B115"),
    ],
)
def test_parts_that_do_not_belong_together_are_refused(changes: dict, code: str) -> None:
    with pytest.raises(BundleError) as caught:
        classifier(**changes)
    assert caught.value.code == code
    assert caught.value.fix


@pytest.mark.parametrize(
    "arguments", [{"name": "cube"}, {"low": math.nan}, {"high": math.inf}, {"low": 2.0, "high": 1.0}]
)
def test_transforms_that_cannot_be_are_refused(arguments: dict) -> None:
    with pytest.raises(BundleError, match="MW-B113"):
        TargetTransform(**arguments)


def test_a_member_with_other_outputs_is_refused_not_broadcast() -> None:
    members = (
        PlanMember(name="wrong", view="numbers", scorer=linear(2, 0), weight=0.5),
        *changed(classifier(), [0.1, 0.2, 0.2])[1:],
        PlanMember(name="c", view="numbers", scorer=linear(2, 2), weight=0.1),
    )
    with pytest.raises(BundleError, match=r"'wrong' answers .* MW-B116"):
        classifier(members=members).predict(some_columns(3))


@pytest.mark.parametrize("bounds", [(None, None), (0.0, None), (None, 5.0), (0.0, 5.0)])
@pytest.mark.parametrize("name", ["identity", "log1p"])
def test_the_way_back_of_few_values_is_that_of_many(name: str, bounds: tuple[float | None, float | None]) -> None:
    transform = TargetTransform(name=name, low=bounds[0], high=bounds[1])
    values = [-1e9, -3.0, -0.5, -0.0, 0.0, 1e-300, 0.3, 1.7, 5.0, 700.0, 709.0, 710.0, 1e300, math.inf, -math.inf]
    alone, together = transform.of_few(1), transform.of_few(len(values))
    expected = transform.inverse(np.array(values)).tolist()
    assert [alone([z])[0] for z in values] == expected == together(values)
    assert math.isnan(alone([math.nan])[0]) and np.isnan(transform.inverse(np.array([math.nan]))[0])
    assert together(values) == expected
