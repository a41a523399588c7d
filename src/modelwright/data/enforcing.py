"""What the contract has to say of rows: how their columns meet its own, what is counted, told and refused.

Counts of parts add up to the counts of the whole, so rows that come in chunks are judged as one table would be.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import ColumnSpec, Contract, Kind, Violation
from modelwright.data.tidying import listed
from modelwright.data.treating.treatment import Action
from modelwright.errors import ContractError, did_you_mean

__all__ = [
    "NOTHING",
    "REFUSED_SHARE",
    "Counts",
    "Fit",
    "Tally",
    "check_lengths",
    "counts_of",
    "described",
    "fit_of",
    "is_dated",
    "refuse_unreadable",
    "violations_of",
]

REFUSED_SHARE = 0.5
"""A column of which more than this share of the values cannot be read is refused: it is another column."""

REFUSED_AT_LEAST = 2
"""One unreadable value never refuses a column: a row must mean the same alone as among others."""

Counts = tuple[int, int, int, int, int]
"""Of a column: values that are not missing in the source, those that cannot be read, those that are new levels or out
of the range of the training rows, those that are known levels in another spelling, and those that are missing."""

NOTHING: Counts = (0, 0, 0, 0, 0)


@dataclass(frozen=True, kw_only=True)
class Fit:
    """How the columns that come meet those of the contract.

    Attributes
    ----------
    sources : dict of str to str
        For each column of the contract that came, the name under which it came.
    respelled : dict of str to str
        Names that came in another spelling, and the contract's.
    unknown : tuple of str
        Columns that the contract does not know.
    """

    sources: dict[str, str]
    respelled: dict[str, str]
    unknown: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Tally:
    """What was counted in some rows, per column of the contract in its order."""

    n_rows: int
    counts: tuple[Counts, ...]

    def __add__(self, other: Tally) -> Tally:
        counts = tuple(
            (a + f, b + g, c + h, d + i, e + j)
            for (a, b, c, d, e), (f, g, h, i, j) in zip(self.counts, other.counts, strict=True)
        )
        return Tally(n_rows=self.n_rows + other.n_rows, counts=counts)


def fit_of(names: Sequence[str], contract: Contract, required: Iterable[str] = ()) -> Fit:
    """Return how columns of these names meet the contract; case and blanks around a name are forgiven where one column
    alone can be meant.

    Raises
    ------
    ContractError
        Required columns are missing; all are named (MW-C001).
    """
    respelled = _respelled(names, contract)
    meant = {respelled.get(name, name): name for name in names}
    _refuse_missing(meant, set(required), contract)
    known = set(contract.names)
    return Fit(
        sources={name: meant[name] for name in contract.names if name in meant},
        respelled=respelled,
        unknown=tuple(name for name in meant if name not in known),
    )


def check_lengths(given: Mapping[str, Any]) -> None:
    """Raise ContractError where columns have different lengths (MW-C002)."""
    lengths = {name: len(values) for name, values in given.items()}
    if len(set(lengths.values())) > 1:
        first = next(iter(lengths))
        other = next(n for n in lengths if lengths[n] != lengths[first])
        raise ContractError(
            f"columns differ in length: '{first}' has {lengths[first]} rows, '{other}' has {lengths[other]}",
            fix="give every column the same number of rows",
            code="MW-C002",
        )


def counts_of(column: Column, spec: ColumnSpec, n_present: int, n_unreadable: int, n_respelled: int = 0) -> Counts:
    """Return the counts of a column as it was read."""
    odd = _n_new(column, spec) if isinstance(column, Strings) else _n_outside(column, spec)
    return n_present, n_unreadable, odd, n_respelled, len(column) - n_present


def refuse_unreadable(tally: Tally, contract: Contract) -> None:
    """Raise ContractError where more than half of a column cannot be read as its kind (MW-C003)."""
    for spec, (present, unreadable, *_) in zip(contract.columns, tally.counts, strict=True):
        if unreadable >= REFUSED_AT_LEAST and unreadable > REFUSED_SHARE * present:
            raise ContractError(
                f"column '{spec.name}' is no {spec.kind}: {unreadable} of {present} values cannot be read as one",
                fix=f"give it as it was in training ({described(spec)})",
                code="MW-C003",
            )


def violations_of(fit: Fit, tally: Tally, contract: Contract) -> tuple[Violation, ...]:
    """Return how rows differ from the contract, in words without values."""
    found = [_renamed(*names, tally.n_rows) for names in fit.respelled.items()]
    found += [_unknown(name, tally.n_rows) for name in fit.unknown]
    for spec, counts in zip(contract.columns, tally.counts, strict=True):
        found += _violations(spec, counts) if spec.name in fit.sources else [_absent(spec, tally.n_rows)]
    return tuple(found)


def _respelled(names: Sequence[str], contract: Contract) -> dict[str, str]:
    """Return names whose case or blanks around differ from the contract's, and the names that are meant."""
    given = set(names)
    wanted = _alike(name for name in contract.names if name not in given)
    found = _alike(name for name in names if name not in set(contract.names))
    return {found[k][0]: w[0] for k, w in wanted.items() if len(w) == 1 == len(found.get(k, ()))}


