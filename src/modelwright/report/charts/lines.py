"""Line charts with bands: ROC, precision and recall, calibration, learning curve."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelwright.report.charts.svg import (
    Scale,
    drawing,
    el,
    extent,
    nice_ticks,
    polyline,
    text,
    tick_labels,
    title,
)

__all__ = [
    "BOTTOM",
    "HEIGHT",
    "LEFT",
    "LETTER",
    "RIGHT",
    "TOP",
    "WIDTH",
    "Frame",
    "Mark",
    "Series",
    "axes",
    "line_chart",
]

WIDTH, HEIGHT = 440, 300
LEFT, RIGHT, TOP, BOTTOM = 50, 18, 30, 44
# More points than this are a curve, fewer are measurements and get a dot and a tooltip each.
MAX_DOTS = 24
LETTER, LINE = 6.6, 14.0  # width of a character of a note and height of its line, about


@dataclass(frozen=True, kw_only=True)
class Series:
    """A line. ``low`` and ``high`` make a band, or whiskers where ``whiskers``; ``tips`` are tooltips of the points."""

    x: tuple[float, ...]
    y: tuple[float, ...]
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    tips: tuple[str, ...] = ()
    name: str = ""
    tone: str = "model"
    whiskers: bool = False
    joined: bool = True


@dataclass(frozen=True, kw_only=True)
class Mark:
    """A point worth naming, or with ``x`` None a level line, with ``y`` None an upright one."""

    x: float | None
    y: float | None
    words: str


@dataclass(frozen=True, kw_only=True)
class Frame:
    """The axes of a chart; a domain of None is taken from the data."""

    label: str
    x_label: str
    y_label: str
    x_domain: tuple[float, float] | None = None
    y_domain: tuple[float, float] | None = None
    diagonal: str = ""


def line_chart(frame: Frame, series: Sequence[Series], marks: Sequence[Mark] = ()) -> Markup:
    """Return a chart of one or more lines over one pair of axes."""
    sx, sy = _scales(frame, series, marks)
    parts = [*axes(frame, sx, sy)]
    if frame.diagonal:
        low, high = max(sx.domain[0], sy.domain[0]), min(sx.domain[1], sy.domain[1])
        parts.append(el("path", d=polyline((low, high), (low, high), sx, sy), class_="line ideal"))
        middle = low + (high - low) * 0.62
        parts.append(text(sx(middle) + 6, sy(middle) + 16, frame.diagonal, class_="note"))
    for one in series:
        parts += _line(one, sx, sy)
    levels = [_level_label(m.y, m.words, sy) for m in marks if m.x is None and m.y is not None]
    parts += [_mark(m, sx, sy, levels) for m in marks]
    return drawing(WIDTH, HEIGHT, frame.label, parts)


def _scales(frame: Frame, series: Sequence[Series], marks: Sequence[Mark]) -> tuple[Scale, Scale]:
    xs = [v for s in series for v in s.x] + [m.x for m in marks if m.x is not None]
    ys = [v for s in series for part in (s.y, s.low, s.high) for v in part] + [m.y for m in marks if m.y is not None]
    x_domain = frame.x_domain or extent(xs)
    low, high = frame.y_domain or _roomy(extent(ys))
    return Scale(x_domain, (LEFT, WIDTH - RIGHT)), Scale((low, high), (HEIGHT - BOTTOM, TOP))


def _roomy(domain: tuple[float, float]) -> tuple[float, float]:
    room = (domain[1] - domain[0]) * 0.08
    return domain[0] - room, domain[1] + room


def axes(frame: Frame, sx: Scale, sy: Scale) -> list[Markup]:
    """Return gridlines, ticks and labels of both axes."""
    parts = []
    ticks = nice_ticks(*sy.domain, 5)
    for tick, label in zip(ticks, tick_labels(ticks)):
        parts.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=sy(tick), y2=sy(tick), class_="grid"))
        parts.append(text(LEFT - 7, sy(tick) + 4, label, text_anchor="end", class_="tick"))
    ticks = nice_ticks(*sx.domain, 5)
    for tick, label in zip(ticks, tick_labels(ticks)):
        parts.append(el("line", x1=sx(tick), x2=sx(tick), y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM + 4, class_="grid"))
        parts.append(text(sx(tick), HEIGHT - BOTTOM + 18, label, text_anchor="middle", class_="tick"))
    parts.append(el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=HEIGHT - BOTTOM, y2=HEIGHT - BOTTOM, class_="base-line"))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 6, frame.x_label, text_anchor="middle", class_="label"))
    parts.append(text(6, 14, frame.y_label, class_="label"))
    return parts


def _line(s: Series, sx: Scale, sy: Scale) -> list[Markup]:
    parts = []
    if s.low and not s.whiskers:
        outline = polyline((*s.x, *reversed(s.x)), (*s.high, *reversed(s.low)), sx, sy) + "Z"
        parts.append(el("path", d=outline, class_=f"band {s.tone}"))
    if s.joined and len(s.x) > 1:
        parts.append(el("path", d=polyline(s.x, s.y, sx, sy), class_=f"line {s.tone}"))
    if len(s.x) <= MAX_DOTS:
        for i, (x, y) in enumerate(zip(s.x, s.y)):
            if s.whiskers and s.low:
                parts.append(el("line", x1=sx(x), x2=sx(x), y1=sy(s.low[i]), y2=sy(s.high[i]), class_="whisker model"))
            tip = (title(s.tips[i]),) if s.tips else ()
            parts.append(el("circle", *tip, cx=sx(x), cy=sy(y), r=4, class_=f"mark {s.tone}"))
    if s.name and s.x:
        near_end = sx(s.x[-1]) > WIDTH - RIGHT - 60
        parts.append(
            text(
                sx(s.x[-1]) + (0 if near_end else 8),
                sy(s.y[-1]) - (9 if near_end else -4),
                s.name,
                text_anchor="end" if near_end else "start",
                class_=f"note {s.tone}",
            )
        )
    return parts


_Label = tuple[float, float, float]
"""Where words stand: left, right and base line."""


def _level_label(level: float, words: str, sy: Scale) -> _Label:
    base = sy(level) - 6 if sy(level) > TOP + 20 else sy(level) + 15
    return LEFT + 4, LEFT + 4 + LETTER * len(words), base


def _mark(m: Mark, sx: Scale, sy: Scale, levels: Sequence[_Label]) -> Markup:
    if m.x is None and m.y is not None:
        line = el("line", x1=LEFT, x2=WIDTH - RIGHT, y1=sy(m.y), y2=sy(m.y), class_="line ideal")
        start, _, base = _level_label(m.y, m.words, sy)
        return line + text(start, base, m.words, class_="note")
    if m.y is None and m.x is not None:
        line = el("line", x1=sx(m.x), x2=sx(m.x), y1=TOP, y2=HEIGHT - BOTTOM, class_="line ideal")
        left = sx(m.x) > WIDTH * 0.6
        anchor = "end" if left else "start"
        return line + text(sx(m.x) + (-5 if left else 5), TOP + 10, m.words, text_anchor=anchor, class_="note")
    x, y = sx(m.x or 0.0), sy(m.y or 0.0)
    left = x > WIDTH * 0.6
    dot = el("circle", title(m.words), cx=x, cy=y, r=5, class_="mark chosen")
    start = x - 8 - LETTER * len(m.words) if left else x + 8
    end = start + LETTER * len(m.words)
    held = any(start < right and begin < end and abs(y + 20 - base) < LINE for begin, right, base in levels)
    beside = y + 20 if y < HEIGHT * 0.75 and not held else y - 12
    return dot + text(x + (-8 if left else 8), beside, m.words, text_anchor="end" if left else "start", class_="note")
