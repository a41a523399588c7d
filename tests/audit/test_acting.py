"""What findings change."""

from __future__ import annotations

import numpy as np
import pandas as pd

from modelwright.audit.acting import apply
from modelwright.audit.findings import Action, Audit, Finding, Severity
from modelwright.audit.runner import run_audit
from modelwright.data.contract import Kind
from tests.audit.conftest import MakeContext
from tests.audit.helpers import honest


def _audit(*found: Finding) -> Audit:
    return Audit(findings=found, outcomes=(), n_rows=600, n_rows_examined=600)


def _finding(code: str, action: Action, *columns: str, overruled: bool = False, **evidence: str) -> Finding:
    return Finding(
        code=code,
        title="",
        severity=Severity.INFO,
        columns=columns,
        message="because",
        evidence=dict(evidence),
        action=action,
        done="",
        fix="",
        overruled=overruled,
    )


def test_dropped_columns_carry_the_first_code(make: MakeContext, rng: np.random.Generator) -> None:
    contract = make(honest(rng), "goal").contract
    applied = apply(
        _audit(
            _finding("A013", Action.DROP_COLUMN, "height"),
            _finding("A006", Action.DROP_COLUMN, "height", "weight"),
            _finding("A005", Action.DROP_COLUMN, "depth", overruled=True),
        ),
        contract,
    )
    assert applied.dropped == {"height": "A006", "weight": "A006"}
    assert applied.contract == contract
    assert (applied.group, applied.time, len(applied.drop_rows)) == (None, None, 0)


def test_missing_values_and_kinds_reach_the_contract(make: MakeContext, rng: np.random.Generator) -> None:
    contract = make(honest(rng), "goal").contract
    applied = apply(
        _audit(
            _finding("A009", Action.AS_MISSING, "colour", missing_tokens="?\nnot known"),
            _finding("A009", Action.AS_MISSING, "height", missing_numbers="-999\n9999"),
            _finding("X001", Action.AS_KIND, "weight", kind="category"),
        ),
        contract,
    )
    assert set(applied.contract["colour"].missing_tokens) == {"?", "not known"}
    assert set(applied.contract["height"].missing_numbers) == {-999.0, 9999.0}
    assert applied.contract["weight"].kind is Kind.CATEGORY and applied.contract["weight"].why == "because"
    assert applied.contract.names == contract.names


def test_a_leak_does_not_order_the_rows(make: MakeContext, rng: np.random.Generator) -> None:
    contract = make(honest(rng), "goal").contract
    told = (_finding("A017", Action.GROUP, "weight"), _finding("A018", Action.TIME, "depth"))
    assert apply(_audit(*told), contract).time == "depth"
    applied = apply(_audit(*told, _finding("A014", Action.DROP_COLUMN, "depth")), contract)
    assert applied.time is None and applied.group == "weight"
    assert apply(_audit(*told, _finding("A006", Action.DROP_COLUMN, "depth")), contract).time == "depth"


def test_parts_of_a_date_order_the_rows_together(make: MakeContext, rng: np.random.Generator) -> None:
    contract = make(honest(rng), "goal").contract
    parts = _finding("A018", Action.TIME, "depth", "height", parts="depth, height")
    applied = apply(_audit(parts), contract)
    assert applied.time is None and applied.time_parts == ("depth", "height")
    assert apply(_audit(parts, _finding("A014", Action.DROP_COLUMN, "height")), contract).time_parts == ()


def test_rows_without_a_target_go(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng).drop(columns="goal")
    frame.loc[[1, 5], "value"] = np.nan
    context = make(frame, "value")
    audit = run_audit(context)
    assert apply(audit, context.contract, context.y).drop_rows.tolist() == [1, 5]
    assert apply(audit, context.contract).drop_rows.tolist() == []


def test_a_whole_story(make: MakeContext, rng: np.random.Generator) -> None:
    frame = honest(rng, 1200).drop(columns="value")
    frame.insert(0, "id", np.arange(1200))
    frame["alive"] = frame["goal"].map({"yes": 1, "no": 0})
    frame["patient"] = np.repeat(np.arange(120), 10)
    frame["sex"] = rng.choice(["f", "m"], 120)[frame["patient"]]
    frame.loc[:9, "colour"] = "?"
    context = make(pd.DataFrame(frame), "goal")
    applied = apply(run_audit(context), context.contract, context.y)
    assert applied.dropped == {"id": "A006", "alive": "A013"}
    assert applied.group == "patient"
    assert applied.contract["colour"].missing_tokens == ("?",)
