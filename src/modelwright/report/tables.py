"""Tables with a chart in every row: names and numbers as cells, one shared axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelwright import format as fmt
from modelwright.evaluate.measurements import Comparison, Evaluation, Measurement, Slice
from modelwright.evaluate.measurements.scores import CONSTANT
from modelwright.evaluate.metrics import get
from modelwright.explain.reasons import Explanation
from modelwright.report.charts import RowPlot
from modelwright.report.words import comparison_words, title_of
from modelwright.train.record import CandidateResult, Training

__all__ = ["PlotRow", "PlotTable", "comparisons", "importances", "leaderboard", "slice_words", "slices"]

BASELINES = {CONSTANT: "Without a model"}
"""Baselines whose names say little to a reader."""

ROUNDING = 1e-9
"""Of the most that columns move a prediction: less is what floating-point sums leave of nothing."""


@dataclass(frozen=True, kw_only=True)
class PlotRow:
    """A row: name, small print, chart, number, remark and tone; ``place`` is where its measurement is recorded."""

    label: str
    plot: Markup
    value: str
    small: str = ""
    note: str = ""
    tone: str = "model"
    cells: tuple[str, ...] = ()
    place: str = ""


@dataclass(frozen=True, kw_only=True)
class PlotTable:
    """Heads and rows. ``heads`` name the extra ``cells`` of the rows."""

    caption: str
    label_head: str
    plot_head: str
    value_head: str
    axis: Markup
    rows: tuple[PlotRow, ...]
    note_head: str = ""
    heads: tuple[str, ...] = ()


def _ends(measurements: Sequence[Measurement]) -> list[float | None]:
    return [v for m in measurements for v in (m.value, m.low, m.high)]


def comparisons(evaluation: Evaluation) -> PlotTable:
    """Return the model above its baselines, on the same rows."""
    head = evaluation.headline
    plot = RowPlot.over(_ends([head, *(c.score for c in evaluation.comparisons)]), reference=head.value)
    rows = [
        PlotRow(
            label="This model",
            plot=plot.interval(head.value, head.low, head.high, f"This model: {fmt.measured(head)}"),
            value=fmt.measured(head),
            tone="strong",
            place="evaluation/headline",
        ),
        *(_baseline(c, plot, number) for number, c in enumerate(evaluation.comparisons)),
    ]
    return PlotTable(
        caption=f"{title_of(head.name)} of the model and of simpler ways to predict, on the same rows",
        label_head="Prediction by",
        plot_head=f"{title_of(head.name)}, {'more' if head.greater_is_better else 'less'} is better",
        value_head=f"{head.level:.0%} interval",
        note_head="The model is",
        axis=plot.axis(),
        rows=tuple(rows),
    )


def _baseline(c: Comparison, plot: RowPlot, number: int) -> PlotRow:
    s = c.score
    return PlotRow(
        label=BASELINES.get(c.name, f"{c.name[:1].upper()}{c.name[1:]}"),
        small=c.text,
        plot=plot.interval(s.value, s.low, s.high, f"{c.name}: {fmt.measured(s)}", "base"),
        value=fmt.measured(s),
        note=comparison_words(c),
        tone="base",
        place=f"evaluation/comparisons/{number}",
    )


def importances(explanation: Explanation, limit: int) -> tuple[PlotTable | None, PlotTable | None]:
    """Return the first ``limit`` columns, and the others; None where there are none."""
    ranked = explanation.importances
    if not ranked:
        return None, None
    plot = RowPlot.over(_ends([i.drop for i in ranked]), zero=True, reference=0.0)
    name = title_of(ranked[0].drop.name)
    moving, chance = any(i.moves is not None for i in ranked), "classify" in get(ranked[0].drop.name).objectives
    most = max(abs(i.moves or 0.0) for i in ranked)
    rows = []
    for number, item in enumerate(ranked):
        drop = item.drop
        clear, unused = item.judgement == "used", item.judgement == "unused"
        rows.append(
            PlotRow(
                label=item.column,
                plot=plot.bar(
                    drop.value,
                    drop.low,
                    drop.high,
                    f"{item.column}: {fmt.measured(drop)}",
                    "model" if clear else "weak",
                ),
                value=fmt.measured(drop),
                tone="model" if clear else "weak",
                note="" if clear else "not used by the model" if unused else "within the noise",
                cells=(_moves(item.moves, most, chance=chance),) if moving else (),
                place=f"explanation/importances/{number}/drop",
            )
        )

    def table(part: Sequence[PlotRow]) -> PlotTable | None:
        if not part:
            return None
        return PlotTable(
            caption="Columns by importance",
            label_head="Column",
            plot_head=f"How much worse {name} gets when the column is shuffled",
            value_head="Interval",
            axis=plot.axis(),
            rows=tuple(part),
            heads=("Moves a prediction by",) if moving else (),
        )

    return table(rows[:limit]), table(rows[limit:])


def _moves(moves: float | None, most: float, *, chance: bool) -> str:
    """Return how far a column moves a prediction: in points of probability, or in the target's unit; ``most`` is how
    far any column does."""
    if moves is None:
        return fmt.NONE
    moves = 0.0 if abs(moves) <= ROUNDING * most else moves
    return f"{fmt.number(100 * moves, 2)} points" if chance else fmt.number(moves, 2)


def slices(evaluation: Evaluation) -> PlotTable | None:
    """Return the slices, worst first, against the score on all rows."""
    if not evaluation.slices:
        return None
    name = evaluation.slices[0].score.name
    whole = next((m.value for m in (evaluation.headline, *evaluation.metrics) if m.name == name), None)
    plot = RowPlot.over(_ends([s.score for s in evaluation.slices]), reference=whole)
    rows = [
        PlotRow(
            label=f"{s.column} = {fmt.short(s.value, 40)}",
            small=_rows_of(s),
            plot=plot.interval(
                s.score.value,
                s.score.low,
                s.score.high,
                f"{s.column} = {s.value}: {fmt.measured(s.score)}",
                "bad" if s.worse else "model",
            ),
            value=fmt.measured(s.score),
            note=slice_words(s),
            tone="bad" if s.worse else "model",
            cells=(_added(s),),
            place=f"evaluation/slices/{number}/score",
        )
        for number, s in enumerate(evaluation.slices)
    ]
    return PlotTable(
        caption=f"{title_of(name)} on parts of the rows",
        label_head="Part of the rows",
        plot_head=f"{title_of(name)}" + ("; the line is the score on all rows" if whole is not None else ""),
        value_head="Interval",
        heads=("Adds to all error",),
        note_head="Against the rest",
        axis=plot.axis(),
        rows=tuple(rows),
    )


def slice_words(s: Slice) -> str:
    """Return what can be said of a part of the rows."""
    few = fmt.plural(s.score.n, "row")
    return {
        "worse": "clearly worse",
        "perhaps": "perhaps worse: of so many parts, one looks so by chance",
        "unknown": f"cannot be told on {few}",
        "hard, unknown": f"harder; more than its own chances say? {few} cannot tell"
        if s.score.name == "log_loss"
        else f"lower; whether it costs more cannot be told on {few}",
        "hard": "harder to call, as its own chances say" if s.score.name == "log_loss" else "lower, and costs no more",
        "alike": "no worse",
    }.get(s.judgement, "clearly worse" if s.worse else "within the noise")


def _rows_of(s: Slice) -> str:
    """Return how many rows a part has, and under which other names nearly the same rows go."""
    others = "" if not s.same_rows else f", nearly those where {fmt.joined((fmt.short(o, 50) for o in s.same_rows), 3)}"
    return fmt.plural(s.score.n, "row") + others


def _added(s: Slice) -> str:
    """Return what would be gained on all rows if a part were like the others; a dash where it is not worse."""
    return fmt.share(s.added.value) if s.worse and s.added is not None else fmt.NONE


def leaderboard(training: Training) -> tuple[PlotTable | None, tuple[CandidateResult, ...]]:
    """Return the candidates that were measured, best first, and those that were not."""
    measured = [c for c in training.candidates if c.score is not None]
    others = tuple(c for c in training.candidates if c.score is None)
    if not measured:
        return None, others
    scores = [s for c in measured for s in (*c.fold_scores, c.score)]
    plot = RowPlot.over([*_without_stragglers(scores), training.ensemble_score], reference=training.ensemble_score)
    decimals = fmt.decimals_for(*_spread([c.score for c in measured]))
    most = max(len(c.fold_scores) for c in measured)
    rows = []
    # A mean over some of the folds is not comparable: it comes after those over all, and says so.
    for c in sorted(measured, key=lambda c: len(c.fold_scores) < most):
        partial = f" (on {len(c.fold_scores)} of {most} folds)" if len(c.fold_scores) < most else ""
        used = c.weight > 0
        folds = ", ".join(fmt.fixed(s, decimals) for s in c.fold_scores)
        tip = f"{c.key}: {fmt.fixed(c.score, decimals)}" + (f"; folds {folds}" if folds else "")
        rows.append(
            PlotRow(
                label=c.key,
                small=c.reason if c.status != "done" else "",
                plot=plot.dots(c.fold_scores, c.score, tip, "model" if used else "base"),
                value=fmt.fixed(c.score, decimals) + partial,
                tone="strong" if used else "base",
                cells=(fmt.duration(c.seconds), fmt.share(c.weight) if used else fmt.NONE),
            )
        )
    table = PlotTable(
        caption="Candidates by validation score",
        label_head="Candidate",
        plot_head=f"{title_of(training.metric)} per fold; the line is the finished model",
        value_head="Mean",
        heads=("Time", "Share in the model"),
        axis=plot.axis(),
        rows=tuple(rows),
    )
    return table, others


def _spread(scores: Sequence[float | None]) -> tuple[float | None, float | None, float | None]:
    """Return what `decimals_for` needs to tell candidates apart."""
    known = sorted(s for s in scores if s is not None)
    middle = known[len(known) // 2]
    nearest = max((known[-1] - known[0]) / 20, abs(middle) * 1e-4)
    return middle, middle - nearest, middle + nearest


def _without_stragglers(scores: Sequence[float | None]) -> list[float]:
    """Return the scores an axis should hold: a candidate that failed to learn must not squeeze the others.

    Beyond three times the middle half on either side (Tukey's far-out fence) a score is drawn at the edge.
    """
    known = sorted(s for s in scores if s is not None)
    low, high = known[len(known) // 4], known[(3 * len(known)) // 4]
    room = 3 * (high - low) or abs(high) * 0.01
    return [s for s in known if low - room <= s <= high + room]
