"""Kinds that the brief demands: the values are read so, as well as they can be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.data.contract import ColumnSpec, Kind
from modelwright.data.inference.choosing import choose
from modelwright.data.inference.facts import Facts
from modelwright.data.inference.moments import find_dates, find_dates_of_numbers
from modelwright.data.inference.names import geo_side
from modelwright.data.inference.numbers import find_numbers
from modelwright.data.parsing.booleans import boolean_tokens
from modelwright.data.parsing.moments import EPOCH_UNITS
from modelwright.data.parsing.numbers import MAGNITUDE
from modelwright.errors import UsageError

__all__ = ["coerced"]

TOLD = "the brief says so"


def coerced(facts: Facts, kind: Kind) -> ColumnSpec:
    """Return the specification of a column read as the given kind.

    Raises
    ------
    UsageError
        The values cannot be read as that kind.
    """
    chosen = choose(facts)
    if chosen.kind is kind:
        return replace(chosen, why=TOLD)
    spec = ColumnSpec(name=facts.name, kind=kind, why=TOLD, storage=facts.storage, kept_tokens=chosen.kept_tokens)
    if kind is Kind.DATETIME:
        return replace(spec, formats=_formats(facts))
    if kind is Kind.BOOLEAN:
        return _boolean(facts, spec)
    if kind in (Kind.NUMBER, Kind.GEO):
        side = geo_side(facts.name)
        return replace(_number(facts, spec), geo=side[0] if side and kind is Kind.GEO else None)
    return spec


def _formats(facts: Facts) -> tuple[str, ...]:
    if facts.numbers is not None and len(facts.numbers):
        found = find_dates_of_numbers(f"{facts.name} date", facts.numbers)
        if found is None:
            known = ", ".join(("yyyymmdd", *EPOCH_UNITS, "days of a spreadsheet"))
            raise _refused(facts, Kind.DATETIME, f"give {known}")
        return found.formats
    found = find_dates(facts.texts, facts.counts, facts.codes) if facts.is_text and facts.texts else None
    if found is None:
        raise _refused(facts, Kind.DATETIME, "write them as 2017-03-31 or 2017-03-31 13:45:00")
    return found.formats


def _boolean(facts: Facts, spec: ColumnSpec) -> ColumnSpec:
    if facts.numbers is not None:
        if not np.isin(facts.numbers, (0.0, 1.0)).all():
            raise _refused(facts, Kind.BOOLEAN, "only 0 and 1 are read as false and true")
        return replace(spec, true_tokens=("1",), false_tokens=("0",))
    pair = boolean_tokens(facts.texts)
    if pair is None:
        raise _refused(facts, Kind.BOOLEAN, "two words such as yes and no, true and false are needed")
    return replace(spec, true_tokens=pair[0], false_tokens=pair[1])


def _number(facts: Facts, spec: ColumnSpec) -> ColumnSpec:
    if facts.numbers is not None or not facts.is_text:
        return spec
    found, hint = find_numbers(facts.texts, facts.counts)
    if found is None:
        raise _refused(facts, spec.kind, hint or "the texts are no numbers in one format")
    style = found.style
    return replace(
        spec, decimal=style.decimal, thousands=style.thousands, unit=style.unit, scale=style.scale,
        formats=(MAGNITUDE,) if style.magnitude else (), missing_tokens=found.sentinels,
    )  # fmt: skip


def _refused(facts: Facts, kind: Kind, fix: str) -> UsageError:
    return UsageError(f"column '{facts.name}' cannot be read as {kind}", fix=fix, code="MW-U117")
