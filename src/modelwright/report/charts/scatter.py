"""Charts of a regression's errors: predicted against actual, and the histogram of the errors."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from modelwright.report.charts.lines import BOTTOM, HEIGHT, LEFT, LETTER, RIGHT, TOP, WIDTH, Frame, axes
from modelwright.report.charts.svg import Scale, drawing, el, extent, nice_ticks, polyline, text, tick_labels, title

__all__ = ["histogram", "scatter"]


def scatter(frame: Frame, x: Sequence[float], y: Sequence[float]) -> Markup:
    """Return points over equal axes with the line on which a prediction is right. One path: a dot costs 12 bytes."""
    low, high = extent((*x, *y))
    domain = (low - (high - low) * 0.03, high + (high - low) * 0.03)
    sx, sy = Scale(domain, (LEFT, WIDTH - RIGHT)), Scale(domain, (HEIGHT - BOTTOM, TOP))
    dots = "".join(f"M{sx(a):.1f} {sy(b):.1f}h0" for a, b in zip(x, y))
    parts = [
        *axes(frame, sx, sy),
        el("path", d=dots, class_="dots"),
        el("path", d=polyline(domain, domain, sx, sy), class_="line ideal"),
    ]
    at = domain[0] + (domain[1] - domain[0]) * 0.94
    parts.append(text(sx(at) - 8, sy(at) + 2, "exactly right", text_anchor="end", class_="note"))
    return drawing(WIDTH, HEIGHT, frame.label, parts)


def histogram(frame: Frame, edges: Sequence[float], counts: Sequence[int], zero: str = "") -> Markup:
    """Return a histogram; bars of unequal width keep their area. ``zero`` names the line at zero."""
    domain = extent(edges)
    heights = [c / (b - a) if b > a else 0.0 for c, a, b in zip(counts, edges, edges[1:])]
    top = max(heights, default=0.0) or 1.0
    sx, sy = Scale(domain, (LEFT, WIDTH - RIGHT)), Scale((0.0, top), (HEIGHT - BOTTOM, TOP))
    parts = []
    for height, n, a, b in zip(heights, counts, edges, edges[1:]):
        width = max(sx(b) - sx(a) - 1, 0.5)
        tip = title(f"{tick_labels((a,))[0]} to {tick_labels((b,))[0]}: {n:,} rows")
        parts.append(
            el("rect", tip, x=sx(a), y=sy(height), width=width, height=HEIGHT - BOTTOM - sy(height), class_="bar model")
        )
    ticks = nice_ticks(*domain, 5)
    for tick, label in zip(ticks, tick_labels(ticks)):
        parts.append(text(sx(tick), HEIGHT - BOTTOM + 18, label, text_anchor="middle", class_="tick"))
    parts.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM, class_="base-line"))
    if zero and domain[0] < 0 < domain[1]:
        parts.append(el("line", x1=sx(0), x2=sx(0), y1=TOP, y2=HEIGHT - BOTTOM, class_="line ideal"))
        half, beside = LETTER * len(zero) / 2, 6 + LETTER * len(frame.y_label) + LETTER  # the label of the axis
        middle = min(max(sx(0), beside + half), WIDTH - half)
        parts.append(text(middle, TOP - 8, zero, text_anchor="middle", class_="note"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, frame.x_label, text_anchor="middle", class_="label"))
    parts.append(text(6, 14, frame.y_label, class_="label"))
    return drawing(WIDTH, HEIGHT, frame.label, parts)
