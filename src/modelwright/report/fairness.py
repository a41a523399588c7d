"""The section on groups of people: a table per protected column, what is said of it, and what was tried."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modelwright import format as fmt
from modelwright.audit.findings import Audit, Finding
from modelwright.evaluate.measurements import Disparity, Fairness, FairOption, GroupRow, GroupTable, Measurement
from modelwright.govern.fairness.choosing import CHOICES
from modelwright.govern.fairness.standing import (
    CANNOT_TELL,
    MET,
    NOT_COMPARED,
    NOT_MET,
    Standing,
    few_units,
    other_differences,
    standing_of,
    uncompared,
    why_not_compared,
)
from modelwright.govern.fairness.wording import RATES
from modelwright.report.charts import RowPlot
from modelwright.report.tables import PlotRow, PlotTable
from modelwright.report.words import title_of

__all__ = ["FairSection", "FairTable", "OptionRow", "section"]

PROXIES = "A046"
TABLES = "evaluation/fairness/tables"
Line = tuple[str, str]
"""What is said, and where it is recorded."""


@dataclass(frozen=True, kw_only=True)
class FairTable:
    """Groups of one column or of two: the chart of what is judged, and all measures below; each line with its place."""

    title: str
    plot: PlotTable
    said: tuple[Line, ...]
    more: tuple[Line, ...]
    left_out: int


@dataclass(frozen=True, kw_only=True)
class OptionRow:
    """A model that was compared, in words, and where it is recorded."""

    place: str
    name: str
    text: str
    score: str
    change: str
    ratio: str
    between: str
    gain: str
    lost: str
    then: str
    why: str
    chosen: bool


@dataclass(frozen=True, kw_only=True)
class FairSection:
    """What the template shows."""

    lede: str
    lede_place: str
    asks: str
    choices: tuple[tuple[str, str, str], ...]
    names: tuple[tuple[str, str], ...]
    tables: tuple[FairTable, ...]
    flips: tuple[tuple[str, str], ...]
    options: tuple[OptionRow, ...]
    options_said: str
    option_metric: str
    proxies: tuple[Finding, ...]
    notes: tuple[str, ...]


def section(fairness: Fairness | None, audit: Audit) -> FairSection | None:
    """Return the section, None where no column is about people."""
    if fairness is None:
        return None
    shown = [m.name for m in fairness.tables[0].rows[0].measures]
    asked = CHOICES.get(fairness.asked)
    return FairSection(
        lede=_lede(fairness),
        lede_place=_place_of(standing_of(fairness), fairness),
        asks=f"{asked.asks} It fits where {asked.fits}." if asked else "",
        choices=() if asked else tuple((n, c.asks, c.fits) for n, c in CHOICES.items()),
        names=tuple((RATES[name].title, RATES[name].says) for name in shown),
        tables=tuple(_table(t, fairness, f"{TABLES}/{number}") for number, t in enumerate(fairness.tables)),
        flips=tuple((f.column, _flip_words(f.changed, f.why)) for f in fairness.flips),
        options=tuple(_option(o, f"evaluation/fairness/options/{number}") for number, o in enumerate(fairness.options)),
        options_said=_options_said(fairness),
        option_metric=title_of(fairness.options[0].score.name) if fairness.options else "",
        proxies=tuple(f for f in audit.findings if f.code == PROXIES and "attribute" in f.evidence),
        notes=fairness.notes,
    )


def _lede(fairness: Fairness) -> str:
    named = dict.fromkeys(c for t in fairness.tables for c in t.columns)
    columns = fmt.joined(named, 8)
    if fairness.proposed:
        return (
            f"The audit takes {columns} for columns about people. They are shown here and not judged: nobody has said "
            "that their groups must be treated alike. Name those that matter with --protected."
        )
    standing = standing_of(fairness)
    below = [t for t in fairness.tables for d in t.disparities if d.measure in fairness.measures and d.below]
    if not fairness.asked:
        told = f"The groups of {columns} are shown; how they are to be compared was not said, so nothing is judged."
        return told + (f" Some ratios are below {fairness.least:g} by more than the noise." if below else "")
    rates = fmt.joined(RATES[name].noun for name in fairness.measures)
    left = () if standing.answer == NOT_COMPARED else uncompared(fairness)
    columns = fmt.joined((c for c in named if c not in left), 8)
    unknown = [f"Groups of {fmt.joined(left)} could not be compared: nothing is known of them."] if left else []
    return " ".join((_answer(standing, fairness, columns, rates, below), *unknown, *_others(fairness)))


def _answer(standing: Standing, fairness: Fairness, columns: str, rates: str, below: Sequence[GroupTable]) -> str:
    """Return whether what was asked for is met, and by what."""
    least = f"{fairness.least:g}"
    if standing.answer == NOT_MET:
        where = fmt.joined(dict.fromkeys(" × ".join(t.columns) for t in below), 4)
        return f"Not met: groups of {where} differ by more than was asked for in {rates}, beyond the noise."
    if standing.answer == CANNOT_TELL and standing.pair is not None:
        return (
            f"It cannot be told on {fmt.plural(standing.pair.ratio.n, 'row')} whether all groups of {columns} reach "
            f"{least} in {rates}: the ratio of {standing.pair.low} to {standing.pair.high} is "
            f"{fmt.measured(standing.pair.ratio)}."
        )
    if standing.answer == MET:
        return f"Met: in {rates} every two groups of {columns} reach {least}, beyond the noise."
    return f"No two groups of {columns} could be compared in {rates}: {why_not_compared(fairness)}."


def _place_of(standing: Standing, fairness: Fairness) -> str:
    """Return where the pair that an answer hangs on is recorded."""
    for number, table in enumerate(fairness.tables):
        for at, d in enumerate(table.disparities):
            if (table.columns, d.measure) == (standing.columns, standing.measure):
                return f"{TABLES}/{number}/disparities/{at}"
    return ""


def _others(fairness: Fairness) -> list[str]:
    """Return what must not be overlooked: differences by measures that were not asked for."""
    apart = other_differences(fairness)
    if not apart:
        return []
    told = fmt.joined((f"{RATES[name].noun} ({fmt.joined(where, 3)})" for name, where in apart), 4)
    return [f"By measures that were not asked for, groups do differ by more than that: {told}."]


def _table(table: GroupTable, fairness: Fairness, place: str) -> FairTable:
    names = [m.name for m in table.rows[0].measures]
    first = names.index(fairness.measures[0])
    others = [i for i in range(len(names)) if i != first]
    ends = [v for r in table.rows for v in (r.measures[first].value, r.measures[first].low, r.measures[first].high)]
    plot = RowPlot.over(ends)
    bad = {p.low for d in table.disparities if d.measure == names[first] for p in d.below}
    rows = tuple(
        replace(_row(row, first, others, plot, row.group in bad), place=f"{place}/rows/{number}/measures/{first}")
        for number, row in enumerate(table.rows)
    )
    said: list[Line] = []
    more: list[Line] = []
    for number, d in enumerate(table.disparities):
        asked = d.measure in fairness.measures
        line = (_said(d, fairness.least if asked else None), f"{place}/disparities/{number}")
        (said if asked else more).append(line)
    title = RATES[names[first]].title
    return FairTable(
        title=" × ".join(table.columns),
        plot=PlotTable(
            caption=f"{title} by {' and '.join(table.columns)}",
            label_head="Group",
            plot_head=title,
            value_head="95% interval",
            axis=plot.axis(),
            heads=tuple(RATES[names[i]].title for i in others),
            rows=rows,
        ),
        said=tuple(said),
        more=tuple(more),
        left_out=table.left_out,
    )


def _row(row: GroupRow, first: int, others: Sequence[int], plot: RowPlot, bad: bool) -> PlotRow:
    m = row.measures[first]
    judged = row.judged[first]
    small, drawn = fmt.plural(row.n, "row"), row.shrunk[first]
    if not judged:
        few = "too few" if m.n == row.n else f"{m.n:,} of which count"
        few = "of too few independent ones" if few_units(row, first) else few
        small += f", {few}: not compared"
        small += f", taken for {fmt.number(drawn, 2)}" if drawn is not None else ""
    tone = "bad" if bad else "model" if judged else "weak"
    return PlotRow(
        label=row.group,
        small=small,
        plot=plot.interval(m.value, m.low, m.high, f"{row.group}: {fmt.measured(m)}", tone),
        value=fmt.measured(m),
        tone="bad" if bad else "model",
        cells=tuple(fmt.amount(row.measures[i]) if row.measures[i].n else fmt.NONE for i in others),
    )


def _said(d: Disparity, least: float | None) -> str:
    title = RATES[d.measure].title
    pair = d.widest
    if pair is None and d.difference is None:
        return f"{title}: fewer than two groups could be compared."
    gap = "" if d.difference is None else f", a difference of {fmt.measured(d.difference)}"
    if pair is None:
        return f"{title}{gap}."
    if pair.ratio.value is None:
        return f"{title}: {pair.ratio.method}."
    told = f"{title}: that of {pair.low} is {fmt.measured(pair.ratio)} times that of {pair.high}{gap}."
    if least is None:
        return told
    if d.below:
        shown = fmt.joined((f"{p.low} to {p.high}" for p in d.below), 3)
        return f"{told} Below {least:g} by more than the noise: {shown}."
    if d.unsure:
        worst = d.unsure[0]
        which = "it is" if worst == pair else f"{worst.low} to {worst.high}, {fmt.measured(worst.ratio)}, is"
        return f"{told} Whether {which} below {least:g} cannot be told on {fmt.plural(worst.ratio.n, 'row')}."
    return told


def _flip_words(changed: Measurement | None, why: str) -> str:
    if changed is None:
        return why
    if changed.name == "flipped":
        return f"{fmt.share(changed.value)} of {changed.n:,} rows get another decision ({_shares(changed)})"
    return f"predictions of {changed.n:,} rows move by {fmt.measured(changed)} on average"


def _shares(m: Measurement) -> str:
    if m.low is None or m.high is None:
        return m.method
    return f"{fmt.share(m.low)} to {fmt.share(m.high)}"


def _options_said(fairness: Fairness) -> str:
    """Return what came of trying, in a sentence or two."""
    taken = next((o for o in fairness.options if o.chosen), None)
    if not fairness.options or taken is None:
        return ""
    if taken.gain is None:  # the model as it was
        return (
            "Nothing that was tried helps: nothing makes the lowest ratio higher beyond the noise at a cost in "
            "proportion. The model stays as it was trained; the table has what each would have cost."
        )
    said = f"Taken is {taken.name}: the lowest ratio rises by {fmt.measured(taken.gain)} on the same rows"
    said += f", for {fmt.share(taken.lost)} of what the model is worth." if taken.lost is not None else "."
    if taken.reads:
        names = fmt.joined(taken.reads)
        said += (
            f" It decides by the groups of {names}, as the brief allows: they are needed when it is used, a row "
            "without them gets the common threshold, and chances are stated on the scale of that threshold."
        )
    return said


def _option(o: FairOption, place: str) -> OptionRow:
    then = ""
    if o.score_then is not None and o.ratio_then is not None:
        then = f"{fmt.number(o.score_then, 4)}; {fmt.number(o.ratio_then, 3)}"
    return OptionRow(
        place=place,
        name=o.name,
        text=o.text,
        score=fmt.measured(o.score),
        change="" if o.change is None else fmt.measured(o.change),
        ratio=fmt.NONE if o.ratio is None else fmt.measured(o.ratio.ratio),
        between="" if o.ratio is None else f"{o.ratio.low} to {o.ratio.high}",
        gain="" if o.gain is None else fmt.measured(o.gain),
        lost="" if o.lost is None else fmt.share(o.lost),
        then=then,
        why=o.why,
        chosen=o.chosen,
    )
