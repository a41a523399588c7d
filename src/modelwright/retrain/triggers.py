"""When to train again: harm and loss at once, many new rows from time to time, and after a vain attempt less often."""

from __future__ import annotations

from dataclasses import dataclass, replace

from modelwright.monitor.documents import Judgement, Monitoring
from modelwright.retrain.documents import Trigger
from modelwright.retrain.tables import FEWEST_NEW

__all__ = ["Waiting", "reason_to_retrain"]

ROWS_SHARE = 0.5
"""New rows with labels, per row trained on, after which a new model is tried although nothing is wrong."""

MORE_ROWS = 2
"""After a vain attempt so many times its new rows have to be there for the next without harm."""

LOSS_CHECKS = frozenset({"loss", "slice", "calibration", "fairness"})
"""Alarms that come from labels."""

MOST_PAUSE = 8


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
    tried : int
        ``fresh`` at the last attempt.
    pause : int
        Windows to let pass before harm is a reason again; it doubles with each attempt that did not help.
    """

    trained_on: int
    fresh: int = 0
    looks: int = 0
    tried: int = 0
    pause: int = 1

    def after(self, trigger: Trigger, *, won: bool, trained_on: int) -> Waiting:
        """Return what is known after an attempt."""
        if won:
            return Waiting(trained_on=trained_on)
        harmed = trigger in (Trigger.HARM, Trigger.LOSS)
        pause = min(2 * self.pause, MOST_PAUSE) if harmed else self.pause
        return replace(self, looks=0 if harmed else self.looks, tried=self.fresh, pause=pause)


def reason_to_retrain(found: Monitoring | None, waiting: Waiting) -> Trigger | None:
    """Return why a model should be trained now, None where it should not.

    Parameters
    ----------
    found : Monitoring or None
        Of the latest window; None where there was none.
    waiting : Waiting
        With that window counted.
    """
    if waiting.fresh < FEWEST_NEW:
        return None
    if found is not None and found.judgement is Judgement.HARMFUL and waiting.looks >= waiting.pause:
        harmful = [a for a in found.alarms if a.judgement is Judgement.HARMFUL]
        return Trigger.LOSS if any(a.check in LOSS_CHECKS for a in harmful) else Trigger.HARM
    if waiting.fresh >= max(ROWS_SHARE * waiting.trained_on, MORE_ROWS * waiting.tried):
        return Trigger.ROWS
    return None
