"""A041: several spellings of one class."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from modelwright.audit.acting import SAME_LEVELS
from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import Action, AuditContext, Finding, Severity
from modelwright.audit.looking import coded
from modelwright.audit.spellings import MIN_LETTERS, by_plain_key
from modelwright.data.columns import Strings
from modelwright.objectives.classify.events import ABSENCE_WORDS, EVENT_WORDS

__all__ = ["ClassSpellings"]

MAX_CLASSES = 2_000
SHOWN = 3
_WORDS = EVENT_WORDS | ABSENCE_WORDS  # "no" and "No" are one answer, though they have two letters only


class ClassSpellings:
    """Finds classes of the target that are one class written in several ways."""

    code: ClassVar[str] = "A041"
    title: ClassVar[str] = "Spellings of a class"
    what: ClassVar[str] = "Some classes differ only by case, spaces or punctuation: 'Good', 'good ', 'GOOD.'."
    why_it_matters: ClassVar[str] = (
        "Each spelling would be a class of its own: the model would have to tell 'Good' from 'good', two classes would "
        "become five, and every metric would count right answers as wrong."
    )
    how_detected: ClassVar[str] = (
        "Class names that are equal but for case, blanks, accents and punctuation between letters, in the table or in "
        f"the separate test table. Names of fewer than {MIN_LETTERS} letters, which may be codes ('a' and 'A'), count "
        "as one class where they differ by blanks and a full stop at the end alone ('<=50K' and '<=50K.'), are a "
        "common word such as 'no', where all classes are yes and no of one language ('ja', 'JA', 'nein'; 'y', 'Y', "
        "'n'), or where at least half of the longer names come in several cases, or all where there are no longer "
        "ones ('M', 'm', 'F', 'f'); else they are told. Where all classes are yes and no of one language, 'Y' and "
        "'true' are spellings of 'Yes'."
    )
    what_is_done: ClassVar[str] = (
        "The spellings are read as the most frequent one, in training, in the test table and in the names that "
        "predictions have. Nothing is merged where one class only would be left."
    )

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most two findings, or why there is nothing to check."""
        if context.target is None or context.y is None:
            return "there is no target"
        if not context.classes:
            return "the target is a number"
        if not isinstance(context.columns[context.target], Strings):
            return "the classes are numbers, or yes and no in words that are known"
        if len(context.classes) > MAX_CLASSES:
            return f"there are more than {MAX_CLASSES:,} classes"
        counts = _counts(context)
        sure, unsure = _same(counts)
        if sure and len({sure.get(c, c) for c in counts}) < 2:
            unsure, sure = {**sure, **unsure}, {}
        return [self._tell(context, counts, same, same is sure) for same in (sure, unsure) if same]

    def _tell(self, context: AuditContext, counts: dict[str, int], same: dict[str, str], acts: bool) -> Finding:
        target = str(context.target)
        column = coded(context, target)
        other = np.array([*(str(v) in same for v in column.values), False])
        rows = np.flatnonzero(other[column.codes])
        left = len({same.get(c, c) for c in counts})
        first = sorted(same.items(), key=lambda p: (-counts[p[0]], p[0]))
        shown = "; ".join(f"'{s}' ({count(counts[s], 'row')}) and '{v}' ({counts[v]:,})" for s, v in first[:SHOWN])
        more = f" and {len(first) - SHOWN} more" if len(first) > SHOWN else ""
        says = "are spellings of one class" if acts else "look like spellings of one class"
        end = f"{len(counts)} names are {count(left, 'class', 'classes')}."
        return tell(
            self,
            severity=Severity.WARNING,
            columns=[target],
            message=f"In '{target}', {shown}{more} {says}: {count(len(rows), 'row')} "
            f"({percent(len(rows) / max(1, len(column.codes)))}) would be classes of their own. "
            + (end if acts else "They were kept apart, because only you can know."),
            evidence={
                SAME_LEVELS: "\n".join(f"{s}\t{v}" for s, v in sorted(same.items())),
                "n_spellings": len(same),
                "n_classes": left,
                "n": len(rows),
            },
            action=Action.AS_LEVEL if acts else Action.TOLD,
            done="the spellings are read as the most frequent one, in training and in the test table" if acts else "",
            fix=f"write each class in one way at the source; allow {self.code} if they are different classes"
            if acts
            else "if they are the same, correct them at the source",
            rows=context.row_numbers[rows],
            n_rows=len(rows),
        )


def _counts(context: AuditContext) -> dict[str, int]:
    """Return the rows of each class name; names that the sample or the training table does not hold have none."""
    target = str(context.target)
    column = coded(context, target)
    counts = dict.fromkeys((*context.contract[target].levels, *context.classes), 0)
    counts.update({str(v): int(c) for v, c in zip(column.values, column.counts, strict=True)})
    tested = (context.test or {}).get(target)
    if isinstance(tested, Strings):
        counts = {**dict.fromkeys((str(v) for v in tested.levels[:MAX_CLASSES]), 0), **counts}
    return {name: n for name, n in counts.items() if "\t" not in name and "\n" not in name}


def _same(counts: dict[str, int]) -> tuple[dict[str, str], dict[str, str]]:
    """Return which names are another class: surely so, and perhaps."""
    sure: dict[str, str] = {}
    unsure: dict[str, str] = {}
    by_key, are_words = by_plain_key(counts)
    for key, names in by_key.items():
        known = are_words or sum(c.isalpha() for c in key) >= MIN_LETTERS or key in _WORDS
        for name, level in _most_frequent(names, counts).items():
            (sure if known or _tidy(name) == _tidy(level) else unsure)[name] = level
    return sure, {name: level for name, level in unsure.items() if any(c.isalpha() for c in name)}


def _most_frequent(names: list[str], counts: dict[str, int]) -> dict[str, str]:
    first, *others = sorted(names, key=lambda n: (-counts[n], n))
    return dict.fromkeys(others, first)


def _tidy(name: str) -> str:
    return "".join(name.split()).rstrip(".")
