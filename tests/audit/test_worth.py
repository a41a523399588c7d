"""What the actions of the audit do to a score."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.audit.findings import Action, Audit, Finding, Severity
from modelwright.audit.worth import measure_effects
from tests.audit.conftest import MakeContext
from tests.audit.helpers import honest


def _finding(action: Action, *columns: str, overruled: bool = False) -> Finding:
    return Finding(
        code="X001", title="", severity=Severity.ERROR, columns=columns, message="", evidence={}, action=action,
        done="", fix="", overruled=overruled,
    )  # fmt: skip


def _audit(*findings: Finding) -> Audit:
    return Audit(findings=findings, outcomes=(), n_rows=900, n_rows_examined=900)


def test_a_leak_loses_a_score_that_was_never_real(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 900).drop(columns="value")
    frame["copy"] = np.where(frame["goal"] == "yes", 1.0, 0.0) + rng.normal(size=900) / 100
    audit = _audit(_finding(Action.DROP_COLUMN, "copy"), _finding(Action.TOLD, "height"))
    measured = measure_effects(make(frame, "goal"), audit, repaired={}, dropped=["copy"], seconds=60)
    effect, told = (f.effect for f in measured.findings)
    assert effect is not None and told is None
    assert effect.left.value < 0.1 < effect.done.value and effect.gain.high < 0


def test_a_column_that_is_read_anew_is_compared_with_itself(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 900).drop(columns="goal")
    good = frame["height"].to_numpy().copy()
    frame.loc[rng.random(900) < 0.4, "height"] = rng.choice([-999.0, 9999.0])
    context = make(frame, "value")
    repaired = {"height": np.where(np.abs(frame["height"]) > 100, good, frame["height"])}
    audit = _audit(_finding(Action.AS_MISSING, "height"))
    (finding,) = measure_effects(context, audit, repaired=repaired, dropped=[], seconds=60).findings
    assert finding.effect is not None and finding.effect.gain.low > 0


def test_time_and_the_user_leave_findings_unmeasured(make: MakeContext, rng: np.random.Generator) -> None:
    context = make(honest(rng, 900).drop(columns="value"), "goal")
    late = measure_effects(
        context, _audit(_finding(Action.DROP_COLUMN, "height")), repaired={}, dropped=["height"], seconds=0
    )
    asked = measure_effects(
        context, _audit(_finding(Action.DROP_COLUMN, "height", overruled=True)), repaired={}, dropped=[], seconds=60
    )
    blind = measure_effects(
        replace(context, y=None, shared={}), _audit(_finding(Action.DROP_COLUMN, "height")),
        repaired={}, dropped=["height"], seconds=60,
    )  # fmt: skip
    assert [a.findings[0].effect for a in (late, asked, blind)] == [None, None, None]
