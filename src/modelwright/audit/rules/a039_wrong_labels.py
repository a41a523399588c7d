"""A039: labels that are likely wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelwright.audit.building import MAX_EXAMPLES, percent, tell
from modelwright.audit.findings import AuditContext, Finding, Severity
from modelwright.audit.honest import NO_PROBE, honest_probe, skill
from modelwright.audit.probing import Probe
from modelwright.evaluate.scales import wilson

__all__ = ["WrongLabels"]

MIN_ROWS = 150  # the surest quarter then has some 37 rows, of which 5 % are two
ROWS_PER_CLASS = 20  # on average, and of the class a row looks like: fewer are taken for each other honestly
# Where the model is surest, an honest problem has next to no wrong rows, however noisy it is near the border. On public
# tables that are well predictable the surest quarter is wrong in 0 to 2 % of the rows, and with 5 % of the labels
# changed in 4 to 10 %.
FLOOR = 0.02
# Labels that are wrong by chance are so wherever the model is sure: the surest eighth is then nearly as wrong as the
# second quarter. Errors of a hard problem fall with every step of surety.
FLAT = 0.45
# ... and the same of all rows: twice the log likelihood ratio of errors that level off against errors that go on
# falling as the model's own surety says, however steeply (recalibrated as by Platt 1999). Logistic, normal and heavy
# noise come so far by luck in one of a hundred tables (a mixture of chi-squared with 0 and 1 degrees of freedom).
LEVELS_OFF = 5.0
# ... or next to nothing is left to tell apart once the floor is taken off: no surety is needed to see a floor then.
CLEAR_CUT = 0.85
# What the model tells apart once the floor is taken off (as Cohen's kappa counts it). Below, the floor may be noise.
CLEARED = 0.40
# ... and the share of its ceiling that the quick model reaches: what wrong labels alone would leave open.
OF_CEILING = 0.40
MAX_FLOOR = 0.25  # with more than that, a weak signal looks the same as a strong one with wrong labels
LEARNED = 0.5  # of more than two classes, those of which the model finds half the rows
# Numbers: residuals in units of the spread of rows with like predictions. Heavy tails thin out: beyond 6 a Student's t
# with 3 degrees of freedom has half as many rows as between 4 and 6, and so have public tables at most. Values of
# another row do not thin out.
FAR, BAND = 6.0, 4.0
TAIL_RATIO = 0.75
ONE_SIDE = 0.2  # a hidden cause moves the rows one way; wrong values lie on both sides
MIN_R2 = 0.6
FAR_SHARE = 0.01
FAR_RANKS = 0.1  # ... and far among all values, too: where a formula is exact, what a quick model misses is a little
LOCAL_BINS = 10
SHOWN = 3


@dataclass(frozen=True, kw_only=True)
class _Suspects:
    """Rows of a probe that contradict their label, the surest first, and the share of all labels that is wrong."""

    rows: np.ndarray
    share: float
    low: float
    high: float
    n_sure: int
    n_wrong: int
    expected: float


class WrongLabels:
    """Finds rows whose label contradicts what a quick model is sure of, where that cannot be honest noise."""

    code: ClassVar[str] = "A039"
    costly: ClassVar[bool] = True
    title: ClassVar[str] = "Likely wrong labels"
    what: ClassVar[str] = "Some rows seem to have the wrong label: all rows like them have another one."
    why_it_matters: ClassVar[str] = (
        "A model learns from wrong labels and is judged by them: it looks worse than it is, and the rows that are "
        "looked at first are those where the label is wrong."
    )
    how_detected: ClassVar[str] = (
        "Confident learning (Northcutt, Jiang and Chuang 2021) on the out-of-fold probabilities of a quick model. In "
        "the quarter of the rows where it is surest, the share whose label is another class is the share of wrong "
        f"labels. It is told when it is surely above {percent(FLOOR)} and not above {percent(MAX_FLOOR)}; when the "
        f"surest eighth is at least {FLAT:g} times as wrong as the second quarter, since the errors of a hard problem "
        "vanish with surety and those of labels do not; when the rest is well predictable (kappa "
        f"{CLEARED:g}, and {percent(OF_CEILING)} of what wrong labels leave to explain); and when errors level off "
        "over all rows (twice the log likelihood ratio against errors that fall as calibrated surety says: "
        f"{LEVELS_OFF:g}) or the rest is clear cut (kappa {CLEAR_CUT:g}). Numbers: an R² of ranks of {MIN_R2:g} and at "
        f"least {percent(FAR_SHARE)} of the rows beyond {FAR:g} robust standard deviations of rows with like "
        f"predictions and {percent(FAR_RANKS)} of all ranks, {TAIL_RATIO:g} times as many as between {BAND:g} and "
        f"{FAR:g}, and on both sides: heavy tails thin out, and hidden causes move rows one way."
    )
    what_is_done: ClassVar[str] = "Told, with the rows to look at first. No label is changed."

    def check(self, context: AuditContext) -> list[Finding] | str:
        """Return at most one finding, or why there is nothing to check."""
        if context.y is None:
            return "there is no target"
        made = honest_probe(context)
        if made is None or len(made.y) < MIN_ROWS:
            return f"there are fewer than {MIN_ROWS} rows with a target, or {NO_PROBE}"
        if len(made.y) < ROWS_PER_CLASS * len(context.classes):
            return f"there are fewer than {ROWS_PER_CLASS} rows per class"
        found = _contradictions(made) if context.classes else _outliers(made)
        return [] if found is None else [self._tell(context, made, found)]

    def _tell(self, context: AuditContext, made: Probe, found: _Suspects) -> Finding:
        assert context.y is not None
        at = made.rows[found.rows[:MAX_EXAMPLES]]
        where = context.row_numbers[at]
        if context.classes:
            likely = [context.classes[i] for i in made.prediction[found.rows[:MAX_EXAMPLES]].argmax(axis=1)]
            given = [context.classes[int(v)] for v in context.y[at]]
            pairs = list(zip(where.tolist(), given, likely, strict=True))
            shown = "; ".join(f"row {r:,} is '{g}' and looks like '{m}'" for r, g, m in pairs[:SHOWN])
            rate = f"of the {found.n_sure:,} rows where a quick model is surest, {found.n_wrong:,} have another label"
            rate += f" ({percent(found.expected)} would be expected from its own probabilities)"
        else:
            pairs = [(r, f"{v:g}", "") for r, v in zip(where.tolist(), context.y[at], strict=True)]
            shown = "; ".join(f"row {r:,} has {v}" for r, v, _ in pairs[:SHOWN])
            rate = (
                f"{found.n_wrong:,} of {found.n_sure:,} rows lie far from what rows like them have, and few in between"
            )
        about = "About" if context.classes else "At least"
        return tell(
            self,
            severity=Severity.WARNING if context.classes else Severity.INFO,
            columns=[str(context.target)],
            message=f"{about} {percent(found.share)} ({percent(found.low)} to {percent(found.high)}) of the labels in "
            f"'{context.target}' seem wrong: {rate}. First to look at: {shown}. Or what makes these rows different is "
            "in none of the columns.",
            evidence={
                "share_wrong": found.share,
                "low": found.low,
                "high": found.high,
                "n_contradictions": len(found.rows),
                "looks_like": "\n".join(f"{r}\t{g}\t{m}" for r, g, m in pairs),
            },
            fix="look at the rows named, correct what is wrong at the source, and ask how the labels came about",
            rows=where,
            n_rows=len(found.rows),
        )


def _contradictions(made: Probe) -> _Suspects | None:
    y, k = made.y.astype(np.int64), made.prediction.shape[1]
    said, sure = made.prediction.argmax(axis=1), made.prediction.max(axis=1)
    wrong = said != y
    size = np.bincount(y, minlength=k)
    wrong &= size[said] >= ROWS_PER_CLASS
    if k > 2:
        wrong &= (np.bincount(y[~wrong], minlength=k) >= LEARNED * size)[y]
    part = _eighths(said, sure, k)
    first, quarter, second = part == 0, part <= 1, (part == 2) | (part == 3)
    n, n_wrong = int(quarter.sum()), int(wrong[quarter].sum())
    if n_wrong < 2:
        return None
    floor = n_wrong / n
    low, high = wilson(n_wrong, n, 0.95)
    if low < FLOOR or floor > MAX_FLOOR or wrong[first].mean() < FLAT * wrong[second].mean():
        return None
    base = 1 - np.bincount(y).max() / len(y)
    told_apart = 0.0 if base <= floor else 1 - max(0.0, wrong.mean() - floor) / (base - floor)
    if told_apart < CLEARED or (told_apart < CLEAR_CUT and _levels_off(~wrong, sure, k) < LEVELS_OFF):
        return None
    shares = np.bincount(y, minlength=k) / len(y)
    entropy = -float(np.sum(shares * np.log(np.maximum(shares, 1e-12))))
    left_open = -floor * np.log(floor / (k - 1)) - (1 - floor) * np.log(1 - floor)
    if skill(made) < OF_CEILING * (1 - left_open / entropy):
        return None
    # The confident joint, off its diagonal: as sure of another class as of the rows that have that label.
    limits = np.array([made.prediction[y == j, j].mean() if (y == j).any() else 1.0 for j in range(k)])
    joint = np.flatnonzero(wrong & (sure >= limits[said]))
    margin = sure[joint] - made.prediction[joint, y[joint]]
    ordered = joint[np.argsort(-margin, kind="stable")]
    expected = float(1 - sure[quarter].mean())
    return _Suspects(rows=ordered, share=floor, low=low, high=high, n_sure=n, n_wrong=n_wrong, expected=expected)


def _levels_off(right: np.ndarray, sure: np.ndarray, k: int) -> float:
    """Return twice the log likelihood ratio of a share of labels that is wrong wherever the model is sure.

    A row is right with the probability σ(a + b · logit(surety)), with b above 0; of the labels a share ``c`` is another
    class's, at random.
    """
    from scipy.optimize import minimize
    from scipy.special import expit

    clipped = np.clip(sure, 1e-6, 1 - 1e-6)
    logit = np.log(clipped / (1 - clipped))

    def loss(a: float, b: float, c: float) -> float:
        q = expit(a + np.exp(b) * logit)
        q = np.clip((1 - c) * q + c / (k - 1) * (1 - q), 1e-9, 1 - 1e-9)
        return -float(np.where(right, np.log(q), np.log1p(-q)).sum())

    without = minimize(lambda v: loss(v[0], v[1], 0.0), [0.0, 0.0], method="Nelder-Mead")
    starts = ([*without.x, 0.01], [*without.x, MAX_FLOOR / 3])
    bounds = [(None, None), (None, None), (0.0, MAX_FLOOR)]
    found = (minimize(lambda v: loss(*v), at, method="Nelder-Mead", bounds=bounds) for at in starts)
    return 2 * (float(without.fun) - min(float(f.fun) for f in found))


def _eighths(said: np.ndarray, sure: np.ndarray, k: int) -> np.ndarray:
    """Return how sure a row is among those with the same prediction: 0 for the surest eighth … 7."""
    part = np.full(len(said), 7)
    for j in range(k):
        rows = np.flatnonzero(said == j)
        part[rows[np.argsort(-sure[rows], kind="stable")]] = np.arange(len(rows)) * 8 // max(1, len(rows))
    return part


def _outliers(made: Probe) -> _Suspects | None:
    if skill(made) < MIN_R2:
        return None
    said = made.prediction[:, 0]
    off = made.y - said
    apart = np.abs(off) >= FAR_RANKS
    for rows in np.array_split(np.argsort(said, kind="stable"), LOCAL_BINS):
        centred = off[rows] - np.median(off[rows])
        off[rows] = centred / max(1.4826 * float(np.median(np.abs(centred))), 1e-3)
    size = np.abs(off)
    size[~apart] = np.minimum(size[~apart], FAR)
    far, between = int((size > FAR).sum()), int(((size > BAND) & (size <= FAR)).sum())
    n = len(size)
    above = int(((off > FAR) & apart).sum())
    if far < max(5, FAR_SHARE * n) or far <= TAIL_RATIO * between or min(above, far - above) < ONE_SIDE * far:
        return None
    low, high = wilson(far, n, 0.95)
    ordered = np.argsort(-size, kind="stable")[:far]
    return _Suspects(rows=ordered, share=far / n, low=low, high=high, n_sure=n, n_wrong=far, expected=0.0)
