"""A010: columns whose values are not all of one type."""

from __future__ import annotations

import re
from collections import Counter
from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, names, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.looking import is_missing
from modelwright.audit.sentinels import MISSING_WORDS
from modelwright.data.contract import ColumnSpec, Kind

__all__ = ["MixedTypes"]

# A column that is mostly numbers was meant to be numbers; the interquartile half is the least one may call "mostly".
MOSTLY_NUMBERS = 0.5
MIN_UNIT_SHARE = 0.01  # a unit in fewer rows is a typing slip and counts as an unreadable value
NUMBERS_WITH_UNIT = 0.8
MAX_UNITS = 5  # "1Fam", "2Story" and more such endings are labels
SAMPLE = 5_000
MIN_ROWS = 20
_NUMBER = re.compile(r"[-+]?\s*[\d.,'\s]*\d[\d.,]*\s*(?:[eE][-+]?\d+)?")
_WITH_UNIT = re.compile(r"[-+]?\d[\d.,]*\s*([^\W\d_][\w/²³°%]*|[%€$£°])")

_BARE = frozenset("0123456789+-., ")  # what numbers without a unit are written with


class MixedTypes:
    """Finds numbers with a few texts among them, and numbers in several units."""

    code: ClassVar[str] = "A010"
    title: ClassVar[str] = "Mixed types"
    tells: ClassVar[bool] = True
    what: ClassVar[str] = "A column mixes numbers and texts, or units."
    why_it_matters: ClassVar[str] = (
        "A few stray texts turn a number into thousands of levels, and 3 kg beside 300 g are three and three hundred."
    )
    how_detected: ClassVar[str] = (
        f"More than {percent(MOSTLY_NUMBERS)} but not all of the texts of a column read as numbers; values of a "
        f"numeric column cannot be read; two units stand behind at least {percent(MIN_UNIT_SHARE)} of the numbers each."
    )
    what_is_done: ClassVar[str] = "Told. Values that cannot be read as the column's kind count as missing."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return findings per column, or why there is nothing to check."""
        texts = [n for n in context.features if n in context.raw]
        if not texts:
            return "no column is stored as text"
        found: list[Finding] = []
        for name in texts:
            found.extend(self._judge(context, name))
        return found

    def _judge(self, context: AuditContext, name: str) -> list[Finding]:
        spec = context.contract[name]
        raw = context.raw[name]
        if spec.kind.numeric:
            return self._unread(context, spec, raw) + self._units(name, raw)
        if spec.kind in (Kind.CATEGORY, Kind.TEXT):
            return self._units(name, raw) or self._stray(context, name, raw)
        return []

    def _unread(self, context: AuditContext, spec: ColumnSpec, raw: np.ndarray) -> list[Finding]:
        known = {"", *MISSING_WORDS, *(t.lower() for t in spec.missing_tokens), "none"}
        gone = is_missing(context.columns[spec.name])
        rows = [i for i in np.flatnonzero(gone) if raw[i] is not None and raw[i].strip().lower() not in known]
        if not rows or spec.missing_numbers:
            return []
        n_read = int((~gone).sum())
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=[spec.name],
                message=f"{count(len(rows), 'value')} of '{spec.name}' cannot be read as {spec.kind}, {n_read:,} can.",
                evidence={"n_unread": len(rows), "n_read": n_read},
                done="counted as missing",
                fix="correct them at the source, or name the right kind with --kind",
                rows=context.row_numbers[rows],
                n_rows=len(rows),
            )
        ]

    def _stray(self, context: AuditContext, name: str, raw: np.ndarray) -> list[Finding]:
        texts = _texts(raw)
        total = texts.total()
        numbers = [t for t in texts if _NUMBER.fullmatch(t)]
        n_numbers = sum(texts[t] for t in numbers)
        if total < MIN_ROWS or len(numbers) < MIN_ROWS or not MOSTLY_NUMBERS < n_numbers / total < 1:
            return []
        stray = texts - Counter({t: texts[t] for t in numbers})
        shown = [t for t, _ in stray.most_common(3)]
        rows = [i for i, t in enumerate(raw) if t is not None and t.strip() in stray]
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=[name],
                message=f"'{name}' holds numbers in {percent(n_numbers / total)} of the rows and texts such as "
                f"{names(shown)} in {count(len(rows), 'row')}; it is read as text.",
                evidence={"number_share": n_numbers / total, "n_texts": len(rows)},
                fix=f"keep one type at the source, or ask for numbers with --kind {name}=number",
                rows=context.row_numbers[rows],
                n_rows=len(rows),
            )
        ]

    def _units(self, name: str, raw: np.ndarray) -> list[Finding]:
        if set().union(*filter(None, _sampled(raw))) <= _BARE:
            return []
        texts = _texts(raw)
        total = texts.total()
        if len(texts) < MIN_ROWS:
            return []
        units: Counter[str] = Counter()
        for text, n in texts.items():
            match = _WITH_UNIT.fullmatch(text)
            if match:
                units[match.group(1).lower()] += n
        frequent = [u for u, c in units.most_common() if c >= MIN_UNIT_SHARE * total]
        if not 2 <= len(frequent) <= MAX_UNITS or units.total() < NUMBERS_WITH_UNIT * total:
            return []
        return [
            tell(
                self,
                severity=Severity.WARNING,
                columns=[name],
                message=f"The numbers of '{name}' come in {len(frequent)} units: {names(frequent)}; "
                f"the first has {units[frequent[0]]:,} rows, the second {units[frequent[1]]:,}.",
                evidence={"n_units": len(frequent), "second_share": units[frequent[1]] / total},
                fix="convert to one unit at the source",
                n_rows=units.total() - units[frequent[0]],
            )
        ]


def _sampled(raw: np.ndarray) -> list[str | None]:
    return raw[:: max(1, len(raw) // SAMPLE)].tolist()


def _texts(raw: np.ndarray) -> Counter[str]:
    """Return the stripped texts of at most `SAMPLE` rows and how often each occurs, without those for missing."""
    counted = Counter(_sampled(raw))
    texts: Counter[str] = Counter()
    for text, n in counted.items():
        if text is not None and text.strip() and text.strip().lower() not in MISSING_WORDS:
            texts[text.strip()] += n
    return texts
