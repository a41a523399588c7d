"""A040: classes that have an order."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import ClassVar

import numpy as np

from modelwright.audit.building import count, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.frame.ordering import measure_order

__all__ = ["OrdinalClasses"]

MIN_CLASSES = 3  # two classes have no order that a model could ignore
MAX_CLASSES = 30
MAX_COLUMNS = 15  # compared with whole numbers; each costs a few hundredths of a second
# Limit of the objective's own choice: of whole numbers as classes, the order is real below this share of numberings.
ORDER_SHARE = 0.02

# Words of scales, from low to high. A scale fits when every class is one of its words, at most one per place.
SCALES: tuple[tuple[str, ...], ...] = (
    ("none|no|zero|negligible|minimal", "very low|trivial", "low|mild|minor|small|light|slight",
     "medium|moderate|middle|mid|average|normal", "high|major|large|severe|strong|heavy|serious",
     "very high|extreme|critical|very severe"),
    ("xxs", "xs|extra small", "s|small", "m|medium", "l|large", "xl|extra large", "xxl", "xxxl"),
    ("tiny", "small|little", "medium|middle", "big|large", "huge|very large"),
    ("terrible|very bad|very poor|awful", "bad|poor|weak", "fair|ok|okay|average|so so|mediocre|acceptable|acc",
     "good", "very good|vgood", "excellent|great|ideal|premium|outstanding|perfect"),
    ("unacc|unacceptable", "acc|acceptable", "good", "vgood|very good"),
    ("strongly disagree|completely disagree|totally disagree", "disagree",
     "neutral|neither agree nor disagree|neither|undecided", "agree", "strongly agree|completely agree|totally agree"),
    ("very dissatisfied|very unsatisfied", "dissatisfied|unsatisfied", "neutral|neither", "satisfied",
     "very satisfied"),
    ("very negative", "negative", "neutral", "positive", "very positive"),
    ("never", "rarely|seldom", "sometimes|occasionally", "often|frequently|usually", "always"),
    ("very unlikely", "unlikely", "neutral|possible", "likely", "very likely"),
    ("not recom|not recommended", "recommend|recommended", "very recom|very recommended", "priority", "spec prior"),
    ("primary|primary school|elementary", "secondary|high school|middle school", "bachelor|bachelors|college",
     "master|masters", "phd|doctorate|doctoral"),
    ("beginner|novice", "intermediate", "advanced", "expert"),
    ("bronze", "silver", "gold", "platinum", "diamond"),
    ("baby|infant", "child|kid", "teen|teenager|adolescent", "adult|young adult", "senior|elderly|old"),
    ("very slow", "slow", "medium|normal|moderate", "fast", "very fast"),
    ("cold", "cool|mild", "warm", "hot"),
    ("down|decrease|decreased|lower|worse", "same|stable|unchanged|no change|equal", "up|increase|increased|higher|"
     "better"),
)  # fmt: skip
_LETTER_GRADES = re.compile(r"([a-f])([+-]?)")
_NUMBER = r"[$€£]?\s*(\d+(?:[.,]\d+)*)\s*([km%])?"
_BAND = re.compile(rf"{_NUMBER}\s*(?:-|–|—|to|\.\.|_)\s*{_NUMBER}(?:\s*[a-z]+)?")
_OPEN = re.compile(rf"(<=?|>=?|under|below|up to|less than|over|above|more than)\s*{_NUMBER}(?:\s*[a-z]+)?")
_PLUS = re.compile(rf"{_NUMBER}\s*(\+|and (?:over|above|more|up)|or more)(?:\s*[a-z]+)?")
_WORDED = re.compile(r"(?:([a-z]+)[\s_-]*)?(\d+)(?:[\s_-]*([a-z]+))?")
_WORDS_OF_STEPS = frozenset(
    [
        "star",
        "stars",
        "grade",
        "level",
        "stage",
        "step",
        "score",
        "rating",
        "rank",
        "tier",
        "quality",
        "class",
        "severity",
        "priority",
        "year",
        "years",
        "week",
        "weeks",
        "month",
        "months",
        "day",
        "days",
    ]
)


class OrdinalClasses:
    """Finds class names that stand in an order, which plain classification ignores."""

    code: ClassVar[str] = "A040"
    title: ClassVar[str] = "Ordered classes"
    what: ClassVar[str] = "The classes have an order: low, medium, high; 1 to 5 stars; age bands."
    why_it_matters: ClassVar[str] = (
        "Plain classification counts 'low' taken for 'high' as no worse than 'low' taken for 'medium', and learns "
        "nothing from one class about its neighbours."
    )
    how_detected: ClassVar[str] = (
        f"At least {MIN_CLASSES} classes whose names are all words of one scale (sizes, amounts, quality, agreement, "
        "frequency, education, …), letter grades, bands of numbers ('<10', '10-20', '65+'), or steps with a number "
        "('4 stars'). Whole numbers as classes: fewer than 2 % of random numberings fit the other columns and the "
        "frequencies as well, as in the choice between classes and values."
    )
    what_is_done: ClassVar[str] = "Told. Every class is predicted with its probability; the order is not used."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None or context.target is None:
            return "there is no target"
        if not context.classes:
            return "the target is a number"
        if not MIN_CLASSES <= len(context.classes) <= MAX_CLASSES:
            return f"there are {len(context.classes)} classes; an order is looked for in {MIN_CLASSES} to {MAX_CLASSES}"
        places = next((p for read in _READERS if (p := read(context.classes)) is not None), None)
        numbers = places is None and all(re.fullmatch(r"-?\d+", c) for c in context.classes)
        if numbers and _really_ordered(context):
            places = [float(c) for c in context.classes]
        if places is None:
            return []
        order = [c for _, c in sorted(zip(places, context.classes, strict=True))]
        shown = " < ".join(f"'{c}'" for c in order)
        return [
            tell(
                self,
                severity=Severity.INFO,
                columns=[context.target],
                message=f"The {count(len(order), 'class', 'classes')} of '{context.target}' have an order: {shown}. "
                "Plain classification ignores it: an error by one step counts as much as one from end to end.",
                evidence={"order": "\n".join(order), "n_classes": len(order)},
                fix="if the steps are about equal, number them and predict a value with --objective regress; else "
                "judge errors by how far they go",
            )
        ]


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[\s_\-]+", " ", name.casefold().strip(" .'\"")).split())


def _by_words(classes: Sequence[str]) -> list[float] | None:
    names = [_plain(c) for c in classes]
    for scale in SCALES:
        place = {word: float(i) for i, words in enumerate(scale) for word in words.split("|")}
        places = [place.get(n, -1.0) for n in names]
        if min(places) >= 0 and len(set(places)) == len(places):
            return places
    return None


def _by_grades(classes: Sequence[str]) -> list[float] | None:
    found = [_LETTER_GRADES.fullmatch(c.strip().lower()) for c in classes]
    matched = [m for m in found if m is not None]
    letters = {m[1] for m in matched}
    # Bare letters a, b, c are as often codes; marks behind them, or a gap where "e" is left out, are those of grades.
    marked = any(m[2] for m in matched)
    if len(matched) < len(classes) or not (marked or letters == set("abcdf")):
        return None
    return [-(ord(m[1]) + {"+": -0.3, "": 0.0, "-": 0.3}[m[2]]) for m in matched]


def _by_bands(classes: Sequence[str]) -> list[float] | None:
    """Return the places of bands of numbers, of which at least one has two bounds or an open end."""
    places: list[float] = []
    bands = 0
    for name in (c.casefold().strip() for c in classes):
        if m := _BAND.fullmatch(name):
            low, high = _value(m[1], m[2]), _value(m[3], m[4])
            if low > high:
                return None
            places.append((low + high) / 2)
        elif m := _OPEN.fullmatch(name):
            up = m[1][0] == ">" or m[1] in ("over", "above", "more than")
            places.append(_value(m[2], m[3]) + (1e-6 if up else -1e-6))
        elif m := _PLUS.fullmatch(name):
            places.append(_value(m[1], m[2]) + 1e-6)
        elif re.fullmatch(_NUMBER, name):
            places.append(_value(name, None))
            continue
        else:
            return None
        bands += 1
    return places if 2 * bands >= len(classes) and len(set(places)) == len(places) else None


def _value(text: str, unit: str | None) -> float:
    digits = re.sub(r"[^\d.]", "", text.replace(",", ""))
    return float(digits if digits.count(".") < 2 else digits.replace(".", "")) * {"k": 1e3, "m": 1e6}.get(unit or "", 1)


def _by_steps(classes: Sequence[str]) -> list[float] | None:
    """Return the numbers of names such as "4 stars" and "grade 2", which share a word that counts steps."""
    found = [_WORDED.fullmatch(c.casefold().strip()) for c in classes]
    words = {(m[1] or m[3] or "").removesuffix("s") for m in found if m is not None}
    numbers = [float(m[2]) for m in found if m is not None]
    if len(numbers) < len(classes) or len(words) != 1 or len(set(numbers)) < len(numbers):
        return None
    return numbers if words <= {w.removesuffix("s") for w in _WORDS_OF_STEPS} else None


_READERS: tuple[Callable[[Sequence[str]], list[float] | None], ...] = (_by_words, _by_grades, _by_bands, _by_steps)


def _really_ordered(context: AuditContext) -> bool:
    assert context.y is not None
    numbers = np.array([float(c) for c in context.classes])
    values = np.where(np.isnan(context.y), np.nan, numbers[np.nan_to_num(context.y).astype(np.int64)])
    names = tuple(n for n in context.features if n in context.columns)[:MAX_COLUMNS]
    rng = np.random.default_rng(context.brief.seed)
    if len(np.unique(values[~np.isnan(values)])) < MIN_CLASSES + 2:
        return False  # of four codes, twelve numberings look as ordered as the real one
    return measure_order(values, context.columns, context.contract, names, rng).share < ORDER_SHARE
