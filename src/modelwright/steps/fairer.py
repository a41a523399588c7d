"""Models that are compared for fairness: what each reaches and costs against the model as it was, and which is taken.

All of them are asked about the same out-of-fold rows, which choose; the lockbox measures afterwards what each would
have been. One is taken only where it demonstrably helps at a cost in proportion, or probably helps and costs nothing;
else the model stays as it was, and the report tells what was tried and what that would have cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from modelwright.data.columns import take
from modelwright.evaluate import metrics
from modelwright.evaluate.intervals import gain, measure
from modelwright.evaluate.measurements import FairOption, Measurement
from modelwright.evaluate.money.deciding import capped
from modelwright.frame.problem import Problem
from modelwright.govern.fairness import helping, thresholds
from modelwright.govern.fairness.choosing import measures_of
from modelwright.govern.fairness.groups import Grouping
from modelwright.govern.fairness.margins import Margins, margins_of
from modelwright.govern.fairness.measuring import Judged, group_table, steady_ratio, widest_pair
from modelwright.running import Run
from modelwright.runtime.answers import threshold_or_half
from modelwright.steps.settling import Settled, settle
from modelwright.train.outcome import Outcome

__all__ = [
    "Tried",
    "acting_of",
    "aim_of",
    "chosen",
    "judgement",
    "measured",
    "measures",
    "options",
    "surely",
    "told",
    "why_chosen",
    "with_thresholds",
]

AIMED = 0.25
"""Of the way from the ratio asked for to 1: other rows than those that chose a threshold come out lower as often as
higher."""
ALIKE = 0.05
"""Ratios that are no more apart are worth no loss of score where neither is high enough: much of that is luck."""
FREE = 0.02
"""Share of the model's worth up to which an option costs nothing: then it need not be sure that it helps."""
MOST_TO_SHOW = 0.1
"""Share of the model's worth that may be paid for a ratio that the rows which measure can show, where without it the
ratio is reached as surely."""
OWN, OTHER = "own thresholds", "another threshold"


@dataclass(frozen=True, kw_only=True, eq=False)
class Tried:
    """A model that is compared, and what the rows that choose say of it.

    Attributes
    ----------
    name, text : str
    strength : float
        Of the weights it was trained with, 0 for none.
    score, loss : float
        The same, and so that less is better.
    ratio : float or None
        The lowest of two groups, see `measuring.steady_ratio`.
    gain : Measurement or None
        By how much the lowest ratio is higher than that of the model as it was, on the same rows; None for that one.
    lost : float
        Share of what the model as it was is worth that is lost, see `modelwright.govern.fairness.helping`.
    margins : Margins
        How far the ratio may be off.
    """

    name: str
    text: str
    strength: float
    outcome: Outcome
    settled: Settled
    score: float
    loss: float
    ratio: float | None
    gain: Measurement | None = None
    lost: float = 0.0
    margins: Margins = field(default_factory=Margins)
    chosen: bool = False

    @property
    def reads(self) -> tuple[str, ...]:
        """The protected columns that decide by their groups."""
        return () if self.settled.by_group is None else self.settled.by_group.columns


def measures(run: Run) -> tuple[str, ...]:
    """Return the measures that the brief compares groups by."""
    return measures_of(run.brief.fairness, len(run.documents["problem"].classes))


