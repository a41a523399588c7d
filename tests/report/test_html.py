"""The report: complete in itself, inert to hostile data, well-formed, quick, and in the agreed order."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from modelwright.report.audit_html import render_audit
from modelwright.report.html import render
from tests.report import samples

VOID = {"meta", "br", "img", "input", "hr", "link", "area", "base", "col", "embed", "source", "track", "wbr"}
LOADS = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "xlink:href"}


class Page(HTMLParser):
    """Checks that elements close in order, and gathers ids, links, loads and the elements."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.problems: list[str] = []
        self.feed(text)
        self.close()
        if self.open:
            self.problems.append(f"left open: {self.open}")

    def handle_starttag(self, tag, attrs):
        names = [k for k, _ in attrs]
        if len(names) != len(set(names)):
            self.problems.append(f"attribute given twice in {tag}")
        found = dict(attrs)
        self.elements.append((tag, found))
        if "id" in found:
            self.ids.append(found["id"])
        if tag == "a":
            self.links.append(found.get("href"))
        if tag not in VOID and not self.get_starttag_text().endswith("/>"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.problems.append(f"</{tag}> closes nothing at {self.getpos()}")


def shown(page: str) -> str:
    """Return a page without what only the auditor's reading shows."""
    return re.sub(r'<span title="[^"]*">([^<]*)</span><span class="place">[^<]*</span>', r"\1", page)


PAGES = {name: render(make()) for name, make in samples.ALL.items()} | {"audit": render_audit(samples.audit_only())}


@pytest.fixture(params=sorted(PAGES))
def text(request):
    return PAGES[request.param]


def test_pages_are_well_formed(text):
    page = Page(text)
    assert page.problems == []
    assert len(page.ids) == len(set(page.ids))


def test_links_go_to_places_in_the_page(text):
    page = Page(text)
    assert page.links
    for link in page.links:
        assert link.startswith("#") and link[1:] in page.ids


def test_nothing_is_loaded(text):
    for tag, attributes in Page(text).elements:
        assert tag not in {"link", "iframe", "object", "embed", "img", "base", "form"}
        assert not LOADS & set(attributes), (tag, attributes)
        assert "style" not in attributes  # the policy pins the style sheet
        assert not any(name.startswith("on") for name in attributes)
    assert "@import" not in text and "url(" not in text
    assert not re.search(r"https?://", text)


def test_policy_pins_the_only_style_and_script(text):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
    assert policy.startswith("default-src 'none'") and "unsafe" not in policy
    for tag in ("style", "script"):
        blocks = re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.S)
        assert len(blocks) == 1
        digest = base64.b64encode(hashlib.sha256(blocks[0].encode()).digest()).decode()
        assert f"'sha256-{digest}'" in policy


def test_hostile_names_are_text():
    page = Page(PAGES["hostile"])
    assert [tag for tag, _ in page.elements].count("script") == 1
    assert "&lt;script&gt;alert(&#34;x&#34;)&lt;/script&gt;" in PAGES["hostile"]
    assert "{{ 7*7 }}" in PAGES["hostile"] and "onerror=alert(1)&gt;" in PAGES["hostile"]


def test_sections_come_in_the_agreed_order():
    wanted = (
        "verdict first simpler asked data findings judged leaderboard good money drives fails learning decisions use "
        "limits trail"
    )
    sections = [a["id"] for tag, a in Page(PAGES["bank"]).elements if tag == "section"]
    assert sections == wanted.split()
    assert "money" not in [a["id"] for tag, a in Page(PAGES["houses"]).elements if tag == "section"]


def test_the_top_says_what_matters():
    top = shown(PAGES["bank"]).split('id="asked"')[0]
    for words in (
        "Ready to use, with conditions",
        "55 of 100",
        "52 to 59, 95% sure",
        "Without a model, of 100 picked blindly, 12 would be.",
        "It flags 14 of 100 cases: those with a chance of 18% or more.",
        "0.800 (0.788 to 0.812) (chance that a row with the event is ranked above one without",
        "better by 0.199 (0.187 to 0.211)",
        "Because 12% of the rows repeat an earlier row, so the score is partly remembered — <strong>find out whether",
        "And 2 more",
        "A column gives the target away",
    ):
        assert words in top, words
    assert "Do not use this model" in PAGES["houses"]
    assert "What stands in the way" in PAGES["houses"] and "Because the gain over “linear”" in PAGES["houses"]


