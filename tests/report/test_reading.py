"""What a reader is told first: which findings, in which order, in which words."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from modelwright.audit.findings import Action, Audit, Effect, Finding, Severity
from modelwright.frame.problem import Optimism, Problem, SplitKind
from modelwright.report.reading import Reading, done_words, is_settled, readings
from modelwright.report.words import score_words, without_model_words
from tests.report import samples

ERROR, WARNING, INFO = Severity.ERROR, Severity.WARNING, Severity.INFO


def _found(code: str, severity: Severity, action: Action, *columns: str, **more: Any) -> Finding:
    said = {"title": code, "message": f"First of {code}. Second, with 0.93 in it.", "done": "done so", "fix": "do this"}
    return samples.finding(code, severity=severity, columns=columns, action=action, **{**said, **more})


def _read(*found: Finding, problem: Problem | None = None, limit: int = 3) -> tuple[Reading, ...]:
    order = sorted(found, key=lambda f: list(Severity).index(f.severity))
    audit = Audit(findings=tuple(order), outcomes=(), n_rows=100, n_rows_examined=100)
    return readings(audit, problem or samples.bank().problem, limit)


def test_dropped_leaks_are_one_card_with_what_they_took_from_a_score_that_was_not_real():
    effect = Effect(
        left=samples.m("r2", 0.999), done=samples.m("r2", 0.94), gain=replace(samples.m("r2", -0.06, 0.01), n=100)
    )
    first, *rest = _read(
        _found("A013", ERROR, Action.DROP_COLUMN, "status"),
        _found("A015", ERROR, Action.DROP_COLUMN, "casual", "registered", effect=effect),
        _found("A007", WARNING, Action.TOLD),
    )
    assert first.columns == ("status", "casual", "registered")
    assert first.links == (("A013", 1), ("A015", 2)) and first.title == "Columns that give the answer away"
    assert "They hold what is known only once 'deposit' is known" in first.said
    assert "seemed to explain 100% of the differences; without them, 94%" in first.meaning
    assert first.decide.endswith("keep it with --allow, such as A013:status")
    assert [r.links[0][0] for r in rest] == ["A007"]


def test_single_leak_says_how_to_keep_it():
    (card,) = _read(_found("A014", ERROR, Action.DROP_COLUMN, "duration"))
    assert card.title == "A column that gives the answer away"
    assert card.decide.endswith("keep it with --allow A014:duration")


def test_what_asks_for_a_decision_comes_before_what_asks_for_nothing():
    cards = _read(
        _found("A006", WARNING, Action.DROP_COLUMN, "row"),
        _found("A009", WARNING, Action.AS_MISSING, "job"),
        _found("A014", WARNING, Action.TOLD, "later"),
        _found("A017", WARNING, Action.GROUP, "school"),
    )
    assert [c.links[0][0] for c in cards] == ["A014", "A017", "A006"]
    assert cards[0].title == "Is this known in time?"
    assert cards[0].decide == "if it is so, leave it out with --known-after later"
    assert "Nothing is asked of you" in cards[2].meaning


def test_the_split_is_never_crowded_out():
    doubts = [_found(code, WARNING, Action.TOLD, code.lower()) for code in ("A013", "A014", "A016", "A021")]
    cards = _read(*doubts, _found("A018", WARNING, Action.TIME, "day"))
    assert [c.links[0][0] for c in cards] == ["A013", "A014", "A018"]
    assert _read(*doubts, _found("A018", WARNING, Action.TIME, "day", overruled=True))[-1].links[0][0] != "A021"


def test_a_doubt_about_a_column_that_is_out_already_is_settled():
    dropped = _found("A015", ERROR, Action.DROP_COLUMN, "registered", "casual")
    cards = _read(dropped, _found("A013", WARNING, Action.TOLD, "registered"), _found("A007", WARNING, Action.TOLD))
    assert [c.links[0][0] for c in cards] == ["A015", "A007", "A013"]
    assert cards[2].done == "left out already by A015" and cards[2].decide == ""
    doubt = _found("A013", WARNING, Action.TOLD, "registered")
    audit = Audit(findings=(dropped, doubt), outcomes=(), n_rows=100, n_rows_examined=100)
    assert done_words(doubt, audit) == "left out already by A015" and is_settled(doubt, audit)
    assert done_words(dropped, audit) == "done so" and not is_settled(dropped, audit)
    assert not is_settled(replace(doubt, columns=("registered", "other")), audit)


def test_notes_are_read_only_where_nothing_weighs_more():
    note = _found("A042", INFO, Action.TOLD, "price")
    assert [c.links[0][0] for c in _read(note)] == ["A042"]
    assert [c.links[0][0] for c in _read(note, _found("A007", WARNING, Action.TOLD))] == ["A007"]


def test_an_overruled_finding_keeps_its_risk():
    (card,) = _read(_found("A014", ERROR, Action.DROP_COLUMN, "duration", overruled=True))
    assert card.overruled and card.meaning.startswith("The risk remains. When a prediction is needed")


def test_rules_of_other_packages_have_their_own_words():
    (card,) = _read(_found("X900", WARNING, Action.TOLD, "a"))
    assert (card.said, card.meaning, card.decide) == ("First of X900.", "", "do this")


def test_findings_of_one_rule_are_one_card():
    (card,) = _read(*(_found("A009", WARNING, Action.AS_MISSING, c) for c in ("a", "b", "c", "d", "e", "f")))
    assert card.said == "First of A009. So it is with 'b', 'c', 'd', 'e' and 1 more."
    assert len(card.links) == 6


@pytest.mark.parametrize(
    ("low", "words"),
    [
        (0.5, "would have promised a typical error of 31; in truth it is about 33"),
        (-1.0, "would have promised a typical error of 31; in truth it is most likely about 33"),
        (-5.0, "could not be told from noise"),
    ],
)
def test_groups_say_what_a_random_split_would_have_promised(low, words):
    def rmse(value, half):
        return samples.m("rmse", value, half, method="t", greater=False)

    excess = replace(rmse(2.0, 1.0), low=low, high=5.0)
    problem = replace(
        samples.houses().problem,
        split=SplitKind.GROUP,
        group="school",
        optimism=Optimism(fair=rmse(33.0, 2.0), naive=rmse(31.0, 2.0), excess=excess),
    )
    (card,) = _read(_found("A017", WARNING, Action.GROUP, "school"), problem=problem)
    assert card.meaning.startswith("The score holds for a 'school' that the model has never met.")
    assert words in card.meaning


@pytest.mark.parametrize(
    ("split", "code", "action", "never", "done"),
    [
        (SplitKind.TIME, "A017", Action.GROUP, "never met", "time goes first: tested on later rows"),
        (SplitKind.RANDOM, "A017", Action.GROUP, "never met", "nothing: the split does not keep them together"),
        (SplitKind.GROUP, "A018", Action.TIME, "time to come", "nothing: the split does not go by time"),
    ],
)
def test_what_the_split_does_not_keep_apart_is_not_said_to_be(split, code, action, never, done):
    problem = replace(samples.houses().problem, split=split, optimism=None)
    (card,) = _read(_found(code, WARNING, action, "person"), problem=problem)
    assert card.done == done and never not in card.meaning and "may do worse" in card.meaning
    assert "--split" in card.decide


def test_time_says_that_later_rows_were_tested():
    problem = replace(samples.houses().problem, optimism=None, split=SplitKind.TIME, time="Day: start")
    (card,) = _read(_found("A018", WARNING, Action.TIME, "Day: start"), problem=problem)
    assert card.said == "'Day: start' says when each row came about." and card.done.endswith("tested on later ones")
    assert card.meaning == "The score holds for the time to come."


def test_a_stop_inside_a_name_ends_no_sentence():
    message = "'No. Of Rooms' doesn't vary in 3.5 % of the rows. More of it."
    (card,) = _read(_found("A036", WARNING, Action.TOLD, "No. Of Rooms", message=message))
    assert card.said == "'No. Of Rooms' doesn't vary in 3.5 % of the rows."


def test_rows_left_out_are_no_promise_for_files_to_predict():
    (card,) = _read(_found("A007", WARNING, Action.DROP_ROWS))
    assert card.meaning == "These rows teach the model nothing and count in no score."


def test_an_order_without_a_date_is_told_without_its_numbers():
    (card,) = _read(_found("A018", WARNING, Action.TOLD, done="the split stays random: take care"))
    assert "alike" in card.said and card.done == "the split stays random"


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("rmse", 45.0, "Without a model they would be off by 45.0."),
        ("accuracy", 0.76, "Without a model it would be 76."),
        ("roc_auc", 0.5, "Guessing does so 50 times."),
        ("pr_auc", 0.12, "Guessing gets 12."),
        ("mcc", 0.0, ""),
    ],
)
def test_headline_says_what_there_would_be_without_a_model(name, value, words):
    assert without_model_words(samples.m(name, value)) == words
    assert without_model_words(None) == ""


def test_scores_have_words_that_fit_a_sentence():
    assert score_words(samples.m("mae", 3.0)) == "a mean error of 3.00"
    assert score_words(samples.m("roc_auc", 0.83)) == "ROC AUC 0.830 (1 is perfect)"
    assert score_words(samples.m("log_loss", 0.3)) == "log loss 0.300 (0 is perfect)"
    assert score_words(samples.m("accuracy", 0.83)) == "83 of 100 right"


def test_terms_of_the_trade_are_explained_where_they_stand():
    said = "Twice the rows would improve log loss by about 0.01 (0.005 to 0.02). More rows are meant."
    (card,) = _read(_found("A050", INFO, Action.TOLD, "deposit", message=said))
    assert card.said == (
        "Twice the rows would improve log loss, the cost of giving too small a chance to what happened, by about 0.01 "
        "(0.005 to 0.02)."
    )
