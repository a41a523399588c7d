"""Can the score and the probabilities be taken at their word?"""

from __future__ import annotations

from typing import ClassVar

from modelwright.evaluate import metrics
from modelwright.govern.gates.base import Case, Failing, Finding, gain_share, number

__all__ = ["NotGrosslyOverfitted", "NotTooGood", "RightProbabilities"]

# Real questions are seldom answered so well; leaked answers are. By metric, where 1 is perfect.
TOO_GOOD = {"roc_auc": 0.998, "accuracy": 0.998, "r2": 0.998}


class RightProbabilities:
    """Probabilities mean what they say.

    Above five points, where the brief asks for nothing else, a stated chance misleads: it is the step in which people
    speak of chances. The lower bound is compared, as the error of few rows is biased upwards (Kumar, Liang & Ma 2019).
    """

    name: ClassVar[str] = "calibrated"

    def check(self, case: Case) -> Finding:
        error = case.evaluation.calibration_error
        if error is None or error.value is None:
            return Finding(True, "not applicable: no probabilities to compare", Failing.CONDITION)
        bound, most = error.value if error.low is None else error.low, case.threshold("calibration_error") or 0.0
        why = f"probabilities are off by {number(error)} on average"
        if bound > most:
            why += f", more than {most:g}"
        do = "use the probabilities to rank cases, not as chances"
        return Finding(bound <= most, why, case.failing(Failing.CONDITION, "calibration_error"), do)


class NotGrosslyOverfitted:
    """Enough of what the training rows promise holds on new rows.

    Trees and neighbours always fit their own rows better; a model that loses three quarters of its gain over a constant
    has mostly memorised, where the brief asks for nothing else.
    """

    name: ClassVar[str] = "not grossly overfitted"

    def check(self, case: Case) -> Finding:
        train, headline, constant = case.evaluation.train_score, case.evaluation.headline, case.against_constant
        if train is None or train.value is None or headline.value is None:
            return Finding(True, "not applicable: no score on the training rows", Failing.CONDITION)
        failing = case.failing(Failing.CONDITION, "gain_kept")
        if constant is None or constant.score.value is None:
            return Finding(True, "not applicable: no gain to compare", failing)
        # Later rows may be quieter or louder: each set of rows is held against a constant of its own.
        own = case.evaluation.train_constant
        base = constant.score.value if own is None or own.value is None else own.value
        better = headline.greater_is_better
        learned = gain_share(train.value, base, better)
        holds = gain_share(headline.value, constant.score.value, better)
        if learned is None or holds is None:
            return Finding(True, "not applicable: a constant is perfect", failing)
        if learned <= 0:
            why = "on the training rows themselves it gains nothing on a constant: it has learned nothing"
            return Finding(False, why, failing, case.better_model)
        kept = holds / learned
        why = f"{min(kept, 1.0):.0%} of the gain over a constant on the training rows holds on new rows"
        least = case.threshold("gain_kept") or 0.0
        if kept < least:
            why = f"only {why}: it has memorised much"
        do = "try it on newer rows before it is relied on, or collect more rows"
        return Finding(kept >= least, why, failing, do)


class NotTooGood:
    """A score near perfection asks for a second look at what the columns know."""

    name: ClassVar[str] = "plausible"

    def check(self, case: Case) -> Finding:
        for metric in case.evaluation.metrics:
            limit = TOO_GOOD.get(metric.name)
            if limit is None or metric.value is None or metric.value < limit:
                continue
            if metric.name == "accuracy" and _always_right(case):
                continue
            score = f"{metrics.get(metric.name).title} {metric.value:.4f}, where 1 is perfect"
            why = f"a score as good as this ({score}) is rare, and leaked answers give it"
            do = "check that no column is known only after the answer; leave such ones out with --known-after"
            return Finding(False, why, Failing.CONDITION, do)
        return Finding(True, "no score is suspiciously close to perfect", Failing.CONDITION)


def _always_right(case: Case) -> bool:
    """Return whether one class is so frequent that predicting it always is as accurate."""
    confusion = case.evaluation.confusion
    if confusion is None:
        return False
    rows = [sum(row) for row in confusion.counts]
    return max(rows) >= TOO_GOOD["accuracy"] * sum(rows)
