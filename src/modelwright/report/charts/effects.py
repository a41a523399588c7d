"""Small multiples of effects, and sparklines of columns."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from modelwright.data.profile import ColumnProfile
from modelwright.explain.reasons import Effect
from modelwright.report import format as fmt
from modelwright.report.charts.svg import Scale, drawing, el, nice_ticks, text, tick_labels, title

__all__ = ["effect_chart", "sparkline"]

WIDTH, HEIGHT = 300, 180
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 40
ROWS_HEIGHT = 16
MISSING = "missing"
SPARK_WIDTH, SPARK_HEIGHT = 110, 26
SPARK_LEVELS = 12


def effect_chart(effect: Effect, domain: tuple[float, float], *, numeric: bool, outcome: str) -> Markup:
    """Return the mean prediction over a column's values; bars below say how many rows are near each.

    ``domain`` is shared by all effects of a report, so that a flat line means a weak effect.
    """
    n = len(effect.x)
    sx = Scale((-0.5, n - 0.5), (LEFT, WIDTH - RIGHT))
    sy = Scale(domain, (HEIGHT - BOTTOM - ROWS_HEIGHT, TOP))
    parts = []
    ticks = nice_ticks(*domain, 3)
    for tick, label in zip(ticks, tick_labels(ticks)):
        parts.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=sy(tick), y2=sy(tick), class_="grid"))
        parts.append(text(LEFT - 6, sy(tick) + 4, label, text_anchor="end", class_="tick"))
    most = max(effect.n, default=0) or 1
    step = sx(1) - sx(0)
    for i, rows in enumerate(effect.n):
        height = ROWS_HEIGHT * rows / most
        parts.append(
            el(
                "rect",
                x=sx(i) - step * 0.35,
                y=HEIGHT - BOTTOM - height,
                width=step * 0.7,
                height=height,
                class_="bar rows",
            )
        )
    parts.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM, class_="base-line"))
    if numeric:
        line = [i for i in range(n) if effect.x[i] != MISSING]
        d = "M" + "L".join(f"{sx(i):.1f} {sy(effect.y[i]):.1f}" for i in line)
        parts.append(el("path", d=d, class_="line model"))
    else:
        parts += [
            el("line", x1=sx(i), x2=sx(i), y1=HEIGHT - BOTTOM - ROWS_HEIGHT, y2=sy(y), class_="stem")
            for i, y in enumerate(effect.y)
        ]
    for i, (x, y, rows) in enumerate(zip(effect.x, effect.y, effect.n)):
        tip = title(f"{x}: {fmt.number(y)} ({fmt.plural(rows, 'row')} nearby)")
        parts.append(el("circle", tip, cx=sx(i), cy=sy(y), r=3.5, class_="mark model"))
    parts += _labels(effect.x, sx, step)
    words = f"Effect of {effect.column} on {outcome}. {effect.words}"
    return drawing(WIDTH, HEIGHT, words, parts, "chart small")


def _labels(labels: Sequence[str], sx: Scale, step: float) -> list[Markup]:
    """Return labels below the axis: level where they fit, slanted where there are few, else only some."""
    longest = max((len(t) for t in labels), default=0)
    y = HEIGHT - BOTTOM + 15
    if longest * 5.6 <= step:
        return [text(sx(i), y, t, text_anchor="middle", class_="tick tiny") for i, t in enumerate(labels)]
    if len(labels) <= 4:
        return [
            text(sx(i), y + 13 * (i % 2), fmt.short(t, 16), text_anchor="middle", class_="tick tiny")
            for i, t in enumerate(labels)
        ]
    if longest <= 7:
        every = max(1, round(longest * 6.5 / step + 0.49))
        return [
            text(sx(i), y, t, text_anchor="middle", class_="tick tiny") for i, t in enumerate(labels) if i % every == 0
        ]
    return [
        text(
            sx(i) + 3,
            y - 5,
            fmt.short(t, 9),
            text_anchor="end",
            class_="tick tiny",
            transform=f"rotate(-38 {sx(i) + 3:.1f} {y - 5:.1f})",
        )
        for i, t in enumerate(labels)
    ]


def sparkline(column: ColumnProfile) -> Markup:
    """Return a histogram the size of a word; empty for columns without a shape (ids, text)."""
    if column.edges and len(column.edges) > 1 and column.edges[-1] > column.edges[0]:
        return _spark_numbers(column)
    if column.top:
        return _spark_levels(column)
    return Markup("")


def _spark_numbers(column: ColumnProfile) -> Markup:
    low, high = column.edges[0], column.edges[-1]
    if len(column.quantiles) == 7:
        # One stray value must not squeeze all others into one bar: the tails beyond half the central range are cut.
        q05, q95 = column.quantiles[1], column.quantiles[5]
        if q95 > q05:
            low, high = max(low, q05 - (q95 - q05) / 2), min(high, q95 + (q95 - q05) / 2)
    bars = []
    for n, a, b in zip(column.counts, column.edges, column.edges[1:]):
        left, right = max(a, low), min(b, high)
        if right > left:
            bars.append((left, right, n / (b - a)))
    top = max((h for _, _, h in bars), default=0.0) or 1.0
    sx = Scale((low, high), (0.0, float(SPARK_WIDTH)))
    d = "".join(
        f"M{sx(a):.1f} {SPARK_HEIGHT}V{SPARK_HEIGHT - max(1.0, SPARK_HEIGHT * h / top):.1f}H{sx(b):.1f}V{SPARK_HEIGHT}Z"
        for a, b, h in bars
    )
    return _spark(column, [el("path", d=d)])


def _spark_levels(column: ColumnProfile) -> Markup:
    counts = [n for _, n in column.top[:SPARK_LEVELS]]
    top = max(counts) or 1
    width = min(SPARK_WIDTH / len(counts), 22.0)
    d = "".join(
        f"M{i * width:.1f} {SPARK_HEIGHT}v{-max(1.0, SPARK_HEIGHT * n / top):.1f}h{width - 2:.1f}V{SPARK_HEIGHT}Z"
        for i, n in enumerate(counts)
    )
    return _spark(column, [el("path", d=d)])


def _spark(column: ColumnProfile, parts: list[Markup]) -> Markup:
    label = f"Distribution of {column.name}"
    return el(
        "svg",
        *parts,
        class_="spark",
        viewBox=f"0 0 {SPARK_WIDTH} {SPARK_HEIGHT}",
        role="img",
        aria_label=label,
    )
