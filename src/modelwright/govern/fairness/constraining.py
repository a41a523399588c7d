"""What errors about each group must cost in training so that a constraint on the groups holds.

Of all decisions that do not look at the group, the one that loses least under such a constraint acts where the chance
of the event, raised or lowered by what is owed to each group times the chance of belonging to it, is above the
threshold; what is owed is one number for each group and rate (Menon and Williamson 2018; Agarwal, Beygelzimer, Dudík,
Langford and Wallach 2018, whose game between costs and models ends there). Two small forests of boosted trees say both
chances out of fold, and the numbers are searched for on them. They then weigh the rows of the recipes, so that what is
packaged is one plain model: it knows no group, guesses none, and gives the same person the same answer. The numbers are
only a start: what they do is measured.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.govern.fairness.helping import GIVEN
from modelwright.govern.fairness.measuring import FEWEST_ROWS

__all__ = ["Acting", "costs_by_group", "numbers_of"]

MOST_ROWS = 4_000
MOST_GROUPS = 12
"""The largest: each is a class of a model that is asked for it."""
FOLDS, TREES, LEAVES = 3, 40, 15
LARGEST = 10.0
"""Times that a row may count, as in reweighting."""
PLACES, ROUNDS = 20, 60
"""Of the band in which rates are to lie; steps towards it from each."""
STEP = 0.05
"""Of a chance: what is owed moves by so much where a rate is as far off as it is large."""
NEAR = 0.01
"""Part of a rate by which it may miss the band."""

Acting = tuple[float, float]
"""From which chance on is acted, and from which on acting pays."""


def costs_by_group(
    matrix: np.ndarray,
    y: np.ndarray,
    cells: np.ndarray,
    acting: Acting,
    measures: Sequence[str],
    aim: float,
    *,
    seed: int,
) -> np.ndarray | str:
    """Return how much a row of each group and class must count, shape (n_groups, 2), 1 where nothing is owed; or why
    not.

    Parameters
    ----------
    matrix : ndarray of float64, shape (n_rows, n_columns)
        Without the protected columns.
    y : ndarray of float64, shape (n_rows,)
        0 and 1.
    cells : ndarray of int, shape (n_rows,)
        The group of each row, of all protected columns together.
    acting : (float, float)
    measures : sequence of str
        Selection, true and false positive rates.
    aim : float
        Ratio of the lower of two groups to the higher.
    """
    some = np.sort(np.random.default_rng([seed, 61]).permutation(len(y))[:MOST_ROWS])
    y, own = y[some], cells[some]
    group, numbers = _large(own)
    if len(numbers) < 2:
        return "fewer than two groups have rows enough"
    least_of = np.bincount(2 * np.maximum(group, 0) + y.astype(int), weights=group >= 0, minlength=2 * len(numbers))
    if least_of.min() < FOLDS:
        return "a group has hardly a row of one of the classes"
    event = _chances(matrix[some], y, seed)[:, 1]
    member = _chances(matrix[some], group, seed)
    member = member[:, 1:] if (group < 0).any() else member
    owed = _owed(_Rows(y, group, event, member, acting), measures, aim)
    if not owed.any():
        return "the constraint holds without any cost"
    threshold = acting[0]
    for_event = np.clip(1 + owed[:, 1] / (1 - threshold), 1 / LARGEST, LARGEST)
    for_other = np.clip(1 - owed[:, 0] / threshold, 1 / LARGEST, LARGEST)
    table = np.ones((int(cells.max()) + 1, 2))
    table[numbers] = np.column_stack([for_other, for_event])
    return table


def _large(own: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the group of each row, -1 for those of few rows, and which cells the groups are."""
    sizes = np.bincount(own)
    order = np.argsort(-sizes, kind="stable")[:MOST_GROUPS]
    numbers = np.sort(order[sizes[order] >= FEWEST_ROWS])
    place = np.full(len(sizes), -1)
    place[numbers] = np.arange(len(numbers))
    return place[own], numbers