def measured(
    run: Run,
    name: str,
    text: str,
    outcome: Outcome,
    groups: tuple[Grouping, ...],
    *,
    first: Tried | None = None,
    strength: float = 0.0,
    settled: Settled | None = None,
) -> Tried:
    """Return what the rows that choose say of a model, beside the ``first``, which is the one as it was."""
    problem: Problem = run.documents["problem"]
    settled = settle(run, outcome) if settled is None else settled
    y = run.y[run.rows][outcome.rows]
    metric = metrics.get(problem.metric)
    score = float(metric(y, settled.oof, settled.threshold))
    tables, least = _tables(run, settled, outcome.rows, y, settled.oof, groups), run.brief.fairness_ratio
    tried = Tried(
        name=name,
        text=text,
        strength=strength,
        outcome=outcome,
        settled=settled,
        score=score,
        loss=-score if metric.greater_is_better else score,
        ratio=steady_ratio(tables, measures(run)),
        margins=margins_of(tables, measures(run), least=least, share=len(run.folds.holdout) / len(outcome.rows)),
    )
    if first is None:
        return tried
    _, own, other = np.intersect1d(outcome.rows, first.outcome.rows, assume_unique=True, return_indices=True)
    rows = outcome.rows[own]
    pair = _Pair(rows, run.y[run.rows][rows], first.settled.oof[other], settled.oof[own])
    rise, lost = _compared(run, first, tried, pair, groups)
    return replace(tried, gain=rise, lost=lost)


@dataclass(frozen=True, eq=False)
class _Pair:
    """Rows with what two models say of them."""

    rows: np.ndarray
    y: np.ndarray
    before: np.ndarray
    after: np.ndarray


def _compared(run: Run, first: Tried, t: Tried, pair: _Pair, groups: tuple[Grouping, ...]) -> tuple[Measurement, float]:
    """Return by how much the lowest ratio rises on some rows, and the share of the model's worth that is lost."""
    was, now = _limit(first.settled), _limit(t.settled)
    before, after = pair.before[:, 1] >= was, pair.after[:, 1] >= now
    acted = helping.Acted(
        y=pair.y, act=before, groups=[g.take(pair.rows) for g in groups], measures=measures(run),
        clusters=None if run.folds.groups is None else run.folds.groups[pair.rows],
    )  # fmt: skip
    rise = helping.ratio_gain(acted, after, seed=run.brief.seed)
    metric = metrics.get(run.documents["problem"].metric)
    share = float(pair.y.mean())
    naive = np.tile([1 - share, share], (len(pair.y), 1))
    scores = (metric(pair.y, pair.before, was), metric(pair.y, pair.after, now), metric(pair.y, naive, was))
    even, capacity = _even(first.settled), first.settled.decided.capacity
    room = 1.0 if capacity is None else capacity.share
    lost = max(helping.decisions_lost(pair.y, before, after, even, room), 0.0)
    if not t.reads:  # thresholds by group move chances on purpose: what counts is what is decided
        lost = max(helping.score_lost(*scores), lost)
    return rise, lost


def _limit(settled: Settled) -> float:
    return threshold_or_half(settled.threshold)


def acting_of(t: Tried) -> tuple[float, float]:
    """Return from which chance on a model's events are acted on, and from which on that pays."""
    return _limit(t.settled), _even(t.settled)


def _even(settled: Settled) -> float:
    """Return from which chance on acting pays: as the payoff has it, else as the threshold does; where only so many can
    be acted on, each event that is found counts."""
    decided = settled.decided
    if decided.payoff is not None:
        return decided.payoff.break_even
    return 0.0 if decided.capacity is not None else _limit(settled)


def _tables(
    run: Run, settled: Settled, rows: np.ndarray, y: np.ndarray, prediction: np.ndarray, groups: tuple[Grouping, ...]
) -> list[Any]:
    clusters = None if run.folds.groups is None else run.folds.groups[rows]
    judged = Judged(y=y, prediction=prediction, threshold=settled.threshold, clusters=clusters)
    return [group_table(judged, g.take(rows), least=run.brief.fairness_ratio, looks=len(groups)) for g in groups]


def with_thresholds(
    run: Run, base: Tried, first: Tried, groups: tuple[Grouping, ...], names: Sequence[str]
) -> list[Tried]:
    """Return a model with thresholds under which groups are more alike: another common one, and where the brief allows
    it, one of each group by the columns ``names``."""
    before = "" if base is first else f"{base.name}, "
    found = []
    falls_short = (base.ratio or 0.0) < run.brief.fairness_ratio  # one that only may would be swapped for luck
    if falls_short and (settled := _another(run, base, groups)) is not None:
        text = f"{base.text}; acted on from a chance of {settled.threshold:.3g} on, not {_limit(base.settled):.3g}"
        found.append((f"{before}{OTHER}", text, settled))
    if run.brief.fairness_thresholds and names:
        for aim, suffix in _aims(run, base):
            if (settled := _by_group(run, base, names, aim)) is not None:
                text = f"{base.text}; each group of {' × '.join(names)} has a threshold of its own, which reads them"
                found.append((f"{before}{OWN}{suffix}", text, settled))
    return [
        measured(run, name, text, base.outcome, groups, first=first, strength=base.strength, settled=settled)
        for name, text, settled in found
    ]


