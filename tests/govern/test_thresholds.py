"""Thresholds of the brief: gates that go by them, how they are read, and that they are fixed before training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

from modelwright.brief import Brief, Limits, read_brief, write_brief
from modelwright.brief.gates import THRESHOLDS
from modelwright.errors import ProjectError, UsageError
from modelwright.govern.fixing import asked_in, changes, check_fixed, eased_since
from modelwright.govern.gates import GATES
from modelwright.ledger import Entry
from tests.govern.test_gates import _evaluation, _gate, _judge, _measured
from tests.report.samples import bank_training


def _training(*folds: float):
    training = bank_training()
    found = [replace(c, fold_scores=folds) if c.weight else c for c in training.candidates]
    return replace(training, candidates=tuple(found))


def _entry(number: int, kind: str, run: str, body: dict) -> Entry:
    return Entry(number=number, previous="", run=run, kind=kind, at="2026-11-27T00:00:00Z", body=body)


def _began(number: int, run: str, brief: Brief) -> Entry:
    return _entry(number, "run started", run, {"brief": msgspec.to_builtins(brief)})


# the score that is asked for


@pytest.mark.parametrize(
    ("asked", "passed", "blocking", "said"),
    [
        ({"score": 0.80}, True, True, "at least 0.800 is asked for"),
        ({"score": 0.84}, False, False, "may be chance"),
        ({"score": 0.90}, False, True, "not as good as asked"),
        ({"gain": 0.30}, True, True, "better than a constant by 0.35"),
        ({"gain": 0.40}, False, True, "not as good as asked"),
        ({}, True, True, "not applicable"),
    ],
)
def test_the_score_and_gain_that_the_brief_asks_for(asked, passed, blocking, said):
    gate = _gate(_judge(asked=asked), "good enough")
    assert (gate.passed, gate.blocking) == (passed, blocking) and said in gate.why


def test_of_errors_at_most_so_much():
    headline = _measured(12.0, half=1.0, name="rmse", greater=False)
    judged = {
        most: _gate(_judge(_evaluation(headline=headline), asked={"score": most}), "good enough")
        for most in (10, 12.5, 14)
    }
    assert [judged[m].passed for m in (10, 12.5, 14)] == [False, False, True]
    assert judged[10].blocking and not judged[12.5].blocking and "at most" in judged[10].why


def test_a_score_that_a_constant_reaches_too_asks_for_nothing():
    gate = _gate(_judge(asked={"score": 0.45}), "good enough")
    assert not gate.passed and not gate.blocking
    assert "a constant prediction has 0.5" in gate.why and gate.why.endswith("reaches that, too")


@pytest.mark.parametrize(
    ("asked", "gate", "said"),
    [
        ("fold_gain_kept", "stable", "it was not scored on several folds"),
        ("answered", "answers enough", "no risk of answers was asked for"),
    ],
)
def test_a_threshold_that_could_not_be_held_is_no_pass(asked, gate, said):
    verdict = _judge(asked={asked: 0.5})
    found = _gate(verdict, gate)
    assert verdict.answer == "ship with conditions" and not found.passed and not found.blocking
    assert found.why == f"the brief sets {asked}, and that could not be held: {said}"
    assert _gate(_judge(), gate).passed


# thresholds of the other gates


def test_a_threshold_that_the_brief_sets_blocks():
    off = _evaluation(calibration_error=_measured(0.09, 0.01, "ece", greater=False))
    usual = _judge(off)
    assert usual.answer == "ship with conditions" and not _gate(usual, "calibrated").blocking
    asked = _judge(off, asked={"calibration_error": 0.05})
    assert asked.answer == "do not ship" and _gate(asked, "calibrated").blocking
    assert _judge(off, asked={"calibration_error": 0.1}).answer == "ship"
    strict = _judge(asked={"calibration_error": 0.005})
    assert strict.answer == "do not ship" and "more than 0.005" in _gate(strict, "calibrated").why


def test_width_rows_and_what_is_kept_of_the_gain_follow_the_brief():
    assert "at least 2000 are needed" in _gate(_judge(asked={"rows_judged": 2000}), "known well enough").why
    assert not _gate(_judge(asked={"interval_width": 0.05}), "known well enough").passed
    assert _gate(_judge(asked={"gain_kept": 0.7}), "not grossly overfitted").passed
    assert _gate(_judge(asked={"gain_kept": 0.9}), "not grossly overfitted").blocking


def test_every_threshold_belongs_to_a_gate_and_is_in_the_verdict():
    assert {t.gate for t in THRESHOLDS.values()} <= {g.name for g in GATES}
    verdict = _judge(asked={"calibration_error": 0.03, "score": 0.8}, brief="sha256:1")
    fixed = {f.name: (f.value, f.by_brief) for f in verdict.thresholds}
    assert (
        fixed["calibration_error"] == (0.03, True)
        and fixed["gain_kept"] == (0.25, False)
        and fixed["score"] == (0.8, True)
    )
    assert "gain" not in fixed and verdict.brief == "sha256:1"


# stable


def test_folds_alike_are_stable():
    gate = _gate(_judge(training=_training(0.80, 0.79, 0.81)), "stable")
    assert gate.passed and "97% of the mean gain" in gate.why


def test_a_fold_that_falls_out_informs_and_blocks_where_asked():
    training = _training(0.85, 0.86, 0.55)
    usual = _judge(training=training)
    assert not _gate(usual, "stable").passed and usual.answer == "ship"
    assert "20% of the mean gain over a constant, less than 50%" in _gate(usual, "stable").why
    assert _judge(training=training, asked={"fold_gain_kept": 0.5}).answer == "do not ship"


def test_no_gain_on_the_mean_of_the_folds_is_a_condition_and_no_pass():
    gate = _gate(_judge(training=_training(0.4, 0.3)), "stable")
    assert not gate.passed and "gains nothing on a constant" in gate.why and gate.failing == "condition"


def test_folds_that_are_harder_are_held_against_constants_of_their_own():
    alike = replace(_training(0.60, 0.80), fold_constants=(0.4, 0.7))
    assert "keeps 100% of the mean gain" in _gate(_judge(training=alike), "stable").why
    apart = replace(_training(0.50, 0.80), fold_constants=(0.4, 0.7))
    assert "keeps 67% of the mean gain" in _gate(_judge(training=apart), "stable").why


def test_training_on_fewer_folds_than_planned_is_told():
    told = _gate(_judge(training=_training(0.80, 0.79)), "trained in full")
    assert told.passed and told.why.endswith("on 2 of 5 folds")
    whole = _gate(_judge(training=_training(0.80, 0.79, 0.81, 0.80, 0.79)), "trained in full")
    assert whole.passed and "folds" not in whole.why and "folds" not in _gate(_judge(), "trained in full").why


@pytest.mark.parametrize("folds", [(), (0.8,)])
def test_stability_does_not_apply(folds):
    assert "not applicable" in _gate(_judge(training=_training(*folds)), "stable").why
    assert "not applicable" in _gate(_judge(), "stable").why


# reproducible


def test_reproducible_where_asked_needs_a_fixed_number_of_fits():
    timed = _judge(limits=Limits(), parity_difference=2e-16, asked={"reproducible": 1.0})
    assert timed.answer == "do not ship" and "decides how many fits" in _gate(timed, "reproducible").why
    counted = _judge(limits=Limits(trials=8), parity_difference=2e-16, asked={"reproducible": 1.0})
    assert counted.answer == "ship" and "same model" in _gate(counted, "reproducible").why
    assert _gate(_judge(limits=Limits()), "reproducible").passed, "not asked: told, not judged"


def test_a_plan_that_differs_from_what_was_trained_does_not_ship():
    verdict = _judge(parity_difference=1e-3)
    assert verdict.answer == "do not ship" and "differs by 1.0e-03" in _gate(verdict, "reproducible").why


# reading them


def test_gates_are_read_and_written(tmp_path):
    brief = Brief(target="y").merged(gates={"calibration_error": "0.03", "reproducible": True})
    assert brief.gates == {"calibration_error": 0.03, "reproducible": 1.0}
    (tmp_path / "brief.toml").write_text(write_brief(brief))
    assert read_brief(tmp_path / "brief.toml").gates == brief.gates


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            {"calibration": 0.03},
            r"no gate has a threshold 'calibration' · fix: did you mean 'calibration_error'\? · MW-U751",
        ),
        ({"calibration_error": 3}, "a number from 0 to 1: .*MW-U752"),
        ({"rows_judged": 0}, "a number from 1: .*MW-U752"),
        ({"score": "high"}, "give a number: .*MW-U752"),
        ({"score": float("nan")}, "MW-U752"),
        ([0.03], "a table of thresholds.*MW-U750"),
    ],
)
def test_thresholds_that_are_none_are_refused(given, said):
    with pytest.raises(UsageError, match=said):
        Brief().merged(gates=given)


# fixed before training

STRICT = Brief(target="y", gates={"calibration_error": 0.03})
EASY = Brief(target="y", gates={"calibration_error": 0.2}, limits=Limits(latency_ms=5.0), allow=("A014",))


def test_thresholds_changed_after_a_verdict_was_known_are_told():
    entries = [_began(1, "0001", STRICT), _entry(2, "run done", "0001", {}), _began(3, "0002", EASY)]
    told = eased_since(entries, "0002", EASY)
    assert [t.partition(":")[0] for t in told] == [
        "calibration_error 0.03, now 0.2",
        "latency_ms none, now 5",
        "allow none, now A014",
    ]
    assert all("after the verdict of run 0001 was known" in t for t in told)
    verdict = _judge(asked=EASY.gates, changed=told)
    assert verdict.notes == told


def test_nothing_is_told_without_a_verdict_before_or_without_a_change():
    begun = [_began(1, "0001", STRICT), _began(2, "0002", EASY)]
    assert eased_since(begun, "0002", EASY) == ()
    same = [_began(1, "0001", STRICT), _entry(2, "run done", "0001", {}), _began(3, "0002", STRICT)]
    assert eased_since(same, "0002", STRICT) == ()


def test_a_threshold_that_is_the_default_is_no_change():
    assert changes(asked_in(Brief()), asked_in(Brief(gates={"calibration_error": 0.05}))) == ()


def test_a_brief_that_is_not_the_one_of_the_ledger_is_refused():
    check_fixed([_began(1, "0001", STRICT)], "0001", STRICT)
    check_fixed([], "0001", STRICT)
    with pytest.raises(ProjectError, match=r"began with \(calibration_error 0.03, now 0.2.*MW-P750"):
        check_fixed([_began(1, "0001", STRICT)], "0001", EASY)


def test_a_run_that_went_on_with_another_budget_is_the_same():
    longer = replace(STRICT, limits=replace(STRICT.limits, budget_s=900.0))
    check_fixed([_began(1, "0001", STRICT)], "0001", longer)


def test_an_entry_of_an_earlier_release_lacks_fields_and_agrees():
    entry = _began(1, "0001", Brief(target="y"))
    entry.body["brief"].pop("gates")
    check_fixed([entry], "0001", Brief(target="y"))


def test_the_guide_names_every_gate_and_threshold():
    text = (Path(__file__).parents[2] / "docs" / "gates.md").read_text()
    rows = [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]
    named = {name.strip() for row in rows for name in row.split(",")}
    assert {g.name for g in GATES} <= named, {g.name for g in GATES} - named
    for name, threshold in THRESHOLDS.items():
        assert f"`{name}`" in text or f"`{name} = true`" in text, name
        if threshold.default:
            assert f"`{name}` {threshold.default:g}" in text, name