def test_what_a_manager_reads_first_has_no_term_of_the_trade_alone():
    for name, page in PAGES.items():
        if name in {"audit", "bare"}:  # where nothing was counted in cases, the metric stands beside what it is
            continue
        first = page.split('<section id="verdict"')[1].split('<section id="simpler"')[0]
        for line in re.sub(r"<a [^>]*>.*?</a>", "", first).splitlines():
            if re.search(r"AUC|log.loss|RMSE|calibrat|lockbox|out-of-fold", line, re.I):
                assert re.search(r"\(|: |perfect", line), (name, line)


def test_values_and_classes_are_told_in_cases_too():
    houses, seven = PAGES["houses"], PAGES["seven_classes"]
    assert "half of the predictions are off by less than this" in houses and "36,000 €" in houses
    assert (
        "Without a model, always guessing the same, it would be 128,000 €." in houses
        and "Asked: how much is “price”?" in houses
    )
    assert "85 of 100" in seven and "Without a model, always naming one class, 49 would." in seven
    assert "cases of “willow / fir and pine” are known as such" in seven
    assert "41 are taken for “lodgepole / fir and pine”." in seven


def test_without_a_payoff_the_line_can_be_moved():
    bank = samples.bank()
    assert "--payoff" not in PAGES["bank"].split('id="first"')[0]
    unpriced = render(replace(bank, brief=replace(bank.brief, payoff={}))).split('id="first"')[0]
    assert "Say what a hit and a false alarm are worth (--payoff)" in unpriced
    few = replace(bank.evaluation, cases=replace(bank.evaluation.cases, ranked=True))
    assert "Next to no case reaches a chance of 18%" in render(replace(bank, evaluation=few))


def test_the_contents_are_folded_on_a_phone():
    page = PAGES["bank"]
    folded = page.split('class="toc folded"')[1].split("</nav>")[0]
    assert "<details>" in folded and folded.count("<li>") == 17
    assert ".toc.wide { display: none; }" in page.split("@media (max-width: 1240px)")[1]


def test_rules_that_were_not_asked_are_told_apart():
    bank = PAGES["bank"]
    assert "1 rule not asked (A048): it fits models, and the budget leaves no time for that." in bank
    assert "1 rule overruled by the brief (A006)." in bank and "15 rules looked at 45,211" in bank
    assert re.search(r"\d+ found something, \d+ nothing, \d+ do not apply to such a table", bank)


def test_where_nothing_was_found_only_rules_that_apply_count():
    sample = samples.bank()
    passed = [o for o in sample.audit.outcomes if o.answer == "passed"]
    others = [o for o in sample.audit.outcomes if o.answer in {"not applicable", "not asked"}]
    assert passed and others
    page = render(replace(sample, audit=replace(sample.audit, findings=(), outcomes=(*passed, *others))))
    assert f"None of the {len(passed)} rules that apply to such a table found anything" in page


def test_charts_have_names_and_tables_have_heads(text):
    page = Page(text)
    for tag, attributes in page.elements:
        if tag == "svg" and "x" not in attributes:
            assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"
        if tag == "th":
            assert "scope" in attributes


def test_bare_run_says_why_things_are_missing():
    bare = PAGES["bare"]
    for words in (
        "Nothing was found",
        "No candidate could be measured",
        "columns were not ranked",
        "no decision of this run",
    ):
        assert words in bare, words
    assert "None" not in re.sub(r"<script>.*?</script>", "", bare, flags=re.S)
    assert "nan" not in re.findall(r"\bnan\b", bare)


def test_worse_slices_are_told_by_more_than_colour():
    assert "▲" in PAGES["bank"] and "clearly worse" in PAGES["bank"]
    assert "611 rows, nearly those where campaign = by phone" in PAGES["bank"] and "2.4%" in PAGES["bank"]


def test_time_split_is_drawn_forward():
    diagram = re.search(r'<svg class="split".*?</svg>', PAGES["houses"], re.S).group(0)
    assert "later →" in diagram and "it lies in the future" in diagram


def test_wide_tables_stay_small_and_fold():
    assert len(PAGES["wide"]) < 1_000_000
    assert "427 more columns" in PAGES["wide"] and "435 more columns" in PAGES["wide"]


def test_wide_tables_become_blocks_on_a_phone_and_say_which_column_a_cell_is_of():
    page = render(samples.bank())
    assert 'cell.setAttribute("data-head", heads[cell.cellIndex])' in page
    narrow = page.split("@media screen and (max-width: 740px)")[1]
    assert "table.stacked thead { display: none; }" in narrow and "content: attr(data-head)" in narrow
