"""A008: columns that say the same."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.looking import Coded, coded, values_of
from modelwright.audit.nearly import MOST_EXCEPTIONS, NearlySame, nearly_same

__all__ = ["DuplicateColumns"]

MIN_ROWS = 20  # with fewer rows columns coincide by chance
# Largest relative deviation for two numbers to count as the same up to unit (kilometres and miles, rounded storage).
RELATIVE_TOLERANCE = 1e-6
# Of two numbers in the same order: the correlation from which on they are one quantity on another scale.
SAME_CORRELATION = 0.999
# So many values in the same order throughout are no chance: two properties of eight things are in the same or the
# reverse order once in 20,000 times.
MIN_LEVELS_IN_ORDER = 8
# Words are recoded by hand, so they are few, and each is used often enough for a correspondence not to be chance. With
# more levels, two columns correspond because both belong to one thing: a shop has one name and one street.
MAX_RECODED_LEVELS = 50
MIN_ROWS_PER_LEVEL = 5


class DuplicateColumns:
    """Finds columns that are identical up to a recoding of their values."""

    code: ClassVar[str] = "A008"
    title: ClassVar[str] = "Duplicate column"
    what: ClassVar[str] = (
        "Two columns hold the same information: equal numbers up to unit, or one word for each value of the other."
    )
    why_it_matters: ClassVar[str] = (
        "The copy costs time, splits the importance of the column in two, and must be delivered for every prediction."
    )
    how_detected: ClassVar[str] = (
        "Missing values agree in every row, and so do the others. Two numbers: equal up to a linear change of unit "
        f"(relative tolerance {RELATIVE_TOLERANCE:g}), or in the same or the reverse order throughout with a "
        f"correlation of {SAME_CORRELATION:g}. Words with words or with a number: one value for each of the other, "
        f"with at most {MAX_RECODED_LEVELS} values and {MIN_ROWS_PER_LEVEL} rows for each; more values must be the "
        "same but for case and punctuation. Where two different numbers also correspond one to one (latitude and rent "
        "of a shop), a thing stands behind all of them, and no number is called a copy of its name. Copies with "
        f"exceptions: in at most {percent(MOST_EXCEPTIONS)} of the rows that could differ (where not both have their "
        "most frequent value) two numbers differ by more than a change of unit, or two words. Two numbers of at "
        f"least {MIN_LEVELS_IN_ORDER} values in the same or the reverse order throughout, with a smaller correlation, "
        "follow one from the other, as a square or a logarithm does."
    )
    what_is_done: ClassVar[str] = (
        "The later column is dropped; of a number and its recoding in words the words go: numbers have an order. "
        "Copies with exceptions are told, with the rows: one of the two may be the corrected one. Numbers that follow "
        "from another are told, and stay: a line through both bends."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per copy, or why there is nothing to check."""
        if len(context.row_numbers) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows"
        used = [n for n in context.features if coded(context, n).n_levels > 1]
        copies, bent = _same_numbers(context, [n for n in used if values_of(context, n) is not None])
        copies |= _same_words(context, [n for n in used if n not in copies])
        nearly = nearly_same(context, [n for n in used if n not in copies and n not in bent])
        dropped = [self._drop(n, copies[n], coded(context, n)) for n in used if n in copies]
        told = [self._bent(n, bent[n], coded(context, n)) for n in used if n in bent]
        return dropped + told + [self._nearly(context, n, nearly[n]) for n in used if n in nearly]

    def _drop(self, name: str, first: str, column: Coded) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"'{name}' says the same as '{first}' in all {len(column.codes):,} rows: its {column.n_levels:,} "
            "values correspond one to one.",
            evidence={"copy_of": first, "n_levels": column.n_levels},
            action=Action.DROP_COLUMN,
            done=f"dropped: '{first}' stays",
            fix="deliver one of the two",
            n_rows=len(column.codes),
        )

    def _bent(self, name: str, first: str, column: Coded) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name, first],
            message=f"'{name}' follows from '{first}': their {column.n_levels:,} values are in the same or the reverse "
            "order throughout, as those of a number and its square or logarithm. What the model takes from the two is "
            "split between them.",
            evidence={"follows": first, "n_levels": column.n_levels},
            fix=f"deliver one of the two, unless '{name}' is there for a linear model",
            n_rows=len(column.codes),
        )

    def _nearly(self, context: AuditContext, name: str, same: NearlySame) -> Finding:
        n = len(same.exceptions)
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name, same.first],
            message=f"'{name}' says the same as '{same.first}' but for {count(n, 'row')} of the {same.n:,} that could "
            f"differ ({percent(n / same.n)}). They are mistakes, or one of the two is the corrected one.",
            evidence={"copy_of": same.first, "n_exceptions": n, "n_could_differ": same.n},
            fix="look at the rows, and deliver the column that is right in them",
            rows=context.row_numbers[same.exceptions],
            n_rows=n,
        )


