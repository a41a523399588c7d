"""Model card and summary."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from modelwright.report.data import audit_json, render_json
from modelwright.report.papers.base import GAP
from modelwright.report.papers.card import render_card
from modelwright.report.words import headline_words
from tests.report import samples

GOLDEN = Path(__file__).parent / "golden"
SECTIONS = (
    "Model details",
    "Intended use",
    "Factors",
    "Metrics",
    "Evaluation data",
    "Training data",
    "Quantitative analyses",
    "Ethical considerations",
    "Caveats and recommendations",
    "Where the numbers come from",
)


def test_card_is_the_golden_one():
    """Rewrite with ``python -m tests.report.test_card`` after a wanted change, and read the difference."""
    assert render_card(samples.bank()) == (GOLDEN / "card.md").read_text(encoding="utf-8")


def test_a_version_that_reads_a_part_of_the_columns_asks_for_no_others():
    sample = samples.bank()
    read = sample.problem.features[:3]
    card = render_card(replace(sample, version=replace(sample.version, columns=read)))
    assert f"Columns it needs: 3 of {len(sample.problem.features)} that it was offered, see below" in card
    table = card.split("## Training data")[1].split("##")[0]
    assert all(f"| `{name}` |" in table for name in read)
    assert not any(f"| `{name}` |" in table for name in sample.problem.features[3:])


@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_cards_have_all_sections_and_leave_gaps_to_people(name):
    card = render_card(samples.ALL[name]())
    assert tuple(re.findall(r"^## (.+)$", card, re.M)) == SECTIONS
    assert card.count(GAP) >= 8
    assert card.startswith("---\nlibrary_name: modelwright\npipeline_tag: tabular-")


def test_hostile_names_stay_text_in_the_card():
    body = render_card(samples.hostile()).split("---", 2)[2]
    outside_code = re.sub(r"(`+).*?\1|^    .*$", "", body, flags=re.M)
    assert "<script>" not in outside_code and "<img" not in outside_code
    table = body.split("## Training data")[1].split("##")[0]
    rows = [line for line in table.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {5}


@pytest.mark.parametrize("name", sorted(samples.ALL))
def test_summary_is_json_without_nan(name):
    summary = render_json(samples.ALL[name]())
    again = json.loads(json.dumps(summary, allow_nan=False))
    assert again["score"].keys() >= {"metric", "value", "low", "high", "n"}
    for finding in again["findings"]:
        assert {"code", "columns", "severity", "action"} <= finding.keys()


def test_summary_of_the_bank():
    summary = render_json(samples.bank())
    assert summary["verdict"]["ships"] and summary["problem"]["split"] == "stratified"
    assert summary["evaluation"]["baselines"]["linear"]["better"]
    assert summary["evaluation"]["cases"]["found"]["value"] == 0.552 and not summary["evaluation"]["cases"]["ranked"]
    assert summary["evaluation"]["slices"][0]["same_rows"] == ["campaign = by phone"]
    assert [r["counts"] for r in summary["verdict"]["reasons"]] == [True, True, False, False]
    assert summary["findings"][0]["columns"] == ["duration"] or summary["findings"][0]["columns"] == ("duration",)


def test_audit_summary():
    summary = json.loads(json.dumps(audit_json(samples.audit_only())))
    assert [f["code"] for f in summary["findings"]] == ["A003", "A009", "A012", "A005", "A011"]
    assert len(summary["rules"]) == 16


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("roc_auc", 0.93, "ranks them the right way round 93 times in 100"),
        ("accuracy", 0.997, "99.7 of 100 rows right"),
        ("recall", 0.65, "it finds 65"),
        ("log_loss", 0.3, "To what really happened"),
        ("rmsle", 0.1, "a factor of 1.11"),
        ("r2", 0.887, "explains 89% of the variation"),
        ("mape", 0.0961, "off by 9.6% on average"),
        ("home_made", 0.5, ""),
        ("roc_auc", None, ""),
    ],
)
def test_headline_in_words(name, value, words):
    sentence = headline_words(samples.m(name, value), samples.bank().problem)
    assert words in sentence and bool(words) == bool(sentence)


def test_regression_headline_is_in_the_targets_unit():
    houses = samples.houses()
    assert headline_words(houses.evaluation.headline, houses.problem) == (
        "Its predictions of price are typically off by 27,000 €."
    )


def test_log_loss_has_an_anchor():
    problem = samples.bank().problem
    assert headline_words(samples.m("log_loss", 0.5), problem, samples.m("log_loss", 0.69)) == (
        "To what really happened it had given a chance of 61% on (geometric) average; the same shares for every row "
        "would have given 50% (0.690), 100% is perfect."
    )


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    (GOLDEN / "card.md").write_text(render_card(samples.bank()), encoding="utf-8")
