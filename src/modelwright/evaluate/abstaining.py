"""Finding up to which doubt rows may be answered so that no more of the answers are wrong than was asked for.

Why it works: of rows that trained no model, those with the least doubt are taken first, and the share of wrong ones
among them is tested against the risk, set by set, each larger than the one before. The limit is the last set that
passes, where tests in a fixed order need no correction for their number (learn then test: Angelopoulos et al. 2021;
selective prediction with a guaranteed risk: Geifman and El-Yaniv 2017). The tests are exact binomial ones (Clopper and
Pearson 1934), so that with the confidence stated the true risk is at most the one asked for, however few the rows. A
small set has too few rows to pass, so there is more than one place to begin; the places share the chance of error.

What must stay true: the order of rows is by doubt alone, never by what was right. Rows of a group are not independent
draws: they count as fewer, by what their errors have in common (the design effect: Kish 1965; Korn and Graubard 1998).

Limits choose nothing and change no prediction. Rows of a lockbox take no part in them, they measure.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.scales import wilson
from modelwright.runtime.abstaining import NOBODY, Abstention

__all__ = [
    "CONFIDENCE",
    "RISKS",
    "AtRisk",
    "RiskCurve",
    "RiskPoint",
    "Selective",
    "cross_fitted",
    "fit_abstention",
    "risk_curve",
]

RISKS = (0.005, 0.01, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.125, 0.15, 0.2, 0.25, 0.3, 0.4)
"""Those that a version can be asked for."""

CONFIDENCE = 0.95
"""With which the risk is at most the one asked for; as that of all intervals of the report."""

STARTS = (0.1, 0.3, 0.7)
"""Shares of rows answered at which the tests begin. With one place alone a set of few rows that fails by bad luck would
end all; each more takes from the confidence of the others, and three cost a few hundredths of the rows."""

MOST_SETS = 200
"""Sets that are tested: half a hundredth of the rows apart, which is less than the noise."""

FEWEST = 30
"""Rows or groups below which nothing is promised."""

FOLDS = 5
POINTS = 20


@dataclass(frozen=True, kw_only=True)
class RiskPoint:
    """What comes of answering some share of the rows, those with the least doubt.

    Attributes
    ----------
    answered, low_answered, high_answered : float
        Share of the rows, and its 95 % interval.
    wrong, low, high : float
        Share of the answered rows that are wrong, and its 95 % interval.
    n : int
        Rows.
    risk : float or None
        Where the share follows from a risk that was asked for.
    """

    answered: float
    wrong: float
    low: float
    high: float
    n: int
    low_answered: float = 0.0
    high_answered: float = 1.0
    risk: float | None = None


@dataclass(frozen=True, kw_only=True)
class RiskCurve:
    """How many rows can be answered at which risk.

    Attributes
    ----------
    curve : tuple of RiskPoint
        By share of rows answered, ascending.
    at : tuple of RiskPoint
        At the limits of risks, by risk.
    measured_on : str
        Which rows, in words.
    """

    curve: tuple[RiskPoint, ...]
    at: tuple[RiskPoint, ...]
    measured_on: str


@dataclass(frozen=True, kw_only=True)
class AtRisk:
    """What comes of the risk that a brief asks for.

    Attributes
    ----------
    risk : float
    curve : RiskCurve or None
        None where it cannot be told which rows may be answered.
    note : str
        What was fitted, or why nothing was, in words.
    """

    risk: float
    curve: RiskCurve | None
    note: str

    @property
    def point(self) -> RiskPoint | None:
        """What is answered at the risk, on the rows that measure."""
        return None if self.curve is None else next((p for p in self.curve.at if p.risk == self.risk), None)


@dataclass(frozen=True, eq=False)
class Selective:
    """Rows that trained no model.

    Attributes
    ----------
    doubt : ndarray of float64, shape (n_rows,)
    wrong : ndarray of bool, shape (n_rows,)
    unit : ndarray of int or None
        Rows that belong together.
    """

    doubt: np.ndarray
    wrong: np.ndarray
    unit: np.ndarray | None = None

    @property
    def n_units(self) -> int:
        """Groups, or rows."""
        return len(self.doubt) if self.unit is None else len(np.unique(self.unit))

    def take(self, rows: np.ndarray) -> Selective:
        """Return some of the rows."""
        return Selective(self.doubt[rows], self.wrong[rows], None if self.unit is None else self.unit[rows])


def fit_abstention(
    rows: Selective, *, asked: float | None = None, tolerance: float | None = None
) -> tuple[Abstention | None, str]:
    """Return up to which doubt rows may be answered, by risk, and a note on it.

    Parameters
    ----------
    rows : Selective
    asked : float or None
        The risk that the brief asks for; it gets a limit of its own.
    tolerance : float or None
        By how much a value may be off; part of what is kept.

    Returns
    -------
    abstention : Abstention or None
        None where there are too few rows; the note says so.
    note : str
    """
    usable = np.isfinite(rows.doubt)
    rows = rows if usable.all() else rows.take(np.flatnonzero(usable))
    n_units = rows.n_units
    if n_units < FEWEST:
        return None, f"none: {n_units} rows or groups with an out-of-fold prediction, {FEWEST} are needed"
    risks = np.unique([*RISKS, *([] if asked is None else [asked])])
    limits = _limits(rows, risks)
    told = f"from {n_units:,} {'rows' if rows.unit is None else 'groups'}, {CONFIDENCE:.0%} sure"
    made = Abstention(risks=risks, limits=limits, tolerance=tolerance, asked=asked, n=n_units)
    if asked is None:
        return made, f"a limit for each of {len(risks)} risks, {told}"
    limit = made.limit(asked)
    if limit == NOBODY:
        return made, f"no row can be answered at a risk of {asked:g}: all go to a person, {told}"
    share = float((rows.doubt <= limit).mean())
    return made, f"rows with a doubt of at most {limit:.3g} are answered, {share:.0%} of them out of fold, {told}"


def _limits(rows: Selective, risks: np.ndarray) -> np.ndarray:
    """Return the highest doubt that is answered, by risk."""
    order = np.argsort(rows.doubt, kind="stable")
    doubt, wrong = rows.doubt[order], rows.wrong[order]
    last = np.flatnonzero(np.append(np.diff(doubt) > 0, True))  # rows of equal doubt are answered together
    if len(last) > MOST_SETS:
        last = last[np.unique(np.linspace(0, len(last) - 1, MOST_SETS).round().astype(int))]
    size, misses = last + 1.0, np.cumsum(wrong)[last].astype(float)
    if rows.unit is not None:
        less = _design_effect(rows.wrong, rows.unit, [order[: n + 1] for n in last])
        size, misses = size / less, misses / less
    starts = np.unique([int(np.searchsorted(last + 1, share * len(doubt))) for share in STARTS])
    starts = starts[starts < len(last)]
    level = (1 - CONFIDENCE) / max(len(starts), 1)
    limits = np.full(len(risks), NOBODY)
    for i, risk in enumerate(risks):
        passed = _chance(misses, size, float(risk)) <= level
        best = max((_last_of_run(passed, start) for start in starts), default=-1)
        if best >= 0:
            limits[i] = max(doubt[last[best]], 0.0)
    return np.maximum.accumulate(limits)


def _chance(misses: np.ndarray, size: np.ndarray, risk: float) -> np.ndarray:
    """Return the chance of so few misses where the risk is the one given; sizes may be fractions of rows."""
    from scipy.special import betainc

    return np.where(misses < size, betainc(np.maximum(size - misses, 1e-9), misses + 1, 1 - risk), 1.0)


def _last_of_run(passed: np.ndarray, start: int) -> int:
    """Return the last of the sets from ``start`` on that pass without a gap, -1 where the first does not."""
    failed = np.flatnonzero(~passed[start:])
    return start + (int(failed[0]) if len(failed) else len(passed) - start) - 1 if passed[start] else -1


def _design_effect(wrong: np.ndarray, unit: np.ndarray, sets: list[np.ndarray]) -> np.ndarray:
    """Return by how much the rows of each set count less than independent ones: ``1 + (size of groups - 1) ρ``.

    ``ρ``, what errors of a group have in common, is that of all rows: small sets could not tell it.
    """
    number = np.unique(unit, return_inverse=True)[1]
    counts = np.bincount(number).astype(float)
    off = wrong - wrong.mean()
    spread = float(off @ off)
    mean_size = float(counts @ counts) / len(wrong)
    shared = float(np.square(np.bincount(number, weights=off)).sum()) / spread if spread > 0 else 1.0
    rho = min(max((shared - 1) / (mean_size - 1), 0.0), 1.0) if mean_size > 1 else 0.0
    sizes = [np.bincount(number[rows]).astype(float) for rows in sets]
    return np.array([1 + (float(m @ m) / m.sum() - 1) * rho for m in sizes])


def cross_fitted(rows: Selective, risks: tuple[float, ...], *, seed: int) -> np.ndarray:
    """Return which rows are answered at each risk by limits from other rows, bool of shape ``(n_risks, n_rows)``.

    For where no rows were set aside to measure on.
    """
    names, number = np.unique(np.arange(len(rows.doubt)) if rows.unit is None else rows.unit, return_inverse=True)
    folds = (np.random.default_rng(seed).permutation(len(names)) % FOLDS)[number]
    answered = np.zeros((len(risks), len(rows.doubt)), bool)
    for fold in range(FOLDS):
        held = folds == fold
        if held.any() and not held.all():
            limits = _limits(rows.take(np.flatnonzero(~held)), np.array(sorted(risks)))
            answered[:, held] = rows.doubt[held] <= limits[:, None]
    return answered


def risk_curve(
    rows: Selective, abstention: Abstention, *, risks: tuple[float, ...], answered: np.ndarray | None, where: str
) -> RiskCurve:
    """Return how many rows are answered at each risk, and how many of them are wrong.

    Parameters
    ----------
    rows : Selective
        Rows that measure: those of the lockbox, else the rows that the limits come from.
    abstention : Abstention
    risks : tuple of float
        Ascending.
    answered : ndarray of bool, shape (n_risks, n_rows), or None
        From `cross_fitted` where the rows are those that the limits come from; None: by the limits.
    where : str
        The rows, in words.
    """
    units = rows.n_units
    order = np.argsort(rows.doubt, kind="stable")
    misses = np.cumsum(rows.wrong[order])
    shares = np.unique(np.ceil(np.linspace(0, len(order), POINTS + 1)[1:]).astype(int))
    curve = [_point(int(n), int(misses[n - 1]), len(order), units) for n in shares if n > 0]
    found = []
    for i, risk in enumerate(risks):
        taken = ~abstention(rows.doubt, risk) if answered is None else answered[i]
        found.append(_point(int(taken.sum()), int(rows.wrong[taken].sum()), len(order), units, risk))
    return RiskCurve(curve=tuple(curve), at=tuple(found), measured_on=where)


def _point(n: int, misses: int, of: int, units: int, risk: float | None = None) -> RiskPoint:
    """Return a point; a group of rows counts as one in the width of its intervals."""
    per_row = units / max(of, 1)
    low, high = wilson(misses * per_row, n * per_row)
    low_answered, high_answered = wilson(n * per_row, units)
    return RiskPoint(
        answered=n / max(of, 1),
        wrong=misses / n if n else 0.0,
        low=low,
        high=high,
        n=n,
        low_answered=low_answered,
        high_answered=high_answered,
        risk=risk,
    )
