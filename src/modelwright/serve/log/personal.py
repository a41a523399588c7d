"""Which columns look personal. They are masked unless the user says otherwise: forgetting to say so must not leak.

A column is personal when its name says so, in one of the languages that data comes in, when it is an id or free text
(who wrote it, and about whom, is anybody's guess; redacted texts are free texts even where few of them differ then), or
when the levels that the contract lists are e-mail or network addresses, bank accounts and the like. What describes a
person without naming one (age, sex, occupation, postal code) stays: drift and fairness are measured on it.
"""

from __future__ import annotations

from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.personal.naming import LOCATED, folded, names_a_way_to_reach, names_somebody
from modelwright.data.personal.shapes import is_written_identity
from modelwright.data.personal.singling import SMALLEST_NUMBER, repeats
from modelwright.data.treating.treatment import Action

__all__ = ["personal_columns"]

LEVELS_SHARE = 0.5
"""Share of a category's levels that look like an e-mail address and the like from which the column is personal."""


def personal_columns(contract: Contract) -> tuple[str, ...]:
    """Return the columns that look personal, by name, kind and levels, in the order of the contract."""
    return tuple(spec.name for spec in contract.columns if _is_personal(spec, contract.rows_seen))


def _is_personal(spec: ColumnSpec, rows_seen: int) -> bool:
    action = None if spec.treatment is None else spec.treatment.action
    if action is Action.HASH:
        return False  # pseudonyms, by a key that is not stored
    if action is Action.REDACT:
        return True  # a rare name that nothing announces may be left in it
    if spec.kind in (Kind.ID, Kind.TEXT):
        return True
    if spec.kind is Kind.BOOLEAN:
        return False  # whether there is an e-mail address, not which
    parts = folded(spec.name)
    if spec.kind is Kind.GEO:
        return bool(LOCATED & set(parts))
    if spec.kind is Kind.NUMBER and spec.maximum is not None and spec.maximum < SMALLEST_NUMBER:
        return False  # how many or how often, not which
    if names_somebody(parts) or _levels_tell(spec):
        return True
    return names_a_way_to_reach(parts) and not _is_coarse(spec, rows_seen)


def _is_coarse(spec: ColumnSpec, rows_seen: int) -> bool:
    """Return whether a category has so few levels, so often repeated, that they cannot single anybody out."""
    few = spec.n_levels > 0 and repeats(spec.n_levels, rows_seen)
    return spec.kind in (Kind.CATEGORY, Kind.CONSTANT) and few


def _levels_tell(spec: ColumnSpec) -> bool:
    levels = spec.levels
    return bool(levels) and sum(is_written_identity(level) for level in levels) >= LEVELS_SHARE * len(levels)
