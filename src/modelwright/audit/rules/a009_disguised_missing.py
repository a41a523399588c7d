"""A009: missing values in disguise."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.acting import MISSING_NUMBERS, MISSING_TOKENS
from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.looking import Coded, coded, values_of
from modelwright.audit.sentinels import (
    DATE_GAP,
    MIN_REPEATS,
    ZERO_GAP_SHARE,
    missing_words,
    sentinel_dates,
    sentinel_numbers,
    sentinel_pile,
    suspicious_zeros,
)
from modelwright.data.contract import Kind

__all__ = ["DisguisedMissing"]

_NUMBERS = frozenset({Kind.NUMBER, Kind.DURATION})
_WORDS = frozenset({Kind.CATEGORY, Kind.ID, Kind.TEXT})


class DisguisedMissing:
    """Finds texts and numbers that stand for a missing value."""

    code: ClassVar[str] = "A009"
    title: ClassVar[str] = "Disguised missing values"
    what: ClassVar[str] = "A value such as '?', 'unknown', -999 or 9999 stands for 'missing'."
    why_it_matters: ClassVar[str] = (
        "Read as a number it drags means and slopes to a place where no row is; read as a level it hides how much is "
        "missing."
    )
    how_detected: ClassVar[str] = (
        "Texts: a list of words that people and systems write for missing, and words among numbers or dates. Numbers: "
        "a conventional code (-1, -9, 99, "
        f"-999, 9999, 32767, …; SPSS, GDAL and NOAA conventions) at least {MIN_REPEATS} times at an end of the range, "
        "as far from all other values as these are from each other; -1 also as the only negative number. Dates: a "
        f"conventional one (1900-01-01, 1970-01-01, 9999-12-31, …) that stands apart by {percent(DATE_GAP)} of the "
        "range. A code of three nines or more within the range is told where it has 20 times the rows of the values "
        "beside it. "
        f"Zeros are told when they lie {percent(ZERO_GAP_SHARE)} of the central range below everything else."
    )
    what_is_done: ClassVar[str] = (
        "The value is read as missing, in training and in scoring; models see that it is missing. Zeros are only told, "
        "because a zero can be an honest answer."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return one finding per column, or why there is nothing to check."""
        if not len(context.row_numbers):
            return "there are no rows"
        found = (self._judge(context, name) for name in context.features)
        return [f for f in found if f is not None]

    def _judge(self, context: AuditContext, name: str) -> Finding | None:
        kind = context.contract[name].kind
        column = coded(context, name)
        if kind in _WORDS:
            words = missing_words(column)
            return self._act(name, column, words, MISSING_TOKENS) if words else None
        if values_of(context, name) is None:
            return None
        if kind is Kind.DATETIME:
            dates = [(_written(v), c) for v, c in sentinel_dates(column)]
            shown = [str(np.datetime64(int(float(v)), "s").astype("datetime64[D]")) for v, _ in dates]
            return self._act(name, column, dates, MISSING_NUMBERS, shown) if dates else self._read(context, name)
        if kind not in _NUMBERS:
            return self._read(context, name)
        sentinels = sentinel_numbers(column)
        if sentinels:
            return self._act(name, column, [(_written(v), c) for v, c in sentinels], MISSING_NUMBERS)
        return self._read(context, name) or self._odd(name, column)

    def _odd(self, name: str, column: Coded) -> Finding | None:
        """Return a code within the range, or zeros below it, which are only told."""
        pile = sentinel_pile(column)
        if pile is not None:
            return self._pile(name, column, *pile)
        zeros = suspicious_zeros(column)
        return self._zeros(name, column, zeros) if zeros else None

    def _read(self, context: AuditContext, name: str) -> Finding | None:
        """Return what words among the numbers or dates of a column were read as missing when it was understood."""
        spec = context.contract[name]
        if name not in context.raw or not spec.missing_tokens:
            return None
        raw = context.raw[name]
        rows = np.flatnonzero([v is not None and v.strip() in spec.missing_tokens for v in raw])
        if not len(rows):
            return None
        share = len(rows) / len(raw)
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{names(list(spec.missing_tokens))} in {count(len(rows), 'row')} of '{name}' ({percent(share)}) "
            f"stand{'s' if len(spec.missing_tokens) == 1 else ''} for a missing value among values of another kind "
            f"({spec.kind}).",
            evidence={"n": len(rows), "share": share},
            done="read as missing, as the contract says, in training and in scoring",
            fix="leave the field empty at the source; ask for words with --kind "
            f"{name}=category if it is an answer of its own",
            rows=context.row_numbers[rows],
            n_rows=len(rows),
        )

    def _act(
        self, name: str, column: Coded, found: list[tuple[str, int]], key: str, shown: list[str] | None = None
    ) -> Finding:
        n = sum(c for _, c in found)
        share = n / len(column.codes)
        written = [v for v, _ in found]
        shown = shown or written
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{names(shown)} in {count(n, 'row')} of '{name}' ({percent(share)}) "
            f"stand{'s' if len(shown) == 1 else ''} for a missing value.",
            evidence={key: "\n".join(written), "n": n, "share": share},
            action=Action.AS_MISSING,
            fix="leave the field empty at the source; allow it if the value is an answer of its own",
            n_rows=n,
        )

    def _pile(self, name: str, column: Coded, value: float, n: int) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{count(n, 'row')} of '{name}' ({percent(n / len(column.codes))}) are {_written(value)}, far more "
            "than any value beside it: it may stand for a missing value.",
            evidence={"value": value, "n": n},
            fix=f"leave the field empty at the source if {_written(value)} is no possible value",
            n_rows=n,
        )

    def _zeros(self, name: str, column: Coded, zeros: int) -> Finding:
        return tell(
            self,
            severity=Severity.INFO,
            columns=[name],
            message=f"{count(zeros, 'row')} of '{name}' ({percent(zeros / len(column.codes))}) are 0 while all others "
            f"are at least {column.values[1]:g}: zero may stand for a missing value.",
            evidence={"n_zero": zeros, "next_value": float(column.values[1])},
            fix="leave the field empty at the source if 0 is no possible value",
            n_rows=zeros,
        )


def _written(value: float) -> str:
    """Return a number with all its digits."""
    return str(int(value)) if value == int(value) else repr(value)