def aim_of(run: Run) -> float:
    """Return the ratio that is aimed for: the one asked for, with room for luck."""
    least = run.brief.fairness_ratio
    return least + AIMED * (1 - least)


def _aims(run: Run, base: Tried) -> list[tuple[float, str]]:
    """Return the ratios that thresholds by group are to bring about, each with what it is called by."""
    aims, needed = [(aim_of(run), "")], base.margins.needed
    if needed is not None and aim_of(run) < needed < 1:
        aims.append((needed, ", so that it shows"))
    return [*aims, (1.0, ", all alike")]


def _rows(run: Run, base: Tried) -> thresholds.Rows:
    y = run.y[run.rows][base.outcome.rows]
    return thresholds.Rows(y=y, event=base.settled.oof[:, 1], threshold=_limit(base.settled), even=_even(base.settled))


def _another(run: Run, base: Tried, groups: tuple[Grouping, ...]) -> Settled | None:
    if not len(run.folds.holdout):
        return None  # rows that also measure must not choose it
    own = [g.take(base.outcome.rows) for g in groups]
    found = thresholds.common_threshold(_rows(run, base), own, measures(run), aim_of(run))
    if found is None or (base.settled.decided.capacity is not None and found < _limit(base.settled)):
        return None  # or more would be acted on than there is room for
    why = f"{found:.3g}, so that groups are treated more alike, instead of {base.settled.decided.why}"
    return replace(base.settled, decided=replace(base.settled.decided, threshold=found, why=why))


def _by_group(run: Run, base: Tried, names: Sequence[str], aim: float) -> Settled | None:
    rows, contract = _rows(run, base), run.documents["contract"]
    columns = take(run.used(tuple(names)), base.outcome.rows)
    odds = thresholds.own_thresholds(rows, columns, names, contract, measures(run), aim)
    clusters = None if run.folds.groups is None else run.folds.groups[base.outcome.rows]
    event = thresholds.crossfitted(
        rows, columns, names, contract, measures(run), aim, clusters=clusters, seed=run.brief.seed
    )
    if odds is None or event is None:
        return None
    oof = np.column_stack([1 - event, event])
    lockbox = run.folds.holdout
    judged = odds(base.settled.judged, take(run.used(odds.columns), lockbox)) if len(lockbox) else oof
    why = f"{base.settled.decided.why}; groups of {' × '.join(odds.columns)} have thresholds of their own"
    decided = replace(base.settled.decided, why=why)
    if decided.capacity is not None:  # groups that are acted on more often must not come to more than there is room for
        limit, words = capped(_limit(base.settled), event, decided.capacity)
        decided = replace(decided, threshold=limit, why=f"{why}; {words}" if words else why)
    return replace(base.settled, oof=oof, judged=judged, by_group=odds, decided=decided)


def chosen(tried: Sequence[Tried], least: float) -> Tried:
    """Return what to go on with: of those that help in proportion and are surely fair enough the one that loses least,
    else of those that come nearest; where none helps, the first, which is the model as it was.

    Surely is the lower end of the ratio (`Margins.sure`); one that the rows which measure can show as well is taken
    where that costs little more.
    """
    first = tried[0]
    worthy = [t for t in tried[1:] if not judgement(t, first, least)]
    if not worthy:
        return first
    enough = [t for t in worthy if surely(t) >= least]
    if not enough:
        nearest = max(map(surely, worthy))
        enough = [t for t in worthy if surely(t) >= nearest - ALIKE]
    cheapest = min(enough, key=_price)
    shown = [t for t in enough if (t.margins.shown or 0.0) >= least and t.lost <= cheapest.lost + MOST_TO_SHOW]
    return min(shown, key=_price, default=cheapest)


