"""Golden requests: a few rows with the answers this version gives, kept in the version.

They prove on any machine, at any time, that a version still answers as it did when it was packaged, and show what a
request looks like. No row of the training data is among them: each value is drawn on its own, from the ranges and
levels that the contract and the profile state anyway, so a row describes nobody. Text and identifiers are made up.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from modelwright.data.canonical import canonicalise
from modelwright.data.contract import ColumnSpec, Contract, Kind
from modelwright.data.profile import QUANTILES, Profile
from modelwright.package.rendering import raw_text, raw_value
from modelwright.runtime.plan import Plan
from modelwright.runtime.storage import malformed, read_json

__all__ = ["GOLDEN", "Golden", "golden_rows", "largest_difference", "make_golden", "read_golden"]

GOLDEN = "golden.json"
N_ORDINARY = 14
N_SPARSE = 2  # half of the values missing
HOSTILE = ("all missing", "new levels", "far below", "far above")
FAR = 100.0  # ranges beyond the range seen
LARGEST = sys.float_info.max
SMALLER = 2.0**-10
MAX_ROWS = 10_000
WORDS = ("thank", "order", "please", "new", "time", "free", "call", "good", "late", "service", "today", "price")
NEW_LEVEL = "a level never seen"


@dataclass(frozen=True, kw_only=True)
class Golden:
    """Requests and answers.

    Attributes
    ----------
    about : tuple of str
        What each row is: ``"ordinary"``, ``"half missing"``, or one of `HOSTILE`.
    rows : dict of list
        Raw values by column, as they would come in a request; None is missing.
    answers : dict of list
        What `Version.predict` answers: ``prediction``, ``probability_<class>``.
    """

    about: tuple[str, ...]
    rows: dict[str, list[str | int | float | bool | None]]
    answers: dict[str, list[str | float]]


def make_golden(plan: Plan, profile: Profile, rng: np.random.Generator) -> Golden:
    """Return golden requests with the answers of ``plan``."""
    about, rows = golden_rows(plan.contract, profile, rng)
    columns, _ = canonicalise(rows, plan.contract, required=plan.contract.names)
    answers = plan.answers(plan.predict(columns))
    return Golden(about=about, rows=rows, answers={name: values.tolist() for name, values in answers.items()})


def golden_rows(
    contract: Contract, profile: Profile, rng: np.random.Generator
) -> tuple[tuple[str, ...], dict[str, list[Any]]]:
    """Return what each row is, and the raw rows by column: ordinary ones, half missing ones, and hostile ones."""
    about = ("ordinary",) * N_ORDINARY + ("half missing",) * N_SPARSE + HOSTILE
    quantiles = {p.name: p.quantiles for p in profile.columns if len(p.quantiles) == len(QUANTILES)}
    rows: dict[str, list[Any]] = {}
    for spec in contract.columns:
        drawn = _ordinary(spec, quantiles.get(spec.name, ()), N_ORDINARY + N_SPARSE, rng)
        for i in range(N_ORDINARY, N_ORDINARY + N_SPARSE):
            drawn[i] = None if rng.random() < 0.5 else drawn[i]
        rows[spec.name] = drawn + _hostile(spec, rng)
    return about, rows


def _ordinary(spec: ColumnSpec, quantiles: tuple[float, ...], count: int, rng: np.random.Generator) -> list[Any]:
    if spec.kind is Kind.BOOLEAN:
        return [raw_value(spec, float(v)) for v in rng.integers(0, 2, count)]
    if spec.kind.numeric:
        low, high = _range(spec)
        knots = quantiles or tuple(low * (1 - q) + high * q for q in QUANTILES)
        # Between -1e308 and 1e308 lies more than any number: drawn smaller, by a power of two, which rounds nothing.
        values = np.interp(rng.random(count), QUANTILES, np.array(knots) * SMALLER) / SMALLER
        whole = all(float(k).is_integer() for k in knots)
        return [raw_value(spec, _rounded(v, low, high, whole)) for v in values.tolist()]
    if spec.kind is Kind.TEXT:
        return [" ".join(rng.choice(WORDS, rng.integers(3, 9)).tolist()) for _ in range(count)]
    if spec.kind is Kind.ID or not spec.levels:
        return [f"id-{n:06d}" for n in rng.integers(0, 10**6, count).tolist()]
    return [raw_text(spec, level) for level in rng.choice(np.array(spec.levels, object), count).tolist()]


def _hostile(spec: ColumnSpec, rng: np.random.Generator) -> list[Any]:
    """Return the values of the rows named in `HOSTILE`."""
    if spec.kind is Kind.BOOLEAN:
        return [None, raw_value(spec, 1.0), raw_value(spec, 0.0), raw_value(spec, 1.0)]
    if spec.kind.numeric:
        low, high = _range(spec)
        reach = FAR * max(high - low, abs(low), abs(high), 1.0)
        far = (high, max(low - reach, -LARGEST), min(high + reach, LARGEST))
        return [None, *(raw_value(spec, v) for v in far)]
    new = "" if spec.kind is Kind.CONSTANT else NEW_LEVEL
    shown = _ordinary(spec, (), 2, rng)
    return [None, new or None, *shown]


def _range(spec: ColumnSpec) -> tuple[float, float]:
    low = 0.0 if spec.minimum is None else spec.minimum
    return low, max(low, 1.0 if spec.maximum is None else spec.maximum)


def _rounded(value: float, low: float, high: float, whole: bool) -> float:
    """Return a whole number where the training values look like it, else four significant digits, within the range."""
    short = float(round(value)) if whole else float(f"{value:.4g}")
    return min(max(short, low), high)


def read_golden(folder: Path) -> Golden:
    """Return the golden requests of a version; raises BundleError when they are malformed."""
    try:
        golden = msgspec.convert(read_json(folder / GOLDEN), Golden)
    except msgspec.ValidationError as error:
        raise malformed(GOLDEN, str(error)) from error
    count = len(golden.about)
    columns: list[list] = [*golden.rows.values(), *golden.answers.values()]
    if not 0 < count <= MAX_ROWS or not golden.answers or any(len(c) != count for c in columns):
        raise malformed(GOLDEN, "its columns are not equally long")
    if any(len({isinstance(answer, str) for answer in answers}) > 1 for answers in golden.answers.values()):
        raise malformed(GOLDEN, "an answer in it is a label in one row and a number in another")
    return golden


def largest_difference(answers: Mapping[str, np.ndarray], golden: Golden) -> float:
    """Return the largest difference between answers and the golden ones, relative where they are above 1.

    Only numbers are compared: a label follows from them. Infinity when the columns are others.
    """
    if set(answers) != set(golden.answers):
        return float("inf")
    worst = 0.0
    for name, recorded in golden.answers.items():
        if isinstance(recorded[0], str):
            continue
        expected = np.asarray(recorded, dtype=np.float64)
        got = np.asarray(answers[name], dtype=np.float64)
        if got.shape != expected.shape or not np.isfinite(got).all():
            return float("inf")
        worst = max(worst, float(np.max(np.abs(got - expected) / np.maximum(1.0, np.abs(expected)))))
    return worst
