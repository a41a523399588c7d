"""A014: fires, stays quiet, does not apply."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.audit.findings import Action, Severity
from modelwright.audit.rules.a014_known_after import KnownAfter
from tests.audit.conftest import MakeContext
from tests.audit.helpers import accused, findings, honest


def _calls(rng: np.random.Generator, n: int = 3000) -> pd.DataFrame:
    """Return calls whose duration, known afterwards, says more of the sale than anything known before."""
    frame = honest(rng, n).drop(columns="value")
    yes = frame["goal"] == "yes"
    frame["talk"] = rng.lognormal(5 + 1.2 * yes, 0.7)
    for name in ("height", "weight"):
        frame[name] += 2 * rng.normal(size=n)
    return frame


def test_the_name_and_the_data_together_accuse(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _calls(rng).rename(columns={"talk": "duration"})
    (found,) = findings(KnownAfter, make(frame, "goal"))
    assert found.columns == ("duration",) and found.action is Action.DROP_COLUMN
    assert found.evidence["skill"] > 2 * found.evidence["others"]
    assert "'duration'" in found.message


def test_all_are_compared_with_one_column_that_is_named(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _calls(rng).rename(columns={"talk": "duration"})
    yes = frame["goal"] == "yes"
    frame["final_price"] = 3.0 * yes + rng.normal(size=len(frame))
    frame["paid"] = 2.0 * yes + rng.normal(size=len(frame))
    found = findings(KnownAfter, make(frame, "goal"))
    assert len(found) > 1 and len({f.evidence["others"] for f in found}) == 1
    assert all("without such a sign ('" in f.message for f in found) and "('final_price')" not in found[0].message


def test_the_data_alone_does_not(make: MakeContext, rng: np.random.Generator) -> None:
    assert findings(KnownAfter, make(_calls(rng), "goal")) == []


def test_what_happens_with_the_event_is_asked_about(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value").rename(columns={"goal": "arr_delay", "depth": "arr_time"})
    frame["air_time"], frame["sched_arr_time"] = frame["arr_time"] + rng.normal(size=600), frame["arr_time"]
    found = findings(KnownAfter, make(frame, "arr_delay"))
    assert [f.columns for f in found] == [("arr_time",), ("air_time",)]
    assert {(f.action, f.severity) for f in found} == {(Action.TOLD, Severity.WARNING)}
    assert found[0].message == (
        "Is 'arr_time' known when the prediction is needed? By its name not: 'sched_arr_time' says what was planned, "
        "so it says what happened."
    )
    assert "--known-after arr_time" in found[0].fix
    assert findings(KnownAfter, make(frame, "arr_delay", known_after=("arr_time", "air_time"))) == []


def test_the_name_alone_does_not(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value").rename(columns={"depth": "duration", "weight": "final_state"})
    frame["outcome"] = rng.choice(["a", "b"], 600)
    assert findings(KnownAfter, make(frame, "goal")) == []


def test_earlier_outcomes_and_standing_are_innocent(make: MakeContext, rng: np.random.Generator) -> None:
    for name in ("previous_outcome", "scheduled_end", "marital_status", "prior_result"):
        assert findings(KnownAfter, make(_calls(rng).rename(columns={"talk": name}), "goal")) == []


def test_a_word_of_the_target_counts(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _calls(rng).rename(columns={"talk": "ArrDelay", "goal": "IsDelayed"})
    assert accused(KnownAfter, make(frame, "IsDelayed")) == {"ArrDelay"}


def test_a_value_for_one_outcome_only(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 3000).drop(columns="value")
    frame["body"] = np.where((frame["goal"] == "yes") & (rng.random(3000) < 0.1), rng.integers(1, 99, 3000), np.nan)
    (found,) = findings(KnownAfter, make(frame, "goal"))
    assert found.columns == ("body",) and found.evidence["sign"] == "one-sided"


def test_a_value_for_a_dozen_rows_of_a_rare_outcome(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value")
    frame["goal"] = np.where(rng.random(600) < 0.05, "yes", "no")
    some = np.flatnonzero(frame["goal"] == "yes")[:12]
    frame["extra"] = np.where(np.isin(np.arange(600), some), rng.gamma(3, 20, 600), np.nan)
    (found,) = findings(KnownAfter, make(frame, "goal"))
    assert found.columns == ("extra",) and found.action is Action.TOLD


def test_missing_answers_of_some_people_are_innocent(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 3000).drop(columns="value")
    gone = rng.random(3000) < np.where(frame["goal"] == "yes", 0.05, 0.12)
    frame["job"] = np.where(gone, None, rng.choice(["a", "b"], 3000))
    assert findings(KnownAfter, make(frame, "goal")) == []


def test_the_company_of_a_leak(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="value")
    frame["booking_state"] = frame["goal"].map({"yes": "in", "no": "out"})
    frame["booking_state_day"] = rng.integers(1, 31, 600)
    (found,) = findings(KnownAfter, make(frame, "goal"))
    assert found.columns == ("booking_state_day",) and "'booking_state'" in found.message


def test_a_sibling_of_the_target_is_asked_about(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 2000).drop(columns="goal").rename(columns={"value": "score_math"})
    frame["score_read"] = frame["score_math"] + rng.normal(0, 1.0, 2000)
    (found,) = findings(KnownAfter, make(frame, "score_math"))
    assert found.columns == ("score_read",) and found.action is Action.TOLD and found.message.startswith("Is ")


def test_agrees_with_the_brief(make: MakeContext, rng: np.random.Generator) -> None:
    frame = _calls(rng).rename(columns={"talk": "duration"})
    (found,) = findings(KnownAfter, make(frame, "goal", known_after=("duration",)))
    assert (found.severity, found.action) == (Severity.INFO, Action.TOLD)
    assert "already leaves it out" in found.done


def test_does_not_apply_without_a_target(make: MakeContext, rng: np.random.Generator) -> None:
    assert KnownAfter().check(make(honest(rng))) == "there is no target"
