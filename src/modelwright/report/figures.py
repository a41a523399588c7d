"""The figures of the report: from a document to a chart with a heading."""

from __future__ import annotations

from dataclasses import dataclass

from markupsafe import Markup

from modelwright import format as fmt
from modelwright.data.contract import Contract
from modelwright.evaluate.measurements import Curve, Evaluation, Measurement, Residuals
from modelwright.explain.reasons import Explanation
from modelwright.report import charts
from modelwright.report.charts import Frame, Mark, Series
from modelwright.report.charts.svg import extent
from modelwright.report.words import title_of

__all__ = ["Figure", "calibration", "curves", "effects", "learning_curve", "residuals"]

_CURVE_TITLES = {
    "roc": ("ROC curve", "The further above the dashed line, the better it tells the classes apart."),
    "precision_recall": ("Precision and recall", "How many flagged rows are right, against how many events are found."),
    "gain": ("Gain", "Share of all events found when the most promising rows are taken first."),
    "lift": ("Lift", "How many times as many events as by chance when the most promising rows are taken first."),
}
_UNIT = (0.0, 1.0)


@dataclass(frozen=True, kw_only=True)
class Figure:
    """A chart, its heading, and a sentence on how to read it."""

    title: str
    chart: Markup
    words: str = ""


def curves(evaluation: Evaluation) -> list[Figure]:
    """Return one figure per curve, with the point at the decision threshold."""
    return [_curve(c, evaluation) for c in evaluation.curves if len(c.x) > 1]


def _curve(curve: Curve, evaluation: Evaluation) -> Figure:
    heading, words = _CURVE_TITLES.get(curve.name, (curve.name.replace("_", " ").capitalize(), ""))
    marks: list[Mark] = []
    if evaluation.threshold is not None and len(curve.thresholds) == len(curve.x):
        at = min(range(len(curve.x)), key=lambda i: abs(curve.thresholds[i] - (evaluation.threshold or 0.0)))
        marks.append(Mark(x=curve.x[at], y=curve.y[at], words=f"threshold {fmt.number(evaluation.threshold)}"))
    c = evaluation.confusion
    if curve.name == "precision_recall" and c is not None and len(c.classes) == 2:
        total = sum(map(sum, c.counts))
        if total:
            events = sum(c.counts[1]) / total
            marks.append(Mark(x=None, y=events, words=f"guessing: {fmt.share(events)}"))
    if curve.name == "lift":
        marks.append(Mark(x=None, y=1.0, words="guessing"))
    frame = Frame(
        label=f"{heading}: {curve.y_label} against {curve.x_label}",
        x_label=curve.x_label,
        y_label=curve.y_label,
        x_domain=_UNIT,
        y_domain=_UNIT if max(curve.y) <= 1 else None,
        diagonal="guessing" if curve.name in ("roc", "gain") else "",
    )
    return Figure(title=heading, words=words, chart=charts.line_chart(frame, [Series(x=curve.x, y=curve.y)], marks))


def calibration(evaluation: Evaluation) -> Figure | None:
    """Return predicted against observed shares with their intervals."""
    bins = evaluation.calibration
    if not bins:
        return None
    series = Series(
        x=tuple(b.predicted for b in bins),
        y=tuple(b.observed for b in bins),
        low=tuple(b.low for b in bins),
        high=tuple(b.high for b in bins),
        tips=tuple(
            f"predicted {fmt.share(b.predicted)}, happened {fmt.share(b.observed)} "
            f"({fmt.share(b.low)} to {fmt.share(b.high)}), {fmt.plural(b.n, 'row')}"
            for b in bins
        ),
        whiskers=True,
        joined=False,
    )
    top = max(max(series.x), max(series.high))
    domain = _UNIT if top > 0.5 else (0.0, top * 1.08)
    frame = Frame(
        label="Calibration: predicted probability against observed share",
        x_label="predicted probability",
        y_label="share that really happened",
        x_domain=domain,
        y_domain=domain,
        diagonal="perfectly honest",
    )
    return Figure(
        title="Are the probabilities honest?",
        words="Of the rows given 30%, about 30% should turn out to be the event.",
        chart=charts.line_chart(frame, [series]),
    )


