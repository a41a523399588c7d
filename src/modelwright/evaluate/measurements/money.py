"""Documents of what a model is worth."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright.evaluate.measurements.scores import Measurement

__all__ = ["BreakEven", "ProfitCurve", "Room", "Swing", "TopList", "Way", "Worth"]


@dataclass(frozen=True, kw_only=True)
class Way:
    """Something else that could be done, on the same rows.

    Attributes
    ----------
    name, text : str
        ``"nothing"``, ``"all"``, ``"one rule"``, and what that is in words.
    value : Measurement
        Its money per 1,000 cases.
    gain : Measurement
        The money per 1,000 cases that the model brings beyond it, from a paired interval.
    modelled : bool
        It is a simpler model; else it needs none.
    """

    name: str
    text: str
    value: Measurement
    gain: Measurement
    modelled: bool = False


@dataclass(frozen=True, kw_only=True)
class TopList:
    """The cases with the highest chance, so many of them.

    Attributes
    ----------
    share : float
        Of all cases.
    n : int
        Cases of the list, among the rows that measure.
    chance : float
        The lowest chance on the list.
    hit : Measurement
        Share of the list that has the event.
    found : Measurement
        Share of all events that are on the list.
    lift : float or None
        Times as many events as among as many cases taken blindly; None without an event.
    gain : Measurement or None
        Money per 1,000 cases, on the list or not, beyond doing nothing, when exactly the list is acted on.
    capacity : bool
        It is as long as the capacity of the brief allows.
    """

    share: float
    n: int
    chance: float
    hit: Measurement
    found: Measurement
    lift: float | None
    gain: Measurement | None = None
    capacity: bool = False


@dataclass(frozen=True, kw_only=True)
class ProfitCurve:
    """Money per 1,000 cases beyond doing nothing, by the share acted on, most likely first; with 95 % bounds.

    ``chosen`` is the share that the decision acts on, ``best`` the share at which these rows earn most.
    """

    share: tuple[float, ...]
    value: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    chosen: float
    best: float


@dataclass(frozen=True, kw_only=True)
class BreakEven:
    """Between which amounts of one outcome the model, deciding as it does, earns more than every simpler way.

    Attributes
    ----------
    outcome : str
    given : float
    low, high : float or None
        None: no amount on that side changes it.
    rival_low, rival_high : str
        Names of the ways that are as good there, empty where there is none.
    worth : bool
        Whether it earns more at the amount that was given; without that there are no bounds.
    """

    outcome: str
    given: float
    low: float | None
    high: float | None
    rival_low: str = ""
    rival_high: str = ""
    worth: bool = True


@dataclass(frozen=True, kw_only=True)
class Swing:
    """What changes if one outcome is worth ``factor`` times what was given.

    Attributes
    ----------
    outcome : str
    factor : float
    threshold : float or None
        The one that would be chosen, on the same rows out of fold, for two classes.
    moved : float
        Share of the cases that would be decided otherwise; of values, the mean change of the decision.
    lost : Measurement
        Money per 1,000 cases that is lost by deciding as for the amount given.
    gain : Measurement
        Money per 1,000 cases that the model, deciding as for the changed amount, brings beyond the best simpler way.
    rival : str
        Name of that way.
    """

    outcome: str
    factor: float
    threshold: float | None
    moved: float
    lost: Measurement
    gain: Measurement
    rival: str


@dataclass(frozen=True, kw_only=True)
class Room:
    """What more capacity would bring: the share of cases that acting would pay for, and money per 1,000 cases more."""

    acted: float
    gain: Measurement


@dataclass(frozen=True, kw_only=True)
class Worth:
    """What the model is worth on rows that chose nothing.

    Attributes
    ----------
    currency : str
    value : Measurement or None
        Money per decision; None where no payoff was given and the lists alone are told.
    model : Measurement or None
        The money of 1,000 decisions.
    per_thousand : Measurement or None
        What 1,000 decisions bring beyond the best simpler way.
    ways : tuple of Way
        What else could be done: nothing, all, simple rules.
    rival : str
        Name of the best of these, against which the model is held.
    acted : float or None
        Share of the cases that are acted on, for two classes: no more than there is room for.
    wanted : float or None
        Share of the cases that reach the threshold, where that is more than there is room for.
    cases, capacity : int or None
        That come, and that can be acted on, in a ``period``.
    period : str
    per_period : Measurement or None
        What a period with the model brings beyond the best simpler way: what each one costs that passes without it.
    room : Room or None
        None where there is room for every case that pays.
    lists : tuple of TopList
    curve : ProfitCurve or None
    break_even : tuple of BreakEven
    swings : tuple of Swing
    notes : tuple of str
    """

    currency: str
    value: Measurement | None
    model: Measurement | None
    per_thousand: Measurement | None
    ways: tuple[Way, ...] = ()
    rival: str = ""
    acted: float | None = None
    wanted: float | None = None
    cases: int | None = None
    capacity: int | None = None
    period: str = "day"
    per_period: Measurement | None = None
    room: Room | None = None
    lists: tuple[TopList, ...] = ()
    curve: ProfitCurve | None = None
    break_even: tuple[BreakEven, ...] = ()
    swings: tuple[Swing, ...] = ()
    notes: tuple[str, ...] = ()
