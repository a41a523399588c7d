"""Bounds that the brief, versions and servers share: in a place of their own, as servers do without the brief."""

from __future__ import annotations

__all__ = ["HIGHEST_RISK", "LARGEST_LABEL", "LOWEST_RISK"]

LOWEST_RISK, HIGHEST_RISK = 0.001, 0.5
"""Of an answer: below, more rows are needed than anybody has; above, guessing does as well."""

LARGEST_LABEL = 1e75
"""Of a value that comes true: the squares of squared errors have to be numbers."""
