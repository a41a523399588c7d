"""Which other values a column may have: none of what is a fact about somebody, and none that stands for others."""

from __future__ import annotations

import numpy as np
import pytest

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profiling import make_profile
from modelwright.data.treating.treatment import Action, Treatment
from modelwright.explain.rows.moves import moves_of

YEARS = np.repeat(np.arange(1950.0, 1990.0), 5)
LEVELS = Strings.from_values(["(rare)"] * 80 + ["clerk"] * 70 + ["cook"] * 50)


def n_moves(name: str, kind: Kind, column: Column, action: Action | None = None) -> int:
    treatment = None if action is None else Treatment(action=action)
    contract = Contract(columns=(ColumnSpec(name=name, kind=kind, treatment=treatment),), rows_seen=len(YEARS))
    columns = {name: column}
    own = {name: column.take(np.array([199])) if isinstance(column, Strings) else column[199:]}
    return len(moves_of(contract, make_profile(columns, contract), own, frozenset())[name].costs) - 1


@pytest.mark.parametrize("name", ["Geburtsjahr", "birth_year", "YearOfBirth"])
def test_nobody_is_told_to_be_born_in_another_year(name: str) -> None:
    assert n_moves(name, Kind.NUMBER, YEARS) == 0
    assert n_moves("customer since", Kind.NUMBER, YEARS) > 0


@pytest.mark.parametrize("action", [Action.YEAR, Action.PREFIX, Action.REDACT, Action.HASH, Action.MASK])
def test_dates_places_and_texts_stay_facts_under_a_policy(action: Action) -> None:
    column, kind = (YEARS, Kind.NUMBER) if action is Action.YEAR else (LEVELS, Kind.CATEGORY)
    assert n_moves("x", kind, column, action) == 0


def test_amounts_and_levels_that_a_policy_bounds_may_change() -> None:
    assert n_moves("income", Kind.NUMBER, YEARS, Action.CLIP) > 0
    assert n_moves("job", Kind.CATEGORY, LEVELS, Action.POOL) == 1  # to be a clerk, and not to be "(rare)"
