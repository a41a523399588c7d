"""How much is set aside: the lockbox, the folds and how often they are drawn."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.errors import DataError
from modelwright.format import plural
from modelwright.frame.problem import Choice, SplitKind
from modelwright.frame.splitting import NEEDS_GROUP, NEEDS_TIME, Split
from modelwright.objectives.base import Objective

__all__ = ["MIN_ROWS", "choose_folds", "choose_holdout"]

MIN_ROWS = 4  # two folds of two rows

# A lockbox of 400 rows knows a share of one half to ±5 points (Wilson, 95 %). With fewer, all rows are better used in
# cross-validation, corrected for the optimism of choosing (Tsamardinos, Greasidou & Borboudakis 2018).
LOCKBOX_SHARE = 0.2
LOCKBOX_MIN_ROWS = 2_000
LOCKBOX_MIN_SCARCE = 30  # rows of the scarcer class in the lockbox: the least a rate is estimated from
LOCKBOX_MIN_GROUPS = 25  # five groups in the lockbox: an interval over fewer means nothing
LOCKBOX_MIN_TIMES = 5  # two to learn from, two to be judged in folds, one for the lockbox
# Beyond 20,000 rows the interval is narrower than any decision needs, unless the event is rare: then 500 events are
# aimed at (a ROC AUC to about ±0.02), with 50,000 rows at most.
LOCKBOX_ROWS = 20_000
LOCKBOX_SCARCE = 500
LOCKBOX_MAX_ROWS = 50_000

FOLDS = 5  # Kohavi 1995; Hastie, Tibshirani & Friedman 2009, 7.10: 5 to 10; 5 costs half
FOLDS_LARGE = 3  # out-of-fold scores of so many rows hardly move, and each fit is expensive
LARGE_ROWS = 100_000
# Without a lockbox the folds carry the estimate; on few rows it depends on how they fall, so they are drawn again.
REPEATS: tuple[tuple[int, int], ...] = ((500, 5), (2_000, 3))


def choose_holdout(objective: Objective, y: np.ndarray, classes: Sequence[str], split: Split) -> tuple[float, Choice]:
    """Return the share of rows in the lockbox (0: none), with the reason."""
    n, scarce = len(y), objective.scarcest(y, classes)
    reason = _why_no_lockbox(n, scarce, split)
    if reason:
        why = f"{reason}; all rows are used in cross-validation, and the estimate is corrected for choosing (BBC-CV)"
        share = 0.0
    else:
        rows = min(max(LOCKBOX_ROWS, LOCKBOX_SCARCE * n / scarce), LOCKBOX_MAX_ROWS)
        share = round(min(LOCKBOX_SHARE, rows / n), 4)
        which = {
            SplitKind.TIME: "the latest ones",
            SplitKind.GROUP: "whole groups",
            SplitKind.GROUP_TIME: "the latest ones, of groups not trained on",
        }.get(split.kind, "drawn at random")
        why = f"{share:.1%} of {n:,} rows ({which}) choose nothing and are looked at once, for the final score"
    value = "none" if share == 0 else f"{share:.1%}"
    return share, Choice(
        question="holdout", value=value, alternatives=("none",) if share else ("20%",), decided_by="default", why=why
    )


def _why_no_lockbox(n: int, scarce: int, split: Split) -> str:
    if n < LOCKBOX_MIN_ROWS:
        return f"{n:,} rows are too few to set some aside (from {LOCKBOX_MIN_ROWS:,})"
    if scarce * LOCKBOX_SHARE < LOCKBOX_MIN_SCARCE:
        return f"the scarcer class has {plural(scarce, 'row')}: a fifth of them is too few to measure with"
    if split.n_groups is not None and split.n_groups < LOCKBOX_MIN_GROUPS:
        return f"{split.n_groups} groups are too few to set some aside (from {LOCKBOX_MIN_GROUPS})"
    if split.n_times is not None and split.n_times < LOCKBOX_MIN_TIMES:
        return f"{split.n_times} different times are too few to set some aside (from {LOCKBOX_MIN_TIMES})"
    return ""


def choose_folds(
    objective: Objective, y: np.ndarray, classes: Sequence[str], split: Split, holdout: float
) -> tuple[int, int, Choice]:
    """Return folds and repeats, with the reason.

    Raises
    ------
    DataError
        Fewer rows than `MIN_ROWS` or than two of a second class (MW-D307), or two times for the past, the present
        and the future (MW-D309).
    """
    n, scarce = len(y), objective.scarcest(y, classes)
    if n < MIN_ROWS or scarce < 2:
        what = f"{n} row{'s' * (n != 1)}" if n < MIN_ROWS else f"{scarce} row of a second class"
        raise DataError(
            f"{what} left to learn from; at least {MIN_ROWS} rows, and 2 of each of two classes, are needed",
            fix="add rows, or check which rows were left out",
            code="MW-D307",
        )
    wanted = FOLDS_LARGE if n > LARGE_ROWS else FOLDS
    limits = {f"{n} rows": n // 2, f"{plural(scarce, 'row')} of the scarcer class": scarce}
    if split.kind in NEEDS_GROUP and split.n_groups:
        limits[f"{split.n_groups} groups"] = split.n_groups if not holdout else int(split.n_groups * (1 - holdout))
    least = 2
    if split.kind in NEEDS_TIME and split.n_times:
        limits[f"{split.n_times} different times"] = split.n_times - 1 - (holdout > 0)
        least = 1  # one step from the past to the future is a fold
    folds = max(least, min(wanted, *limits.values()))
    repeats = 1
    if not holdout and split.kind not in NEEDS_TIME and (split.n_groups is None or split.n_groups > folds):
        repeats = next((r for limit, r in REPEATS if n < limit), 1)
    why = f"{folds} folds: the usual balance of cost and noise"
    if folds == FOLDS_LARGE == wanted:
        why = f"{folds} folds: {n:,} rows give steady scores, and each fit is expensive"
    if folds < wanted:
        why = f"{folds} folds: {min(limits, key=lambda k: limits[k])} allow no more"
    if split.kind in NEEDS_TIME:
        why += "; each trains on the past and is judged on what comes next"
    if repeats > 1:
        why += f"; drawn {repeats} times, as {n:,} rows are few and the score depends on how they fall"
    value = f"{folds} folds" + (f" × {repeats}" if repeats > 1 else "")
    return folds, repeats, Choice(question="folds", value=value, alternatives=(), decided_by="default", why=why)
