"""Does the score hang on which rows are learned from?"""

from __future__ import annotations

from math import isfinite
from typing import ClassVar

from modelwright.govern.gates.base import Case, Failing, Finding, gain_share
from modelwright.train.record import Training

__all__ = ["Stable"]

FEWEST_FOLDS = 2


class Stable:
    """The worst fold keeps enough of the mean gain over a constant.

    Folds, and their repeats, are drawn with other seeds, so that the spread is that of rows and seeds together. It
    informs unless the brief sets the threshold: on few rows a fold is worse by chance alone, and the interval of the
    score has that already.
    """

    name: ClassVar[str] = "stable"

    def check(self, case: Case) -> Finding:
        failing = case.failing(Failing.INFORM, "fold_gain_kept")
        gains = _gains(case)
        if len(gains) < FEWEST_FOLDS:
            return Finding(True, "not applicable: it was not scored on several folds", failing)
        mean, worst = sum(gains) / len(gains), min(gains)
        if mean <= 0:
            why = f"on the mean of {len(gains)} folds it gains nothing on a constant: there is no gain to be stable"
            weak = case.failing(Failing.CONDITION, "fold_gain_kept")
            return Finding(False, why, weak, case.better_model)
        kept, least = worst / mean, case.threshold("fold_gain_kept") or 0.0
        why = f"the worst of {len(gains)} folds keeps {kept:.0%} of the mean gain over a constant"
        if kept < least:
            why += f", less than {least:.0%}"
        do = "collect more rows, or find out what sets that fold apart"
        return Finding(kept >= least, why, failing, do)


def _gains(case: Case) -> list[float]:
    """Return the gain over a constant by fold, as a share of the way to a perfect score; empty where it is not known.

    Of the members as they are weighted. Each fold has a constant of its own: one may be harder than another.
    """
    training, constant = case.training, case.against_constant
    if training is None or constant is None or constant.score.value is None:
        return []
    weights = {m.key: m.weight for m in training.members}
    members = [c for c in training.candidates if c.key in weights and c.fold_scores]
    folds = min((len(c.fold_scores) for c in members), default=0)
    total = sum(weights[c.key] for c in members)
    if not total or not _comparable(case, training):
        return []
    scores = [sum(weights[c.key] * c.fold_scores[k] for c in members) / total for k in range(folds)]
    known = training.fold_constants
    bases = known if len(known) == folds and all(map(isfinite, known)) else (constant.score.value,) * folds
    found = [gain_share(s, base, training.greater_is_better) for s, base in zip(scores, bases, strict=True)]
    return [gain for gain in found if gain is not None]


def _comparable(case: Case, training: Training) -> bool:
    """Return whether folds were scored by the metric that the constant is."""
    return training.metric == case.evaluation.headline.name