def _digest(body: np.ndarray) -> bytes:
    import hashlib

    return hashlib.blake2b(np.ascontiguousarray(body).tobytes(), digest_size=16).digest()


def _same_numbers(context: AuditContext, names: list[str]) -> tuple[dict[str, str], dict[str, str]]:
    """Return the first of the numbers that say the same, and of those that follow one from the other, by name of the
    later ones."""
    copies: dict[str, str] = {}
    bent: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    for name in names:
        values, column = context.columns[name], coded(context, name)
        assert isinstance(values, np.ndarray)
        scaled, ordered = _digest(_standardised(values)), _digest(_ordered(column))
        first, other = seen.get(scaled), seen.get(ordered)
        if first is None and other is not None and _correlated(context, other, name):
            first = other
        if first is not None:
            copies[name] = first
            continue
        if other is not None and column.n_levels >= MIN_LEVELS_IN_ORDER:
            bent[name] = other
        seen[scaled] = name
        seen.setdefault(ordered, name)
    return copies, bent


def _ordered(column: Coded) -> np.ndarray:
    """Return ascending level numbers, or descending ones where the first two different rows then ascend."""
    present = column.codes[column.codes >= 0]
    turn = present[np.argmax(present != present[0])] < present[0]
    codes = column.n_levels - 1 - column.codes if turn else column.codes
    return np.where(column.codes < 0, -1, codes).astype(np.int32)


def _correlated(context: AuditContext, first: str, second: str) -> bool:
    a, b = context.columns[first], context.columns[second]
    assert isinstance(a, np.ndarray) and isinstance(b, np.ndarray)
    known = np.isfinite(a) & np.isfinite(b)
    if known.sum() < 2 or np.ptp(a[known]) == 0 or np.ptp(b[known]) == 0:
        return False
    return bool(abs(np.corrcoef(a[known], b[known])[0, 1]) >= SAME_CORRELATION)


def _same_words(context: AuditContext, names: list[str]) -> dict[str, str]:
    """Return what stays of columns that correspond one to one and are not all numbers, by name of those that go."""
    alike: dict[bytes, list[str]] = {}
    for name in names:
        alike.setdefault(_digest(_by_first_appearance(coded(context, name)).astype(np.int32)), []).append(name)
    copies: dict[str, str] = {}
    for members in alike.values():
        numbers = [n for n in members if values_of(context, n) is not None]
        words = [n for n in members if n not in numbers]
        column = coded(context, members[0])
        few = column.n_levels <= min(MAX_RECODED_LEVELS, column.n_present / MIN_ROWS_PER_LEVEL)
        if not words:
            continue
        if few:
            stays = numbers[0] if len(numbers) == 1 else words[0]
            copies.update({n: stays for n in words if n != stays})
        else:
            copies.update(_spelled_alike(context, words))
    return copies


def _spelled_alike(context: AuditContext, names: list[str]) -> dict[str, str]:
    """Return the first of the columns whose values differ in case and punctuation only, by name of the later ones."""
    copies: dict[str, str] = {}
    seen: dict[bytes, str] = {}
    for name in names:
        column = coded(context, name)
        present = column.codes[np.sort(np.unique(column.codes, return_index=True)[1])]
        words = ["".join(c for c in str(column.values[i]).casefold() if c.isalnum()) for i in present if i >= 0]
        key = _digest(np.frombuffer("\0".join(words).encode("utf-8", "surrogatepass"), np.uint8))
        first = seen.setdefault(key, name)
        if first != name:
            copies[name] = first
    return copies


def _by_first_appearance(column: Coded) -> np.ndarray:
    """Return level numbers in order of first appearance; missing takes part as a level."""
    shifted = column.codes + 1
    first = np.unique(shifted, return_index=True)[1]
    used = shifted[first]
    rank = np.empty(len(used), np.int64)
    rank[np.argsort(first)] = np.arange(len(used))
    table = np.zeros(column.n_levels + 1, np.int64)
    table[used] = rank
    return table[shifted]


def _standardised(values: np.ndarray) -> np.ndarray:
    """Return values with mean 0 and spread 1, positive first, rounded to the tolerance; missing and infinite apart."""
    finite = np.isfinite(values)
    known = values[finite]
    spread = known.std() if len(known) else 0.0
    scaled = (known - known.mean()) / spread if spread > 0 else np.zeros(len(known))
    if len(scaled) and scaled[np.argmax(np.abs(scaled) > RELATIVE_TOLERANCE)] < 0:
        scaled = -scaled
    body = np.nan_to_num(values, nan=-(2.0**31), posinf=2.0**31, neginf=-(2.0**32))
    body[finite] = np.round(scaled / RELATIVE_TOLERANCE)
    return body
