"""The three readings: what each shows, and that the auditor's names the right place behind every measurement."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from modelwright import format as fmt
from modelwright.evaluate.measurements import FairOption, Measurement
from modelwright.govern.fairness import measure_fairness
from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.measuring import Judged
from modelwright.govern.waivers import Waiver, standing
from modelwright.report.html import render
from modelwright.report.tracing import SECTIONS, places, traced
from tests.report import samples
from tests.report.test_html import PAGES, Page
from tests.report.test_stress import stressed

CSS = (Path(__file__).parents[2] / "src/modelwright/report/templates/report.css").read_text()


def at(r: object, place: str) -> object:
    """Return what lies at a place."""
    value = r
    for step in place.split("/"):
        value = value[int(step)] if isinstance(value, tuple | list) else getattr(value, step)
    return value


@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_every_place_holds_the_measurement_it_stands_behind(name: str) -> None:
    r = samples.ALL[name]()
    marks = re.findall(r'<span title="([^"]+)">([^<]+)</span><span class="place">([^<]+)</span>', PAGES[name])
    for title, text, place in marks:
        found = at(r, place)
        assert title == place and isinstance(found, Measurement)
        assert fmt.measured(found).startswith(text), place
    if name == "bank":
        assert len(marks) > 10
        assert ("evaluation/headline", "0.800 (0.788 to 0.812)", "evaluation/headline") in marks


def test_no_measurement_is_left_without_its_place() -> None:
    """In the tables of scores and baselines every interval is one that was recorded."""
    section = PAGES["bank"].split('<section id="good"')[1].split("</section>")[0]
    plain = re.sub(r'<span title="[^"]+">[^<]+</span>', "", re.sub(r"<svg.*?</svg>", "", section, flags=re.S))
    assert re.findall(r"<td[^>]*>\s*[−\d][^\s<]* \([^<]+ to [^<]+\)", plain) == []


def test_a_decision_is_numbered_as_in_the_ledger() -> None:
    r = samples.bank()
    measured = r.decisions[1].measurement
    assert measured is not None and fmt.measured(measured) not in places(r)


def test_parts_that_read_alike_are_cited_by_where_they_stand() -> None:
    r = samples.bank()
    alike = tuple(samples.replace(s, score=r.evaluation.slices[0].score) for s in r.evaluation.slices)
    assert len(alike) > 2
    page = render(samples.replace(r, evaluation=samples.replace(r.evaluation, slices=alike)))
    table = page.split('<section id="fails"')[1].split("</table>")[0].split("<table")[1]
    found = re.findall(r'<span class="place">evaluation/slices/(\d+)/score</span>', table)
    assert [int(number) for number in found] == list(range(len(alike)))


@pytest.mark.parametrize(("section", "place"), [("simpler", "comparisons"), ("money", "worth/ways")])
def test_simpler_ways_that_read_alike_are_cited_by_where_they_stand(section: str, place: str) -> None:
    r = samples.bank()
    e, worth = r.evaluation, r.evaluation.worth
    assert worth is not None
    first, way = e.comparisons[0], worth.ways[0]
    alike = samples.replace(
        e,
        comparisons=tuple(samples.replace(c, score=first.score, gain=first.gain) for c in e.comparisons),
        worth=samples.replace(
            worth, ways=tuple(samples.replace(w, value=way.value, gain=way.gain) for w in worth.ways)
        ),
    )
    page = render(samples.replace(r, evaluation=alike))
    table = page.split(f'<section id="{section}"')[1].split("</table>")[0].split("<table")[1]
    found = re.findall(rf'<span class="place">evaluation/{place}/(\d+)/gain</span>', table)
    assert [int(number) for number in found] == list(range(len(found))) and len(found) > 1


def test_disturbances_that_read_alike_are_cited_by_where_they_stand() -> None:
    r, told = samples.bank(), stressed()
    alike = tuple(samples.replace(c, score=told.cases[0].score) if c.score else c for c in told.cases)
    page = render(samples.replace(r, stress=samples.replace(told, cases=alike)))
    table = page.split('<section id="stress"')[1].split("</section>")[0].split("<table")[1:]
    found = re.findall(r'<span class="place">stress/cases/(\d+)/score</span>', "".join(table))
    assert [int(number) for number in found] == [n for n, c in enumerate(alike) if c.score is not None]


def test_groups_that_read_alike_are_cited_by_where_they_stand() -> None:
    rng = np.random.default_rng(0)
    chance = rng.uniform(0.1, 0.9, 800)
    judged = Judged(
        y=(rng.random(800) < chance).astype(float), prediction=np.column_stack([1 - chance, chance]), threshold=0.5
    )
    codes = np.arange(800) % 2
    groups = [Grouping((name,), ("a", "b"), codes) for name in ("sex", "origin")]
    fairness = measure_fairness(judged, groups, asked="selection", least=0.8, proposed=False)
    score = samples.bank().evaluation.headline
    option = FairOption(
        name="x", text="", score=score, ratio=None, score_then=None, ratio_then=None, chosen=False, change=score
    )
    fairness = samples.replace(fairness, options=(option, option))
    r = samples.bank()
    page = render(samples.replace(r, evaluation=samples.replace(r.evaluation, fairness=fairness)))
    section = page.split('<section id="groups"')[1].split("</section>")[0]
    found = re.findall(r'<span class="place">evaluation/fairness/tables/(\d)/rows/(\d)/measures/1</span>', section)
    assert found == [("0", "0"), ("0", "1"), ("1", "0"), ("1", "1")]
    ratios = re.findall(r'<span class="place">evaluation/fairness/tables/(\d)/disparities/1/\w+/ratio</span>', section)
    assert ratios[-2:] == ["0", "1"]
    scores = re.findall(r'<span class="place">evaluation/fairness/options/(\d)/(\w+)</span>', section)
    assert scores == [("0", "score"), ("0", "change"), ("1", "score"), ("1", "change")]


def test_text_that_is_none_of_the_page_is_left_as_it_is() -> None:
    r = samples.bank()
    head = "0.800 (0.788 to 0.812)"
    text = f'<style>p::after {{ content: "{head}" }}</style><p title="{head}">0.1 (0 to 9)</p>'
    assert traced(text, r) == text


def test_sections_name_their_documents_with_digests() -> None:
    r = samples.bank()
    page = traced('<section id="good"><section id="made-up">', r)
    assert page == '<section id="good"><section id="made-up">', "the sample has digests of files alone"
    known = samples.replace(r, digests={"evaluation": "sha256:" + "ab" * 32})
    assert "Recorded in runs/2026-03-05T09-30/: evaluation <code>abababababab</code>" in traced(
        '<section id="good">', known
    )


def test_the_sections_are_those_of_the_report() -> None:
    ids = set().union(*(re.findall(r'<section id="(\w+)"', page) for name, page in PAGES.items() if name != "audit"))
    assert ids - {"decisions", "trail"} <= set(SECTIONS), "a new section says where its numbers are from"


@pytest.mark.parametrize("reader", ["manager", "engineer", "auditor"])
def test_the_switch_shows_the_reading_that_was_asked_for(reader: str) -> None:
    page = Page(render(samples.bank(), reader=reader))
    radios = {a["id"]: "checked" in a for tag, a in page.elements if tag == "input" and a.get("type") == "radio"}
    assert radios == {f"read-{name}": name == reader for name in ("manager", "engineer", "auditor")}


def test_the_managers_sections_exist() -> None:
    shown = re.search(r"main > section:not\(([^)]*)", CSS)
    assert shown is not None
    named = set(re.findall(r"#(\w+)", shown[1]))
    assert named <= set(SECTIONS) and {"verdict", "fails", "groups", "money", "drives"} <= named


def test_waivers_and_changed_thresholds_stand_beside_the_verdict() -> None:
    r = samples.bank()
    waiver = Waiver(
        version=1,
        gate="simple",
        reason="only a <b>pilot</b>",
        by="Ada",
        because="a simple linear model does as well",
        at=samples.AT,
        expires="2027-06-30",
        entry=12,
        holds=True,
    )
    verdict = samples.replace(
        r.verdict, notes=("score none, now 0.9: changed after the verdict of run 0001 was known",)
    )
    shown = samples.replace(r, verdict=verdict, standing=standing(verdict, (waiver,)))
    top = render(shown).split('id="first"')[0]
    assert "<strong>simple</strong> waived by Ada on 5 March 2026, until 30 June 2027" in top and "ledger 12" in top
    assert "only a &lt;b&gt;pilot&lt;/b&gt;" in top and "score none, now 0.9" in top
    assert "Because a simple linear model does as well" not in top, "it is accepted, and no condition any more"
    over = samples.replace(shown, standing=standing(verdict, (samples.replace(waiver, holds=False),)))
    assert "this is over: it holds no more" in render(over)
    assert "Because a simple linear model does as well" in render(over)
