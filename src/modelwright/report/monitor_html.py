"""The page of a monitoring: how windows were judged, the loss and the drift over time, and every alarm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markupsafe import Markup

from modelwright import __version__
from modelwright.evaluate.measurements import Measurement
from modelwright.ledger import now
from modelwright.monitor.documents import Judgement, Monitoring
from modelwright.report.charts.lines import Frame, Mark, Series, line_chart
from modelwright.report.html import page

__all__ = ["TONES", "Page", "render_monitoring"]

TONES = {
    Judgement.QUIET: "good",
    Judgement.HARMLESS: "good",
    Judgement.UNKNOWN: "fair",
    Judgement.HARMFUL: "bad",
    Judgement.BROKEN: "bad",
}
ANSWERS = {
    Judgement.QUIET: "Nothing moved",
    Judgement.HARMLESS: "Something moved, and the loss did not",
    Judgement.UNKNOWN: "Something moved, and without labels it cannot be told whether it harms",
    Judgement.HARMFUL: "The model does worse than it did",
    Judgement.BROKEN: "The feed is broken",
}
NEWEST_ALARMS = 50
DRAWN_COLUMNS = 5


@dataclass(frozen=True, kw_only=True)
class Page:
    """What the template reads of the page itself."""

    created_at: str
    software: dict[str, str] = field(default_factory=dict)


def render_monitoring(windows: Sequence[Monitoring], *, project: str) -> str:
    """Return the windows, oldest first, as one self-contained HTML document."""
    newest = windows[-1] if windows else None
    judgement = newest.judgement if newest else Judgement.QUIET
    alarms = [(w, a) for w in reversed(windows) for a in w.alarms]
    return page(
        "monitoring.html",
        r=Page(created_at=now(), software={"modelwright": __version__}),
        title=f"Monitoring of {project.rstrip('/').split('/')[-1]}",
        version=newest.version if newest else "",
        windows=windows,
        newest=newest,
        tone=TONES[judgement],
        answer=_answer(newest),
        counts=[(str(j), n) for j in Judgement if (n := sum(w.judgement is j for w in windows))],
        charts=[chart for chart in (_loss(windows), _drift(windows), _missing(windows)) if chart],
        alarms=alarms[:NEWEST_ALARMS],
        alarms_left=max(len(alarms) - NEWEST_ALARMS, 0),
        tones={str(j): tone for j, tone in TONES.items()},
    )


def _answer(newest: Monitoring | None) -> str:
    if newest is None:
        return "No window was judged yet"
    if newest.judgement is Judgement.UNKNOWN and all(a.check == "labels" for a in newest.alarms):
        return "Labels of one class alone have come, and they do not tell whether the model does worse"
    return ANSWERS[newest.judgement]


def _loss(windows: Sequence[Monitoring]) -> Markup | None:
    estimated = [(i, w.estimated) for i, w in enumerate(windows, 1) if w.estimated is not None]
    real = [(i, w.real) for i, w in enumerate(windows, 1) if w.real is not None]
    expected = next((w.expected for w in reversed(windows) if w.expected is not None), None)
    series = [_series(estimated, "by estimate", "model"), _series(real, "real", "other", whiskers=True)]
    drawn = [s for s in series if s is not None]
    if not drawn or expected is None:
        return None
    name = expected.name.replace("_", " ")
    frame = Frame(label=f"{name} by window: estimated (band) and real (dots)", x_label="window", y_label=name)
    return line_chart(frame, drawn, [Mark(x=None, y=expected.value, words="expected")])


def _series(found: Sequence[tuple[int, Measurement]], name: str, tone: str, *, whiskers: bool = False) -> Series | None:
    whole = [(i, m) for i, m in found if None not in (m.value, m.low, m.high)]
    if not whole:
        return None
    return Series(
        x=tuple(float(i) for i, _ in whole),
        y=tuple(m.value or 0.0 for _, m in whole),
        low=tuple(m.low or 0.0 for _, m in whole),
        high=tuple(m.high or 0.0 for _, m in whole),
        tips=tuple(f"window {i}, {name}: {m.value:.4g}" for i, m in whole),
        name=name,
        tone=tone,
        whiskers=whiskers,
        joined=not whiskers,
    )


def _drift(windows: Sequence[Monitoring]) -> Markup | None:
    return _by_column(windows, "distance", "share of rows moved", "Drift of the columns that the model uses most")


def _missing(windows: Sequence[Monitoring]) -> Markup | None:
    return _by_column(windows, "missing", "share missing", "Missing values of the columns that lack most")


def _by_column(windows: Sequence[Monitoring], what: str, y_label: str, label: str) -> Markup | None:
    largest: dict[str, float] = {}
    for window in windows:
        for column in window.columns:
            weight = getattr(column, what) * (column.use if column.use is not None and what == "distance" else 1.0)
            largest[column.name] = max(largest.get(column.name, 0.0), weight)
    names = sorted((n for n in largest if largest[n] > 0), key=lambda n: -largest[n])[:DRAWN_COLUMNS]
    series = []
    for name in names:
        points = [(float(i), getattr(c, what)) for i, w in enumerate(windows, 1) for c in w.columns if c.name == name]
        series.append(
            Series(
                x=tuple(x for x, _ in points),
                y=tuple(y for _, y in points),
                tips=tuple(f"window {x:g}, {name}: {y:.3g}" for x, y in points),
                name=name,
            )
        )
    frame = Frame(label=f"{label}: {', '.join(names)}", x_label="window", y_label=y_label)
    return line_chart(frame, series) if series else None