def _chances(matrix: np.ndarray, label: np.ndarray, seed: int) -> np.ndarray:
    """Return the chances of the labels out of fold, shape ``(n_rows, n_labels)``, in the order of their numbers."""
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    trees = HistGradientBoostingClassifier(
        max_iter=TREES, max_leaf_nodes=LEAVES, early_stopping=False, random_state=seed
    )
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed)
    codes = np.unique(label, return_inverse=True)[1].reshape(-1)
    return np.asarray(cross_val_predict(trees, matrix, codes, cv=folds, method="predict_proba"))


class _Rows:
    """Rows on which what is owed is searched for."""

    def __init__(self, y: np.ndarray, group: np.ndarray, event: np.ndarray, member: np.ndarray, acting: Acting) -> None:
        self.y, self.event, self.member = y, event, member
        self.threshold, self.even = acting
        self.of = (group[:, None] == np.arange(member.shape[1])).astype(float)

    def act(self, owed: np.ndarray) -> np.ndarray:
        """Return who is acted on, given what is owed to each group for rows of either class."""
        raised = (self.member @ owed[:, 1]) * self.event + (self.member @ owed[:, 0]) * (1 - self.event)
        found: np.ndarray = self.event + raised >= self.threshold
        return found

    def rates(self, act: np.ndarray, measure: str) -> np.ndarray:
        """Return the rate of each group."""
        given = GIVEN[measure]
        among = self.of if given is None else self.of * (self.y == given)[:, None]
        found: np.ndarray = (act @ among) / np.maximum(among.sum(axis=0), 1.0)
        return found

    def worth(self, act: np.ndarray) -> float:
        """Return what acting so is worth."""
        return float(((self.y - self.even) * act).mean())


def _owed(rows: _Rows, measures: Sequence[str], aim: float) -> np.ndarray:
    """Return what is owed to each group for rows of either class, shape (n_groups, 2), 0 where nothing is: of the bands
    in which the rates come to lie, the one that loses least; where they come to lie in none, what brings them nearest.
    """
    start = rows.act(np.zeros((rows.of.shape[1], 2)))
    first = {m: rows.rates(start, m) for m in measures}
    if min(_ratio(r) for r in first.values()) >= aim:
        return np.zeros((rows.of.shape[1], 2))
    found = []
    for place in np.linspace(0, 1, PLACES):
        lows = {m: float(r.min() + place * (r.max() - r.min())) for m, r in first.items()}
        owed = _settled(rows, lows, aim)
        act = rows.act(owed)
        ratio = min(_ratio(rows.rates(act, m)) for m in measures)
        near = ratio >= aim * (1 - 2 * NEAR)
        found.append(((near, rows.worth(act) if near else ratio), owed))
    return max(found, key=lambda one: one[0])[1]


def _settled(rows: _Rows, lows: dict[str, float], aim: float) -> np.ndarray:
    """Return what must be owed so that the rates lie between ``lows`` and what these are to the ratio."""
    owed = np.zeros((rows.of.shape[1], 2))
    for _ in range(ROUNDS):
        act, furthest = rows.act(owed), 0.0
        for measure, low in lows.items():
            rate, unit = rows.rates(act, measure), max(low, NEAR)
            off = (np.clip(rate, low, min(low / aim, 1.0)) - rate) / unit
            given = GIVEN[measure]
            owed[:, slice(None) if given is None else int(given)] += STEP * (off[:, None] if given is None else off)
            furthest = max(furthest, float(np.abs(off).max()))
        if furthest < NEAR:
            break
    return owed


def _ratio(rates: np.ndarray) -> float:
    return float(rates.min() / rates.max()) if rates.max() > 0 else 0.0


def numbers_of(columns: Sequence[Column]) -> np.ndarray:
    """Return columns as a matrix: levels by how frequent they are, missing as NaN."""
    return np.column_stack([_number(column) for column in columns])


def _number(column: Column) -> np.ndarray:
    if not isinstance(column, Strings):
        return np.asarray(column, dtype=np.float64)
    counts = np.bincount(column.codes[column.codes >= 0], minlength=len(column.levels))
    place = np.append(np.argsort(np.argsort(-counts, kind="stable"), kind="stable").astype(float), np.nan)
    return np.asarray(place[column.codes])
