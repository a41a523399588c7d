"""What was asked, and what a file to score must hold, in words."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from modelwright.brief import Brief, Limits
from modelwright.data.contract import ColumnSpec, Kind
from modelwright.report.describing import asked, values_of

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
