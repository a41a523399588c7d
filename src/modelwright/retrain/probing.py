"""Whether there is anything to learn: what a small machine that corrects the champion gains on rows it has not seen.

Training again helps where the new rows hold something that the champion does not know, and that carries over to rows
after them. Two small machines are asked, for some hundredth of the cost of a training. A few dozen trees begin at the
champion's own answers, learn from the new labelled rows what those miss, and answer the rows after them. And trees that
learned from older and new rows are held against trees that learned from the older ones alone. A loss that is up because
the world has become noisier gives neither a gain, and training again would not help.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, replace

import numpy as np

from modelwright.audit.boosting import BINS, as_table, predicted, settings_of
from modelwright.evaluate.blocks import time_blocks
from modelwright.evaluate.intervals import mean_measurement
from modelwright.evaluate.measurements import Measurement
from modelwright.retrain.challenge import losses_of
from modelwright.retrain.recipes import Question

__all__ = ["LEVEL", "Probe", "gap_of", "probe"]

LEVEL = 0.9
"""Of the interval: with its lower end above zero the gain is one in 19 of 20 cases."""

TREES = 40
LEAVES = 8
PARTS = 2  # of the later half of the rows: each is answered by trees that know all rows before it
MOST_ROWS = 4_000
"""The newest rows that are looked at: what is to be learned from more than that shows in so many."""

FEWEST = 60
"""Rows that trees can learn from."""

SUREST = 0.01
"""Probabilities begin no nearer to 0 and 1: from farther out a few dozen trees do not come back."""

LARGEST_STEP = 2.0
"""Of a leaf on the scale of log odds, before the rate: where a sure answer is wrong, a Newton step knows no bounds."""

WORTH = 0.02
"""Share of the champion's loss that a gain must have: below, no user would notice the new model."""

WORTH_RENEWED = 0.05
"""Of trees that know more rows: a little they gain by their number alone, new or not."""


@dataclass(frozen=True, kw_only=True)
class Probe:
    """What was found, on the later half of ``rows`` new rows.

    Attributes
    ----------
    rows : int
    corrected : Measurement
        Gain of the champion corrected by trees over the champion, whose mean loss is ``loss``.
    renewed : Measurement or None
        Gain of trees that learned from older and new rows over trees that learned from the older ones alone, whose
        mean loss is ``dated``; None where there are too few older rows.
    """

    rows: int
    corrected: Measurement
    loss: float
    renewed: Measurement | None = None
    dated: float = 0.0

    @property
    def sure(self) -> bool:
        """Whether there is a gain worth having beyond the noise."""
        return _is_sure(self.corrected, WORTH * self.loss) or _is_sure(self.renewed, WORTH_RENEWED * self.dated)

    @property
    def worth(self) -> float:
        """What learning from the new rows is worth, by the better of the two machines, in the champion's loss."""
        found = [0.0, self.corrected.value or 0.0]
        if self.renewed is not None and self.dated > 0:
            found.append((self.renewed.value or 0.0) / self.dated * self.loss)
        return max(found)

    @property
    def hopeless(self) -> bool:
        """Whether what the new rows hold does not carry over to later ones, as far as can be seen."""
        found = [self.corrected.value, None if self.renewed is None else self.renewed.value]
        return all(value is None or value <= 0 for value in found)


def _is_sure(gain: Measurement | None, least: float) -> bool:
    if gain is None or gain.low is None or gain.value is None:
        return False
    return gain.low > 0 and gain.value >= abs(least)


