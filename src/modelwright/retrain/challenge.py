"""Challenger against champion: a paired comparison on rows that neither was fitted on.

The challenger wins where its score or its mean loss is better by more than the noise and the other is not worse, no
gate blocks it, and it is worse, by more than the noise, in no part of the rows: by every column, and so by the columns
on which people must not be treated differently. Where it is the same recipe that has learned from all rows, newer ones
among them, less is asked for, see `documents.Burden`: more and newer rows make a model better as a rule, a wrong choice
costs little and is taken back, and waiting for proof costs the gain of every window until then. Neighbours in time err
alike, so that stretches of time are what is counted, see `evaluate.blocks`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelwright import format as fmt
from modelwright.data.columns import Columns
from modelwright.data.contract import Contract
from modelwright.evaluate import metrics
from modelwright.evaluate.blocks import time_blocks
from modelwright.evaluate.intervals import gain, mean_measurement, measure, sum_by
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.parts import FEWEST_ROWS, parts_of
from modelwright.evaluate.valuing import absolute_rows, log_loss_rows, squared_rows
from modelwright.retrain.documents import Burden, Challenge, SliceChange

__all__ = ["BY_SIZE", "Side", "aligned", "challenge", "level_of_look", "losses_of"]

LEVEL = 0.975
"""Of the intervals of both gains: one of the two is enough, so that each gets half of five in a hundred."""

ALPHA = 0.05
"""For all slices together (Holm 1979)."""

PASSED = {
    Burden.LIKELIER: "likelier better than not, and it has learned from more and newer rows",
    Burden.NOT_WORSE: "no worse than it may be before it has learned from these rows, which was found to help",
}
BY_SIZE = frozenset({"mae", "median_ae", "mape"})
"""Metrics for which the loss of a row is the size of its error; of other values it is the square."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Side:
    """One of the two: its version, what it says of the rows, and its decision threshold."""

    version: int
    prediction: np.ndarray
    threshold: float | None = None


def losses_of(metric: str, y: np.ndarray, prediction: np.ndarray) -> np.ndarray:
    """Return the loss of each row: log loss for classes, absolute or squared error for values."""
    if prediction.shape[1] > 1:
        return log_loss_rows(y, prediction)
    return absolute_rows(y, prediction) if metric in BY_SIZE else squared_rows(y, prediction)


def level_of_look(look: int, several: int = 1) -> float:
    """Return the level of the intervals at a look at the same challenger, 0 for the first, or at ``several`` at once.

    Looks after the first, on more and more rows, share among them what the first had for itself: 1/(k (k + 1)) for the
    k-th sums to one, so that a challenger that is no better wins in ten of a hundred cases at most, however often it is
    looked at.
    """
    return 1 - (1 - LEVEL) / (several * max(look * (look + 1), 1))


def aligned(prediction: np.ndarray, classes: Sequence[str], wanted: Sequence[str]) -> np.ndarray:
    """Return probabilities in the order of other classes; a class that the model does not know gets none."""
    if tuple(classes) == tuple(wanted) or not wanted:
        return prediction
    found = np.zeros((len(prediction), len(wanted)))
    for place, name in enumerate(classes):
        if name in wanted:
            found[:, wanted.index(name)] = prediction[:, place]
    return found