def _alike(names: Iterable[str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(name.strip().casefold(), []).append(name)
    return groups


def _renamed(given: str, name: str, n_rows: int) -> Violation:
    message = f"column '{given}' is taken for '{name}': only case or blanks differ"
    return Violation(what="other spelling", column=name, n_rows=n_rows, done="kept", message=message)


def _refuse_missing(given: Mapping[str, Any], required: set[str], contract: Contract) -> None:
    absent = required.difference(given)
    if absent:
        known = set(contract.names)
        missing = [n for n in contract.names if n in absent] + sorted(absent - known)
        unused = [n for n in given if n not in known]
        hints = [f"'{n}': {h}" for n in missing[:8] if "did you mean" in (h := did_you_mean(n, unused))]
        what = f"column '{missing[0]}' is" if len(missing) == 1 else f"{len(missing)} columns are"
        names = "" if len(missing) == 1 else ": " + listed(missing)
        raise ContractError(
            f"{what} missing that the model uses{names}",
            fix="add them, empty where unknown" + (f" ({' · '.join(hints)})" if hints else ""),
            code="MW-C001",
        )


def described(spec: ColumnSpec) -> str:
    """Return how values of a column are written, in words."""
    if is_dated(spec):
        formats = spec.treatment.formats if spec.treatment is not None else ()
        return "dates as " + " or ".join((*formats, "ISO 8601")) + ", or years: only the year is read"
    if spec.kind is Kind.DATETIME:
        return "dates as " + " or ".join(spec.formats or ("ISO 8601",))
    if spec.kind is Kind.BOOLEAN:
        return " or ".join(dict.fromkeys(("true", "false", *spec.true_tokens, *spec.false_tokens)))
    if spec.kind is Kind.NUMBER:
        unit = f", unit {spec.unit}" if spec.unit else ""
        return f"numbers with decimal mark '{spec.decimal}'{unit}"
    return f"kind {spec.kind}"


def is_dated(spec: ColumnSpec) -> bool:
    """Return whether dates come in a column of which a privacy policy reads the year alone."""
    return spec.treatment is not None and spec.treatment.action is Action.YEAR


def _unknown(name: str, n_rows: int) -> Violation:
    message = f"column '{name}' is none that the model uses: ignored"
    return Violation(what="unknown column", column=name, n_rows=n_rows, done="ignored", message=message)


def _absent(spec: ColumnSpec, n_rows: int) -> Violation:
    message = f"column '{spec.name}' is not in the table: treated as missing in every row"
    return Violation(what="missing column", column=spec.name, n_rows=n_rows, done="treated as missing", message=message)


def _violations(spec: ColumnSpec, counts: Counts) -> list[Violation]:
    _, unreadable, odd, respelled, missing = counts
    found = []
    if missing and spec.never_missing:
        message = f"{_counted(missing)} of column '{spec.name}' missing, which never was in training: kept as missing"
        found.append(("missing value", missing, "kept", message))
    if respelled:
        message = f"{_counted(respelled)} of column '{spec.name}' in another case or with other blanks: read as known"
        found.append(("respelled level", respelled, "read as the known level", message))
    if unreadable:
        message = f"{_counted(unreadable)} of column '{spec.name}' cannot be read as {spec.kind}: treated as missing"
        found.append(("wrong type", unreadable, "treated as missing", message))
    if odd and not spec.kind.numeric:
        message = f"{_counted(odd)} of column '{spec.name}' did not occur in training: kept as a new level"
        found.append(("new level", odd, "kept", message))
    elif odd:
        message = f"{_counted(odd)} of column '{spec.name}' outside the range seen in training: kept"
        found.append(("out of range", odd, "kept", message))
    return [
        Violation(what=what, column=spec.name, n_rows=n, done=done, message=message) for what, n, done, message in found
    ]


def _counted(n: int) -> str:
    return "1 value" if n == 1 else f"{n} values"


def _n_new(column: Strings, spec: ColumnSpec) -> int:
    if spec.kind not in (Kind.CATEGORY, Kind.CONSTANT) or len(spec.levels) < spec.n_levels or not spec.n_levels:
        return 0  # not all levels were kept, so a new one cannot be told
    known = set(spec.levels)
    new = np.fromiter((level not in known for level in column.levels), bool, len(column.levels))
    return int(np.append(new, False)[column.codes].sum())


def _n_outside(column: np.ndarray, spec: ColumnSpec) -> int:
    if spec.minimum is None or spec.maximum is None or spec.kind is Kind.BOOLEAN:
        return 0
    return int(((column < spec.minimum) | (column > spec.maximum)).sum())