def residuals(found: Residuals, target: str, unit: str) -> list[Figure]:
    """Return predicted against actual, the histogram of errors, and errors by size of the prediction."""
    named = target + (f", {unit}" if unit else "")
    figures = []
    if found.predicted:
        frame = Frame(label=f"Predicted and actual {target}", x_label=f"predicted {named}", y_label=f"actual {named}")
        figures.append(
            Figure(
                title="Predicted and actual",
                words="Every dot is a row it was not trained on; on the line a prediction is exactly right.",
                chart=charts.scatter(frame, found.predicted, found.actual),
            )
        )
    if len(found.edges) > 1:
        frame = Frame(
            label="Histogram of the errors",
            x_label="actual minus predicted" + (f", {unit}" if unit else ""),
            y_label="rows",
        )
        figures.append(
            Figure(
                title="How far off",
                words="Right of the line the truth was higher than predicted, left of it lower.",
                chart=charts.histogram(frame, found.edges, found.counts, zero="exactly right"),
            )
        )
    if by_level := _by_level(found.by_level, unit):
        figures.append(by_level)
    return figures


def _by_level(levels: tuple[Measurement, ...], unit: str) -> Figure | None:
    known = [(i, m) for i, m in enumerate(levels, 1) if m.value is not None]
    if not known:
        return None
    values = [m.value or 0.0 for _, m in known]
    series = Series(
        x=tuple(float(i) for i, _ in known),
        y=tuple(values),
        low=tuple(v if m.low is None else m.low for v, (_, m) in zip(values, known)),
        high=tuple(v if m.high is None else m.high for v, (_, m) in zip(values, known)),
        tips=tuple(f"{m.name}: {fmt.measured(m)}, {fmt.plural(m.n, 'row')}" for _, m in known),
        whiskers=True,
        joined=False,
    )
    frame = Frame(
        label="Mean error by tenth of the prediction",
        x_label="tenth of the predictions, smallest to largest",
        y_label="mean of actual minus predicted" + (f", {unit}" if unit else ""),
        x_domain=(0.5, max(len(levels), 2) + 0.5),
    )
    return Figure(
        title="Does it lean one way?",
        words="A whisker that misses the line means predictions of that size are too low (above) or too high (below).",
        chart=charts.line_chart(frame, [series], [Mark(x=None, y=0.0, words="no lean")]),
    )


def learning_curve(evaluation: Evaluation) -> Figure | None:
    """Return the score against the number of training rows."""
    points = [p for p in evaluation.learning_curve if p.score.value is not None]
    if len(points) < 2:
        return None
    values = [p.score.value or 0.0 for p in points]
    series = Series(
        x=tuple(float(p.n_train) for p in points),
        y=tuple(values),
        low=tuple(v if p.score.low is None else p.score.low for v, p in zip(values, points)),
        high=tuple(v if p.score.high is None else p.score.high for v, p in zip(values, points)),
        tips=tuple(f"{fmt.plural(p.n_train, 'row')}: {fmt.measured(p.score)}" for p in points),
    )
    name = title_of(points[0].score.name)
    better = "higher" if points[0].score.greater_is_better else "lower"
    unit = f", {points[0].score.unit}" if points[0].score.unit else ""
    frame = Frame(
        label=f"{name} against the number of training rows",
        x_label="training rows",
        y_label=f"{name}{unit} ({better} is better)",
        x_domain=(0.0, max(series.x)),
    )
    return Figure(title="Score by number of training rows", chart=charts.line_chart(frame, [series]))


def effects(explanation: Explanation, contract: Contract) -> list[Figure]:
    """Return one small chart per effect, named after its column, all over the same range of predictions."""
    values = [y for e in explanation.effects for y in e.y]
    low, high = extent(values)
    room = (high - low) * 0.06
    kinds = {s.name: s.kind for s in contract.columns}
    figures = []
    for effect in explanation.effects:
        kind = kinds.get(effect.column)
        ordered = kind is not None and kind.numeric and kind != "boolean"
        figures.append(
            Figure(
                title=effect.column,
                words=effect.words,
                chart=charts.effect_chart(
                    effect, (low - room, high + room), ordered=ordered, outcome=explanation.outcome or "the prediction"
                ),
            )
        )
    return figures
