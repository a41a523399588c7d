"""What was asked, and what a file to score must hold, in words."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from modelwright.brief import Brief, Limits
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.profile import ColumnProfile
from modelwright.report.describing import asked, target_shape, values_of
from modelwright.report.html import render
from modelwright.report.tables import importances
from tests.report import samples

UNTOLD = {"privacy_key"}
"""Where a secret lies is nobody's business who reads the report."""

WITH = {"fairness_ratio": {"fairness": "selection"}, "period": {"cases": 10}}
"""Fields that say nothing alone."""

SAMPLES = {str: "what somebody asks", bool: True, int: 7, float: 0.25, tuple: ("a",), dict: {"a": 0.5}}


def sample(name: str, default: object) -> object:
    if name in {"private", "kinds"}:
        return {"zip": "category"}
    if default is not None:
        return SAMPLES[type(default)]
    return {"abstain": 0.05, "membership_auc": 0.6, "cases": 7, "capacity": 7}.get(name, SAMPLES[str])


@pytest.mark.parametrize("name", sorted({f.name for f in fields(Brief)} - {"limits"} - UNTOLD))
def test_every_field_of_the_brief_is_told(name: str) -> None:
    plain = replace(Brief(target="deposit"), **WITH.get(name, {}))
    assert asked(replace(plain, **{name: sample(name, getattr(plain, name))})) != asked(plain)


@pytest.mark.parametrize("name", [f.name for f in fields(Limits)])
def test_every_limit_is_told(name: str) -> None:
    plain = Brief(target="deposit")
    assert asked(replace(plain, limits=replace(plain.limits, **{name: 77}))) != asked(plain)


def test_percentages_are_told_on_the_scale_of_the_table() -> None:
    spec = ColumnSpec(name="rate", kind=Kind.NUMBER, minimum=0.001, maximum=0.0075, scale=0.01)
    assert values_of(spec) == "0.1 to 0.75"


def test_what_outcomes_are_worth_is_told_in_words_and_the_goal_once() -> None:
    brief = Brief(target="deposit", payoff={"tp": 900.0, "fp": -120.0})
    assert dict(asked(brief))["Payoff"] == "an event that is found 900, a false alarm −120"
    page = render(samples.bank())
    part = page.split('<section id="asked"')[1].split("</section>")[0]
    assert part.count(samples.bank().brief.goal) == 1 and "<dt>Goal</dt>" not in part


def test_columns_that_the_version_does_not_read_are_not_called_used() -> None:
    r = samples.bank()
    kept = tuple(name for name in r.problem.features if name != "age")
    page = render(replace(r, version=replace(r.version, columns=kept)))
    assert page.count("offered, not read by the model") == 1
    assert f"with {len(kept)} columns." in page
    assert "offered, not read by the model" not in render(r)


def test_two_classes_that_are_numbers_have_counts_and_shares() -> None:
    r = samples.bank()
    target = ColumnProfile(name=r.problem.target, kind="number", n_missing=0, n_distinct=2, mean=1.25, minimum=1.0,
                           maximum=2.0, edges=(1.0, 2.0), counts=(400,))  # fmt: skip
    others = tuple(c for c in r.profile.columns if c.name != target.name)
    told = replace(r, profile=replace(r.profile, columns=(*others, target)))
    assert target_shape(replace(told, problem=replace(r.problem, classes=("2", "1")))) == [
        ("1", "300", 0.75),
        ("2", "100", 0.25),
    ]
    assert target_shape(replace(told, problem=replace(r.problem, classes=("1", "2", "3")))) == []


def test_what_rounding_leaves_of_nothing_moves_nothing() -> None:
    explanation = samples.bank().explanation
    assert explanation is not None
    first, second, *_ = explanation.importances
    moved = replace(explanation, importances=(replace(first, moves=0.02), replace(second, moves=4e-19)))
    table, _ = importances(moved, 5)
    assert table is not None and [row.cells for row in table.rows] == [("2 points",), ("0 points",)]
