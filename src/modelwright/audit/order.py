"""What the order of the rows gives away."""

from __future__ import annotations

import numpy as np

from modelwright.audit.findings import AuditContext
from modelwright.audit.identifiers import identifier_reason
from modelwright.audit.leaks import sure_leaks
from modelwright.audit.looking import coded, memo, order_correlation, rank_correlation
from modelwright.audit.power import fit_predict
from modelwright.data.columns import Strings

__all__ = [
    "FEW_EVENTS",
    "LIKE_ROWS",
    "SURE_ERRORS",
    "is_sorted",
    "neighbour_likeness",
    "sorted_by",
    "stretch_likeness",
    "target_runs",
    "unexplained_likeness",
]

LIKE_ROWS = 10
SORTED = 0.95
# Fewer runs of equal classes than this share of the expected, or two for each class, or so high a rank correlation of
# the target with the row number: the file is sorted by the target, see A020.
FEW_RUNS, RUNS_PER_CLASS, SORTED_TARGET = 0.05, 2, 0.9
RUNS_PER_LEVEL = 1.5
MANY_PAIRS = 100.0  # of events near each other, from which on Poisson's law is the normal one
# Fewer rows off the most frequent class tell nothing of how alike residuals are: those of the others are predicted
# ones. And what is alike has to be so beyond luck: 3.5 standard errors, 2 in 10,000 by chance.
FEW_EVENTS, SURE_ERRORS = 20, 3.5
SMALL = 2_000  # rows of which all are tested, part by part: a fifth of them is too few to be sure
# The file is cut into blocks; every fifth is tested, so that most tested rows have no neighbour in training.
N_BLOCKS = 100
BLOCKS_APART = 5
MAX_TESTED = 4_000
MAX_FITTED = 6_000
MIN_FITTED = 200


def neighbour_likeness(context: AuditContext) -> float:
    """Return how alike the targets of neighbouring rows are, beyond chance: 0 in a shuffled file, 1 if always equal.

    For classes it is the agreement corrected for chance (Cohen's kappa of the series with itself one row later), for
    values the lag-1 autocorrelation of the ranks. In a shuffled file its standard deviation is about 1 / √n.
    """
    return memo(context, "likeness", lambda: _likeness(context))


def _likeness(context: AuditContext) -> float:
    assert context.y is not None
    y = context.y[~np.isnan(context.y)]
    return 0.0 if len(y) < 3 or np.ptp(y) == 0 else _alike(y, 1, bool(context.classes))


def _alike(y: np.ndarray, apart: int, classes: bool) -> float:
    """Return how alike the targets of rows are that are so many rows apart, beyond chance."""
    if not classes:
        return rank_correlation(y[:-apart], y[apart:])
    # The shares of both ends: of a class of two rows, one in the first ten is in one of the two only.
    size = int(y.max()) + 1
    one, other = (np.bincount(end.astype(np.int64), minlength=size) for end in (y[:-apart], y[apart:]))
    chance = float(one @ other) / (len(y) - apart) ** 2
    return 0.0 if chance >= 1 else (float((y[:-apart] == y[apart:]).mean()) - chance) / (1 - chance)


def stretch_likeness(context: AuditContext) -> tuple[float, float]:
    """Return how alike a target is to the `LIKE_ROWS` after it on average, and that in standard errors.

    Orders of time and of place last for more than one row, and a mean over ten pairs tells so with a third of the
    error of one. In a shuffled file the likeness at each distance has the variance 1 / n for ranks and that of kappa
    for classes (Fleiss, Cohen and Everitt 1969), and different distances go their own ways. Of few events that holds
    no more: how many are near each other is then a matter of Poisson's law.
    """
    assert context.y is not None
    y = context.y[~np.isnan(context.y)]
    if len(y) <= 2 * LIKE_ROWS or np.ptp(y) == 0:
        return 0.0, 0.0
    mean = float(np.mean([_alike(y, k, bool(context.classes)) for k in range(1, LIKE_ROWS + 1)]))
    error = 1.0
    if context.classes:
        share = np.bincount(y.astype(np.int64)) / len(y)
        chance = float(np.square(share).sum())
        error = float(chance + chance**2 - 2 * np.power(share, 3).sum()) ** 0.5 / (1 - chance)
    errors = mean / max(error / (len(y) * LIKE_ROWS) ** 0.5, 1e-12)
    return mean, min(errors, _errors_of_few(y)) if context.classes else errors


def _errors_of_few(y: np.ndarray) -> float:
    """Return how unlikely so many pairs of rows off the most frequent class are near each other, as standard errors."""
    from scipy.special import ndtri, pdtrc

    event = y != np.bincount(y.astype(np.int64)).argmax()
    near = sum(int((event[:-k] & event[k:]).sum()) for k in range(1, LIKE_ROWS + 1))
    expected = float(event.sum()) * (float(event.sum()) - 1) / len(y) * LIKE_ROWS
    if expected >= MANY_PAIRS:
        return float("inf")
    luck = pdtrc(near - 1, expected) if near else 1.0
    return -float(ndtri(max(luck, np.finfo(float).tiny)))


