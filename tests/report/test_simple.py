"""The section of the model on a page."""

from __future__ import annotations

from dataclasses import replace

import pytest

from modelwright.evaluate.measurements import Measurement
from modelwright.explain.simple.documents import Cell, Node, Part, Simple, SimpleCandidate, SimpleModel
from modelwright.report.html import render
from modelwright.report.simple import section

from . import samples

POINTS = SimpleModel(
    form="points",
    link="logistic",
    target="deposit",
    classes=("no", "yes"),
    base=(-2.0,),
    unit=0.4,
    parts=(
        Part(
            column="<b>age",
            kind="number",
            cells=(
                Cell(text="under 38", adds=(0.0,), high=38.0),
                Cell(text="from 38", adds=(10.0,), low=38.0, missing=True),
            ),
        ),
    ),
)
TREE = SimpleModel(
    form="tree",
    link="identity",
    target="deposit",
    classes=("no", "yes"),
    nodes=(
        Node(share=1.0, column="age", kind="number", text="age under 38", below=38.0, yes=1, no=2),
        Node(value=(0.9, 0.1), share=0.4),
        Node(value=(0.2, 0.8), share=0.6),
    ),
)


def simple(model):
    score = Measurement(name="roc_auc", value=0.81, low=0.79, high=0.83, n=500, method="DeLong")
    tried = (
        SimpleCandidate(form="tree", columns=1, size=4, loss=0.21, noise=0.01),
        SimpleCandidate(form=model.form, columns=1, size=2, loss=0.19, noise=0.01, chosen=True),
    )
    gain = replace(score, value=0.004, low=0.001, high=0.007)
    return Simple(model=model, score=score, gain=gain, advice="It costs little.", candidates=tried, measured_on="500")


@pytest.mark.parametrize(("model", "told"), [(POINTS, "from 38"), (TREE, "chance of “yes” 80%")])
def test_the_page_is_in_the_report(model, told):
    r = samples.bank()
    html = render(replace(r, explanation=replace(r.explanation, simple=simple(model))))
    assert '<section id="simple">' in html and 'href="#simple"' in html
    assert told in html and "It costs little." in html and "0.810 (0.790 to 0.830)" in html
    assert "<b>age" not in html


def test_totals_and_candidates_are_told():
    found = section(simple(POINTS))
    assert found.page.totals[0] == ("0", "12%") and found.page.totals[-1] == ("10", "88%")
    assert [cells[0] for cells in found.tried] == ["points table, chosen", "small tree"]


def test_why_there_is_none():
    found = section(Simple(why_not="what there is are texts"))
    assert found.page is None and found.advice == "There is none: what there is are texts."


def test_reports_of_earlier_runs_have_no_such_section():
    assert section(None) is None and '<section id="simple">' not in render(samples.bank())
