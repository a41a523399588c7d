"""A042: the shape of a numeric target."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright import objectives
from modelwright.audit.building import count, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.names import tokens
from modelwright.audit.watched import ended_of, exposure_of
from modelwright.evaluate.metrics import get
from modelwright.objectives.regress.objective import PILE_SHARE, TAIL_ROWS, TAIL_SHARE, tail_share

__all__ = ["TargetShape"]

MIN_ROWS = 50  # fewer than three rows beyond the outer quantiles below say nothing
OUTER = (0.05, 0.5, 0.95)
# The upper 45 % of the rows reach three times as far from the median as the lower 45 %: a log-normal with a standard
# deviation of 0.67. In logarithms the two must be alike within a factor of two.
SKEW_RATIO = 3.0
LOG_RATIO = 2.0
# Values that many rows share though they are measured finely. A tenth of the rows at one value moves a median or a
# quantile to it; at an end of the range one in fifty is a limit of the instrument or a cap.
PILE_ROWS = 0.10
END_ROWS = 0.02
PILE_TO_NEXT = 5.0  # and five times as many as share any other value
MIN_VALUES = 30  # with fewer different values all of them are shared
MAX_COUNT = 1_000  # whole numbers that go further are amounts, for which rounding matters little
CUT_OFF = "cut_off"
SPREAD = 0.5  # part of a bounded range that the values fill
_SHARES = frozenset({"share", "rate", "ratio", "pct", "percent", "percentage", "proportion", "fraction", "prob"})
_SHARES |= {"probability", "likelihood", "occupancy", "humidity", "coverage", "yield", "efficiency", "utilization"}


@dataclass(frozen=True, kw_only=True)
class _Shape:
    """A trait of the target: what it is, what it means, and its number for machines."""

    name: str
    told: str
    meaning: str
    value: float


class TargetShape:
    """Describes skew, counts, bounds and piles of a numeric target, and what they mean for the metric."""

    code: ClassVar[str] = "A042"
    title: ClassVar[str] = "Shape of the target"
    what: ClassVar[str] = (
        "The number to predict is skewed, a count, bounded, or has many rows with one and the same value."
    )
    why_it_matters: ClassVar[str] = (
        "Which error counts depends on it: with a long tail a squared error judges a few large rows, a relative error "
        "fails at zero, an absolute error rewards the value that most rows share, and no prediction outside the bounds "
        "makes sense."
    )
    how_detected: ClassVar[str] = (
        "Skewed: none is negative, from the median to the 95th percentile it is "
        f"{SKEW_RATIO:g} times as far as to the 5th, and in logarithms both are alike within a factor of "
        f"{LOG_RATIO:g}. Heavy tails, as the choice of the metric counts them: {percent(TAIL_ROWS)} of the rows carry "
        f"{percent(TAIL_SHARE)} of the squared deviations. Counts: whole numbers from 0 or 1 to at most "
        f"{MAX_COUNT:,}. Bounded: all within 0 and 1 or 0 and 100, and the unit or the name says share. Piles: "
        f"{percent(PILE_ROWS)} of the rows ({percent(END_ROWS)} at an end of the range other than 0) have one value, "
        f"{PILE_TO_NEXT:g} times as many as any other. By names: counts beside an exposure "
        "(exposure, policy_years), and durations beside a column of two levels that says whether the event has come "
        "(event, status, censored, died): a warning, as those of the other rows were cut off."
    )
    what_is_done: ClassVar[str] = "Told, with the metric that follows from it; --metric names another one."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        if context.classes:
            return "the target is a class"
        y = context.y[np.isfinite(context.y)]
        if len(y) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows with a target"
        if y.min() == y.max():
            return "the target does not vary"
        looks: tuple[Callable[[AuditContext, np.ndarray], _Shape | None], ...]
        looks = (_bounded, _counts, _exposed, _cut_off, _piled, _skewed, _tailed)
        shapes = [s for look in looks if (s := look(context, y)) is not None]
        return [self._tell(context, y, shapes)] if shapes else []

    def _tell(self, context: AuditContext, y: np.ndarray, shapes: list[_Shape]) -> Finding:
        default, why = objectives.get("regress").default_metric(y, ())
        asked = context.brief.metric
        metric = f"The brief asks for {get(asked).title}" if asked else "The metric, unless another is asked for, is "
        metric += "." if asked else f"{get(default).title} ({why})."
        meanings = " ".join(dict.fromkeys(s.meaning for s in shapes))
        return tell(
            self,
            severity=Severity.WARNING if any(s.name == CUT_OFF for s in shapes) else Severity.INFO,
            columns=[str(context.target)],
            message=f"'{context.target}' is {'; '.join(s.told for s in shapes)}. {meanings} {metric}",
            evidence={**{s.name: s.value for s in shapes}, "default_metric": default, "n": len(y)},
            fix="say with --metric which error counts; mae for typical errors, rmsle for errors as factors",
        )


def _skewed(context: AuditContext, y: np.ndarray) -> _Shape | None:
    low, middle, high = np.quantile(y, OUTER)
    if y.min() < 0 or middle <= low:
        return None
    ratio = (high - middle) / (middle - low)
    bottom, centre, top = np.log1p([low, middle, high]) if y.min() == 0 else np.log([low, middle, high])
    straight = (top - centre) / max(centre - bottom, 1e-12)
    if ratio < SKEW_RATIO or not 1 / LOG_RATIO <= straight <= LOG_RATIO:
        return None
    return _Shape(
        name="skew_ratio",
        told=f"skewed to the right (5 % of the rows above {_number(high)}, half below {_number(middle)}) and even in "
        "logarithms",
        meaning="Errors grow with the value, so errors as factors (rmsle) may say more than errors in units.",
        value=ratio,
    )


def _tailed(context: AuditContext, y: np.ndarray) -> _Shape | None:
    share = tail_share(y)
    if share <= TAIL_SHARE:
        return None
    return _Shape(
        name="tail_share",
        told=f"heavy-tailed ({percent(TAIL_ROWS)} of the rows carry {percent(share)} of the squared deviations)",
        meaning="A squared error would judge those few rows and little else.",
        value=share,
    )


def _counts(context: AuditContext, y: np.ndarray) -> _Shape | None:
    if y.min() not in (0, 1) or y.max() > MAX_COUNT or np.any(y != np.floor(y)):
        return None
    return _Shape(
        name="largest_count",
        told=f"a whole number from {y.min():g} to {y.max():g}, as counts and scores are (mean {y.mean():.3g}, variance "
        f"{y.var():.3g})",
        meaning="Predictions will have decimals; nothing is rounded.",
        value=float(y.max()),
    )


def _exposed(context: AuditContext, y: np.ndarray) -> _Shape | None:
    exposure = exposure_of(context) if _counts(context, y) is not None else None
    if exposure is None:
        return None
    return _Shape(
        name="has_exposure",
        told=f"counted over what '{exposure}' says, by its name, which differs from row to row",
        meaning=f"Twice the '{exposure}' is twice the count by itself, and a count is mostly chance: what rows differ "
        f"in is the rate, '{context.target}' divided by '{exposure}'. A prediction holds for the '{exposure}' that its "
        "row has, which must be known beforehand.",
        value=1.0,
    )


def _cut_off(context: AuditContext, y: np.ndarray) -> _Shape | None:
    ended = ended_of(context)
    if ended is None:
        return None
    return _Shape(
        name=CUT_OFF,
        told=f"a duration, and '{ended}' seems to say whether what it waits for has happened; until it has, the "
        "duration is cut off (censored): the true one is longer",
        meaning="A model of cut-off durations predicts for how long rows were watched, too low for those who last. "
        "Predict instead whether it happens within a fixed time, from rows that were watched so long; survival "
        "analysis is not offered.",
        value=1.0,
    )


def _bounded(context: AuditContext, y: np.ndarray) -> _Shape | None:
    spec = context.contract[str(context.target)]
    named = spec.unit == "%" or spec.scale == 0.01 or bool(_SHARES.intersection(tokens(spec.name)))
    top = 1.0 if y.max() <= 1 else 100.0
    if not named or y.min() < 0 or y.max() > top or np.ptp(y) < SPREAD * top:
        return None
    return _Shape(
        name="upper_bound",
        told=f"bounded: all {count(len(y), 'value')} lie between 0 and {top:g}",
        meaning="Near a bound errors can go one way only, and relative errors say nothing near zero.",
        value=top,
    )


def _piled(context: AuditContext, y: np.ndarray) -> _Shape | None:
    values, counts = np.unique(y, return_counts=True)
    if len(values) < MIN_VALUES:
        most = int(counts.argmax())
        if values[most] != y.min() or counts[most] < PILE_SHARE * len(y):
            return None
        return _pile(values, most, counts[most] / len(y))
    second, first = np.argsort(counts, kind="stable")[-2:]
    share = counts[first] / len(y)
    limit = first == len(values) - 1 or (first == 0 and values[0] != 0)
    if share < (END_ROWS if limit else PILE_ROWS) or counts[first] < PILE_TO_NEXT * counts[second]:
        return None
    return _pile(values, int(first), float(share))


def _pile(values: np.ndarray, at: int, share: float) -> _Shape:
    value = values[at]
    where, meaning = "", "Is it a default that stands for 'not known'? Then those rows teach a wrong value."
    if at == len(values) - 1:
        where, meaning = ", the largest value", "If it is a cap, the true values are higher and cannot be predicted."
    elif at == 0 and share < PILE_ROWS:
        where, meaning = ", the smallest value", "If it is a limit of the instrument, the true values are lower."
    elif at == 0:
        where, meaning = ", the smallest value", "Whether it is more than that, and how much, may be two questions."
        if share >= PILE_SHARE:
            meaning += f" An absolute error rewards always predicting {_number(value)}."
    return _Shape(name="pile_share", told=f"{_number(value)} in {percent(share)} of the rows{where}", meaning=meaning,
                  value=share)  # fmt: skip


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1_000 else f"{value:.4g}"
