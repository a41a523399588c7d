"""Splits along time: the latest rows as a lockbox, folds that go forward, later rows of groups not seen before."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

__all__ = ["forward_folds", "known_by", "latest_rows", "rolling_origins", "unseen_groups"]

# The first fold trains on a third of the rows: with the equal blocks of scikit-learn's ``TimeSeriesSplit`` the first
# of five models would see a sixth, and tell little about a model trained on all.
FIRST_TRAIN_SHARE = 1 / 3
# Where groups go on through time, this share of them (by later rows) is kept from training and judged.
UNSEEN_SHARE = 1 / 3
# From origin to origin the rows grow by a quarter, as a lockbox (a fifth of all) is a quarter of the others. What is
# judged after each is twice as long, a third of all rows up to its end.
STEP, AHEAD = 0.25, 0.5
MUST_HOLD = 0.98  # of a stretch must be in the table: moments are cut where they come nearest to its end


def latest_rows(order: np.ndarray, share: float, keep: int) -> np.ndarray:
    """Return the rows after the moment that comes nearest to the wanted share, at least ``keep`` moments before it."""
    if share <= 0:
        return np.array([], dtype=np.int64)
    last = _cut(order, 1 - share, low=keep - 1, high=int(order.max()) - 1)
    return np.flatnonzero(order > last)


def forward_folds(order: np.ndarray, n_folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return folds that train on all rows up to a moment and judge on the block of rows after it.

    ``order`` holds ranks in time (rows without a time: -1, always training); rows of the same moment stay together.
    """
    top = int(order.max())
    ends = FIRST_TRAIN_SHARE + (1 - FIRST_TRAIN_SHARE) * np.arange(n_folds) / n_folds
    cuts: list[int] = []
    for i, end in enumerate(ends):
        low = cuts[-1] + 1 if cuts else 0
        cuts.append(_cut(order, float(end), low=low, high=top - (n_folds - i)))
    bounds = [*cuts, top]
    return [(np.flatnonzero(order <= a), np.flatnonzero((order > a) & (order <= b))) for a, b in pairwise(bounds)]


def rolling_origins(order: np.ndarray, most: int, fewest_rows: int) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Return for several moments all rows up to it, a quarter as many that come next, and half as many that do.

    The quarters lie one after the other and end with the table. The halves overlap; they are empty where the table
    ends before (rolling origins: Tashman 2000, *Out-of-sample tests of forecasting accuracy*).

    Parameters
    ----------
    order : ndarray of int, shape (n_rows,)
        Ranks in time; -1 without a time: among the earlier rows of every moment.
    most : int
        Moments at most; the latest come first.
    fewest_rows : int
        Rows up to a moment at least; fewer moments where there are not enough.
    """
    found: list[tuple[np.ndarray, np.ndarray, np.ndarray]] = []
    end, share = int(order.max()), 1.0
    while len(found) < most and end > 0:
        share /= 1 + STEP
        origin = _cut(order, share, low=0, high=end - 1)
        early = np.flatnonzero(order <= origin)
        if len(early) < fewest_rows:
            break
        share = len(early) / len(order)
        far = np.array([], dtype=np.int64)
        if MUST_HOLD * (1 + AHEAD) * share <= 1:
            last = max(_cut(order, (1 + AHEAD) * share, low=0, high=int(order.max())), end)
            far = np.flatnonzero((order > origin) & (order <= last))
        found.append((early, np.flatnonzero((order > origin) & (order <= end)), far))
        end = origin
    return found


def _cut(order: np.ndarray, share: float, low: int, high: int) -> int:
    """Return the rank (within ``low`` and ``high``) up to which the share of the rows is nearest to ``share``."""
    counts = np.bincount(order + 1)  # rows without a time have rank -1
    reached = np.cumsum(counts)[1:] / len(order)
    return int(low + np.argmin(np.abs(reached[low : max(high, low) + 1] - share)))


def unseen_groups(
    groups: np.ndarray, early: np.ndarray, late: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return earlier rows to train on and later rows of groups that are not among them.

    Groups that begin late are unseen as they are. Where they hold less than `UNSEEN_SHARE` of the later rows, groups
    drawn at random are taken out of training until they do; the later rows of the others sit out.
    """
    n_groups = int(groups.max()) + 1
    seen = np.zeros(n_groups, dtype=bool)
    seen[groups[early]] = True
    late_rows = np.bincount(groups[late], minlength=n_groups)
    judged = ~seen & (late_rows > 0)
    missing = UNSEEN_SHARE * len(late) - late_rows[judged].sum()
    both = np.flatnonzero(seen & (late_rows > 0))
    if missing > 0 and len(both):
        drawn = rng.permutation(both)
        before = np.cumsum(late_rows[drawn]) - late_rows[drawn]
        judged[drawn[before < missing]] = True
    return early[~judged[groups[early]]], late[judged[groups[late]]]


def known_by(times: np.ndarray, rows: np.ndarray, judged: np.ndarray, delay: float) -> np.ndarray:
    """Return those of some rows whose labels are known when the first of the judged rows comes; rows without a time
    count as old.

    Parameters
    ----------
    times : ndarray of float64, shape (n_rows,)
        Of all rows, NaN where unknown.
    rows, judged : ndarray of int
    delay : float
        In the unit of ``times``.
    """
    if not len(judged):
        return rows
    return rows[~(times[rows] > np.nanmin(times[judged]) - delay)]
