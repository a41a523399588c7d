"""When to train again: where there is something to learn, at once; many new rows from time to time; in vain less often.

Harm alone is no reason. What the champion lacks must be in the rows that have come, see `probing`: a loss that is up
because there are too few rows of the new kind, or because the world is noisier, is not brought down by training.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from modelwright.monitor.documents import Judgement, Monitoring
from modelwright.retrain.documents import Burden, Span, Trigger
from modelwright.retrain.probing import Probe
from modelwright.retrain.tables import FEWEST_NEW

__all__ = ["MOST_SAVED", "Waiting", "burden_of", "may_train", "reason_to_retrain"]

ROWS_SHARE = 0.5
"""New rows with labels, per row trained on, after which a new model is tried although nothing is wrong."""

MORE_ROWS = 2
"""After a vain attempt so many times its new rows have to be there for the next without harm."""

LOSS_CHECKS = frozenset({"loss", "slice", "calibration", "fairness"})
"""Alarms that come from labels."""

PRICE = 3
"""Windows that a training costs: a model that is a third as fresh on average loses little, for a third of the cost of
training after each."""

MOST_SAVED = 2 * PRICE
"""Windows that are saved up at most: after a quiet time two trainings may follow each other, when the first had seen
too little of what is new."""

UNSURE_SAVED = MOST_SAVED
"""Windows that are saved up before a training that no probe calls sure: what may be vain waits until all is saved."""

MOST_PAUSE = 12


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """What has come since the last attempt to train.

    Attributes
    ----------
    trained_on : int
        Rows that the model which serves was trained on.
    fresh : int
        Rows with labels since.
    looks : int
        Windows looked at since the last attempt.
    saved : int
        Windows that trainings have not been paid with yet.
    tried : int
        ``fresh`` at the last attempt.
    pause : int
        Windows to let pass before the next without harm, or that is not sure to help; it doubles with each attempt
        that did not.
    """

    trained_on: int
    fresh: int = 0
    looks: int = 0
    saved: int = 0
    tried: int = 0
    pause: int = 1

    def looked(self, windows: int, fresh: int) -> Waiting:
        """Return what is known after more windows, with so many rows that are new to the model."""
        saved = min(self.saved + windows, MOST_SAVED)
        return replace(self, looks=self.looks + windows, saved=saved, fresh=fresh)

    def after(self, *, won: bool, trained_on: int) -> Waiting:
        """Return what is known after an attempt."""
        saved = max(self.saved - PRICE, 0)
        if won:
            return Waiting(trained_on=trained_on, saved=saved)
        return replace(self, looks=0, saved=saved, tried=self.fresh, pause=min(2 * self.pause, MOST_PAUSE))


def may_train(waiting: Waiting) -> bool:
    """Return whether there are rows enough, and windows saved up, so that it is worth asking for a reason."""
    return waiting.fresh >= FEWEST_NEW and waiting.saved >= PRICE


def reason_to_retrain(found: Monitoring | None, waiting: Waiting, probed: Probe | None) -> Trigger | None:
    """Return why a model should be trained now, None where it should not.

    Parameters
    ----------
    found : Monitoring or None
        Of the latest window; None where there was none.
    waiting : Waiting
        With that window counted.
    probed : Probe or None
        What there is to learn from the new rows; None where they are too few to say.
    """
    if not may_train(waiting):
        return None
    harmful = [] if found is None else [a for a in found.alarms if a.judgement is Judgement.HARMFUL]
    sure, hopeless = probed is not None and probed.sure, probed is not None and probed.hopeless
    again = waiting.looks >= waiting.pause
    able = again and not hopeless and waiting.saved >= UNSURE_SAVED  # what may be vain leaves enough for what is not
    if harmful and (sure or able):
        return Trigger.LOSS if any(a.check in LOSS_CHECKS for a in harmful) else Trigger.HARM
    if sure and again:
        return Trigger.GAIN
    if waiting.fresh >= max(ROWS_SHARE * waiting.trained_on, MORE_ROWS * waiting.tried) and able:
        return Trigger.ROWS
    return None


def burden_of(span: Span, probed: Probe | None) -> Burden:
    """Return what a challenger that learned from a span has to show: of all rows, less than of a choice among them."""
    if span is not Span.ALL:
        return Burden.PROOF
    return Burden.NOT_WORSE if probed is not None and probed.sure else Burden.LIKELIER
