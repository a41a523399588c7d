"""Infer the contract: what each column is, from a sample of the rows, then checked against all of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelwright.data.canonical import Reading, read_column
from modelwright.data.columns import Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind, check_kind
from modelwright.data.inference.choosing import ID_SHARE, KEY_SHARE, choose
from modelwright.data.inference.coercing import coerced
from modelwright.data.inference.facts import Facts
from modelwright.data.inference.moments import swapped
from modelwright.data.inference.names import geo_side, is_key
from modelwright.data.inference.numbers import READABLE_SHARE
from modelwright.data.numbers import distinct_of_sorted
from modelwright.data.sampling import sample_rows
from modelwright.errors import UsageError, did_you_mean

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["MAX_LEVELS_KEPT", "infer_contract", "with_missing", "with_same_levels", "with_scale"]

SAMPLE_ROWS = 100_000
"""Rows from which kinds are decided; ranges, levels and what cannot be read are taken from all rows."""

MAX_LEVELS_KEPT = 1000
"""Levels that a contract lists; with more, a new level is not told apart from a rare one."""

_SEED = 0  # the sample decides nothing that a user would want to vary


def infer_contract(table: pa.Table, *, kinds: Mapping[str, str] | None = None, target: str | None = None) -> Contract:
    """Return the contract of a raw table.

    Parameters
    ----------
    table : pyarrow.Table
        As `read_table` returns it.
    kinds : mapping of column to kind, optional
        What the brief says; these columns are read so whatever the evidence.
    target : str, optional
        The column to predict; it stays a class or a value.

    Raises
    ------
    UsageError
        ``kinds`` or ``target`` names a column or a kind that does not exist, or a kind the values cannot be read as.
    """
    kinds = dict(kinds or {})
    _check(kinds, table.column_names, target)
    sampled = table.num_rows > SAMPLE_ROWS
    sample = table
    if sampled:
        sample = table.take(sample_rows(table.num_rows, SAMPLE_ROWS, np.random.default_rng(_SEED)))
    specs: list[ColumnSpec] = []
    for name in table.column_names:
        facts = Facts(name=name, column=sample.column(name), is_target=name == target, is_sample=sampled)
        spec = coerced(facts, Kind(kinds[name])) if name in kinds else choose(facts)
        specs.append(_completed(spec, table.column(name), facts, forced=name in kinds))
    return Contract(columns=tuple(_with_geo(specs, kinds, target)), rows_seen=table.num_rows)


def with_missing(spec: ColumnSpec, tokens: Iterable[str] = (), numbers: Iterable[float] = ()) -> ColumnSpec:
    """Return the specification with more texts and numbers that mean missing.

    A range that ended at one of the numbers is open on that side's account: it is forgotten, and levels that mean
    missing are taken off the list.
    """
    more = {float(n) for n in numbers} - set(spec.missing_numbers)
    texts = set(tokens) - set(spec.missing_tokens)
    levels = tuple(level for level in spec.levels if level not in texts)
    touched = {spec.minimum, spec.maximum} & more
    return replace(
        spec,
        missing_tokens=(*spec.missing_tokens, *sorted(texts)),
        missing_numbers=(*spec.missing_numbers, *sorted(more)),
        kept_tokens=tuple(t for t in spec.kept_tokens if t not in texts),
        nullable=True,
        levels=levels,
        n_levels=spec.n_levels - (len(spec.levels) - len(levels)),
        minimum=None if touched else spec.minimum,
        maximum=None if touched else spec.maximum,
    )


def with_same_levels(spec: ColumnSpec, same: Mapping[str, str]) -> ColumnSpec:
    """Return the specification of a column of texts that reads each spelling in ``same`` as the level beside it."""
    both = {**dict(spec.same_levels), **same}
    levels = tuple(level for level in spec.levels if level not in both)
    return replace(
        spec,
        same_levels=tuple(sorted(both.items())),
        levels=levels,
        n_levels=spec.n_levels - (len(spec.levels) - len(levels)),
    )


def with_scale(contract: Contract, name: str | None, scale: float) -> Contract:
    """Return the contract by which the numbers of a column are multiplied, as an earlier release did with "10 %"."""
    return replace(contract, columns=tuple(_scaled(s, scale) if s.name == name else s for s in contract.columns))


def _scaled(spec: ColumnSpec, scale: float) -> ColumnSpec:
    if spec.kind is not Kind.NUMBER or spec.scale == scale:
        return spec
    low, high = (None if end is None else spec.as_written(end) * scale for end in (spec.minimum, spec.maximum))
    return replace(spec, scale=scale, minimum=low, maximum=high)


def _check(kinds: dict[str, str], names: list[str], target: str | None) -> None:
    for name in (*kinds, *((target,) if target is not None else ())):
        if name not in names:
            raise UsageError(
                f"column '{name}' is not in the table ({len(names)} columns)",
                fix=did_you_mean(name, names),
                code="MW-U101",
            )
    for name, kind in kinds.items():
        check_kind(name, kind)


# --- the whole column ----------------------------------------------------------------------------------------------


def _completed(spec: ColumnSpec, column: Any, facts: Facts, *, forced: bool) -> ColumnSpec:
    """Return the specification with what all rows tell: range, levels, missing values, and whether it holds."""
    reading = read_column(column, spec)
    if not forced:
        spec, reading = _corrected(spec, reading, column, facts)
    spec = replace(spec, nullable=reading.n_missing + reading.n_unreadable > 0)
    if isinstance(reading.column, Strings):
        return _with_levels(spec, reading.column)
    present = reading.column[~np.isnan(reading.column)]
    if not len(present):
        return spec
    return replace(
        spec, minimum=float(present.min()), maximum=float(present.max()), n_levels=distinct_of_sorted(np.sort(present))
    )


def _with_levels(spec: ColumnSpec, column: Strings) -> ColumnSpec:
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    if spec.kind not in (Kind.CATEGORY, Kind.CONSTANT):
        return replace(spec, n_levels=len(column.levels))
    order = np.argsort(-counts, kind="stable")[:MAX_LEVELS_KEPT]
    every = len(order) == len(column.levels)  # else what looks like another spelling may be a level of its own
    return replace(
        spec,
        n_levels=len(column.levels),
        levels=tuple(str(v) for v in column.levels[order]),
        forgiving=every and spec.kind is Kind.CATEGORY,
    )


def _corrected(spec: ColumnSpec, reading: Reading, column: Any, facts: Facts) -> tuple[ColumnSpec, Reading]:
    """Look again where the rest of the rows contradicts the sample."""
    if spec.kind is Kind.DATETIME and reading.n_unreadable and spec.formats and (other := swapped(spec.formats[0])):
        turned = replace(spec, formats=(other, *spec.formats[1:]))
        again = read_column(column, turned)
        if again.n_unreadable < reading.n_unreadable:
            spec, reading = replace(turned, why=f"dates as {other}: the other order reads fewer values"), again
    if facts.is_sample and _contradicts(spec, reading):
        everything = Facts(name=facts.name, column=column, is_target=facts.is_target, is_sample=False)
        spec = choose(everything)
        return spec, read_column(column, spec)
    return spec, reading


def _contradicts(spec: ColumnSpec, reading: Reading) -> bool:
    """Return whether all rows show what the sample did not: other values, too few that can be read, or repeats."""
    bad, present = reading.n_unreadable, max(reading.n_present, 1)
    if spec.kind is Kind.BOOLEAN:
        return bad > 0
    if isinstance(reading.column, Strings):
        n_levels = len(reading.column.levels)
        if spec.kind is Kind.CONSTANT:
            return n_levels > 1 or (n_levels == 1 and reading.n_missing > 0)
        enough = KEY_SHARE if is_key(spec.name) else ID_SHARE
        return spec.kind is Kind.ID and n_levels / present < enough
    return bad > (1 - READABLE_SHARE) * present


def _with_geo(specs: list[ColumnSpec], kinds: Mapping[str, str], target: str | None) -> list[ColumnSpec]:
    """Mark pairs of latitude and longitude, by name and range."""
    limits = {"latitude": 90.0, "longitude": 180.0}
    sides: dict[str, dict[str, int]] = {}
    for position, spec in enumerate(specs):
        found = geo_side(spec.name)
        if found is None or spec.kind is not Kind.NUMBER or spec.name == target or spec.name in kinds:
            continue
        side, rest = found
        low, high = spec.minimum, spec.maximum
        if low is not None and high is not None and -limits[side] <= low and high <= limits[side] and spec.n_levels > 2:
            sides.setdefault(rest, {}).setdefault(side, position)
    for pair in sides.values():
        if len(pair) == 2:
            for side, position in pair.items():
                why = f"{side} by name and range, beside its pair"
                specs[position] = replace(specs[position], kind=Kind.GEO, geo=side, why=why)
    return specs