def unexplained_likeness(context: AuditContext, by: str = "", order: np.ndarray | None = None) -> float:
    """Return how alike neighbours are in what the features leave unexplained (lag-1 correlation of residuals).

    Neighbours in the file, or in another ``order`` of its rows, which is called ``by``.

    A file sorted by place or by product has neighbours with alike targets because their features are alike; that is no
    order worth keeping. A small gradient boosting machine is fitted on rows outside of blocks of the file, and its
    residuals within the blocks are compared with the next row's. What is not surely other than 0 is 0.
    """
    if order is None:
        order = np.arange(len(context.row_numbers))
    return memo(context, ("unexplained likeness", by), lambda: _unexplained(context, order))


def _unexplained(context: AuditContext, order: np.ndarray) -> float:
    assert context.y is not None
    rows = order[~np.isnan(context.y[order])]
    names = [n for n in context.features if not identifier_reason(context, n) and n not in sure_leaks(context)]
    if not names or not len(rows) or (context.classes and _n_events(context.y[rows]) < FEW_EVENTS):
        return 0.0
    parts = range(BLOCKS_APART) if len(rows) <= SMALL else (BLOCKS_APART // 2,)
    pairs = [_residual_pairs(context, names, rows, part) for part in parts]
    residual, following = (np.concatenate(side) for side in zip(*pairs, strict=True))
    found = rank_correlation(residual, following)
    return found if abs(found) * len(residual) ** 0.5 >= SURE_ERRORS else 0.0


def _n_events(y: np.ndarray) -> int:
    return len(y) - int(np.bincount(y.astype(np.int64)).max())


def _residual_pairs(
    context: AuditContext, names: list[str], rows: np.ndarray, part: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return residuals within the blocks of one part of five, and those of the rows that follow."""
    assert context.y is not None
    block = np.arange(len(rows)) * N_BLOCKS // max(1, len(rows))
    tested = block % BLOCKS_APART == part
    held = np.flatnonzero(tested)
    if len(held) > MAX_TESTED:  # the beginning of each block
        place = np.arange(len(held)) - np.searchsorted(block[tested], block[tested])
        held = held[place < MAX_TESTED // (N_BLOCKS // BLOCKS_APART)]
    fitted = rows[~tested]
    fitted = fitted[np.linspace(0, len(fitted) - 1, min(len(fitted), MAX_FITTED)).astype(np.int64)]
    if len(fitted) < MIN_FITTED:
        return np.zeros(0), np.zeros(0)
    y = context.y if not context.classes else (context.y == _middle_class(context.y)).astype(np.float64)
    residual = y[rows[held]] - fit_predict(context, names, y, fitted, rows[held])
    together = np.diff(held) == 1
    return residual[:-1][together], residual[1:][together]


def _middle_class(y: np.ndarray) -> float:
    """Return the class whose share is nearest to one half: it has the most to explain."""
    classes, counts = np.unique(y[~np.isnan(y)], return_counts=True)
    return float(classes[np.abs(counts / counts.sum() - 0.5).argmin()])


def target_runs(context: AuditContext) -> tuple[int, float]:
    """Return the number of runs of equal classes along the file, and the number expected of a shuffled file."""
    assert context.y is not None
    y = context.y[~np.isnan(context.y)]
    share = np.bincount(y.astype(np.int64)) / len(y)
    return int((y[:-1] != y[1:]).sum()) + 1, 1 + (len(y) - 1) * (1 - float(np.square(share).sum()))


def is_sorted(context: AuditContext) -> bool:
    """Return whether the file is in the order of the target (if there is one) or of a feature."""
    if context.y is None:
        return bool(sorted_by(context))
    if context.classes:
        runs, expected = target_runs(context)
        by_target = runs <= max(FEW_RUNS * expected, RUNS_PER_CLASS * len(context.classes))
    else:
        by_target = abs(rank_correlation(context.y, np.arange(len(context.y), dtype=np.float64))) >= SORTED_TARGET
    return by_target or bool(sorted_by(context))


def sorted_by(context: AuditContext) -> str:
    """Return the first feature (no identifier) that the file is sorted by, ``""`` for none.

    A number counts when its rank correlation with the row number is at least `SORTED`; a category when its levels lie
    in blocks.
    """
    return memo(context, "sorted by", lambda: _sorting_column(context))


def _sorting_column(context: AuditContext) -> str:
    n = len(context.row_numbers)
    for name in context.features:
        column = coded(context, name)
        if column.n_levels < 2 or identifier_reason(context, name):
            continue
        runs = int((column.codes[1:] != column.codes[:-1]).sum()) + 1
        if column.n_levels > 2 and runs <= RUNS_PER_LEVEL * column.n_levels and runs < n / 2:
            return name
        if not isinstance(context.columns[name], Strings) and abs(order_correlation(column)) >= SORTED:
            return name
    return ""