def probe(question: Question, rows: np.ndarray, said: np.ndarray, older: np.ndarray, pending: int = 0) -> Probe | None:
    """Return what there is to gain, None where the rows are too few to say.

    Parameters
    ----------
    question : Question
    rows : ndarray of int
        Labelled rows that the champion was not fitted on, the oldest first.
    said : ndarray of float64, shape (n_rows, n_outputs)
        What the champion says of them.
    older : ndarray of int
        Rows that it may have been fitted on, the oldest first.
    pending : int
        Rows that come before their labels do: a model answers rows so far from those that it learned from. What is
        renewed is asked about such rows; what corrects the champion need only show that it lacks something.
    """
    rows, said, older = rows[-MOST_ROWS:], said[-MOST_ROWS:], older[-MOST_ROWS:]
    n = len(rows)
    if n < 2 * FEWEST:
        return None
    bounds = np.linspace(n // 2, n, PARTS + 1).astype(np.int64)
    parts = [_Part(int(i) - gap_of(pending, int(i)), int(i), int(j)) for i, j in itertools.pairwise(bounds)]
    every = np.concatenate([older, rows])
    table = as_table(question.columns, question.contract.names, every)
    start = _scores(said, bool(question.classes))
    new = np.column_stack([table[len(older) :], start])
    y, k = question.y[rows], len(question.classes)
    corrected = [_boosted(question, new[: p.first], y[: p.first], new[p.first : p.last], start, p) for p in parts]
    half = slice(int(bounds[0]), None)
    before = losses_of(question.metric, y[half], said[half])
    found = Probe(
        rows=n,
        corrected=_gain(question, rows[half], said[half], before, np.concatenate(corrected), "correct the champion"),
        loss=float(before.mean()),
    )
    if len(older) < FEWEST or (k and len(np.unique(question.y[older])) < k):
        return found
    own, later = table[: len(older)], table[len(older) :][half]
    dated = predicted(own, question.y[older], later, k, question.seed)
    renewed = [
        predicted(
            table[: len(older) + p.known],
            question.y[every[: len(older) + p.known]],
            table[len(older) + p.first : len(older) + p.last],
            k,
            question.seed,
        )
        for p in parts
    ]
    then = losses_of(question.metric, y[half], dated)
    gain = _gain(question, rows[half], dated, then, np.concatenate(renewed), "know the new rows over such that do not")
    return replace(found, renewed=gain, dated=float(then.mean()))


@dataclass(frozen=True)
class _Part:
    """Rows from ``first`` to ``last``, of which labels up to ``known`` would be there."""

    known: int
    first: int
    last: int


def gap_of(pending: int, rows: int) -> int:
    """Return how many rows to leave out before those that judge; at most a third, or nothing would be left."""
    return min(pending, rows // 3)


def _gain(
    question: Question, rows: np.ndarray, said: np.ndarray, before: np.ndarray, then: np.ndarray, trees: str
) -> Measurement:
    y = question.y[rows]
    difference = before - losses_of(question.metric, y, then)
    ranks = np.unique(question.order[rows], return_inverse=True)[1].astype(np.int64)
    blocks = time_blocks(ranks, y, said)
    found = mean_measurement("loss", difference, groups=blocks, seed=question.seed, level=LEVEL)
    return replace(found, method=f"trees that {trees}, on later rows; {found.method}")


def _scores(said: np.ndarray, classes: bool) -> np.ndarray:
    """Return answers on the scale on which trees add to them: log odds, logarithms, or values."""
    if not classes:
        return said
    sure = np.clip(said, SUREST, 1 - SUREST)
    return np.log(sure[:, 1:] / sure[:, :1]) if said.shape[1] == 2 else np.log(sure)


def _boosted(
    question: Question, x: np.ndarray, y: np.ndarray, later: np.ndarray, start: np.ndarray, part: _Part
) -> np.ndarray:
    """Return what the champion says of later rows when it is corrected by trees fitted on the rows before."""
    import lightgbm

    k = len(question.classes)
    objective = "regression" if not k else "binary" if k == 2 else "multiclass"
    settings = settings_of(objective, len(x), LEAVES, question.seed)
    if k:
        settings["max_delta_step"] = LARGEST_STEP
    if k > 2:
        settings["num_class"] = k
    data = lightgbm.Dataset(x, label=y, init_score=np.squeeze(start[: len(x)]), params=dict(BINS))
    trees = lightgbm.train(settings, data, TREES)
    raw = np.asarray(trees.predict(later, raw_score=True)).reshape(len(later), -1)
    return _answers(raw + start[part.first : part.last], k)


def _answers(raw: np.ndarray, k: int) -> np.ndarray:
    if k == 2:
        event = 1 / (1 + np.exp(-raw))
        return np.column_stack([1 - event, event])
    if k > 2:
        powers = np.exp(raw - raw.max(axis=1, keepdims=True))
        return np.asarray(powers / powers.sum(axis=1, keepdims=True))
    return raw