def challenge(
    metric: str,
    y: np.ndarray,
    champion: Side,
    challenger: Side,
    *,
    columns: Columns,
    contract: Contract | None = None,
    order: np.ndarray | None = None,
    gates: Sequence[str] = (),
    seed: int = 0,
    level: float = LEVEL,
    burden: Burden = Burden.PROOF,
    worth: float = 0.0,
) -> Challenge:
    """Return who is better.

    Parameters
    ----------
    metric : str
    y : ndarray of float64, shape (n_rows,)
        Class numbers or values, without NaN.
    champion, challenger : Side
        Predictions of shape (n_rows, n_outputs), both for the same classes.
    columns : Columns
        Canonical columns by which the rows are cut into slices, as those of an evaluation are.
    contract : Contract or None
        Of the columns: how their values are written.
    order : ndarray or None
        Place of each row in time; None: the rows are in no order.
    gates : sequence of str
        What blocks the challenger.
    seed : int
    level : float
        Of the intervals of the gains, see `level_of_look`.
    burden : Burden
        What the challenger has to show to win.
    worth : float
        What the rows that judge are worth to who learns from them, by a probe: the challenger has not, and would.
    """
    chosen = metrics.get(metric)
    blocks = None if order is None else time_blocks(_ranks(order), y, champion.prediction)
    found = _compared(chosen, y, champion, challenger, columns, contract, blocks, seed=seed, level=level)
    passes = found.better or _passes(burden, found.more, found.less, worth)
    return Challenge(
        champion=champion.version,
        challenger=challenger.version,
        rows=len(y),
        metric=chosen.name,
        champion_score=found.scores[0],
        challenger_score=found.scores[1],
        gain=found.more,
        loss_gain=found.less,
        slices=found.slices,
        slices_seen=found.slices_seen,
        gates=tuple(gates),
        wins=passes and not found.slices and not gates,
        why=_why(chosen, found, burden if passes else None, gates),
        burden=burden,
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class _Compared:
    """The two on the same rows.

    Attributes
    ----------
    scores : tuple of Measurement
        Of the champion, then of the challenger.
    more, less : Measurement
        By how much the challenger's score is better, and by how much its mean loss is lower.
    slices : tuple of SliceChange
        Parts in which it is worse, of ``slices_seen``.
    """

    scores: tuple[Measurement, Measurement]
    more: Measurement
    less: Measurement
    slices: tuple[SliceChange, ...]
    slices_seen: int

    @property
    def better(self) -> bool:
        """Whether the challenger is better in one by more than the noise, and not worse in the other."""
        return (_above(self.more) and not _below(self.less)) or (_above(self.less) and not _below(self.more))


def _compared(
    metric: metrics.Metric,
    y: np.ndarray,
    champion: Side,
    challenger: Side,
    columns: Columns,
    contract: Contract | None,
    blocks: np.ndarray | None,
    *,
    seed: int,
    level: float,
) -> _Compared:
    old, new = (
        measure(metric, y, side.prediction, groups=blocks, threshold=side.threshold, seed=seed)
        for side in (champion, challenger)
    )
    more = gain(
        metric,
        y,
        challenger.prediction,
        champion.prediction,
        groups=blocks,
        seed=seed,
        threshold=challenger.threshold,
        other_threshold=champion.threshold,
        level=level,
    )
    lost = [losses_of(metric.name, y, side.prediction) for side in (champion, challenger)]
    difference = lost[0] - lost[1]
    slices, seen = _worse_slices(difference, columns, contract, blocks)
    return _Compared(
        scores=(old, new),
        more=more,
        less=mean_measurement("loss", difference, groups=blocks, seed=seed, level=level),
        slices=slices,
        slices_seen=seen,
    )


def _passes(burden: Burden, more: Measurement, less: Measurement, worth: float) -> bool:
    """Return whether a challenger shows what less than a proof asks for."""
    if burden is Burden.PROOF or less.value is None or _below(more):
        return False
    if burden is Burden.LIKELIER:
        return less.value > 0
    return (less.value if less.high is None else less.high) + worth >= 0


def _above(gain: Measurement) -> bool:
    return gain.low is not None and gain.low > 0


def _below(gain: Measurement) -> bool:
    return gain.high is not None and gain.high < 0


def _ranks(order: np.ndarray) -> np.ndarray:
    return np.unique(order, return_inverse=True)[1].astype(np.int64)


def _why(metric: metrics.Metric, found: _Compared, passed: Burden | None, gates: Sequence[str]) -> str:
    more, less = found.more, found.less
    old, new = (fmt.amount(s) if s.value is not None else "not defined" for s in found.scores)
    told = f"{metric.title} {new} against {old} of the champion on {more.n:,} rows that neither was fitted on"
    gains = f"gain {fmt.measured(more)}, of the mean loss {fmt.measured(less)}"
    if passed is None and more.low is None and less.low is None:
        return f"{told}: whether that is better cannot be told ({more.method})"
    if passed is None:
        return f"{told}: not better by more than the noise ({gains})"
    how = "better" if found.better else PASSED[passed]
    if found.slices:
        worst, others = found.slices[0], len(found.slices) - 1
        also = f" (and {fmt.plural(others, 'more slice')})" if others else ""
        return f"{told}: {how}, but worse where '{worst.column}' is {worst.value}{also}"
    if gates:
        return f"{told}: {how}, but {gates[0]}"
    return f"{told}: {f'{how} by more than the noise' if found.better else how} ({gains})"


def _worse_slices(
    difference: np.ndarray, columns: Columns, contract: Contract | None, blocks: np.ndarray | None
) -> tuple[tuple[SliceChange, ...], int]:
    """Return the slices where the challenger's loss is higher beyond the noise, worst first, and how many there are."""
    specs = {} if contract is None else {s.name: s for s in contract.columns}
    parts = [
        part
        for name, column in columns.items()
        for part in parts_of(name, column, specs.get(name))
        if part.rows.sum() >= FEWEST_ROWS
    ]
    p = np.array([_p_of_worse(difference[q.rows], None if blocks is None else blocks[q.rows]) for q in parts])
    order = np.argsort(p, kind="stable")
    passed = np.logical_and.accumulate(p[order] <= ALPHA / (len(parts) - np.arange(len(parts))))
    found = [parts[i] for i in order[passed]]
    return tuple(
        SliceChange(column=part.column, value=part.value, gain=_gain(difference, part.rows, blocks), worse=True)
        for part in found
    ), len(parts)


def _gain(difference: np.ndarray, rows: np.ndarray, blocks: np.ndarray | None) -> Measurement:
    found = mean_measurement("loss", difference[rows], groups=None if blocks is None else blocks[rows])
    return replace(found, method=f"paired {found.method}")


def _p_of_worse(difference: np.ndarray, blocks: np.ndarray | None) -> float:
    """Return the p-value of a mean below zero, by a t-test over rows or blocks of them."""
    from scipy.special import stdtr

    units = sum_by((difference - difference.mean()) / len(difference), blocks)
    error = float(np.sqrt(units @ units))
    if len(units) < 2 or error == 0:
        return 1.0
    return float(stdtr(len(units) - 1, difference.mean() / error))
