"""Our own charts in SVG: safe markup that takes its colours from the page, see ``docs/adr/0002``."""

from __future__ import annotations

from modelwright.report.charts.effects import counts_of_two, effect_chart, sparkline
from modelwright.report.charts.lines import Frame, Mark, Series, line_chart
from modelwright.report.charts.rows import RowPlot
from modelwright.report.charts.scatter import histogram, scatter
from modelwright.report.charts.split import split_diagram

__all__ = [
    "Frame",
    "Mark",
    "RowPlot",
    "Series",
    "counts_of_two",
    "effect_chart",
    "histogram",
    "line_chart",
    "scatter",
    "sparkline",
    "split_diagram",
]
