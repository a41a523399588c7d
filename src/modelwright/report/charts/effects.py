"""Small multiples of effects, and sparklines of columns."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil

from markupsafe import Markup

from modelwright import format as fmt
from modelwright.data.profile import AT_5, AT_95, QUANTILES, ColumnProfile
from modelwright.explain.grids import MISSING
from modelwright.explain.reasons import Effect
from modelwright.report.charts.svg import Scale, drawing, el, nice_ticks, polyline, text, tick_labels, title

__all__ = ["counts_of_two", "effect_chart", "sparkline"]

WIDTH, HEIGHT = 300, 180
LEFT, RIGHT, TOP, BOTTOM = 44, 10, 10, 26
ROWS_HEIGHT = 16
ROWS_WIDTH = 36
LINE = 19
# Width of a character of a small label, about.
LETTER = 6.6
SPARK_WIDTH, SPARK_HEIGHT = 110, 26
SPARK_LEVELS = 12


def effect_chart(effect: Effect, domain: tuple[float, float], *, ordered: bool, outcome: str) -> Markup:
    """Return the mean prediction over a column's values; grey bars say how many rows are near each.

    Ordered values run along the bottom; levels lie one below the other, so that their names can be read. ``domain``
    is shared by all effects of a report, so that a flat line means a weak effect.
    """
    words = f"Effect of {effect.column} on {outcome}: {effect.words}"
    draw = _upright if ordered else _lying
    height, parts = draw(effect, domain)
    return drawing(WIDTH, height, words, parts, "chart small")


def _tip(effect: Effect, i: int) -> Markup:
    return title(f"{effect.x[i]}: {fmt.number(effect.y[i])} ({fmt.plural(effect.n[i], 'row')} near it)")


def _upright(effect: Effect, domain: tuple[float, float]) -> tuple[int, list[Markup]]:
    n, floor = len(effect.x), HEIGHT - BOTTOM
    sx = Scale((-0.5, n - 0.5), (LEFT, WIDTH - RIGHT))
    sy = Scale(domain, (floor - ROWS_HEIGHT, TOP))
    parts = []
    ticks = nice_ticks(*domain, 3)
    for tick, label in zip(ticks, tick_labels(ticks)):
        parts.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=sy(tick), y2=sy(tick), class_="grid"))
        parts.append(text(LEFT - 6, sy(tick) + 4, label, text_anchor="end", class_="tick"))
    most, step = max(effect.n, default=0) or 1, sx(1) - sx(0)
    for i, rows in enumerate(effect.n):
        height = ROWS_HEIGHT * rows / most
        left, width = sx(i) - step * 0.35, step * 0.7
        parts.append(el("rect", x=left, y=floor - height, width=width, height=height, class_="bar rows"))
    parts.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=floor, y2=floor, class_="base-line"))
    line = [i for i in range(n) if effect.x[i] != MISSING]
    if line:
        d = polyline([float(i) for i in line], [effect.y[i] for i in line], sx, sy)
        parts.append(el("path", d=d, class_="line model"))
    parts += [
        el("circle", _tip(effect, i), cx=sx(i), cy=sy(y), r=3.5, class_="mark model") for i, y in enumerate(effect.y)
    ]
    longest = max((len(t) for t in effect.x), default=0)
    every = max(1, ceil(longest * LETTER / step))
    parts += [
        text(sx(i), floor + 15, fmt.short(t, 14), text_anchor="middle", class_="tick tiny")
        for i, t in enumerate(effect.x)
        if i % every == 0 or t == MISSING
    ]
    return HEIGHT, parts


def _lying(effect: Effect, domain: tuple[float, float]) -> tuple[int, list[Markup]]:
    left, right = 112, WIDTH - ROWS_WIDTH - 12
    sx = Scale(domain, (left, right))
    floor = TOP + len(effect.x) * LINE
    parts = []
    ticks = nice_ticks(*domain, 3)
    for tick, label in zip(ticks, tick_labels(ticks)):
        parts.append(el("line", x1=sx(tick), x2=sx(tick), y1=TOP - 4, y2=floor, class_="grid"))
        parts.append(text(sx(tick), floor + 14, label, text_anchor="middle", class_="tick"))
    most = max(effect.n, default=0) or 1
    for i, (label, y, rows) in enumerate(zip(fmt.told_apart(effect.x, 16), effect.y, effect.n)):
        middle = TOP + (i + 0.5) * LINE
        width = ROWS_WIDTH * rows / most
        parts += [
            text(left - 8, middle + 4, label, text_anchor="end", class_="tick tiny"),
            el("line", x1=left, x2=sx(y), y1=middle, y2=middle, class_="stem"),
            el("rect", x=right + 12, y=middle - 4, width=width, height=8, class_="bar rows"),
            el("circle", _tip(effect, i), cx=sx(y), cy=middle, r=4, class_="mark model"),
        ]
    return floor + 22, parts


def sparkline(column: ColumnProfile) -> Markup:
    """Return a histogram the size of a word; empty for columns without a shape (ids, text)."""
    if (two := counts_of_two(column)) is not None:
        return _spark_levels(column, two)  # every histogram of two values is one block
    if column.edges and len(column.edges) > 1 and column.edges[-1] > column.edges[0]:
        return _spark_numbers(column)
    if column.top:
        return _spark_levels(column, [n for _, n in column.top[:SPARK_LEVELS]])
    return Markup("")


def _spark_numbers(column: ColumnProfile) -> Markup:
    low, high = column.edges[0], column.edges[-1]
    if len(column.quantiles) == len(QUANTILES):
        # One stray value must not squeeze all others into one bar: the tails beyond half the central range are cut.
        q05, q95 = column.quantiles[AT_5], column.quantiles[AT_95]
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


def counts_of_two(column: ColumnProfile) -> tuple[int, int] | None:
    """Return how many values of a column are the smaller and the larger of two numbers, None where it has not two."""
    low, high, mean = column.minimum, column.maximum, column.mean
    if column.n_distinct != 2 or low is None or high is None or mean is None or high <= low:
        return None
    n = sum(column.counts)
    larger = round(n * (mean - low) / (high - low))
    return n - larger, larger


def _spark_levels(column: ColumnProfile, counts: Sequence[int]) -> Markup:
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