def why_chosen(best: Tried, tried: Sequence[Tried], least: float) -> str:
    """Return why `chosen` takes what it takes, on the rows that it goes by."""
    if best is tried[0]:
        return "nothing that was tried helps beyond the noise at a cost in proportion, on out-of-fold rows"
    if surely(best) < least:
        return f"none that helps in proportion surely reaches {least:g} on out-of-fold rows; this one comes nearest"
    why = f"of those that help in proportion and surely reach {least:g} it loses least, on out-of-fold rows"
    enough = [t for t in tried[1:] if not judgement(t, tried[0], least) and surely(t) >= least]
    if best.lost > min(t.lost for t in enough):
        why += "; what loses less could not be expected to be met on the rows that measure"
    return why


def surely(t: Tried) -> float:
    """Return what the lowest ratio of a model is at least on other rows, with 95 % confidence; where groups are too
    small to say so, what they are taken for."""
    return (t.ratio or 0.0) if t.margins.sure is None else t.margins.sure


def _price(t: Tried) -> tuple[float, float]:
    return t.lost, t.loss


def judgement(t: Tried, first: Tried, least: float) -> str:
    """Return why an option cannot be taken, empty where it can."""
    if t is first:
        return ""
    if t.ratio is None or first.ratio is None or t.gain is None or t.gain.value is None:
        return "its groups cannot be compared"
    sure = t.gain.low is not None and t.gain.low > 0
    if not sure and (t.lost > FREE or t.gain.value <= ALIKE):
        return "it does not help beyond the noise"
    if not helping.in_proportion(first.ratio, t.ratio, least, t.lost):
        return "it costs more than it helps"
    return ""


def told(t: Tried) -> str:
    """Return an option in words, for the ledger."""
    cost = f", {t.lost:.0%} of the model's worth lost" if t.gain is not None else ""
    return f"{t.name} (ratio {t.ratio or 0.0:.2f}, score {t.score:.4g}{cost})"


def options(run: Run, y: np.ndarray, rows: np.ndarray, groups: tuple[Grouping, ...]) -> tuple[FairOption, ...]:
    """Return what was tried, measured on the rows that are reported: ``rows``, whose truth is ``y``."""
    found = [_option(run, run.fairer[0], t, y, rows, groups) for t in run.fairer]
    return tuple(found)


def _option(
    run: Run, first: Tried, t: Tried, y: np.ndarray, rows: np.ndarray, groups: tuple[Grouping, ...]
) -> FairOption:
    problem: Problem = run.documents["problem"]
    was, said = first.settled.judged, t.settled.judged
    if not len(run.folds.holdout):
        rows, mine, other = np.intersect1d(t.outcome.rows, first.outcome.rows, assume_unique=True, return_indices=True)
        y, said, was = run.y[run.rows][rows], said[mine], was[other]
    clusters = None if run.folds.groups is None else run.folds.groups[rows]
    same: dict[str, Any] = {"groups": clusters, "seed": run.brief.seed, "threshold": t.settled.threshold}
    rise: Measurement | None = None
    change: Measurement | None = None
    lost: float | None = None
    if t.gain is not None:
        rise, lost = _compared(run, first, t, _Pair(rows, y, was, said), groups)
        change = gain(problem.metric, y, said, was, other_threshold=first.settled.threshold, **same)
    return FairOption(
        name=t.name,
        text=t.text,
        score=measure(problem.metric, y, said, **same),
        ratio=widest_pair(_tables(run, t.settled, rows, y, said, groups), measures(run)),
        score_then=t.score,
        ratio_then=t.ratio,
        chosen=t.chosen,
        gain=rise,
        change=change,
        lost=lost,
        why=judgement(t, first, run.brief.fairness_ratio),
        reads=t.reads,
    )
