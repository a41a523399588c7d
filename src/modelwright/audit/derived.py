"""Numbers that were computed from others: a share of them, their logarithm."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.looking import rank_correlation
from modelwright.audit.power import PowerSample
from modelwright.data.columns import Strings
from modelwright.data.ranks import average_ranks

__all__ = ["DERIVED_CORRELATION", "is_derived", "made_from"]

# What was computed from a suspect (a share of it, its logarithm) cannot vouch for it.
DERIVED_CORRELATION = 0.9
FEWEST = 50  # rows on which two numbers that have nothing to do with each other never come so near


def is_derived(context: AuditContext, name: str, suspects: Collection[str], sample: PowerSample) -> bool:
    """Return whether a number rises or falls with one of the suspects."""
    return any(
        abs(rank_correlation(a, b)) >= DERIVED_CORRELATION for _, a, b in _pairs(context, name, suspects, sample)
    )


def made_from(context: AuditContext, name: str, leaks: Collection[str], sample: PowerSample) -> str:
    """Return the leak that a number rises or falls with, also where the target is the same; empty where there is none.

    That both go with the target says nothing: an honest cause goes with it, and so does what was written down later.
    """
    for leak, a, b in _pairs(context, name, leaks, sample):
        known = np.isfinite(a) & np.isfinite(b)
        if known.sum() >= FEWEST and _together(a[known], b[known], sample.y[known], sample.n_classes):
            return leak
    return ""


def _together(a: np.ndarray, b: np.ndarray, y: np.ndarray, n_classes: int) -> bool:
    """Return whether two numbers go together within a class, or beside what the target's ranks say of both."""
    if n_classes:  # in one class at least: where a leak has no value but its default it goes with nothing
        parts = (y == k for k in range(n_classes))
        found = max((abs(rank_correlation(a[p], b[p])) for p in parts if p.sum() >= FEWEST), default=0.0)
        return found >= DERIVED_CORRELATION
    along = average_ranks(y) - (len(y) + 1) / 2
    left = [_left(average_ranks(v) - (len(v) + 1) / 2, along) for v in (a, b)]
    size = float(np.sqrt((left[0] @ left[0]) * (left[1] @ left[1])))
    return size > 0 and abs(float(left[0] @ left[1])) >= DERIVED_CORRELATION * size


def _left(ranks: np.ndarray, along: np.ndarray) -> np.ndarray:
    """Return what a line through others leaves of ranks; both are centred."""
    size = float(along @ along)
    return ranks - along * (float(ranks @ along) / size) if size else ranks


def _pairs(
    context: AuditContext, name: str, others: Collection[str], sample: PowerSample
) -> list[tuple[str, np.ndarray, np.ndarray]]:
    columns = {n: context.columns[n] for n in (name, *others)}
    numbers = {n: np.asarray(c)[sample.rows] for n, c in columns.items() if not isinstance(c, Strings)}
    return [(n, numbers[name], numbers[n]) for n in others if n in numbers] if name in numbers else []
