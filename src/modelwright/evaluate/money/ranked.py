"""Lists of the most likely cases, and what acting on more and more of them earns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelwright.evaluate.evidence import Evidence
from modelwright.evaluate.intervals import measure, sum_by
from modelwright.evaluate.measurements import Measurement
from modelwright.evaluate.measurements.money import ProfitCurve, TopList
from modelwright.evaluate.money.counting import THOUSAND, per_thousand
from modelwright.evaluate.money.deciding import Decided
from modelwright.evaluate.scales import NORMAL_95
from modelwright.evaluate.valuing import mean_influence

__all__ = ["profit_curve", "top_lists"]

SHARES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5)
"""Of the cases: lists of these lengths."""
FEWEST_LISTED = 10
"""Cases on a list: a share of fewer says next to nothing (Wilson's interval of one half of ten is 24 to 76 %)."""
POINTS = 41


def top_lists(decided: Decided, evidence: Evidence, currency: str, seed: int) -> tuple[TopList, ...]:
    """Return lists of several lengths, and of the one that the capacity allows."""
    n = len(evidence.y)
    own = None if decided.capacity is None else decided.capacity.share
    shares = sorted({*SHARES, *(() if own is None else (own,))})
    ranks = _ranks(evidence.prediction[:, 1])
    events = evidence.y == 1
    lists = []
    for share in shares:
        taken = ranks < round(share * n)
        if taken.sum() < FEWEST_LISTED:
            continue
        hit, found = (_of_list(name, taken, evidence, seed) for name in ("precision", "recall"))
        base = float(events.mean())
        lists.append(
            TopList(
                share=share,
                n=int(taken.sum()),
                chance=float(evidence.prediction[taken, 1].min()),
                hit=hit,
                found=found,
                lift=float(events[taken].mean()) / base if base else None,
                gain=_gain(decided, taken, evidence, currency, seed),
                capacity=share == own,
            )
        )
    return tuple(lists)


def _ranks(event: np.ndarray) -> np.ndarray:
    """Return the place of each row when the most likely come first; of equals, the earlier row."""
    ranks = np.empty(len(event), dtype=np.int64)
    ranks[np.argsort(-event, kind="stable")] = np.arange(len(event))
    return ranks


def _of_list(name: str, taken: np.ndarray, evidence: Evidence, seed: int) -> Measurement:
    listed = np.column_stack([~taken, taken]).astype(float)
    found = measure(name, evidence.y, listed, groups=evidence.groups, seed=seed, inflation=evidence.inflation)
    return replace(found, name="hit" if name == "precision" else "found")


def _gain(decided: Decided, taken: np.ndarray, evidence: Evidence, currency: str, seed: int) -> Measurement | None:
    if decided.payoff is None:
        return None
    payoff, y = decided.payoff, evidence.y
    rows = payoff.of_decisions(y, taken) - payoff.of_decisions(y, np.zeros(len(y)))
    return per_thousand("gain", rows, evidence, currency, seed)


def profit_curve(decided: Decided, evidence: Evidence) -> ProfitCurve | None:
    """Return what acting on the most likely cases earns, by their share; None without a payoff or without cases."""
    payoff, y = decided.payoff, evidence.y
    if payoff is None or len(y) < FEWEST_LISTED:
        return None
    ranks = _ranks(evidence.prediction[:, 1])
    each = payoff.of_decisions(y, np.ones(len(y))) - payoff.of_decisions(y, np.zeros(len(y)))
    shares = np.linspace(0, 1, POINTS)
    value, error = np.zeros(POINTS), np.zeros(POINTS)
    for i, share in enumerate(shares):
        rows = np.where(ranks < round(share * len(y)), each, 0.0)
        units = sum_by(mean_influence(rows), evidence.groups)
        value[i], error[i] = rows.mean(), np.sqrt(evidence.inflation * float(units @ units))
    curve = THOUSAND * np.stack([value, value - NORMAL_95 * error, value + NORMAL_95 * error])
    earned = np.append(0.0, np.cumsum(each[np.argsort(ranks)]))
    return ProfitCurve(
        share=tuple(shares.tolist()),
        value=tuple(curve[0].tolist()),
        low=tuple(curve[1].tolist()),
        high=tuple(curve[2].tolist()),
        chosen=float(decided.done(evidence.prediction).mean()),
        best=float(earned.argmax()) / len(y),
    )
