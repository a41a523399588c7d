"""Each gate: passes, fails, does not apply; and what the answers come to."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from modelwright.audit.findings import Action, Audit, Finding, Severity
from modelwright.brief import Limits
from modelwright.evaluate.measurements import Comparison, Confusion, Evaluation, Measurement, Slice
from modelwright.frame.problem import Problem, SplitKind
from modelwright.govern.gates import GATES, Case, judge

PROBLEM = Problem(
    objective="classify",
    target="churn",
    classes=("no", "yes"),
    metric="roc_auc",
    split=SplitKind.STRATIFIED,
    group=None,
    time=None,
    n_folds=5,
    n_repeats=1,
    holdout=0.2,
    features=("x",),
    n_rows=5000,
    choices=(),
)
AUDIT = Audit(findings=(), outcomes=(), n_rows=5000, n_rows_examined=5000)


def _measured(value, half=0.02, name="roc_auc", n=1000, greater=True):
    low, high = (None, None) if value is None else (value - half, value + half)
    return Measurement(name=name, value=value, low=low, high=high, n=n, method="DeLong", greater_is_better=greater)


def _against(baseline, score, gain, half=0.02, **more):
    measured = _measured(gain, half)
    return Comparison(
        name=baseline, text="", score=_measured(score, **more), gain=measured, better=gain is not None and gain > half
    )


COMPARED = (
    _against("constant", 0.5, 0.35),
    _against("one rule", 0.7, 0.15),
    _against("linear", 0.8, 0.05),
)


def _evaluation(**changes):
    headline = changes.pop("headline", _measured(0.85))
    settings = {
        "headline": headline,
        "metrics": (headline,),
        "measured_on": "lockbox",
        "comparisons": COMPARED,
        "train_score": _measured(0.97),
        "fit_verdict": "fits well",
        "calibration_error": _measured(0.02, 0.01, "ece", greater=False),
        "slices": (Slice(column="sex", value="f", score=_measured(0.84), gap=-0.01, worse=False),),
    }
    return Evaluation(**{**settings, **changes})


def _finding(**changes):
    settings = {
        "code": "A013",
        "title": "A column gives the answer away",
        "severity": Severity.ERROR,
        "columns": ("total",),
        "message": "It does.",
        "evidence": {},
        "action": Action.DROP_COLUMN,
        "done": "dropped",
        "fix": "",
    }
    return Finding(**{**settings, **changes})


def _judge(evaluation=None, findings=(), *, brief="", changed=(), **known):
    audit = replace(AUDIT, findings=tuple(findings))
    case = Case(problem=PROBLEM, audit=audit, evaluation=evaluation or _evaluation(), **known)
    return judge(case, brief=brief, changed=changed)


def _training(stood_in="", folds_used=0):
    return SimpleNamespace(stood_in=stood_in, folds_used=folds_used, members=(), candidates=())


def _gate(verdict, name):
    return next(g for g in verdict.gates if g.name == name)


def test_a_good_version_ships():
    verdict = _judge(limits=Limits(latency_ms=10), latency_ms=2.0, seconds=100.0, size_bytes=10**6)
    assert verdict.answer == "ship"
    assert verdict.ships
    assert all(g.passed and g.why for g in verdict.gates)
    assert [g.name for g in verdict.gates] == [g.name for g in GATES]
    assert verdict.summary == (
        "The model of 'churn' reaches ROC AUC 0.85 (0.83 to 0.87) on 1,000 rows; without a model it would be 0.50. "
        "Every gate is passed: it can be used."
    )


@pytest.mark.parametrize(
    ("code", "evidence", "said"),
    [("A018", {"likeness": 0.6, "unexplained": 0.4}, "no date explains"), ("A007", {"share": 0.12}, "12% of the rows")],
)
def test_copies_and_hidden_order_are_conditions(code, evidence, said):
    told = _finding(code=code, severity=Severity.WARNING, action=Action.TOLD, columns=(), evidence=evidence)
    verdict = _judge(findings=[told])
    assert verdict.answer == "ship with conditions" and said in verdict.summary
    for quiet in (replace(told, overruled=True), replace(told, severity=Severity.INFO)):
        assert _judge(findings=[quiet]).answer == "ship"


def test_late_rows_of_one_outcome_are_a_condition():
    late = _finding(code="A052", severity=Severity.WARNING, columns=("day",), evidence={"inside": 1.0}, n_rows=998)
    verdict = _judge(findings=[late])
    assert verdict.answer == "ship with conditions" and "998 rows at one end of 'day'" in verdict.summary
    assert _judge(findings=[replace(late, overruled=True)]).answer == "ship"


def test_without_a_score_it_does_not_ship():
    verdict = _judge(_evaluation(headline=_measured(None), train_score=None, comparisons=()))
    assert verdict.answer == "do not ship"
    assert not _gate(verdict, "has a score").passed
    assert verdict.summary.startswith("No score could be measured")


def test_nothing_learned_does_not_ship():
    verdict = _judge(_evaluation(headline=_measured(0.51), comparisons=(_against("constant", 0.5, 0.01),)))
    assert verdict.answer == "do not build this" and not verdict.ships
    assert "within the noise" in verdict.summary
    broken = _judge(
        _evaluation(headline=_measured(0.51), comparisons=(_against("constant", 0.5, 0.01),)),
        findings=[_finding(action=Action.TOLD)],
    )
    assert broken.answer == "do not ship"
    worse = _judge(_evaluation(headline=_measured(0.4), comparisons=(_against("constant", 0.5, -0.1),)))
    assert "no better than a constant" in worse.summary


def test_a_gain_that_may_still_be_worth_having_asks_for_more():
    verdict = _judge(_evaluation(headline=_measured(0.56), comparisons=(_against("constant", 0.5, 0.06, 0.1),)))
    assert verdict.answer == "collect more data" and "may still be as much as 0.16" in verdict.summary


def test_nothing_proved_on_few_rows_asks_for_more():
    few = _measured(0.62, 0.15, n=60)
    verdict = _judge(_evaluation(headline=few, comparisons=(_against("constant", 0.5, 0.12, 0.15),)))
    assert verdict.answer == "collect more data"
    assert not verdict.ships
    assert "not known well" in verdict.summary
    assert "within the noise" in verdict.summary


def test_few_rows_ask_for_more_even_with_a_gain():
    verdict = _judge(_evaluation(headline=_measured(0.85, n=20)))
    assert verdict.answer == "collect more data"
    assert "20 rows only" in verdict.summary


@pytest.mark.parametrize(
    ("greater", "value", "constant", "half", "passed"),
    [
        (True, 0.85, 0.5, 0.1, True),
        (True, 0.85, 0.5, 0.14, False),
        (False, 60.0, 100.0, 20.0, True),
        (False, 60.0, 100.0, 30.0, False),
    ],
)
def test_width_is_judged_beside_the_way_to_perfection(greater, value, constant, half, passed):
    name = "roc_auc" if greater else "rmse"
    headline = _measured(value, half, name, greater=greater)
    against = _against("constant", constant, abs(value - constant), name=name, greater=greater)
    verdict = _judge(_evaluation(headline=headline, comparisons=(against,)))
    assert _gate(verdict, "known well enough").passed == passed


@pytest.mark.parametrize(
    ("split", "whose", "more"),
    [(SplitKind.TIME, "one stretch of time", "stretches of time"), (SplitKind.GROUP, "one 'school'", "'school'")],
)
def test_what_rows_count_together_is_what_more_is_needed_of(split, whose, more):
    headline = replace(_measured(0.85, 0.2), method="infinitesimal jackknife, clustered")
    problem = replace(PROBLEM, split=split, group="school", time="day")
    verdict = judge(Case(problem=problem, audit=AUDIT, evaluation=_evaluation(headline=headline)))
    assert f"those of {whose} may count little more than one row" in verdict.summary
    assert f"collect rows of more {more}, and run again" in verdict.summary


def test_a_tie_with_a_simple_model_is_a_condition_and_worse_blocks():
    tie = _judge(_evaluation(comparisons=(*COMPARED[:2], _against("linear", 0.845, 0.005))))
    assert tie.answer == "ship with conditions" and "give it more time (--budget)" in tie.summary
    counted = _judge(_evaluation(comparisons=(_against("linear", 0.845, 0.005),)), limits=Limits(trials=12))
    assert "give it more trials (--trials)" in counted.summary, "time stops none of them"
    assert "a simple linear model does as well within the noise" in tie.summary
    worse = _judge(_evaluation(comparisons=(*COMPARED[:2], _against("linear", 0.9, -0.05))))
    assert worse.answer == "do not build this"
    assert _gate(worse, "better than simple models").blocking
    hardly = _judge(_evaluation(comparisons=(*COMPARED[:2], _against("linear", 0.853, -0.003, half=0.002))))
    assert hardly.answer == "ship with conditions"
    assert "a simple linear model is better by" in hardly.summary and "far more on a constant" in hardly.summary
    assert _gate(_judge(_evaluation(comparisons=COMPARED[:1])), "better than simple models").passed


def test_what_stands_in_for_want_of_time_proves_nothing_of_models():
    hasty = "time was over before any candidate was ready: the quickest one stands in; give a larger --budget"
    worse = _evaluation(comparisons=(*COMPARED[:2], _against("linear", 0.9, -0.05)))
    verdict = _judge(worse, training=_training(hasty))
    assert verdict.answer == "do not ship" and "A model is not what helps" not in verdict.summary
    assert "time was over" in verdict.summary and "give a larger --budget" in verdict.summary
    assert _judge(training=_training(hasty)).answer == "ship with conditions"


def test_worse_than_a_simple_model_for_want_of_time_proves_nothing_of_models():
    worse = _evaluation(comparisons=(*COMPARED[:2], _against("linear", 0.9, -0.05)))
    training = _training(folds_used=2)
    verdict = _judge(worse, training=training)
    assert verdict.answer == "do not ship" and "A model is not what helps" not in verdict.summary
    assert "there was time to measure candidates on 2 of 5 folds only" in verdict.summary
    assert "give a larger --budget, or use a simple linear model" in verdict.summary
    training.folds_used = 5
    assert _judge(worse, training=training).answer == "do not build this"


def test_errors_in_the_data():
    assert _judge(findings=[_finding()]).answer == "ship"
    told = _judge(findings=[_finding(action=Action.TOLD)])
    assert told.answer == "do not ship"
    assert "A013 A column gives the answer away: 'total'" in told.summary
    overruled = _judge(findings=[_finding(overruled=True)])
    assert overruled.answer == "ship with conditions"
    assert "the brief overrules" in overruled.summary
    assert _judge(findings=[_finding(action=Action.TOLD, severity=Severity.WARNING)]).answer == "ship"


def test_too_good_to_be_true_is_a_condition():
    verdict = _judge(_evaluation(headline=_measured(0.9995, 0.0004)))
    assert verdict.answer == "ship with conditions"
    assert "known only after the answer" in verdict.summary
    accuracy = (_measured(0.999, 0.0005, "accuracy"),)
    always = Confusion(classes=("no", "yes"), counts=((9985, 0), (15, 0)))
    assert _gate(_judge(_evaluation(metrics=accuracy, confusion=always)), "plausible").passed
    half = Confusion(classes=("no", "yes"), counts=((5000, 5), (5, 5000)))
    assert not _gate(_judge(_evaluation(metrics=accuracy, confusion=half)), "plausible").passed


def test_wrong_probabilities_are_a_condition():
    verdict = _judge(_evaluation(calibration_error=_measured(0.12, 0.02, "ece", greater=False)))
    assert verdict.answer == "ship with conditions"
    assert "off by 0.12" in verdict.summary and "To do: use the probabilities to rank cases" in verdict.summary
    assert _judge(_evaluation(calibration_error=_measured(0.07, 0.03, "ece", greater=False))).answer == "ship"
    assert "not applicable" in _gate(_judge(_evaluation(calibration_error=None)), "calibrated").why


def test_gross_overfitting_is_a_condition():
    verdict = _judge(
        _evaluation(
            headline=_measured(0.55), train_score=_measured(1.0), comparisons=(_against("constant", 0.5, 0.05),)
        )
    )
    assert verdict.answer == "ship with conditions"
    assert "only 10% of the gain" in verdict.summary
    assert _gate(_judge(_evaluation(train_score=None)), "not grossly overfitted").passed
    loss = _evaluation(
        headline=_measured(60.0, 2.0, "rmse", greater=False),
        train_score=_measured(20.0, 1.0, "rmse", greater=False),
        comparisons=(_against("constant", 100.0, 40.0, name="rmse", greater=False),),
    )
    assert "50% of the gain" in _gate(_judge(loss), "not grossly overfitted").why


def test_quieter_later_rows_are_held_against_a_constant_of_their_own():
    """The training rows are louder: RMSE 40 there is a gain on their constant, though later rows score 31 of 33."""
    told = {
        "headline": _measured(31.0, 1.0, "rmse", greater=False),
        "train_score": _measured(40.0, 1.0, "rmse", greater=False),
        "comparisons": (_against("constant", 33.0, 2.0, name="rmse", greater=False),),
    }
    quiet = _evaluation(**told, train_constant=_measured(42.0, 1.0, "rmse", greater=False))
    gate = _gate(_judge(quiet), "not grossly overfitted")
    assert gate.passed and gate.why.startswith("100% of the gain")
    nothing = _evaluation(**told, train_constant=_measured(39.0, 1.0, "rmse", greater=False))
    gate = _gate(_judge(nothing), "not grossly overfitted")
    assert not gate.passed and "learned nothing" in gate.why and "memorised" not in gate.why


def test_slices_only_inform():
    worse = Slice(column="sex", value="f", score=_measured(0.7, n=200), gap=-0.15, worse=True)
    verdict = _judge(_evaluation(slices=(worse, worse)))
    gate = _gate(verdict, "even across slices")
    assert (gate.passed, gate.blocking, verdict.answer) == (False, False, "ship")
    assert "Nothing stands in the way" in verdict.summary and "Every gate" not in verdict.summary
    assert "worse where sex is f (ROC AUC 0.70 (0.68 to 0.72) on 200 rows), and in 1 more" in gate.why
    added = replace(worse, added=_measured(0.12, 0.03, "added"))
    told = _gate(_judge(_evaluation(slices=(added,))), "even across slices").why
    assert told == "it is worse where sex is f (200 rows; 12% of all error would go if they were like others)"
    assert "not applicable" in _gate(_judge(_evaluation(slices=())), "even across slices").why


@pytest.mark.parametrize(
    ("limits", "cost", "gate"),
    [
        (Limits(latency_ms=5), {"latency_ms": 6.0}, "latency"),
        (Limits(artefact_bytes=10**6), {"size_bytes": 2 * 10**6}, "size"),
        (Limits(memory_bytes=10**9), {"peak_memory_bytes": 2 * 10**9}, "memory"),
    ],
)
def test_limits_of_the_brief_block(limits, cost, gate):
    verdict = _judge(limits=limits, **cost)
    assert verdict.answer == "do not ship"
    assert [g.name for g in verdict.gates if not g.passed] == [gate]
    assert "that the brief allows" in verdict.summary
    assert _judge(limits=limits, **{k: v / 10 for k, v in cost.items()}).answer == "ship"
    assert _gate(_judge(limits=limits), gate).passed


def test_a_few_seconds_to_finish_are_within_the_budget():
    assert "usual few" in _gate(_judge(limits=Limits(budget_s=60), seconds=64.0), "budget").why
    assert _gate(_judge(limits=Limits(budget_s=3600), seconds=3700.0), "budget").passed
    assert "trials" in _gate(_judge(limits=Limits(budget_s=60, trials=3), seconds=900.0), "budget").why


def test_a_late_run_condemns_no_model():
    verdict = _judge(limits=Limits(budget_s=20), seconds=37.0)
    late = _gate(verdict, "budget")
    assert (late.passed, late.blocking, verdict.answer) == (False, False, "ship")
    assert "that the brief allows" in late.why


def test_the_summary_gives_no_bare_gains():
    for gain in (0.005, -0.05):
        verdict = _judge(_evaluation(comparisons=(*COMPARED[:2], _against("linear", 0.85 - gain, gain))))
        assert "gain 0" not in verdict.summary and "gain -" not in verdict.summary and "gain −" not in verdict.summary


def test_reasons_are_what_was_found_and_what_to_do_most_important_first():
    worse = Slice(column="sex", value="f", score=_measured(0.7, n=200), gap=-0.15, worse=True)
    tie = (*COMPARED[:2], _against("linear", 0.845, 0.005))
    verdict = _judge(
        _evaluation(comparisons=tie, slices=(worse,), calibration_error=_measured(0.12, 0.02, "ece", greater=False)),
        findings=[_finding(overruled=True)],
        limits=Limits(budget_s=20),
        seconds=37.0,
        training=_training("there was no time, so a quick model stands in"),
    )
    assert [(r.gate, r.counts) for r in verdict.reasons] == [
        ("no open error in the data", True),
        ("trained in full", True),
        ("better than simple models", True),
        ("calibrated", True),
        ("even across slices", False),
        ("budget", False),
    ]
    assert all(r.because and r.do and not r.do.endswith(".") for r in verdict.reasons)
    assert "; and 1 more. To do: make sure that this is as you say" in verdict.summary
    assert "off by 0.12" not in verdict.summary
    hurried = _judge(training=_training("the quickest one stands in; give a larger --budget for a better model"))
    assert hurried.reasons[0].because == "the quickest one stands in"
    assert hurried.reasons[0].do == "give a larger --budget for a better model"
    assert _judge().reasons == ()


@pytest.mark.parametrize(
    "case",
    [
        _evaluation(headline=_measured(None), train_score=None, comparisons=()),
        _evaluation(headline=_measured(0.51), comparisons=(_against("constant", 0.5, 0.01),)),
        _evaluation(headline=_measured(0.56), comparisons=(_against("constant", 0.5, 0.06, 0.1),)),
        _evaluation(comparisons=(*COMPARED[:2], _against("linear", 0.9, -0.05))),
        _evaluation(headline=_measured(0.9995, 0.0004), metrics=(_measured(0.9995, 0.0004),)),
        _evaluation(headline=_measured(0.55), train_score=_measured(1.0)),
        _evaluation(headline=_measured(0.85, n=20)),
    ],
)
def test_every_reason_has_a_next_move(case):
    verdict = _judge(case)
    assert verdict.reasons and all(r.do for r in verdict.reasons) and "To do: " in verdict.summary


def test_the_next_move_of_an_open_error_is_that_of_its_finding():
    verdict = _judge(findings=[_finding(action=Action.TOLD, fix="ask who fills it in")])
    assert verdict.reasons[0].do == "ask who fills it in"
    assert _judge(findings=[_finding(action=Action.TOLD)]).reasons[0].do == "mend it at the source, and run again"
