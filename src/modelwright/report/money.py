"""The section on money: what decisions bring and against what, lists of cases, and how sure the amounts must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelwright import format as fmt
from modelwright.evaluate.measurements import BreakEven, Evaluation, Measurement, Swing, TopList, Worth
from modelwright.report import charts
from modelwright.report.charts import Frame, Mark, RowPlot, Series
from modelwright.report.figures import Figure
from modelwright.report.tables import PlotRow, PlotTable

__all__ = ["MoneySection", "outcome_of", "section", "sentences"]

OUTCOMES = {
    "tp": "an event that is found",
    "fp": "a false alarm",
    "fn": "an event that is missed",
    "tn": "a case rightly left alone",
    "right": "a right decision",
    "wrong": "a wrong decision",
    "over": "each unit too high",
    "under": "each unit too low",
}
WAYS = {
    "nothing": ("Do nothing", "doing nothing"),
    "all": ("Act on all", "acting on every case"),
    "blindly": ("Pick blindly", "picking cases blindly"),
    "always": ("Always the same", "always deciding the same"),
    "as predicted": ("As predicted", "planning with the prediction as it is"),
    "most likely": ("Most likely", "deciding for the most likely class"),
    "one rule": ("One rule", "the best rule on one column"),
    "linear": ("Linear", "a simple linear model"),
}
"""Names of ways as they stand in a table, and in a sentence."""


@dataclass(frozen=True, kw_only=True)
class Amount:
    """An outcome, what it was said to be worth, and between which amounts the model is worth having."""

    outcome: str
    given: str
    holds: str


@dataclass(frozen=True, kw_only=True)
class ListRow:
    """A list of the most likely cases, in words and numbers."""

    length: str
    chance: str
    hit: str
    found: str
    lift: str
    gain: str
    strong: bool


@dataclass(frozen=True, kw_only=True)
class MoneySection:
    """What the template shows."""

    lede: str
    period: str
    decided: str
    room: str
    ways: PlotTable | None
    lists: tuple[ListRow, ...]
    in_money: bool
    figure: Figure | None
    amounts: tuple[Amount, ...]
    amounts_said: str
    swings_said: str
    swings: tuple[str, ...]
    notes: tuple[str, ...]


def section(e: Evaluation) -> MoneySection | None:
    """Return the section, None where neither a payoff nor a capacity was given."""
    worth = e.worth
    if worth is None:
        return None
    return MoneySection(
        lede=_lede(worth),
        period=_period(worth),
        decided=_decided(e, worth),
        room=_room(worth),
        ways=_ways(worth) if worth.ways else None,
        lists=tuple(_list(x) for x in worth.lists),
        in_money=worth.value is not None,
        figure=_figure(worth),
        amounts=tuple(_amount(b, worth) for b in worth.break_even),
        amounts_said=_amounts_said(worth),
        swings_said=_swings_said(worth),
        swings=tuple(_swing(s, worth) for s in worth.swings),
        notes=worth.notes,
    )


def sentences(worth: Worth) -> tuple[str, ...]:
    """Return what a model is worth in sentences: what it brings, per period, with more room, how sure amounts are."""
    told = (_lede(worth), _period(worth), _counted(worth), _room(worth), _swings_said(worth))
    return tuple(sentence for sentence in told if sentence)


def _lede(worth: Worth) -> str:
    gain = worth.per_thousand
    if gain is None or gain.value is None:
        return "What a found case is worth was not said (--payoff); here is what lists of the most likely cases hold."
    than = f"the best simpler way, {_named(worth.rival)}"
    if gain.low is not None and gain.low > 0:
        return f"Deciding with it brings {fmt.measured(gain)} more per 1,000 cases than {than}."
    if gain.high is not None and gain.high < 0:
        return f"Deciding with it loses {fmt.measured(fmt.turned(gain))} per 1,000 cases against {than}."
    return f"It is not sure that deciding with it brings more than {than}: {fmt.measured(gain)} per 1,000 cases."


def _named(way: str) -> str:
    return WAYS[way][1] if way in WAYS else way


def _cash(m: Measurement) -> str:
    """Return an amount with its interval; where all rows say the same there is none to speak of."""
    if m.value == 0 and m.low == m.high:
        return f"0 {m.unit}".rstrip()
    return fmt.amount(m) if m.low == m.high else fmt.measured(m)


def _period(worth: Worth) -> str:
    m = worth.per_period
    if m is None or m.value is None or worth.cases is None:
        return ""
    told = f"With {fmt.count(worth.cases)} cases a {worth.period} that is {fmt.measured(m)} a {worth.period}"
    if m.low is not None and m.low > 0:
        return f"{told}: what each {worth.period} of waiting costs."
    return f"{told}."


def _decided(e: Evaluation, worth: Worth) -> str:
    told = []
    if e.threshold is not None:
        of_all = "" if worth.acted is None or worth.wanted is not None else f": {fmt.share(worth.acted)} of the cases"
        told.append(f"Acted on is a case with a chance of {fmt.share(e.threshold)} or more{of_all}.")
    if counted := _counted(worth):
        told.append(counted)
    if e.threshold_why:
        what = "Decided" if e.threshold is None else "The threshold"
        told.append(f"{what}: {e.threshold_why.rstrip('.')}.")
    return " ".join(told)


def _counted(worth: Worth) -> str:
    """Return what was counted where more cases reach the threshold than there is room for."""
    if worth.wanted is None or worth.acted is None:
        return ""
    return (
        f"On these rows {fmt.share(worth.wanted)} of the cases reach the threshold, and there is room for "
        f"{fmt.share(worth.acted)}: counted are the most likely ones, the list that 'predict --top' makes."
    )


def _room(worth: Worth) -> str:
    if worth.room is None:
        return ""
    acted, gain = fmt.share(worth.room.acted), _cash(worth.room.gain)
    told = f"Acting would pay for {acted} of the cases: with room for all of them it would bring {gain} more per 1,000"
    low = worth.room.gain.low
    return f"{told}." if low is not None and low > 0 else f"{told}, which may be chance."


def _ways(worth: Worth) -> PlotTable:
    own = worth.model
    assert own is not None
    values = [own, *(w.value for w in worth.ways)]
    plot = RowPlot.over([v for m in values for v in (m.value, m.low, m.high)], reference=own.value)
    rows = [
        PlotRow(
            label="This model",
            plot=plot.interval(own.value, own.low, own.high, f"This model: {fmt.measured(own)}"),
            value=_cash(own),
            tone="strong",
            place="evaluation/worth/model",
        )
    ]
    for number, way in enumerate(worth.ways):
        rows.append(
            PlotRow(
                label=WAYS[way.name][0] if way.name in WAYS else way.name,
                small=way.text,
                plot=plot.interval(
                    way.value.value, way.value.low, way.value.high, f"{way.name}: {_cash(way.value)}", "base"
                ),
                value=_cash(way.value),
                note=_beyond(way.gain),
                tone="base",
                place=f"evaluation/worth/ways/{number}",
            )
        )
    return PlotTable(
        caption="Money per 1,000 cases by the model and by what else could be done, on the same rows",
        label_head="Deciding by",
        plot_head="per 1,000 cases, more is better",
        value_head="95% interval",
        note_head="The model brings",
        axis=plot.axis(),
        rows=tuple(rows),
    )


def _beyond(gain: Measurement) -> str:
    if gain.value is None:
        return "could not be compared"
    if gain.low is not None and gain.low > 0:
        return f"{fmt.measured(gain)} more"
    if gain.high is not None and gain.high < 0:
        return f"{fmt.measured(fmt.turned(gain))} less"
    if gain.low == gain.high == 0:
        return "the same: it decides alike"
    return f"no different beyond the noise: {fmt.measured(gain)}"


def _list(x: TopList) -> ListRow:
    return ListRow(
        length=f"{fmt.share(x.share)} of the cases" + (" (the capacity)" if x.capacity else ""),
        chance=fmt.share(x.chance),
        hit=_share(x.hit),
        found=_share(x.found),
        lift="" if x.lift is None else f"{fmt.number(x.lift, 2)} ×",
        gain="" if x.gain is None else fmt.measured(x.gain),
        strong=x.capacity,
    )


def _share(m: Measurement) -> str:
    if m.value is None:
        return fmt.NONE
    between = "" if m.low is None or m.high is None else f" ({fmt.share(m.low)} to {fmt.share(m.high)})"
    return fmt.share(m.value) + between


def _figure(worth: Worth) -> Figure | None:
    curve = worth.curve
    if curve is None:
        return None
    unit = f", {worth.currency}" if worth.currency else ""
    frame = Frame(
        label="Money by the share of cases acted on",
        x_label="share of cases acted on, most likely first",
        y_label=f"per 1,000 cases, beyond doing nothing{unit}",
        x_domain=(0.0, 1.0),
    )
    series = Series(x=curve.share, y=curve.value, low=curve.low, high=curve.high)
    chosen = float(np.interp(curve.chosen, curve.share, curve.value))
    marks = [Mark(x=curve.chosen, y=chosen, words=f"decided: {fmt.share(curve.chosen)}")]
    if min(curve.low) < 0:
        marks.append(Mark(x=None, y=0.0, words="nothing gained"))
    return Figure(
        title="What acting on more cases brings",
        words="Left, nothing is acted on; right, everything. Where the line falls, further cases cost more than they "
        "bring. The band holds the truth with 95%.",
        chart=charts.line_chart(frame, [series], marks),
    )


def outcome_of(name: str) -> str:
    """Return what an outcome of a payoff is, in words."""
    if name in OUTCOMES:
        return OUTCOMES[name]
    true, _, said = name.partition(">")
    return f"deciding for “{said}” where it is “{true}”"


def _money(value: float, worth: Worth) -> str:
    return f"{fmt.number(value)} {worth.currency}".rstrip()


def _amounts_said(worth: Worth) -> str:
    """Return how far the bounds can be trusted where the gain itself is not sure."""
    gain = worth.per_thousand
    if gain is None or gain.low is None or gain.low > 0 or not any(b.worth for b in worth.break_even):
        return ""
    return (
        "Whether it brings more than every simpler way at all is not sure, as said above; on these rows it does by a "
        "little, and the table tells at which amounts that little is gone."
    )


def _amount(b: BreakEven, worth: Worth) -> Amount:
    return Amount(
        outcome=f"{outcome_of(b.outcome)} ({b.outcome})" if b.outcome in OUTCOMES else outcome_of(b.outcome),
        given=_money(b.given, worth),
        holds=_holds(b, worth),
    )


def _holds(b: BreakEven, worth: Worth) -> str:
    if not b.worth:
        return "at no amount near it: a simpler way is as good"
    if b.low is None and b.high is None:
        return "whatever it is worth"
    parts = []
    if b.low is not None:
        parts.append(f"above {_money(b.low, worth)} (there: {_named(b.rival_low)})")
    if b.high is not None:
        parts.append(f"below {_money(b.high, worth)} (there: {_named(b.rival_high)})")
    return " and ".join(parts)


def _swings_said(worth: Worth) -> str:
    """Return whether the decision stands when amounts are a little off, in one sentence."""
    if not worth.swings:
        return ""
    costly = [s for s in worth.swings if s.lost.low is not None and s.lost.low > 0]
    lost = [s for s in worth.swings if s.gain.value is not None and s.gain.value <= 0]
    off = fmt.share(abs(worth.swings[0].factor - 1))
    told = f"If one amount is off by {off}, staying with these decisions loses nothing beyond the noise."
    if costly:
        told = f"It pays to know what {_are_worth(costly)}: if it is off by {off}, these decisions lose money."
    if lost and len(lost) < len(worth.swings):
        told += f" Whether the model is worth having hangs on what {_are_worth(lost)}."
    return told


def _are_worth(swings: Sequence[Swing]) -> str:
    named = dict.fromkeys(outcome_of(s.outcome) for s in swings)
    return f"{fmt.joined(named, 3)} {'is' if len(named) == 1 else 'are'} worth"


def _swing(s: Swing, worth: Worth) -> str:
    by = f"{fmt.share(abs(s.factor - 1))} {'more' if s.factor > 1 else 'less'}"
    told = f"If {outcome_of(s.outcome)} counts {by}, "
    if not s.moved:
        told += "nothing would be decided otherwise"
    elif any(w.name == "as predicted" for w in worth.ways):
        told += f"decisions would move by {fmt.number(s.moved)} on average"
    else:
        told += f"{fmt.share(s.moved)} of the cases would be decided otherwise"
    if s.moved:
        told += "" if s.threshold is None else f" (from a chance of {fmt.share(s.threshold)} on)"
        loses = s.lost.value is None or s.lost.value >= 0
        lost = f"loses {_cash(s.lost)}" if loses else f"brings {_cash(fmt.turned(s.lost))} more"
        told += f"; staying as it is {lost} per 1,000 cases"
    return f"{told}. Beyond the best simpler way the model then brings {_cash(s.gain)}."
