"""What to train on, decided by what would have predicted the latest rows best.

Every span is tried: the champion's weightiest recipe learns from the span's part of the past and predicts the rows
after it. All rows are the choice unless another span is better by more than the noise: more rows are what a model
without drift wants, and a span that is only as good will be worse once what was comes back.
"""

from __future__ import annotations

import math

import numpy as np

from modelwright.evaluate.blocks import block_length, time_blocks
from modelwright.evaluate.intervals import gain
from modelwright.retrain.documents import Span, SpanTrial
from modelwright.retrain.probing import gap_of
from modelwright.retrain.recipes import Question, predict_later
from modelwright.train.record import Candidate

__all__ = ["change_point", "choose_span", "judging_rows", "lasting_change", "rows_of"]

LEVEL = 0.98
"""Of the interval of a span's gain over all rows: with three other spans all rows are left for chance in one case of
33."""

TRIED = (Span.ALL, Span.HALF, Span.FADING)
"""Beside the rows since a change, where there was one. What is as short without a change learns the weather of the
day: it is best for the next rows, and worst once what was comes back."""

FEWEST = 50
"""Fewest rows that judge a challenger; half as many are enough to try a span on, or for one to hold."""

FADING_HALVES = 4.0
"""A row's chance to be kept halves so often from the newest to the oldest."""

KOLMOGOROV_99 = 1.628
"""99 % of the largest distances of a Brownian bridge from zero lie below."""

JUDGED_SHARE = 1 / 3
"""Of the rows that have come since the champion's losses changed, the latest part judges: the rest must hold enough of
what is new to learn it."""

MOST_JUDGED = 20_000  # as for the lockbox: more make the interval narrower than any decision needs


def rows_of(span: Span, past: np.ndarray, change: int | None, seed: int) -> np.ndarray:
    """Return the rows of a span.

    Parameters
    ----------
    span : Span
    past : ndarray of int
        Rows, the oldest first.
    change : int or None
        Place in ``past`` from which on the champion's losses are others.
    seed : int
        For what is thinned out.
    """
    n = len(past)
    if span is Span.HALF:
        return past[n // 2 :]
    if span is Span.CHANGE:
        return past if change is None else past[change:]
    if span is Span.FADING:
        chance = 0.5 ** (FADING_HALVES * np.arange(n - 1, -1, -1) / max(n, 1))
        return past[np.random.default_rng([seed, 23]).random(n) < chance]
    return past


def change_point(losses: np.ndarray) -> int | None:
    """Return from where on the mean of a series of losses is another one; None where that may be chance.

    The largest cumulated deviation from the mean over its long-run standard error, whose distribution without a change
    is that of a Brownian bridge (Ploberger and Krämer 1992). The error is that of the losses about the means before
    and after, or a change would hide itself; blocks make up for neighbours that are alike.
    """
    n = len(losses)
    if n < 2 * FEWEST:
        return None
    path = np.cumsum(losses - losses.mean()) / n
    place = int(np.argmax(np.abs(path[:-1]))) + 1
    left = np.concatenate([part - part.mean() for part in np.split(losses, [place])])
    means = np.array([part.mean() for part in np.array_split(left, max(2, n // block_length(left)))])
    error = float(means.std(ddof=1)) / math.sqrt(len(means))
    if error == 0 or abs(path[place - 1]) / error <= KOLMOGOROV_99:
        return None
    return place


def lasting_change(losses: np.ndarray, pending: int) -> int | None:
    """Return from where on the mean of a series of losses is another one, if that is longer ago than labels take.

    What is known of the world is as old as the labels are late. A change that is younger than that may be over by now,
    and what has lasted for a while is as likely as not to last as long again (Gott 1993).
    """
    change = change_point(losses)
    return None if change is None or len(losses) - change <= pending else change


def judging_rows(losses: np.ndarray) -> tuple[int, int | None]:
    """Return how many of the new rows judge, and from which of them on the champion's losses are others.

    The rows that judge are the latest ones in any case. How many they are depends on the champion alone, so that
    nothing is chosen in favour of the challenger.

    Parameters
    ----------
    losses : ndarray of float64
        The champion's loss on the new rows, the oldest first.
    """
    change = change_point(losses)
    recent = len(losses) - (change or 0)
    judged = min(max(FEWEST, int(JUDGED_SHARE * recent)), MOST_JUDGED)
    return judged, change


def choose_span(
    question: Question, candidate: Candidate, rest: np.ndarray, fresh: int, change: int | None, pending: int = 0
) -> tuple[Span, np.ndarray, tuple[SpanTrial, ...]]:
    """Return the span, its rows among ``rest``, and what was tried.

    Parameters
    ----------
    question : Question
    candidate : Candidate
        Tried on every span.
    rest : ndarray of int
        Rows that may be learned from, the oldest first.
    fresh : int
        How many of them, at the end, have come since the champion was trained.
    change : int or None
        Place among those from which on the champion's losses are others.
    pending : int
        Rows that come before their labels do. So many are left out between those learned from and those that judge, as
        in life: what is best for the next hour need not be for the next month.
    """
    recent = fresh if change is None else max(fresh - change, 0)
    gap = gap_of(pending, recent)
    n_judged = min((recent - gap) // 2, len(rest) // 4)
    if n_judged < FEWEST // 2 or len(rest) - n_judged < 4 * FEWEST:
        return Span.ALL, rest, ()
    past, later = rest[: len(rest) - n_judged - gap], rest[len(rest) - n_judged :]
    place = None if change is None else len(rest) - fresh + change
    tried = TRIED if place is None or recent <= pending else (*TRIED, Span.CHANGE)
    spans = {span: rows_of(span, past, place, question.seed) for span in tried}
    trials = _tried(question, candidate, spans, later)
    better = [t for t in trials if t.gain is not None and t.gain.low is not None and t.gain.low > 0]
    best = max(better, key=lambda t: t.gain.value or 0.0, default=None)  # type: ignore[union-attr]
    span = Span.ALL if best is None else best.span
    return span, rows_of(span, rest, place, question.seed), trials


def _tried(
    question: Question, candidate: Candidate, spans: dict[Span, np.ndarray], later: np.ndarray
) -> tuple[SpanTrial, ...]:
    y = question.y[later]
    whole = predict_later(question, candidate, spans[Span.ALL], later)
    ranks = np.unique(question.order[later], return_inverse=True)[1].astype(np.int64)
    blocks = time_blocks(ranks, y, whole)
    found = [SpanTrial(span=Span.ALL, rows=len(spans[Span.ALL]), gain=None)]
    for span, rows in spans.items():
        if span is Span.ALL or len(rows) < FEWEST // 2 or (question.classes and len(np.unique(question.y[rows])) < 2):
            continue
        own = predict_later(question, candidate, rows, later)
        more = gain(question.metric, y, own, whole, groups=blocks, seed=question.seed, level=LEVEL)
        found.append(SpanTrial(span=span, rows=len(rows), gain=more))
    return tuple(found)
