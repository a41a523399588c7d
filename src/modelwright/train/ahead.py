"""What the models in the running will cost after training, in seconds: to open, to explain and to package them.

A boosting of a thousand rounds for five classes is five thousand trees. Fitting them may take less than all that is
done with them afterwards: they are read back, made ready for single rows, compared with the library that made them,
and asked about thousands of rows. How much there is to do follows from the bytes of the models and from what a row
took in their own fits; how long it takes, from how busy the machine is.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from modelwright.train.pace import Pace

__all__ = ["OPENING_S", "ROW_S", "SHIPPING_S", "Heft", "Horizon", "largest_model", "seconds_ahead"]

OPENING_S = 0.3e-6
"""Processor seconds for each byte of a model of a fold: it is read, looked at, and made ready for single rows. The text
of LightGBM takes 0.24e-6 to 0.38e-6, XGBoost's file 0.24e-6, CatBoost's and forests less."""

SHIPPING_S = 0.55e-6
"""The same for each byte of a model of the version: it is opened, compiled, written, loaded back, compared with its
library on some 400 rows, and made ready for single rows. LightGBM 0.4e-6 to 0.55e-6, XGBoost and forests 0.5e-6,
CatBoost 0.3e-6."""

ASKED_ROWS = 1_500
"""Rows that are predicted at the least by the models of a fold, to explain them and to try them under stress."""

ROW_S = 70e-12
"""Processor seconds for a row and a byte of a model, before any fit has measured it: LightGBM 50e-12 to 75e-12."""

MODELS_SHARE = 0.3
"""Of the time for training: what one model may cost after it."""

LARGEST, SMALLEST = 16e6, 0.3e6
"""Bytes of a model of a fold, whatever the time: a version of 24 MB takes seconds to start and some milliseconds a row;
and less than 300 kB is no boosting."""


@dataclass(frozen=True)
class Heft:
    """A model of a fold: its bytes, and the seconds that a row took when its fit predicted the validation rows."""

    size: float
    row_seconds: float


def seconds_ahead(models: Iterable[Heft], *, shipped: float, slowness: float) -> float:
    """Return what models in the running cost after training.

    Parameters
    ----------
    models : iterable of Heft
        The model of a fold of each member.
    shipped : float
        How many times their bytes the version will have: more rows make larger models, and there may be several seeds.
    slowness : float
        Of the machine, see `modelwright.train.pace.Pace`.
    """
    every = tuple(models)
    size = sum(model.size for model in every)
    asked = ASKED_ROWS * sum(model.row_seconds for model in every)
    return slowness * size * (OPENING_S + SHIPPING_S * shipped) + asked


def largest_model(seconds: float, slowness: float) -> int:
    """Return the most bytes that a model of a fold may have where training has so many seconds."""
    byte = slowness * (OPENING_S + SHIPPING_S + ASKED_ROWS * ROW_S)
    return int(min(LARGEST, max(SMALLEST, MODELS_SHARE * seconds / byte)))


class Horizon:
    """Until when fits may go on: so that all that comes after them is done by the end of the budget.

    Parameters
    ----------
    deadline : float or None
        `time.monotonic` by which fits must be over where nothing follows from the models; None: fits are counted, and
        time stops none.
    after_seconds : float
        What is kept of the budget after the deadline, planned for a machine as busy as ``pace`` tells now.
    pace : Pace or None
        Goes on being told how busy the machine is; None: an idle machine.
    ships : bool
        False where the models are neither explained nor packaged: they are opened, and that is all.

    Attributes
    ----------
    deadline : float or None
    pace : Pace
    """

    def __init__(
        self, deadline: float | None, *, after_seconds: float = 0.0, pace: Pace | None = None, ships: bool = True
    ) -> None:
        self.deadline, self.pace, self.ships = deadline, pace or Pace(), ships
        self._after_seconds, self._planned_for = after_seconds, self.pace.now

    def until(self, models: Iterable[Heft], *, shipped: float) -> float:
        """Return by when fits must be over where these models are in the running, see `seconds_ahead`; infinite where
        fits are counted. Where the machine is busier than it was, what was planned takes longer.
        """
        if self.deadline is None:
            return float("inf")
        longer = self._after_seconds * max(0.0, self.pace.now / self._planned_for - 1)
        if not self.ships:
            return self.deadline - longer - self.pace.now * OPENING_S * sum(model.size for model in models)
        return self.deadline - longer - seconds_ahead(models, shipped=shipped, slowness=self.pace.now)
