"""The contract: what each column is, inferred once from the training data and enforced on every row to score.

`data/kinds.py` infers it; `data/canonical.py` enforces it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property

from modelwright.data.treating.treatment import Treatment
from modelwright.errors import UsageError, did_you_mean

__all__ = ["ColumnSpec", "Contract", "Kind", "Violation", "check_kind"]


class Kind(StrEnum):
    """What a column holds. Numeric kinds become float64, the others `Strings`, see `data/columns.py`."""

    NUMBER = "number"
    BOOLEAN = "boolean"
    DATETIME = "datetime"
    DURATION = "duration"
    GEO = "geo"
    CATEGORY = "category"
    TEXT = "text"
    ID = "id"
    CONSTANT = "constant"

    @property
    def numeric(self) -> bool:
        """Whether canonical values are float64."""
        return self in _NUMERIC


def check_kind(column: str, kind: str) -> Kind:
    """Return the kind of that name; raises UsageError where there is none (MW-U116)."""
    known = [k.value for k in Kind]
    if kind not in known:
        what = f"column '{column}' cannot be of kind '{kind}'"
        raise UsageError(what, fix=did_you_mean(kind, known), code="MW-U116")
    return Kind(kind)


_NUMERIC = frozenset({Kind.NUMBER, Kind.BOOLEAN, Kind.DATETIME, Kind.DURATION, Kind.GEO})


@dataclass(frozen=True, kw_only=True)
class ColumnSpec:
    """What one column holds and how its raw values are read.

    Attributes
    ----------
    name : str
    kind : Kind
    why : str
        The evidence for the kind, one sentence; "the brief says so" where it does.
    storage : str
        Arrow type as read from the source, ``"string"``, ``"int64"``, …
    nullable : bool
        Whether missing values were seen.
    missing_tokens : tuple of str
        Texts that mean missing beside the universal ones (see `canonical.UNIVERSAL_MISSING`): ``"?"``, ``"unknown"``.
    missing_numbers : tuple of float
        Sentinels that mean missing, as canonical values: -999, 9999.
    kept_tokens : tuple of str
        Universal missing tokens that are values here: ``"-"`` beside ``"+"``, the class ``"None"`` of a target.
    minimum, maximum : float or None
        Range of the canonical values seen, for numeric kinds.
    levels : tuple of str
        Levels seen, most frequent first, for categories (at most `kinds.MAX_LEVELS_KEPT`).
    n_levels : int
        Number of distinct non-missing values seen.
    decimal, thousands : str
        Decimal mark and thousands separator (may be empty) of numbers stored as text.
    unit : str or None
        Unit found with the numbers: ``"€"``, ``"%"``, ``"kg"``.
    scale : float
        Factor applied to the numbers read. 1: they stay on the scale on which the training data wrote them, 10 for
        "10 %". Versions of earlier releases have 0.01 for percentages.
    formats : tuple of str
        ``strptime`` formats tried in order for datetimes in text, or ``"epoch:s"``, ``"epoch:ms"``, ``"excel"``. For
        numbers, ``"magnitude"`` where k, M and B behind a number multiply it.
    true_tokens, false_tokens : tuple of str
        Lower-case texts of a boolean.
    geo : str or None
        ``"latitude"`` or ``"longitude"``.
    same_levels : tuple of (str, str)
        Spellings, and the level that each is read as: ``("N.Y.", "NY")``. For kinds that are texts.
    forgiving : bool
        Whether a level that is not known is read as the one known level, or token for missing, from which it differs in
        case and blanks alone. Versions of earlier releases keep it as a new level.
    treatment : Treatment or None
        What is done to each raw value before anything else, because it is personal.
    """

    name: str
    kind: Kind
    why: str = ""
    storage: str = "string"
    nullable: bool = False
    missing_tokens: tuple[str, ...] = ()
    missing_numbers: tuple[float, ...] = ()
    kept_tokens: tuple[str, ...] = ()
    minimum: float | None = None
    maximum: float | None = None
    levels: tuple[str, ...] = ()
    n_levels: int = 0
    decimal: str = "."
    thousands: str = ""
    unit: str | None = None
    scale: float = 1.0
    formats: tuple[str, ...] = ()
    true_tokens: tuple[str, ...] = ()
    false_tokens: tuple[str, ...] = ()
    geo: str | None = None
    same_levels: tuple[tuple[str, str], ...] = ()
    forgiving: bool = False
    treatment: Treatment | None = None

    @property
    def unit_of_values(self) -> str:
        """The unit of the canonical values; empty where they are scaled ("15.3%" is 0.153, which is no percentage)."""
        return self.unit if self.unit and self.scale == 1.0 else ""

    @property
    def never_missing(self) -> bool:
        """Whether training saw values, and no row without one: a model then knows nothing of rows that lack it."""
        return not self.nullable and self.n_levels > 0

    def as_written(self, value: float) -> float:
        """Return a canonical number on the scale on which the training data wrote it: there, its unit is ``unit``."""
        return value if self.scale == 1.0 else value / self.scale


@dataclass(frozen=True, kw_only=True)
class Contract:
    """All columns of a table, in order, and the rows they were inferred from.

    What enforcement does: a missing column that the model uses is refused; an unknown column is ignored and told; a
    value that cannot be read as the column's kind counts as missing and is told, and is refused when more than half
    of a column cannot be read; a level in another spelling is read as the known one and told; a new level, a value out
    of range, and a missing value where training had none are let through and told.
    """

    columns: tuple[ColumnSpec, ...]
    rows_seen: int

    def __getitem__(self, name: str) -> ColumnSpec:
        found = self._by_name.get(name)
        if found is None:
            raise UsageError(
                f"column '{name}' is not in the table ({len(self.columns)} column{'s' * (len(self.columns) != 1)})",
                fix=did_you_mean(name, self.names),
                code="MW-U101",
            )
        return found

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(s.name for s in self.columns)

    @cached_property
    def _by_name(self) -> Mapping[str, ColumnSpec]:
        return {s.name: s for s in reversed(self.columns)}

    def only(self, names: Iterable[str]) -> Contract:
        """Return the contract of some of the columns, in the order of the table."""
        wanted = set(names)
        return replace(self, columns=tuple(s for s in self.columns if s.name in wanted))


@dataclass(frozen=True, kw_only=True)
class Violation:
    """One way in which scored rows differ from the contract.

    Attributes
    ----------
    what : str
        ``"missing column"``, ``"unknown column"``, ``"other spelling"``, ``"wrong type"``,
        ``"respelled level"``, ``"new level"``, ``"out of range"``, ``"missing value"`` where training never had one.
    column : str
    n_rows : int
        Rows concerned.
    done : str
        What was done: ``"ignored"``, ``"treated as missing"``, ``"read as the known level"``, ``"kept"``.
    message : str
        One sentence without data values.
    """

    what: str
    column: str
    n_rows: int
    done: str
    message: str
