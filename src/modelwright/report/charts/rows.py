"""Charts that live in the rows of a table: intervals, bars and dots along one shared axis.

The table carries names and numbers as real cells, so it can be read aloud, copied and wrapped on a phone; each row's
chart is a small SVG whose positions are percentages of its cell, so it fits any width without shrinking its text.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from modelwright.report.charts.svg import Scale, el, extent, nice_ticks, text, tick_labels, title

__all__ = ["RowPlot"]

# Room at both ends for half a tick label and for the marks.
SPAN = (7.0, 93.0)


@dataclass(frozen=True)
class RowPlot:
    """Rows over one axis.

    Attributes
    ----------
    domain : tuple of float
    ticks : tuple of float
    reference : float or None
        Where a line runs through all rows: the headline score, zero, the best baseline.
    """

    domain: tuple[float, float]
    ticks: tuple[float, ...]
    reference: float | None = None

    @classmethod
    def over(
        cls, values: Sequence[float | None], *, reference: float | None = None, zero: bool = False, wanted: int = 4
    ) -> RowPlot:
        """Return a plot whose axis holds all values, the reference, and zero if asked."""
        include = [v for v in (reference, 0.0 if zero else None) if v is not None]
        low, high = extent(values, include)
        room = (high - low) * 0.04
        low, high = (low if zero and low == 0 else low - room), high + room
        return cls((low, high), nice_ticks(low, high, wanted), reference)

    def x(self, value: float) -> str:
        return f"{Scale(self.domain, SPAN)(value):.2f}%"

    def axis(self) -> Markup:
        """Return the tick labels, for the head of the table."""
        labels = tick_labels(self.ticks)
        marks = [
            text(self.x(t), "70%", label, text_anchor="middle", class_="tick") for t, label in zip(self.ticks, labels)
        ]
        return el("svg", *marks, class_="rowplot axis", aria_hidden="true")

    def interval(
        self, value: float | None, low: float | None, high: float | None, tooltip: str, tone: str = "model"
    ) -> Markup:
        """Return a dot with its interval. Tone ``"bad"`` is a triangle: colour is never the only signal."""
        parts = [self._lines()]
        if value is not None:
            if low is not None and high is not None:
                parts.append(self._whisker(low, high, tone))
            parts.append(self._mark(value, tone))
        return self._row(tooltip, parts)

    def bar(
        self, value: float | None, low: float | None, high: float | None, tooltip: str, tone: str = "model"
    ) -> Markup:
        """Return a bar from zero with its interval."""
        parts = [self._lines()]
        if value is not None:
            zero, end = Scale(self.domain, SPAN)(0.0), Scale(self.domain, SPAN)(value)
            parts.append(
                el(
                    "rect",
                    x=f"{min(zero, end):.2f}%",
                    y="22%",
                    width=f"{max(abs(end - zero), 0.2):.2f}%",
                    height="56%",
                    rx=2,
                    class_=f"bar {tone}",
                )
            )
            if low is not None and high is not None:
                parts.append(self._whisker(low, high, "on-bar"))
        return self._row(tooltip, parts)

    def dots(self, values: Sequence[float], mean: float | None, tooltip: str, tone: str = "model") -> Markup:
        """Return one dot per fold and a stroke at their mean."""
        parts = [self._lines()]
        parts += [el("circle", cx=self.x(v), cy="50%", r=3.5, class_=f"fold {tone}") for v in values]
        if mean is not None:
            parts.append(el("line", x1=self.x(mean), x2=self.x(mean), y1="18%", y2="82%", class_=f"mean {tone}"))
        return self._row(tooltip, parts)

    def _row(self, tooltip: str, parts: Sequence[str]) -> Markup:
        return el("svg", title(tooltip), *parts, class_="rowplot", role="img", aria_label=tooltip)

    def _lines(self) -> Markup:
        lines = [el("line", x1=self.x(t), x2=self.x(t), y1="0", y2="100%", class_="grid") for t in self.ticks]
        if self.reference is not None:
            at = self.x(self.reference)
            lines.append(el("line", x1=at, x2=at, y1="0", y2="100%", class_="reference"))
        return Markup("").join(lines)

    def _whisker(self, low: float, high: float, tone: str) -> Markup:
        return el("line", x1=self.x(low), x2=self.x(high), y1="50%", y2="50%", class_=f"whisker {tone}")

    def _mark(self, value: float, tone: str) -> Markup:
        if tone == "bad":
            shape = el("path", d="M0-5.5L5.5 4.5H-5.5Z", class_="mark bad")
        elif tone == "base":
            shape = el("path", d="M-4-4H4V4H-4Z", class_="mark base")
        else:
            shape = el("circle", r=5, class_=f"mark {tone}")
        return el("svg", shape, x=self.x(value), y="50%", class_="at")
