"""Whether ordinary facts of people, taken together, single them out (k-anonymity; Sweeney 2002)."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import coded
from modelwright.audit.people import attribute_of, is_about_people, is_amount
from modelwright.data.contract import Kind
from modelwright.data.inference.names import words
from modelwright.data.personal.naming import folded

__all__ = ["MIN_QUASI", "UNIQUE_SHARE", "singled_out"]

MIN_QUASI = 3
MAX_QUASI = 5
UNIQUE_SHARE = 0.05
MIN_ROWS = 100
NEAR_UNIQUE = 0.5  # values per row: a column that singles out by itself is another finding

_FACTS: dict[str, frozenset[str]] = {
    "education": words("education educ schooling ausbildung bildung formation educacion"),
    "occupation": words("occupation job profession beruf jobrole jobtitle workclass metier profesion"),
    "place": words("zip zipcode postcode postal plz city town county municipality country state ort wohnort ville"),
    "children": words("children kids dependents dependants household kinder enfants"),
    "birth": words("birth birthday birthdate dob geburt geburtsdatum birthyear"),
}


def singled_out(context: AuditContext) -> tuple[list[str], int, int] | None:
    """Return the columns, the rows that only they single out, and all rows; None where there is no danger of it."""
    if len(context.row_numbers) < MIN_ROWS or not is_about_people(context):
        return None
    by_fact: dict[str, tuple[int, str]] = {}
    for name in context.features:
        fact, column = _fact(context, name), coded(context, name)
        if fact and 2 <= column.n_levels < NEAR_UNIQUE * len(column.codes):
            by_fact[fact] = max(by_fact.get(fact, (0, "")), (column.n_levels, name))
    if len(by_fact) < MIN_QUASI:
        return None
    columns = [name for _, name in sorted(by_fact.values(), reverse=True)[:MAX_QUASI]]
    cells = np.zeros(len(context.row_numbers), dtype=np.int64)
    for name in columns:
        column = coded(context, name)
        cells = np.unique(cells * (column.n_levels + 1) + column.codes + 1, return_inverse=True)[1]
    n_unique = int((np.bincount(cells) == 1).sum())
    return (columns, n_unique, len(cells)) if n_unique >= UNIQUE_SHARE * len(cells) else None


def _fact(context: AuditContext, name: str) -> str:
    attribute = attribute_of(context, name)
    if attribute or context.contract[name].kind in (Kind.TEXT, Kind.ID):
        return attribute
    parts = folded(name)
    return "" if is_amount(parts) else next((fact for fact, said in _FACTS.items() if said & set(parts)), "")
