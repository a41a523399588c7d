"""The budget: wall time of the whole command, told from its very start."""

from __future__ import annotations

import time

__all__ = ["Budget"]


class Budget:
    """Time left of the job.

    Parameters
    ----------
    seconds : float
        For the whole job.
    started : float or None
        `time.monotonic` at the start of the command; None: now.
    spent_before : float
        Seconds that earlier, broken sessions of the same run have used.
    timed : bool
        False where the number of trials is given and time stops nothing.
    """

    RESUMED_SHARE = 0.25
    """A resumed run gets at least this part of the budget again from when it is told what was spent, which is when
    training goes on: the data were read and looked at once more by then. It has to fit, refit and report."""

    def __init__(
        self, seconds: float, *, started: float | None = None, spent_before: float = 0.0, timed: bool = True
    ) -> None:
        self.seconds = seconds
        self.started = time.monotonic() if started is None else started
        self.spent_before = 0.0
        self.timed = timed
        self.resume(spent_before)

    def resume(self, spent_before: float) -> None:
        """Count seconds used by earlier sessions; what was counted is never given back."""
        most = (1 - self.RESUMED_SHARE) * self.seconds - self.elapsed
        self.spent_before = max(self.spent_before, min(spent_before, most), 0.0)

    @property
    def elapsed(self) -> float:
        """Seconds since the start of this session."""
        return time.monotonic() - self.started

    @property
    def spent(self) -> float:
        """Seconds of the budget used, earlier sessions included."""
        return self.spent_before + self.elapsed

    @property
    def deadline(self) -> float:
        """The moment (`time.monotonic`) at which the job must be over."""
        return self.started + self.seconds - self.spent_before

    @property
    def left(self) -> float:
        return self.deadline - time.monotonic()
