"""Whether a fairer model helps: by how much the lowest ratio rises on the same rows, and what that costs.

Two models are asked about the same people, so that most of the luck of who they are is the same for both: rows are
drawn again together (a paired bootstrap), and what counts is the rise of the ratio, not two intervals side by side.
The cost is a share of what the model is worth at all: of what its score gains on a constant, or its decisions on the
better of acting on everybody and on nobody, whichever loses more. So a step towards fairness that takes little away
is taken, one that mostly makes the model useless is not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright.evaluate.measurements import Measurement
from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.measuring import FEWEST_ROWS
from modelwright.govern.fairness.rates import drawn_together

__all__ = ["GIVEN", "Acted", "decisions_lost", "in_proportion", "lowest_ratio", "ratio_gain", "score_lost"]

DRAWS = 400
"""Resamples: the ends of a 95 % interval are then known to a tenth of its width."""
MOST_LOST = 0.5
"""Share of what the model is worth that may be paid to reach the ratio; half of the way may cost half of that. A
convention: beyond it people are better served by a decision without a model, or by another question."""
GIVEN: dict[str, float | None] = {"selection_rate": None, "true_positive_rate": 1.0, "false_positive_rate": 0.0}
"""Among rows of which class each share is taken."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Acted:
    """Decisions about rows, with what is needed to compare groups.

    Attributes
    ----------
    y : ndarray of float64, shape (n_rows,)
    act : ndarray of bool, shape (n_rows,)
    groups : sequence of Grouping
        Over the same rows.
    measures : sequence of str
        Selection, true and false positive rates.
    clusters : ndarray of int or None
        Rows that count as one.
    """

    y: np.ndarray
    act: np.ndarray
    groups: Sequence[Grouping]
    measures: Sequence[str]
    clusters: np.ndarray | None = None


def lowest_ratio(acted: Acted) -> float | None:
    """Return the lowest ratio of two groups, each taken for what its rows say of it (as `measuring.steady_ratio`)."""
    cells = _cells(acted, acted.act)
    value = _ratios(acted, cells, np.bincount(cells.of_row).astype(float)[None, :], BEFORE)[0]
    return None if np.isnan(value) else float(value)


def ratio_gain(acted: Acted, after: np.ndarray, *, seed: int = 0) -> Measurement:
    """Return by how much the lowest ratio is higher with the decisions ``after``, with the interval of the pair."""
    cells = _cells(acted, after)
    counts = np.bincount(cells.of_row).astype(float)[None, :]
    value = float((_ratios(acted, cells, counts, AFTER) - _ratios(acted, cells, counts, BEFORE))[0])
    drawn = _drawn(cells.of_row, acted.clusters, np.random.default_rng([seed, 53]))
    rise = _ratios(acted, cells, drawn, AFTER) - _ratios(acted, cells, drawn, BEFORE)
    rise = rise[~np.isnan(rise)]
    known = not np.isnan(value) and len(rise) >= DRAWS / 2
    low, high = np.quantile(rise, (0.025, 0.975)).tolist() if known else (None, None)
    return Measurement(
        name="ratio_gain",
        value=value if known else None,
        low=low,
        high=high,
        n=len(acted.y),
        method="paired bootstrap" if known else "not defined: a rate is 0 in every group",
    )


@dataclass(frozen=True, eq=False)
class _Cells:
    """Rows that are alike in all that counts: ``of_row`` says which, ``facts`` has y and both decisions of each, then
    its group in each grouping."""

    of_row: np.ndarray
    facts: np.ndarray


BEFORE, AFTER = 1, 2
"""Where the facts of a cell have the decisions."""


def _cells(acted: Acted, after: np.ndarray) -> _Cells:
    facts = np.column_stack([acted.y.astype(np.int64), acted.act, after, *(g.codes for g in acted.groups)])
    found, of_row = np.unique(facts, axis=0, return_inverse=True)
    return _Cells(of_row.reshape(-1), found)


def _drawn(cell: np.ndarray, clusters: np.ndarray | None, rng: np.random.Generator) -> np.ndarray:
    """Return how many rows each cell has in resamples, shape (DRAWS, n_cells)."""
    n_cells = int(cell.max()) + 1
    if clusters is None:
        return rng.poisson(np.bincount(cell), (DRAWS, n_cells)).astype(float)
    _, unit = np.unique(clusters, return_inverse=True)
    unit = unit.reshape(-1)
    times = rng.poisson(1.0, (DRAWS, int(unit.max()) + 1)).astype(float)
    return np.array([np.bincount(cell, weights=own[unit], minlength=n_cells) for own in times])


def _ratios(acted: Acted, cells: _Cells, counts: np.ndarray, decided: int) -> np.ndarray:
    """Return the lowest ratio over groupings and measures in each resample; NaN where none can be compared."""
    facts = cells.facts
    own = np.bincount(cells.of_row)
    lowest = np.full(len(counts), np.nan)
    for number in range(len(acted.groups)):
        group = facts[:, 3 + number]
        member = np.eye(int(group.max()) + 1)[group]
        for measure in acted.measures:
            given = GIVEN[measure]
            counted = np.ones(len(facts)) if given is None else (facts[:, 0] == given).astype(float)
            size, hits = (counts * counted) @ member, (counts * counted * facts[:, decided]) @ member
            kept = (own * counted) @ member >= FEWEST_ROWS
            if kept.sum() > 1:
                lowest = np.fmin(lowest, _steady(hits, size, kept))
    return lowest


def _steady(hits: np.ndarray, size: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Return the lowest over the highest of shares drawn to the mean of all groups, as `rates.shrink` draws them."""
    present = size.sum(axis=0) > 0
    hits, size, kept = hits[:, present], size[:, present], kept[present]
    whole = (hits.sum(axis=1) / np.maximum(size.sum(axis=1), 1.0))[:, None]
    value = np.where(size > 0, hits / np.maximum(size, 1.0), whole)
    drawn = drawn_together(value, whole * (1 - whole) / np.maximum(size, 1.0))[:, kept]
    highest = drawn.max(axis=1)
    return np.where(highest > 0, drawn.min(axis=1) / np.where(highest > 0, highest, 1.0), np.nan)


def score_lost(before: float, after: float, naive: float) -> float:
    """Return the share of what a score gains on that of a constant which is lost, below 0 where it rises."""
    whole = before - naive
    return float((before - after) / whole) if whole and np.isfinite(whole) and np.isfinite(after) else 0.0


def decisions_lost(y: np.ndarray, before: np.ndarray, after: np.ndarray, even: float, room: float = 1.0) -> float:
    """Return the share of what decisions are worth that is lost.

    Acting pays from a chance of ``even`` on, which says what acting is worth: y − even (Elkan 2001). What decisions
    bring is compared with the better of acting on nobody and on as many as there is ``room`` for, taken blindly.
    """
    worth = y - even
    naive = max(room * float(worth.mean()), 0.0)
    whole = float((worth * before).mean()) - naive
    return (whole - (float((worth * after).mean()) - naive)) / whole if whole > 0 else 0.0


def in_proportion(before: float, after: float, least: float, lost: float) -> bool:
    """Return whether what is lost is no more than the part of the way to ``least`` that is covered is worth."""
    covered = 1.0 if before >= least else float(np.clip((after - before) / (least - before), 0.0, 1.0))
    return lost <= MOST_LOST * covered
