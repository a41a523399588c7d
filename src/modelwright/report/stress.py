"""The section on what the model can bear: disturbed rows, and what became of the score."""

from __future__ import annotations

from dataclasses import dataclass

from modelwright import format as fmt
from modelwright.evaluate.measurements import StressCase, Stressed
from modelwright.report.charts import RowPlot
from modelwright.report.tables import PlotRow, PlotTable
from modelwright.report.words import title_of

__all__ = ["StressSection", "case_words", "section", "summary_words"]

TONES = {"breaks": "bad", "weakens": "model", "holds": "weak", "refused": "weak"}
SAID = {
    "breaks": "do not predict then",
    "weakens": "predict with care",
    "holds": "it holds",
    "refused": "refused: nothing is predicted",
}
TOLD = "told of"
UNTOLD = "nothing in the rows tells"


@dataclass(frozen=True, kw_only=True)
class StressSection:
    """What the template shows."""

    lede: str
    said: tuple[tuple[str, str], ...]
    table: PlotTable
    refused: tuple[str, ...]
    measured_on: str
    left_out: int


SENTENCES = 3
"""Disturbances that are told in words."""


def section(stressed: Stressed | None) -> StressSection | None:
    """Return the section, None where nothing was tried."""
    if stressed is None or not stressed.cases:
        return None
    tried = [c for c in stressed.cases if c.score is not None]
    bad = [c for c in tried if c.judgement in ("breaks", "weakens")]
    return StressSection(
        lede=summary_words(stressed),
        said=tuple((case_words(c, stressed), f"stress/cases/{stressed.cases.index(c)}") for c in bad[:SENTENCES]),
        table=_table(stressed, tried),
        refused=tuple(f"If {c.words}: {c.refused}." for c in stressed.cases if c.score is None),
        measured_on=stressed.measured_on,
        left_out=stressed.left_out,
    )


def summary_words(stressed: Stressed) -> str:
    """Return how many disturbances it bears, in one or two sentences."""
    count = {name: sum(c.judgement == name for c in stressed.cases) for name in SAID}
    told = [
        f"{_takes(count['breaks'])} more than half of what it has over a constant prediction",
        f"{_takes(count['weakens'])} a tenth or more, beyond the noise",
    ]
    if count["refused"]:
        told.append(f"and {count['refused']} {'is' if count['refused'] == 1 else 'are'} refused by the contract")
    silent = sum(c.judgement == "breaks" and not c.noticed for c in stressed.cases)
    more = f" {silent} of the worst {'is' if silent == 1 else 'are'} not told of when it is used." if silent else ""
    return f"Of {fmt.plural(len(stressed.cases), 'disturbance')} of the rows {', '.join(told)}.{more}"


def _takes(count: int) -> str:
    return f"{count or 'none'} {'take' if count > 1 else 'takes'}"


def case_words(case: StressCase, stressed: Stressed) -> str:
    """Return one disturbance in one sentence."""
    if case.score is None or case.score.value is None:
        why = case.refused or "no score could be measured"
        return f"If {case.words}, nothing is predicted: {why}."
    base, lost = stressed.base, case.lost
    told = "" if case.judgement == "holds" else f": {SAID[case.judgement]}"
    if lost is None or lost.value is None or lost.low is None or lost.low <= 0:
        return f"If {case.words}, {title_of(base.name)} is {fmt.measured(case.score)}: no worse beyond the noise."
    moves = f"{'falls' if base.greater_is_better else 'rises'} from {fmt.amount(base)} to {fmt.measured(case.score)}"
    return f"If {case.words}, {title_of(base.name)} {moves}, by {fmt.measured(lost)}{told}."


def _table(stressed: Stressed, tried: list[StressCase]) -> PlotTable:
    base = stressed.base
    ends = [v for m in (base, *(c.score for c in tried)) if m is not None for v in (m.value, m.low, m.high)]
    plot = RowPlot.over(ends, reference=base.value)
    better = "more" if base.greater_is_better else "less"
    return PlotTable(
        caption=f"{title_of(base.name)} on disturbed rows",
        label_head="If",
        plot_head=f"{title_of(base.name)}, {better} is better",
        value_head="95% interval",
        heads=("Of its skill lost",),
        note_head="Then",
        axis=plot.axis(),
        rows=tuple(_row(c, plot, stressed.cases.index(c)) for c in tried),
    )


def _row(c: StressCase, plot: RowPlot, number: int) -> PlotRow:
    score, tone = c.score, TONES[c.judgement]
    assert score is not None
    note = SAID[c.judgement]
    if c.judgement in ("breaks", "weakens"):
        note += f"; {TOLD if c.noticed else UNTOLD}"
    return PlotRow(
        label=c.words,
        small=c.noticed,
        plot=plot.interval(score.value, score.low, score.high, f"{c.words}: {fmt.measured(score)}", tone),
        value=fmt.measured(score),
        note=note,
        tone="bad" if tone == "bad" else "model",
        cells=(fmt.NONE if c.share is None else fmt.share(max(c.share, 0.0)),),
        place=f"stress/cases/{number}/score",
    )
