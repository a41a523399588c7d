"""Which columns only number or name the rows."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import Coded, coded, hash_rows, memo, values_of
from modelwright.audit.names import IDENTIFIER, ROW_COUNTER, TIME, tokens
from modelwright.data.columns import Strings
from modelwright.data.contract import Kind

__all__ = ["MIN_ROWS", "NEAR_UNIQUE", "identifier_reason", "is_counter", "measured_numbers"]

MIN_ROWS = 20  # with fewer rows, distinct values prove nothing
NEAR_UNIQUE = 0.95  # distinct values per row; a level seen once or twice cannot be learned
# A counter may have lost rows to filters, but a measurement in whole numbers seldom fills its range this densely
# without a single repetition: n distinct draws from 1.05 n values have a chance of about e^-n/2 (birthday problem).
COUNTER_DENSITY = 1 / 1.05
# A counter with gaps (rows filtered out) is told by its order: it never falls along the file.
ORDERED_DENSITY = 0.2
MAX_MISSING = 0.01  # a line of totals, and the like, has no number
MOSTLY_DISTINCT = 0.5  # of a table that is mostly copies no column can be said to number the rows
CODE_WORDS = 1.1  # codes are single words …
CODE_LENGTH = 40  # … of moderate length; longer unbroken strings may be sequences worth reading
NAME_WORDS = 4  # people and things are named in a few words
NAMING = frozenset({"name", "surname", "firstname", "lastname", "fullname", "address"})
SAMPLE_TEXTS = 1_000


def is_counter(context: AuditContext, name: str) -> bool:
    """Return whether the column counts the rows: distinct whole numbers that fill their range."""
    return memo(context, ("counter", name), lambda: _counts_rows(context, name, coded(context, name)))


def _counts_rows(context: AuditContext, name: str, column: Coded) -> bool:
    if not _distinct_whole_numbers(context, name, column):
        return False
    values = column.values
    span = float(values[-1] - values[0]) + 1
    density = context.n_rows * (column.n_levels / len(column.codes)) / span
    if density >= COUNTER_DENSITY:
        return not TIME.intersection(tokens(name))
    steps = np.diff(column.codes[column.codes >= 0])
    ordered = bool(np.all(steps > 0 if column.n_levels == column.n_present else steps >= 0))
    return ordered and density >= ORDERED_DENSITY and not TIME.intersection(tokens(name))


def _distinct_whole_numbers(context: AuditContext, name: str, column: Coded) -> bool:
    if column.n_levels < MIN_ROWS or column.n_missing > MAX_MISSING * len(column.codes):
        return False
    if isinstance(context.columns[name], Strings) or context.contract[name].kind is Kind.DATETIME:
        return False
    return bool(np.all(column.values == np.floor(column.values))) and _one_per_row(context, column)


def _one_per_row(context: AuditContext, column: Coded) -> bool:
    """Return whether each row has a value of its own: rows that are copies of a row in every column have its value."""
    n = column.n_present
    if column.n_levels == n or column.n_levels < MOSTLY_DISTINCT * n:
        return column.n_levels == n
    every = [*context.features, *([context.target] if context.target in context.columns else [])]
    rows = memo(context, "hashed rows", lambda: hash_rows(context, every))
    return column.n_levels == len(np.unique(rows[column.codes >= 0]))


def identifier_reason(context: AuditContext, name: str) -> str:
    """Return why the column is an identifier, ``""`` where it is none."""
    return memo(context, ("identifier", name), lambda: _reason(context, name))


def _reason(context: AuditContext, name: str) -> str:
    column = coded(context, name)
    if column.n_present < MIN_ROWS:
        return ""
    if is_counter(context, name):
        alike = "no two the same" if column.n_levels == column.n_present else "the same only in copies of a row"
        return f"it counts the rows: {column.n_levels:,} whole numbers, {alike}"
    words = tokens(name)
    unique = column.n_levels / column.n_present
    if not isinstance(context.columns[name], Strings):
        if not _distinct_whole_numbers(context, name, column):
            return ""
        if "_".join(words) in ROW_COUNTER or IDENTIFIER.intersection(words):
            alike = "all differ" if column.n_levels == column.n_present else "differ but in copies of a row"
            return f"its name says so and its {column.n_levels:,} whole numbers {alike}"
        return ""
    if context.contract[name].kind is Kind.ID:
        return f"{column.n_levels:,} different values in {column.n_present:,} rows, and they read like codes"
    if unique < NEAR_UNIQUE:
        return ""
    return _text_reason(column, words)


def _text_reason(column: Coded, words: tuple[str, ...]) -> str:
    texts = column.values[:SAMPLE_TEXTS]
    n_words = float(np.mean([len(str(t).split()) for t in texts]))
    length = float(np.median([len(str(t)) for t in texts]))
    told = f"{column.n_levels:,} different values in {column.n_present:,} rows"
    if n_words <= CODE_WORDS and length <= CODE_LENGTH:
        return f"{told}, and they read like codes"
    if n_words <= NAME_WORDS and NAMING.intersection(words):
        return f"{told}, and they are names"
    return ""


def measured_numbers(context: AuditContext, *kinds: Kind) -> list[str] | None:
    """Return the columns of some kinds that measure something, a numeric target among them; None without such kinds.

    ``kinds`` are numbers and durations unless given. Identifiers are left out, but for the target.
    """
    judged = [*context.features, *([context.target] if context.target and not context.classes else [])]
    numbers = [n for n in judged if context.contract[n].kind in (kinds or (Kind.NUMBER, Kind.DURATION))]
    if not numbers:
        return None
    return [
        n
        for n in numbers
        if values_of(context, n) is not None and (n == context.target or not identifier_reason(context, n))
    ]
