"""Whether dates lie as dates of birth do, whatever their column is called.

People are born on all days of the week and of the month, over decades, and rows of a table do not come in the order
of birth. Contracts, orders, hires and releases come on working days, on the first of the month, over a few years, or in
the order in which things happened. So what is asked of the dates is: whole days; a spread of ages as between a child
and somebody old; weekends as often as other days; no order of the rows.
"""

from __future__ import annotations

import numpy as np

from modelwright.data.ranks import average_ranks

__all__ = ["LEAST_DATES", "LEAST_SPREAD", "lie_like_births"]

LEAST_DATES = 50
"""Different days from which on their spread over week and month says something."""

DAY, YEAR = 86_400.0, 365.25 * 86_400.0

OLDEST, LEAST_SPREAD = 110.0, 20.0
"""Years of the oldest, and between the 5th and the 95th of a hundred."""

GROWN = 12.0
"""Years that pass at least since the youngest's birth where nothing else says that the rows are people."""

WEEKEND, NOISE, SLACK = 2 / 7, 2.5, 0.05
"""Births on weekends are a tenth or so fewer (planned births: Cohen 1983, Health Bulletin): ``SLACK``."""

MOST_FIRSTS = 0.15
"""Share of one day of the month: days that are not known are written as the first, but seldom."""

ORDERED = 0.5


def lie_like_births(seconds: np.ndarray, newest: float, *, people: bool) -> bool:
    """Return whether dates lie like dates of birth.

    Parameters
    ----------
    seconds : ndarray of float, shape (n_rows,)
        Since 1970, NaN where missing, in the order of the rows.
    newest : float
        When the table was made, as far as is known; seconds since 1970.
    people : bool
        Whether something else says that the rows are people: then children are taken for some as well.
    """
    known = np.isfinite(seconds)
    days = np.unique(seconds[known])
    if len(days) < LEAST_DATES or np.any(days % DAY):
        return False
    ages = (newest - days) / YEAR
    low, high = np.quantile(ages, (0.05, 0.95))
    youngest = 0.0 if people else GROWN
    if ages.min() < youngest or ages.max() > OLDEST or high - low < LEAST_SPREAD:
        return False
    return _on_all_days(days) and not _in_order(seconds[known])


def _on_all_days(days: np.ndarray) -> bool:
    number = (days // DAY).astype(np.int64)
    weekend = float(np.isin((number + 3) % 7, (5, 6)).mean())  # the first of January 1970 was a Thursday
    allowed = NOISE * float(np.sqrt(WEEKEND * (1 - WEEKEND) / len(days))) + SLACK
    dates = number.astype("datetime64[D]")
    of_month = (dates - dates.astype("datetime64[M]")).astype(np.int64)
    return abs(weekend - WEEKEND) <= allowed and float(np.bincount(of_month).max()) <= MOST_FIRSTS * len(days)


def _in_order(seconds: np.ndarray) -> bool:
    """Return whether the dates rise or fall with the rows."""
    together = np.corrcoef(average_ranks(seconds), np.arange(len(seconds)))[0, 1]
    return bool(abs(together) >= ORDERED)
