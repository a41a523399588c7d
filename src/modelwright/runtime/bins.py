"""Numbers of the bins that columns are counted in: the same where rows are judged and where they are watched."""

from __future__ import annotations

__all__ = ["ABOVE", "BELOW", "FIRST", "MISSING", "NEW", "OTHER"]

MISSING = 0
BELOW = NEW = 1
"""Numbers below the range of training; levels that did not occur in it."""
ABOVE = OTHER = 2
"""Numbers above the range of training; levels that have no bin of their own."""
FIRST = 3
"""The first bin of values."""
