"""Which candidates are worth trying on this table, in which order, at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from modelwright.features.wide import MOST_COLUMNS, SURE, columns_seen, is_wide
from modelwright.learners.targets import PLAIN
from modelwright.train.record import Candidate
from modelwright.train.worth import SURE_NAME, anchors, worth_of

__all__ = ["PACED_SHARE", "CostModel", "Plan", "candidate_of", "in_order", "make_plan", "most_candidates", "paced"]

PACED_SHARE = 0.3
"""Above this part of the core-seconds a candidate is asked for quicker settings: others should get a turn."""

FASTEST_PACE = 4.0
"""No candidate is asked to be quicker than this: beyond it, fewer rows lose less."""

WHOLE_ONLY = frozenset({"linear"})
"""Views that are no use of the most telling of too many columns: how strongly a linear model is held back is chosen on
rows that chose the columns, to which noise then looks true. On 500 rows of 5,000 columns, five of them telling, ridge
reaches a ROC AUC of 0.63 so, and 0.87 on the columns that surely tell."""

CANDIDATES_BY_ROWS = ((100, 5), (500, 10), (2_500, 20), (10_000, 60))
"""Most candidates that an ensemble is chosen among, by rows: on few rows, choosing among many models mostly chooses
noise (AutoGluon 1.6 presets)."""


@dataclass(frozen=True)
class Plan:
    """Candidates in the order of trying, and those left out with the reason."""

    candidates: tuple[Candidate, ...]
    left_out: tuple[tuple[Candidate, str], ...]


def make_plan(
    *, objective: str, n_rows: int, n_features: int, n_classes: int, target: str = PLAIN, private: bool = False
) -> Plan:
    """Return the candidates for a table of this size: the anchors first, then by what they are worth per second.

    ``target`` is the kind of its values, see `modelwright.learners.targets`. With ``private``, models that would hold
    rows of the table are left out.
    """
    from modelwright import learners

    chosen: list[Candidate] = []
    left_out: list[tuple[Candidate, str]] = []
    wide, n_seen = is_wide(n_rows, n_features), min(n_features, MOST_COLUMNS)
    for name in learners.LEARNERS:
        learner = learners.get(name)
        portfolio = learner.portfolio(n_rows=n_rows, n_features=n_seen, n_classes=n_classes, target=target)
        for settings in (*portfolio, *(_of_sure_columns(portfolio[0], learner.card.view),) * wide):
            candidate = candidate_of(name, settings)
            reason = _unfit(learner.card, objective, n_rows, columns_seen(candidate.view, n_features), n_classes)
            if n_features > MOST_COLUMNS and candidate.view in WHOLE_ONLY:
                reason = f"of {n_features:,} columns {learner.card.title} is tried on those that surely tell"
            if private and learner.card.keeps_rows:
                reason = f"{learner.card.title} would hold rows that it learned from, and there is a privacy policy"
            if reason:
                left_out.append((candidate, reason))
            else:
                chosen.append(candidate)
    ordered = in_order(chosen, CostModel(n_features, max(1, n_classes)), n_rows)
    return Plan(tuple(ordered), tuple(left_out))


def _of_sure_columns(settings: Mapping[str, Any], view: str) -> Mapping[str, Any]:
    """Return a learner's first settings on the columns that surely tell."""
    return {**settings, "name": SURE_NAME, "view": f"{view}{SURE}"}


def candidate_of(learner: str, settings: Mapping[str, Any]) -> Candidate:
    """Return a learner's settings as a candidate; ``"name"`` and ``"view"`` among them are about it, not of it."""
    from modelwright import learners

    card = learners.get(learner).card
    name = settings.get("name", "default")
    return Candidate(
        key=f"{learner}/{name}",
        learner=learner,
        view=settings.get("view", card.view),
        settings={k: v for k, v in settings.items() if k not in {"name", "view"}},
        why=f"{card.title}, {name} settings",
    )


def in_order(candidates: list[Candidate], cost: CostModel, n_rows: int) -> list[Candidate]:
    """Return candidates in the order of trying: the anchors, then by worth per second."""
    keys = anchors(n_rows, wide=is_wide(n_rows, cost.n_features), n_classes=cost.n_outputs)
    first = [c for key in keys for c in candidates if c.key == key]
    rest = [c for c in candidates if c not in first]
    return first + sorted(rest, key=lambda c: -worth_of(c.key, n_rows) / cost.estimate(c, n_rows))


def paced(candidate: Candidate, seconds: float, allowed: float) -> Candidate:
    """Return the candidate with quicker settings where it would take ``seconds`` and may take ``allowed``."""
    from modelwright import learners

    if seconds <= allowed:
        return candidate
    factor = min(FASTEST_PACE, seconds / max(allowed, 1e-9))
    quicker = dict(learners.get(candidate.learner).quicker(candidate.settings, factor))
    if quicker == candidate.settings:
        return candidate
    return replace(
        candidate, settings=quicker, pace=factor, why=f"{candidate.why}, {factor:.1f} times quicker to fit the budget"
    )


def _unfit(card, objective: str, n_rows: int, n_features: int, n_classes: int) -> str:  # type: ignore[no-untyped-def]
    if objective not in card.objectives:
        return f"{card.title} cannot {objective}"
    if n_rows > card.max_rows:
        return f"{n_rows} rows are more than the {card.max_rows} {card.title} is tried on"
    if n_features > card.max_features:
        return f"{n_features} columns are more than the {card.max_features} {card.title} is tried on"
    if n_classes > card.max_classes:
        return f"{n_classes} classes are more than the {card.max_classes} {card.title} is tried on"
    return ""


def most_candidates(n_rows: int) -> int:
    """Interpolate `CANDIDATES_BY_ROWS` on logarithmic axes."""
    rows, counts = zip(*CANDIDATES_BY_ROWS, strict=True)
    return round(float(np.exp(np.interp(np.log(max(n_rows, 2)), np.log(rows), np.log(counts)))))


class CostModel:
    """Expected seconds of a fit: the learner's own estimate, corrected by what its fits took here.

    The estimate is for an idle machine, and is multiplied by how busy this one was when training began.
    The correction is a geometric mean of measured over estimated, shared between learners at a quarter of the weight,
    because a slow machine is slow for all.
    """

    SHARED_WEIGHT = 0.25

    def __init__(self, n_features: int, n_outputs: int, slowness: float = 1.0) -> None:
        self.n_features, self.n_outputs, self._slowness = n_features, n_outputs, slowness
        self._logs: dict[str, list[float]] = {}

    def estimate(self, candidate: Candidate, n_rows: int) -> float:
        """Return seconds of one fit on one core."""
        own = self._logs.get(candidate.key) or self._logs.get(candidate.learner, [])
        others = [x for values in self._logs.values() for x in values]
        shared = float(np.mean(others)) * self.SHARED_WEIGHT if others else 0.0
        correction = float(np.mean(own)) if own else shared
        return max(0.005, self._raw(candidate, n_rows) * float(np.exp(correction)))

    def learn(self, candidate: Candidate, n_rows: int, seconds: float) -> None:
        """Take note of what a fit took."""
        log = float(np.log(max(seconds, 1e-3) / self._raw(candidate, n_rows)))
        self._logs.setdefault(candidate.key, []).append(log)
        self._logs.setdefault(candidate.learner, []).append(log)

    def _raw(self, candidate: Candidate, n_rows: int) -> float:
        from modelwright import learners

        n_features = columns_seen(candidate.view, self.n_features)
        seconds = learners.get(candidate.learner).card.seconds(n_rows, n_features, self.n_outputs)
        return max(1e-3, self._slowness * seconds / candidate.pace)
