"""Small parts of every chart: elements, scales and ticks.

Colours and fonts come from the page's CSS through classes, so a chart follows light and dark and prints well. All text
and attributes are escaped here and nowhere else.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from markupsafe import Markup, escape

__all__ = ["Scale", "drawing", "el", "extent", "nice_ticks", "polyline", "text", "tick_labels", "title"]

Attribute = str | float | int


def el(name: str, *children: str, **attributes: Attribute) -> Markup:
    """Return an element; ``class_`` and ``text_anchor`` become ``class`` and ``text-anchor``."""
    parts = [f"<{name}"]
    for key, value in attributes.items():
        shown = f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else escape(str(value))
        parts.append(f' {key.rstrip("_").replace("_", "-")}="{shown}"')
    if not children:
        return Markup("".join(parts) + "/>")
    inner = "".join(str(escape(c)) for c in children)
    return Markup("".join(parts) + f">{inner}</{name}>")


def text(x: Attribute, y: Attribute, words: str, **attributes: Attribute) -> Markup:
    """Return a text element."""
    return el("text", words, x=x, y=y, **attributes)


def title(words: str) -> Markup:
    """Return a title: the tooltip, and what a screen reader says."""
    return el("title", words)


def drawing(width: int, height: int, label: str, children: Sequence[str], class_: str = "chart") -> Markup:
    """Return a chart that scales with its place; ``label`` is read out instead of it."""
    return el(
        "svg",
        title(label),
        *children,
        class_=class_,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label=label,
    )


def extent(values: Sequence[float | None], include: Sequence[float] = ()) -> tuple[float, float]:
    """Return the smallest and largest of the finite values; never an empty range."""
    known = [v for v in (*values, *include) if v is not None and math.isfinite(v)]
    if not known:
        return 0.0, 1.0
    low, high = min(known), max(known)
    if high - low <= abs(high) * 1e-9:
        room = abs(high) * 0.1 or 0.5
        return low - room, high + room
    return low, high


def nice_ticks(low: float, high: float, wanted: int = 5) -> tuple[float, ...]:
    """Return about ``wanted`` round numbers within the range: multiples of 1, 2, 2.5 or 5 times a power of ten."""
    if not high > low:
        return (low,)
    rough = (high - low) / max(wanted, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = min((m * power for m in (1, 2, 2.5, 5, 10)), key=lambda s: abs(math.log(s / rough)))
    first = math.ceil(low / step - 1e-9)
    last = math.floor(high / step + 1e-9)
    slack = 1e-7 * (high - low)  # beside numbers in the billions a step is known to few digits only
    ticks = (i * step for i in range(first, last + 1))
    return tuple(t for t in ticks if low - slack <= t <= high + slack) or (low,)


def tick_labels(ticks: Sequence[float]) -> tuple[str, ...]:
    """Return the ticks as text with as many decimals as their step needs; thousands and millions shortened."""
    if not ticks:
        return ()
    largest = max(abs(t) for t in ticks)
    step = min((b - a for a, b in pairwise(ticks)), default=largest or 1.0)
    for limit, unit, suffix in ((1e12, 1e12, "T"), (1e9, 1e9, "G"), (1e6, 1e6, "M"), (1e4, 1e3, "k")):
        if largest >= limit:
            return tuple("0" if t == 0 else f"{_plain(t / unit, step / unit)}{suffix}" for t in ticks)
    if 0 < largest < 1e-3:
        return tuple("0" if t == 0 else f"{t:.3g}".replace("-", "−") for t in ticks)
    return tuple(_plain(t, step) for t in ticks)


def _plain(value: float, step: float) -> str:
    decimals = 0
    while decimals < 8 and abs(step * 10**decimals - round(step * 10**decimals)) > 1e-6 * 10**decimals * step:
        decimals += 1
    shown = f"{value:,.{decimals}f}"
    return shown.replace("-", "−") if float(shown.replace(",", "")) != 0 else shown.lstrip("-")


@dataclass(frozen=True)
class Scale:
    """A straight map from ``domain`` to ``span``; values outside are drawn at its ends."""

    domain: tuple[float, float]
    span: tuple[float, float]

    def __call__(self, value: float) -> float:
        low, high = self.domain
        share = min(max((value - low) / (high - low), 0.0), 1.0)
        return self.span[0] + share * (self.span[1] - self.span[0])


def polyline(x: Sequence[float], y: Sequence[float], sx: Scale, sy: Scale) -> str:
    """Return the ``d`` of a path through the points."""
    points = [f"{sx(a):.1f} {sy(b):.1f}" for a, b in zip(x, y)]
    return "M" + "L".join(points)
