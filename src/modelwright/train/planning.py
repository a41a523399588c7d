"""Which candidates are worth trying on this table, in which order, at what cost."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from modelwright.train.record import Candidate

__all__ = ["CostModel", "Plan", "make_plan"]

ORDER_SMALL = ("linear", "catboost", "extra_trees", "lightgbm", "random_forest", "mlp", "xgboost", "neighbours")
ORDER_LARGE = ("lightgbm", "linear", "catboost", "xgboost", "extra_trees", "mlp", "random_forest", "neighbours")
"""Learners by what they add to an ensemble per second. Boosting with ordered statistics is the strongest single family
on tables (TabArena 2025, defaults on CPU); on few rows the well-regularised linear model is hard to beat."""

SMALL_ROWS = 2_000

COSTLY_SHARE = 0.25
"""A family that takes more than this of the time is far above its share of six or seven."""

PACED_SHARE = 0.12
"""Above this part of the time a family is asked for quicker settings: most should get a turn."""

FASTEST_PACE = 4.0
"""No family is asked to be quicker than this: beyond it, fewer rows lose less."""

ANCHORS = 2
"""The first families of the order keep their place whatever they cost: without a strong one there is no model."""

CANDIDATES_BY_ROWS = ((100, 4), (500, 8), (2_500, 15), (10_000, 40))
"""Most candidates by rows: on few rows, choosing among many models mostly chooses noise (AutoGluon 1.6 presets)."""


@dataclass(frozen=True)
class Plan:
    """Candidates in the order of trying, and those left out with the reason."""

    candidates: tuple[Candidate, ...]
    left_out: tuple[tuple[Candidate, str], ...]


def make_plan(
    *, objective: str, n_rows: int, n_features: int, n_classes: int, fold_seconds: float | None = None
) -> Plan:
    """Return the candidates for a table of this size: each family's default first, then their variants in turn.

    Parameters
    ----------
    fold_seconds : float or None
        Core-seconds there are for each fold, all candidates together. Families of which one fit takes more than
        `COSTLY_SHARE` of it come after the others of their turn, so that a slow one does not keep out all the rest.
    """
    from modelwright import learners

    order = ORDER_SMALL if n_rows < SMALL_ROWS else ORDER_LARGE
    names = [n for n in order if n in learners.LEARNERS] + [n for n in learners.LEARNERS if n not in order]
    cost = CostModel(n_features, max(1, n_classes))
    chosen: list[tuple[int, bool, int, Candidate]] = []
    left_out: list[tuple[Candidate, str]] = []
    for rank, name in enumerate(names):
        learner = learners.get(name)
        card = learner.card
        portfolio = learner.portfolio(n_rows=n_rows, n_features=n_features, n_classes=n_classes)
        for turn, settings in enumerate(portfolio):
            options = {k: v for k, v in settings.items() if k != "name"}
            candidate = Candidate(
                key=f"{name}/{settings.get('name', turn)}",
                learner=name,
                view=card.view,
                settings=options,
                why=f"{card.title}, {settings.get('name', 'default')} settings",
            )
            reason = _unfit(card, objective, n_rows, n_features, n_classes)
            if reason:
                left_out.append((candidate, reason))
                continue
            candidate = _paced(candidate, cost.estimate(candidate, n_rows), fold_seconds)
            seconds = cost.estimate(candidate, n_rows)
            costly = fold_seconds is not None and rank >= ANCHORS and seconds > COSTLY_SHARE * fold_seconds
            chosen.append((turn, costly, rank, candidate))
    most = _most_candidates(n_rows)
    chosen.sort(key=lambda item: (item[0], item[2]))
    left_out += [(c, f"{n_rows} rows support about {most} candidates") for *_, c in chosen[most:]]
    ordered = sorted(chosen[:most], key=lambda item: item[:3])
    return Plan(tuple(c for *_, c in ordered), tuple(left_out))


def _paced(candidate: Candidate, seconds: float, fold_seconds: float | None) -> Candidate:
    """Return the candidate with quicker settings where the usual ones would take more than their share."""
    from modelwright import learners

    if fold_seconds is None or seconds <= PACED_SHARE * fold_seconds:
        return candidate
    factor = min(FASTEST_PACE, seconds / (PACED_SHARE * fold_seconds))
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


def _most_candidates(n_rows: int) -> int:
    """Interpolate `CANDIDATES_BY_ROWS` on logarithmic axes."""
    rows, counts = zip(*CANDIDATES_BY_ROWS, strict=True)
    return round(float(np.exp(np.interp(np.log(max(n_rows, 2)), np.log(rows), np.log(counts)))))


class CostModel:
    """Expected seconds of a fit: the learner's own estimate, corrected by what its fits took here.

    The correction is a geometric mean of measured over estimated, shared between learners at a quarter of the weight,
    because a slow machine is slow for all.
    """

    SHARED_WEIGHT = 0.25

    def __init__(self, n_features: int, n_outputs: int) -> None:
        self._shape = (n_features, n_outputs)
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

        n_features, n_outputs = self._shape
        return max(1e-3, learners.get(candidate.learner).card.seconds(n_rows, n_features, n_outputs) / candidate.pace)
