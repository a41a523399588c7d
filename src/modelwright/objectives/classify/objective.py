"""Classification: which class, and how probable is each."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from modelwright.brief import Brief
from modelwright.data.columns import Column
from modelwright.data.contract import ColumnSpec
from modelwright.errors import DataError, UsageError, did_you_mean
from modelwright.format import plural, short
from modelwright.objectives.base import Baseline, Reason
from modelwright.objectives.baselines import BASELINES
from modelwright.objectives.classify.encoding import class_codes
from modelwright.objectives.classify.events import choose_event

__all__ = ["Classify"]

# Below this share of events most thresholds of a ROC curve lie where nobody would act, and the area under it says
# little (Davis & Goadrich 2006; Saito & Rehmsmeier 2015, who show the effect from about one in ten downwards and
# strongly at one in a hundred).
RARE_EVENT_SHARE = 0.02
MIN_ROWS_PER_CLASS = 2  # one row to learn from and one to check against
_MARKS = re.compile(r"[\s._,;:'\"]|(?<=[^\W\d_])-(?=[^\W\d_])")


class Classify:
    """Predicts one of a few classes, with the probability of each."""

    name: ClassVar[str] = "classify"
    title: ClassVar[str] = "classification"

    def encode(self, column: Column, spec: ColumnSpec, brief: Brief) -> tuple[np.ndarray, tuple[str, ...]]:
        """Return class numbers (float64, NaN where missing) and class names; of two classes the event is number 1.

        Raises
        ------
        DataError
            No value (MW-D302), one (MW-D315), one class only (MW-D303), or as good as every value its own class
            (MW-D304).
        UsageError
            The brief's ``positive`` is no class (MW-U302) or there are more than two classes (MW-U303).
        """
        codes, classes = class_codes(column, spec)
        counts = np.bincount(codes[codes >= 0], minlength=len(classes))
        _check_classes(spec.name, classes, counts)
        positive = _check_positive(brief.positive, spec.name, classes)
        if len(classes) == 2 and choose_event(classes, counts.tolist(), positive).name == classes[0]:
            classes = (classes[1], classes[0])
            codes = np.where(codes >= 0, 1 - codes, codes)
        return np.where(codes >= 0, codes.astype(np.float64), np.nan), classes

    def reasons(self, y: np.ndarray, classes: Sequence[str], brief: Brief) -> tuple[Reason, ...]:
        """Return which class is the event, and why."""
        found: list[Reason] = []
        if len(classes) == 2:
            counts = np.bincount(y.astype(np.int64), minlength=2)
            event = choose_event(classes, counts.tolist(), _match(brief.positive, classes))
            why = event.why
            if event.name != classes[1]:  # rows left out since (duplicates) turned the balance
                why = f"'{classes[1]}' was the rarer class in the table as read"
            share = counts[1] / max(counts.sum(), 1)
            why += f"; {int(counts[1]):,} of {int(counts.sum()):,} rows are '{classes[1]}' ({share:.1%})"
            found.append(Reason("positive class", classes[1], (classes[0],), event.decided_by, why))
        return tuple(found)

    def default_metric(self, y: np.ndarray, classes: Sequence[str]) -> tuple[str, str]:
        """Return ``roc_auc`` for two classes (``pr_auc`` for a very rare event), else ``log_loss``, and why."""
        if len(classes) > 2:
            return "log_loss", f"{len(classes)} classes: log loss rewards the right probability for every one of them"
        share = float(np.mean(y == 1))
        if min(share, 1 - share) >= RARE_EVENT_SHARE:
            return "roc_auc", (
                f"two classes, '{classes[1]}' in {share:.1%} of the rows: the ROC AUC says how well they are told "
                "apart at every threshold"
            )
        return "pr_auc", (
            f"only {min(share, 1 - share):.2%} of the rows are of the rarer class: a ROC AUC would look good without "
            "finding them, the area under precision and recall does not"
        )

    def split_labels(self, y: np.ndarray, classes: Sequence[str]) -> np.ndarray:
        """Return the class numbers as int64."""
        return y.astype(np.int64)

    def default_split(self) -> tuple[str, str]:
        """Return ``"stratified"``."""
        return "stratified", "every part holds the same share of each class"

    def scarcest(self, y: np.ndarray, classes: Sequence[str]) -> int:
        """Return the rows of the second largest class: each fold needs two classes to be scored at all."""
        counts = np.sort(np.bincount(y.astype(np.int64), minlength=max(len(classes), 2)))
        return int(counts[-2])

    def baselines(self) -> tuple[Baseline, ...]:
        """Return constant, one rule and linear."""
        return BASELINES


def _check_classes(target: str, classes: Sequence[str], counts: np.ndarray) -> None:
    n = int(counts.sum())
    if n == 0:
        raise DataError(
            f"every value of the target column '{target}' is missing",
            fix="check the column name and the tokens that are read as missing",
            code="MW-D302",
        )
    if n == 1:
        raise DataError(
            f"the target column '{target}' has a value in one row only",
            fix="give rows enough to learn from and to check against: a hundred and more make a model of some use",
            code="MW-D315",
        )
    if len(classes) == 1:
        raise DataError(
            f"the target column '{target}' has one class only: '{short(classes[0])}' in all {plural(n, 'row')}",
            fix="add rows of another class or with other values, or check that the file was not filtered",
            code="MW-D303",
        )
    if np.count_nonzero(counts >= MIN_ROWS_PER_CLASS) < 2 or len(classes) > n / MIN_ROWS_PER_CLASS:
        raise DataError(
            f"the target column '{target}' has {len(classes):,} classes in {n:,} rows: fewer than "
            f"{MIN_ROWS_PER_CLASS} rows per class leave nothing to learn from",
            fix="is it an identifier or free text? choose another target, or merge classes; for numbers use "
            "--objective regress",
            code="MW-D304",
        )


def _check_positive(positive: str | None, target: str, classes: Sequence[str]) -> str | None:
    if positive is None:
        return None
    if len(classes) > 2:
        raise UsageError(
            f"'positive' is for two classes, the target column '{target}' has {len(classes)}",
            fix="leave it out, or make a target with two classes",
            code="MW-U303",
        )
    match = _match(positive, classes)
    if match is None:
        raise UsageError(
            f"'positive' is '{positive}', which is no class of the target column '{target}'",
            fix=did_you_mean(positive, classes),
            code="MW-U302",
        )
    return match


def _match(positive: str | None, classes: Sequence[str]) -> str | None:
    """Return the class meant: the same text, the same number, the same text without regard to case or marks.

    Several spellings of a class are one by now, and the brief may name any of them.
    """
    if positive is None or positive in classes:
        return positive
    for same in (_as_number, str.casefold, _unmarked):
        matches = [c for c in classes if same(c.strip()) == same(positive.strip())]
        if len(matches) == 1:
            return matches[0]
    return None


def _unmarked(text: str) -> str:
    """Return a name in one case, without accents, blanks and the marks of punctuation; signs such as < and + stay."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    return _MARKS.sub("", "".join(c for c in folded if not unicodedata.combining(c))) or text


def _as_number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:
        return text
