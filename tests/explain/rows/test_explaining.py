"""One row explained: reasons that add up in words, what-if, counterfactuals that keep their promises."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from modelwright.data.columns import take
from modelwright.data.profiling import make_profile
from modelwright.data.rows import read_records
from modelwright.errors import ContractError, UsageError
from modelwright.explain.rows.explaining import explain_record
from modelwright.explain.rows.wording import lines, reason
from modelwright.runtime.decisions import BestWorth, Moved
from modelwright.runtime.reasons import typical_row
from modelwright.runtime.shapley.explainer import Explainer
from tests.package.fitting import LEVELS, TABLE, fitted, rows_of


def version_of(n_classes: int, learner: str = "lightgbm") -> SimpleNamespace:
    """Return what the explanation needs of a version."""
    plan, _, _ = fitted((learner,), n_classes)
    columns = rows_of(200)
    profile = make_profile(columns, TABLE)
    return SimpleNamespace(
        plan=plan,
        contract=plan.contract,
        profile=profile,
        typical=typical_row(plan.contract, profile),
        explainer=Explainer(plan, typical_row(plan.contract, profile)),
        manifest=SimpleNamespace(target="price"),
        uncertainty=None,
        read_row=lambda record: read_records([record], plan.contract),
    )


def record(**values):
    known = {"area": 250.0, "rooms": 9, "job": "pilot", "garden": "yes", "since": "2021-06-01", "note": "bright near"}
    return known | values


@pytest.mark.parametrize("n_classes", [0, 2, 3])
def test_reasons_add_up_and_say_so_in_words(n_classes: int) -> None:
    found = explain_record(version_of(n_classes), record())
    assert found.typical + sum(r.effect for r in found.reasons) == pytest.approx(found.outcome, abs=1e-9)
    assert found.reasons == tuple(sorted(found.reasons, key=lambda r: -abs(r.effect)))
    name = "the predicted price" if not n_classes else f"the chance of '{found.prediction}'"
    assert found.outcome_name == name and found.exact
    for r in found.reasons:
        does = "raises" if r.effect > 0 else "lowers"
        assert r.sentence.startswith(f"{r.column} = {r.value} {does} {name} by ")
    if n_classes == 2:
        odds = np.log(found.outcome / (1 - found.outcome)) - np.log(found.typical / (1 - found.typical))
        assert sum(r.log_odds for r in found.reasons) == pytest.approx(odds, abs=1e-9)
    if not n_classes:
        assert {r.log_odds for r in found.reasons} == {None}


def test_words() -> None:
    say = reason("duration", "1,042 s", 0.31, "the chance of 'yes'", chance=True)
    assert say == "duration = 1,042 s raises the chance of 'yes' by 31 points"
    assert reason("age", "41", -0.0004, "it", chance=True) == "age = 41 lowers it by less than 0.1 points"
    assert reason("area", "120", -12345.6, "the predicted price", chance=False).endswith("by 12,346")


@pytest.mark.parametrize(
    ("n_classes", "decision", "words"),
    [(3, BestWorth(payoff=((0.0, 0.0, 9.0),) * 3), "'c'"), (0, Moved(shift=40.0), None)],
)
def test_what_a_payoff_decides_is_told_beside_what_is_predicted(n_classes: int, decision, words: str | None) -> None:
    version = version_of(n_classes)
    assert explain_record(version, record()).decision is None
    version.plan = replace(version.plan, decision=decision)
    found = explain_record(version, record())
    if words is None:
        assert found.decision == pytest.approx(float(found.prediction) + 40.0)
    else:
        assert f"'{found.decision}'" == words != f"'{found.prediction}'"
    assert "  decided by the payoff: " in "\n".join(lines(found, 3))


def test_years_have_no_separators_and_ignored_columns_are_one_note() -> None:
    found = explain_record(version_of(2), record(area=1997, extra=1, more="x"), counterfactuals=0)
    assert any(r.sentence.startswith("area = 1997 ") for r in found.reasons)
    assert "2 columns that the model does not use: 'extra' and 'more'." in found.notes


def test_what_if_is_the_answer_to_the_changed_row() -> None:
    version = version_of(2)
    found = explain_record(version, record(), what_if={"rooms": 1, "job": "driver"}, counterfactuals=0)
    other = explain_record(version, record(rooms=1, job="driver"), counterfactuals=0)
    assert found.what_if.outcome == other.outcome and found.what_if.prediction == other.prediction
    assert [(c.column, c.before, c.after) for c in found.what_if.changes] == [
        ("rooms", "9", "1"),
        ("job", "'pilot'", "'driver'"),
    ]
    assert "with rooms from 9 to 1 and job from 'pilot' to 'driver'" in found.what_if.sentence


@pytest.mark.parametrize("learner", ["lightgbm", "linear"])
def test_counterfactuals_lead_where_they_say_with_values_that_training_had(learner: str) -> None:
    version = version_of(2, learner)
    start = record(area=60.0, rooms=6, job="nurse", note="plain old")
    found = explain_record(version, start)
    assert found.counterfactuals and found.goal == f"'{'ab'[found.prediction == 'a']}'"
    for way in found.counterfactuals:
        assert f"'{way.prediction}'; the chance of '{way.prediction}' goes from" in way.sentence
        assert f"'{way.prediction}'" == found.goal and 1 <= len(way.changes) <= 3
        changed = {c.column: c.after.strip("'") for c in way.changes}
        assert not {"since", "note"} & set(changed)
        if "job" in changed:
            assert changed["job"] in LEVELS
        if "rooms" in changed:
            assert 1 <= float(changed["rooms"]) <= 9 and float(changed["rooms"]).is_integer()
    assert [w.cost for w in found.counterfactuals] == sorted(w.cost for w in found.counterfactuals)
    sets = [frozenset(c.column for c in w.changes) for w in found.counterfactuals]
    assert len(set(sets)) == len(sets) and not any(a < b for a in sets for b in sets)


def test_what_is_held_does_not_change_and_what_cannot_be_is_told() -> None:
    version, start = version_of(2), record(area=60.0, rooms=6, job="nurse")
    free = {c.column for w in explain_record(version, start).counterfactuals for c in w.changes}
    held = explain_record(version, start, fixed=free)
    assert not free & {c.column for w in held.counterfactuals for c in w.changes}
    assert any(note.startswith("Held fixed: ") for note in held.notes)
    nothing = explain_record(version, start, vary=("since",))
    assert not nothing.counterfactuals
    assert any(note.startswith(f"Nothing was found that leads to {nothing.goal}") for note in nothing.notes)
    assert nothing.notes[0].endswith(": no column may change.")
    few = explain_record(version, start, vary=("garden",), want="a" if nothing.prediction == "b" else "b")
    assert few.counterfactuals or "no change of the 1 column that may change" in few.notes[0]
    only = explain_record(version, start, fixed=("rooms",), vary=("rooms", "area"))
    assert {c.column for w in only.counterfactuals for c in w.changes} <= {"rooms", "area"}


def test_values_are_led_to_a_bound() -> None:
    version = version_of(0)
    low = explain_record(version, record(), want="<= 6.5")
    assert low.counterfactuals and all(w.outcome <= 6.5 for w in low.counterfactuals)
    assert not explain_record(version, record()).goal


@pytest.mark.parametrize(
    "n_classes, options, code",
    [
        (2, {"want": "c"}, "MW-U821"),
        (0, {"want": "more"}, "MW-U822"),
        (0, {"want": ">= 0"}, "MW-U823"),
        (2, {"fixed": ("arae",)}, "MW-U820"),
        (2, {"what_if": {"roms": 3}}, "MW-U820"),
    ],
)
def test_what_cannot_be_asked_is_refused(n_classes: int, options, code: str) -> None:
    with pytest.raises(UsageError) as refused:
        explain_record(version_of(n_classes), record(), **options)
    assert refused.value.code == code


def test_a_row_without_a_column_is_refused_and_odd_values_are_told() -> None:
    version, short = version_of(2), record()
    del short["rooms"]
    with pytest.raises(ContractError, match="rooms"):
        explain_record(version, short)
    found = explain_record(version, record(job="astronaut", rooms="many"))
    assert any("job" in note for note in found.notes) and any("rooms" in note for note in found.notes)


def test_lines_add_up_what_they_leave_out() -> None:
    found = explain_record(version_of(0), record(), want="<= 6.5")
    said = lines(found, 2)
    assert said[0].startswith("the predicted price is ")
    assert said[3].startswith(f"  {len(found.reasons) - 2} other column")
    assert "what would lead to at most 6.5:" in said
    none = replace(found, reasons=(), counterfactuals=())
    assert lines(none, 2)[1] == "  it is typical in every column that the model reads"


def test_a_typical_row_has_no_reasons() -> None:
    version = version_of(2)
    typical = take(version.typical, np.array([0]))
    raw = {n: (None if v is None else v) for n, v in record().items()}
    raw |= {"area": float(typical["area"][0]), "rooms": float(typical["rooms"][0]), "note": None}
    raw |= {"job": typical["job"].to_object()[0], "garden": "yes" if typical["garden"][0] else "no"}
    raw["since"] = None if np.isnan(typical["since"][0]) else str(np.datetime64(int(typical["since"][0]), "s"))[:10]
    found = explain_record(version, raw, counterfactuals=0)
    assert {r.column for r in found.reasons} <= {"since"}  # a median may lie between two days
