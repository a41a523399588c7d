"""Whether the columns of a window go together as in training: pair by pair, and all of them at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from modelwright.data.columns import Column, Strings
from modelwright.data.contract import Contract
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.scales import NORMAL_95
from modelwright.monitor import wording
from modelwright.monitor.documents import Alarm, Judgement
from modelwright.monitor.history import History
from modelwright.monitor.losses import LEVEL
from modelwright.monitor.testing import effective_rows, p_of_shift
from modelwright.monitor.thresholds import APART_TOGETHER, SMALL_EFFECT
from modelwright.monitor.windows import Window
from modelwright.package.reference.binning import bins_of
from modelwright.package.reference.documents import PairReference, Reference
from modelwright.package.reference.joining import believed, rank_scores, scrambled

__all__ = ["Moved", "Together", "joint_alarms", "moved_pairs", "together"]

CORRELATION_ROWS = 100
"""Below them the correlation of ranks is known to a tenth."""

TOGETHER_ROWS = 5_000
"""Of a window that are asked together: the mean is then known to a hundredth."""

ALL = "all columns together"


class Case(Protocol):
    """A window on trial, as `modelwright.monitor.judging` has it."""

    history: History

    def joint_evidence(self) -> tuple[Reference, Window, Contract]: ...
    def passed(self, evidence: Mapping[str, float], p: Mapping[str, float]) -> frozenset[str]: ...
    def matters(self, use: float | None) -> tuple[Judgement, str]: ...


def joint_alarms(case: Case, moved: frozenset[str]) -> Iterator[Alarm]:
    """Yield the columns that no longer go together as they did; ``moved`` are those that have an alarm of their own."""
    reference, window, contract = case.joint_evidence()
    pairs = moved_pairs(reference, window, contract)
    whole = together(reference, window, contract, moved)
    p = {name: pair.p for name, pair in pairs.items()}
    found = case.history.take("joint", p)
    told = sorted(case.passed(found, p), key=lambda n: -found[n])
    told = [name for name in told if pairs[name].size >= SMALL_EFFECT][: wording.MOST_PAIRS]
    for name in told:
        judgement, because = case.matters(None)
        yield Alarm(
            check="joint",
            column=name,
            judgement=judgement,
            moved=pairs[name].measurement,
            evidence=found[name],
            sentence=wording.pair(pairs[name], judgement, because),
        )
    if whole is None:
        return
    gathered = case.history.take("together", {ALL: whole.p})
    if not told and case.passed(gathered, {ALL: whole.p}) and whole.size >= APART_TOGETHER:
        judgement, because = case.matters(None)
        yield Alarm(
            check="joint",
            column=None,
            judgement=judgement,
            moved=whole.measurement,
            evidence=gathered[ALL],
            sentence=wording.all_together(whole, judgement, because),
        )


@dataclass(frozen=True, kw_only=True)
class Moved:
    """The correlation of two columns in a window: ``size`` is how far it moved on Fisher's scale."""

    pair: PairReference
    measurement: Measurement
    size: float
    p: float


def moved_pairs(reference: Reference, window: Window, contract: Contract) -> dict[str, Moved]:
    """Return, by name of the pair, how its columns go together in a window."""
    pairs = reference.pairs if reference.joint is None else reference.joint.pairs()
    if window.n_rows < CORRELATION_ROWS:
        return {}
    wanted = {n for pair in pairs for n in (pair.first, pair.second)} - {*window.absent, *window.hidden}
    scores = {}
    for column in reference.columns:
        if column.name in wanted:
            bins = bins_of(window.columns[column.name], column, contract[column.name])
            scores[column.name] = rank_scores(column)[bins]
    found = {}
    rows = effective_rows(window.n_rows, reference.rows)
    names = [name for name, own in scores.items() if own.std() > 1e-9]
    table = np.corrcoef(np.vstack([scores[name] for name in names])) if len(names) > 1 else np.eye(1)
    place = {name: number for number, name in enumerate(names)}
    for pair in pairs:
        if pair.first in place and pair.second in place:
            correlation = float(table[place[pair.first], place[pair.second]])
            found[f"{pair.first} and {pair.second}"] = _moved(pair, correlation, window.n_rows, rows)
    return found


def _moved(pair: PairReference, correlation: float, n: int, rows: float) -> Moved:
    r = float(np.clip(correlation, -0.999, 0.999))
    shift = math.atanh(r) - math.atanh(float(np.clip(pair.correlation, -0.999, 0.999)))
    reach = NORMAL_95 / math.sqrt(max(n - 3, 1))
    return Moved(
        pair=pair,
        measurement=Measurement(
            name="rank correlation",
            value=r,
            low=math.tanh(math.atanh(r) - reach),
            high=math.tanh(math.atanh(r) + reach),
            n=n,
            method="Fisher's z",
            level=LEVEL,
        ),
        size=abs(shift),
        p=p_of_shift(shift * math.sqrt(rows), rows, pair.variation, two_sided=True),
    )


@dataclass(frozen=True, kw_only=True)
class Together:
    """By how much more rows of a window are believed to go together as in training than shuffled ones are; ``size`` is
    how far that is from training in standard deviations of a row."""

    measurement: Measurement
    before: float
    size: float
    p: float


def together(reference: Reference, window: Window, contract: Contract, without: frozenset[str]) -> Together | None:
    """Return whether the columns of a window go together as in training.

    None where that is not known: it was not learned, rows are too few, or a column is not there or has moved on its
    own, in which case the trees are asked about places that they do not know.
    """
    joint = reference.joint
    if joint is None or not joint.trees or window.n_rows < CORRELATION_ROWS:
        return None
    if {*without, *window.absent, *window.hidden} & set(joint.columns):
        return None
    step = max(1, -(-window.n_rows // TOGETHER_ROWS))
    bins = np.column_stack(
        [bins_of(_every(window.columns[name], step), reference[name], contract[name]) for name in joint.columns]
    )
    more = believed(joint.trees, bins) - believed(joint.trees, scrambled(bins))
    n, mean = len(more), float(more.mean())
    rows = effective_rows(n, joint.rows)
    reach = NORMAL_95 * float(more.std()) / math.sqrt(n)
    shift = (mean - joint.believed) / joint.deviation
    return Together(
        measurement=Measurement(
            name="belief in rows beyond that in shuffled ones",
            value=mean,
            low=mean - reach,
            high=mean + reach,
            n=n,
            method="trees that tell the two apart",
            level=LEVEL,
        ),
        before=joint.believed,
        size=abs(shift),
        p=p_of_shift(shift * math.sqrt(rows), rows, joint.unlike, two_sided=True),
    )


def _every(column: Column, step: int) -> Column:
    """Return every so-manieth row of a column."""
    return Strings(column.codes[::step], column.levels) if isinstance(column, Strings) else column[::step]
